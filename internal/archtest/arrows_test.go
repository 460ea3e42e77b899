// Package archtest holds the rules of what may import what, each with its reason.
package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "picket"

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath   string
	Name         string
	Imports      []string
	Deps         []string
	TestImports  []string
	XTestImports []string
}

// packages lists our packages.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Imports,Deps,TestImports,XTestImports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	var list []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		list = append(list, p)
	}
	require.NotEmpty(t, list)
	return list
}

// in tells whether an import path is a folder of ours or below it.
func in(path string, folders ...string) bool {
	for _, f := range folders {
		full := module + "/" + f
		if path == full || strings.HasPrefix(path, full+"/") {
			return true
		}
	}
	return false
}

// foreign tells whether an import path is, or is below, one of other modules.
func foreign(path string, modules ...string) bool {
	for _, m := range modules {
		if path == m || strings.HasPrefix(path, m+"/") {
			return true
		}
	}
	return false
}

func TestTheArrowsPointDown(t *testing.T) {
	t.Parallel()
	rules := []struct {
		name       string
		reason     string
		from       func(path string) bool
		banned     func(path string) bool
		transitive bool
	}{
		{
			name: "the deterministic rooms see no world", transitive: true,
			reason: "a workflow that can reach a database or an API can't be replayed",
			from:   func(p string) bool { return in(p, "workflows", "playbooks", "internal/contract") },
			banned: func(p string) bool {
				return foreign(p, "gorm.io/gorm", "github.com/gin-gonic/gin") || in(p, "activities", "api", "web") ||
					in(p, "internal") && !in(p, "internal/contract")
			},
		},
		{
			name:   "the language stands alone",
			reason: "the compiler is used by editors and CI without the rest",
			from:   func(p string) bool { return in(p, "playbooks") },
			banned: func(p string) bool { return strings.HasPrefix(p, module+"/") && !in(p, "playbooks") },
		},
		{
			name:   "the language knows no other",
			reason: "what a foreign format can say must not shape what ours means; it is mapped at the edge",
			from:   func(p string) bool { return in(p, "playbooks", "workflows", "activities") && !in(p, "playbooks/cacao") },
			banned: func(p string) bool { return in(p, "playbooks/cacao") },
		},
		{
			name:   "the pages stand alone",
			reason: "whoever shows one needs nothing else",
			from:   func(p string) bool { return in(p, "docs") },
			banned: func(p string) bool { return strings.HasPrefix(p, module+"/") },
		},
		{
			name:   "the nouns stand alone",
			reason: "everything imports them",
			from:   func(p string) bool { return in(p, "internal/soc") },
			banned: func(p string) bool { return strings.HasPrefix(p, module+"/") },
		},
		{
			name: "activities do not know who calls them", transitive: true,
			reason: "the plan and the contract are all that workflow and activities share",
			from:   func(p string) bool { return in(p, "activities") },
			banned: func(p string) bool { return in(p, "api", "workflows") || foreign(p, "github.com/gin-gonic/gin") },
		},
		{
			name:   "the inner rooms do not know the outer ones",
			reason: "dependencies point down; only app and cli wire",
			from: func(p string) bool {
				return in(p, "internal") && !in(p, "internal/app", "internal/cli", "internal/archtest", "internal/e2e", "internal/rehearsal")
			},
			banned: func(p string) bool {
				return in(p, "api", "workflows", "activities", "cmd", "internal/app", "internal/cli")
			},
		},
		{
			name:   "a rehearsal has the interpreter and no world",
			reason: "a test of a playbook runs what real runs run, and must not be able to store or call anything",
			from:   func(p string) bool { return in(p, "internal/rehearsal") },
			banned: func(p string) bool {
				return strings.HasPrefix(p, module+"/") && !in(p, "workflows", "playbooks", "internal/contract", "internal/soc", "internal/consent")
			},
			transitive: true,
		},
		{
			name:   "an evaluation stores nothing",
			reason: "a measure is of a provider and a data set, and must not depend on what a workspace holds",
			from:   func(p string) bool { return in(p, "internal/eval") },
			banned: func(p string) bool {
				return strings.HasPrefix(p, module+"/") && !in(p, "internal/eval", "internal/model", "internal/ingest", "internal/soc")
			},
		},
	}
	for _, only := range []struct{ what, owner string }{
		{"gorm.io", "internal/store"},
		{"github.com/gin-gonic/gin", "api"},
		{"go.temporal.io/server", "internal/engine"},
		{"github.com/expr-lang/expr", "playbooks/expr"},
		{"github.com/google/generative-ai-go", "internal/model"},
		{"github.com/sony/gobreaker", "internal/model"},
	} {
		rules = append(rules, struct {
			name       string
			reason     string
			from       func(path string) bool
			banned     func(path string) bool
			transitive bool
		}{
			name:   "only " + only.owner + " imports " + only.what,
			reason: "one owner each, so that it can be replaced",
			from:   func(p string) bool { return !in(p, only.owner) },
			banned: func(p string) bool { return foreign(p, only.what) },
		})
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			met := false
			for _, p := range packages(t) {
				if !rule.from(p.ImportPath) {
					continue
				}
				met = true
				reached := p.Imports
				if rule.transitive {
					reached = p.Deps
				}
				for _, dep := range reached {
					require.Falsef(t, rule.banned(dep), "%s imports %s: %s", p.ImportPath, dep, rule.reason)
				}
			}
			require.True(t, met, "the rule matches no package any more: mend or delete it")
		})
	}
}

// workflowStd is what the interpreter may import of the standard library.
var workflowStd = []string{
	"bytes", "encoding/json", "errors", "fmt", "math", "slices", "sort", "strconv", "strings", "time", "unicode/utf8",
}

func TestWorkflowsImportNoClockRandomOrIO(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if !in(p.ImportPath, "workflows") {
			continue
		}
		for _, dep := range p.Imports {
			if std := !strings.Contains(strings.Split(dep, "/")[0], ".") && !strings.HasPrefix(dep, module+"/"); std {
				require.Truef(t, slices.Contains(workflowStd, dep), "%s imports %s, which is not known to be deterministic", p.ImportPath, dep)
			}
		}
	}
}

func TestTestHelpersStayInTests(t *testing.T) {
	t.Parallel()
	// These are no helpers of our tests: they run playbooks, in what analysts write and against what happened.
	product := []string{"internal/playtest", "playbooks/playtest", "internal/backtest"}
	for _, p := range packages(t) {
		if strings.HasSuffix(p.Name, "test") && !in(p.ImportPath, product...) {
			continue
		}
		for _, dep := range p.Imports {
			helper := in(dep, "internal") && strings.HasSuffix(dep, "test") && !in(dep, product...)
			require.Falsef(t, foreign(dep, "github.com/stretchr/testify") || helper,
				"%s imports %s outside a test", p.ImportPath, dep)
		}
	}
}

func TestNamesSayWhatIsInside(t *testing.T) {
	t.Parallel()
	empty := []string{"util", "utils", "common", "helpers", "helper", "types", "models", "interfaces", "base", "misc"}
	for _, p := range packages(t) {
		require.NotContainsf(t, empty, p.Name, "%s: name the package after what it holds", p.ImportPath)
	}
}

func TestBannedModulesStayOut(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, dep := range p.Imports {
			require.Falsef(t, foreign(dep, "github.com/glebarez", "github.com/mattn/go-sqlite3", "github.com/pkg/errors", "github.com/sirupsen/logrus"),
				"%s imports %s", p.ImportPath, dep)
		}
	}
}
