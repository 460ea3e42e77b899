// Package workshop is where playbooks are written: it compiles a text among the playbooks of an instance, answers what an
// editor asks, runs tests, and holds a version against the past. It calls nothing outside and stores nothing.
package workshop

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"picket/internal/backtest"
	"picket/internal/connector"
	runner "picket/internal/playtest"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/editor"
	"picket/playbooks/plan"
	"picket/playbooks/playtest"
	"picket/playbooks/spec"
)

// Workshop works on texts among the playbooks of an instance.
type Workshop struct {
	Catalog    func() *playbooks.Catalog // what can be called now
	Library    func() []playbooks.File   // the playbooks that can be called; a text takes the place of the one of its name
	Connectors *connector.Registry
	Records    backtest.Records
}

// Compile compiles a text; the plan is nil iff a diagnostic is an error.
func (w *Workshop) Compile(file string, source []byte) (*plan.Plan, []spec.Diagnostic) {
	one := w.Look(file, source)
	return one.Plan, one.Diagnostics
}

// Look compiles a text for somebody who looks at it: a text that lacks only approvals has a sketch.
func (w *Workshop) Look(file string, source []byte) playbooks.Compiled {
	return playbooks.CompileSet([]playbooks.File{{Name: file, Source: source}}, w.Catalog())[0]
}

// CheckAgent checks an agent's text; the digest is empty when it does not hold.
func (w *Workshop) CheckAgent(file string, source []byte) (digest string, diagnostics []spec.Diagnostic) {
	agents, diagnostics := playbooks.ReadAgents([]playbooks.File{{Name: file, Source: source}}, w.Catalog())
	for _, a := range agents {
		digest = a.Digest
	}
	return digest, diagnostics
}

// Operations are those that can be called, by name.
func (w *Workshop) Operations() []playbooks.Operation {
	all := w.Catalog().Operations
	out := make([]playbooks.Operation, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[name])
	}
	return out
}

// Editor answers what an editor asks of a text.
func (w *Workshop) Editor() editor.Editor { return editor.Editor{Catalog: w.Catalog()} }

// Test runs the tests of a text, in the interpreter that real runs use. What is wrong with either is in the report.
func (w *Workshop) Test(ctx context.Context, source, tests []byte) (*playtest.Report, error) {
	name := playbooks.NameOf(source)
	if name == "" {
		name = "playbook"
	}
	o := TestOptions(w.Catalog(), w.Connectors)
	o.Playbooks = w.among(playbooks.File{Name: name + ".yaml", Source: source})
	o.Suites = []runner.Suite{{File: name + ".test.yaml", Source: tests}}
	return runner.Run(ctx, o)
}

// TestOptions are those of tests that have the operations of connectors, without the suites and the playbooks. A test names
// the connections of the workspace that it was written for, so connections are not checked.
func TestOptions(catalog *playbooks.Catalog, connectors *connector.Registry) runner.Options {
	own := *catalog
	own.Connections = nil
	o := runner.Options{Catalog: &own, Examples: map[string]json.RawMessage{}}
	o.Native = func(ctx context.Context, operation string, arguments json.RawMessage) (json.RawMessage, error) {
		return connectors.Call(ctx, connector.Request{Operation: operation, Arguments: arguments})
	}
	for _, op := range connectors.Operations() {
		o.Examples[op.Name] = op.Example.Output
	}
	return o
}

// Backtest holds a version against the runs that the playbook of its name has had since then, the newest first, at most so
// many. An error of kind soc.Invalid says that it does not compile, or what it calls.
func (w *Workshop) Backtest(ctx context.Context, version playbooks.File, since time.Time, limit int) (*backtest.Report, error) {
	o := backtest.Options{Callees: map[string]*plan.Plan{}, Catalog: w.Catalog(), Since: since, Limit: limit}
	for i, c := range playbooks.CompileSet(w.among(version), w.Catalog()) {
		switch {
		case c.Plan == nil && i == 0:
			return nil, soc.Errorf(soc.Invalid, "%s", c.Mistakes())
		case c.Plan == nil:
			continue // it can't be called, and who calls it does not compile
		case i == 0:
			o.Plan = c.Plan
		}
		o.Callees[c.Plan.Name] = c.Plan
	}
	return backtest.Run(ctx, w.Records, o)
}

// among is a text and the playbooks that it can call.
func (w *Workshop) among(text playbooks.File) []playbooks.File {
	files, name := []playbooks.File{text}, playbooks.NameOf(text.Source)
	for _, f := range w.Library() {
		if playbooks.NameOf(f.Source) != name {
			files = append(files, f)
		}
	}
	return files
}
