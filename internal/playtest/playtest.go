// Package playtest runs the tests that analysts write for playbooks (package playbooks/playtest has their language): each
// case is played in the real interpreter with its surroundings scripted, and what happened is held against what was
// expected.
package playtest

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"picket/internal/rehearsal"
	"picket/playbooks"
	"picket/playbooks/plan"
	"picket/playbooks/playtest"
	"picket/playbooks/spec"
)

// Options say what is tested with what.
type Options struct {
	Suites    []Suite
	Playbooks []playbooks.File // those that are tested, and all that they call
	Catalog   *playbooks.Catalog
	// Native calls an operation that needs nothing but the data that comes with Picket. Only those of NativeConnectors are
	// called, and only where a case does not mock them. It may be nil.
	Native func(ctx context.Context, operation string, arguments json.RawMessage) (json.RawMessage, error)
	// Examples are the recorded outputs of operations, for mocks with `example: true`.
	Examples map[string]json.RawMessage
	Only     *regexp.Regexp // names of cases; nil is all
	Update   bool           // snapshots are as they are now: SuiteResult.Snapshot has the new file
}

// NativeConnectors are the connectors whose operations run for real in a test: the same arguments give the same answer, by
// data that is part of every build. Country data is not, so geoip is mocked.
var NativeConnectors = []string{"clock", "intel", "kev", "net"}

// Suite is a test file with what stands beside it.
type Suite struct {
	File     string // as reports show it
	Source   []byte
	Files    fs.FS  // where fixtures are; nil when there are none
	Snapshot []byte // the snapshot file, nil when there is none
}

// Run runs the suites. The error is of the surroundings; what is wrong with tests and playbooks is in the report.
func Run(ctx context.Context, o Options) (*playtest.Report, error) {
	if o.Catalog == nil {
		o.Catalog = &playbooks.Catalog{}
	}
	r := &runner{Options: o, report: &playtest.Report{Suites: []playtest.SuiteResult{}, Coverage: []*playtest.Coverage{}}}
	r.compiled = playbooks.CompileSet(o.Playbooks, o.Catalog)
	for _, s := range o.Suites {
		if err := r.suite(ctx, s); err != nil {
			return nil, err
		}
	}
	r.report.Total = playtest.Total(r.report.Coverage)
	return r.report, nil
}

type runner struct {
	Options
	compiled []playbooks.Compiled
	report   *playtest.Report
}

// find is the compiled playbook of a name. One that does not compile is found by its file.
func (r *runner) find(name string) *playbooks.Compiled {
	for i := range r.compiled {
		c := &r.compiled[i]
		if c.Plan != nil && c.Plan.Name == name || c.Plan == nil && strings.TrimSuffix(path.Base(strings.ReplaceAll(c.File.Name, `\`, "/")), ".yaml") == name {
			return c
		}
	}
	return nil
}

func (r *runner) suite(ctx context.Context, s Suite) error {
	result := playtest.SuiteResult{File: s.File, Diagnostics: []playbooks.Diagnostic{}, Cases: []playtest.CaseResult{}}
	suite, diagnostics := playtest.Parse(s.File, s.Source)
	result.Diagnostics = append(result.Diagnostics, diagnostics...)
	defer func() { r.report.Suites = append(r.report.Suites, result) }()
	if suite == nil {
		return nil
	}
	result.Playbook = suite.Playbook
	if result.Playbook == "" {
		result.Playbook = playtest.PlaybookOf(s.File)
	}
	tested := r.find(result.Playbook)
	if tested == nil {
		bag := &spec.Bag{File: s.File}
		bag.Error(spec.CodePlaybook, suite.PlaybookAt, "put the test beside it as NAME.test.yaml, or name it with `playbook:`", "there is no playbook %q", result.Playbook)
		result.Diagnostics = append(result.Diagnostics, bag.All()...)
		return nil
	}
	if tested.Plan == nil {
		result.Diagnostics = append(result.Diagnostics, tested.Diagnostics...)
	}
	if result.Broken() {
		return nil
	}
	r.cover(tested)
	snapshots := playtest.SplitSnapshots(string(s.Snapshot))
	taken := map[string]string{}
	var order []string
	for i := range suite.Cases {
		c := &suite.Cases[i]
		if r.Only != nil && !r.Only.MatchString(c.Name) {
			if text, ok := snapshots[c.Name]; ok && c.Expect.Snapshot {
				order, taken[c.Name] = append(order, c.Name), text
			}
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		t := &trial{r: r, suite: &s, c: c, plan: tested.Plan, snapshot: snapshots[c.Name]}
		outcome := t.run(ctx)
		if c.Expect.Snapshot && outcome.Run.Started {
			order, taken[c.Name] = append(order, c.Name), playtest.Snapshot(outcome.Run)
		}
		if outcome.Result == playtest.Passed {
			r.report.Passed++
		} else {
			r.report.Failed++
		}
		for _, other := range r.report.Coverage {
			other.Add(outcome.Run.Steps)
		}
		result.Cases = append(result.Cases, outcome)
	}
	if r.Update && len(order) > 0 {
		if text := playtest.JoinSnapshots(order, taken); text != string(s.Snapshot) {
			result.Snapshot = text
		}
	}
	return nil
}

// cover begins to count what is reached of a tested playbook.
func (r *runner) cover(c *playbooks.Compiled) {
	if !slices.ContainsFunc(r.report.Coverage, func(known *playtest.Coverage) bool { return known.Playbook == c.Plan.Name }) {
		r.report.Coverage = append(r.report.Coverage, playtest.NewCoverage(c.File.Name, c.Plan))
	}
}

// trial is one case being run.
type trial struct {
	r        *runner
	suite    *Suite
	c        *playtest.Case
	plan     *plan.Plan
	snapshot string
	result   playtest.CaseResult
}

// fail notes something that does not hold.
func (t *trial) fail(at spec.Span, f playtest.Failure) {
	f.Line, f.Column = max(at.Start.Line, 1), max(at.Start.Column, 1)
	t.result.Failures = append(t.result.Failures, f)
}

func (t *trial) warn(at spec.Span, message string) {
	t.result.Warnings = append(t.result.Warnings, playtest.Failure{Line: max(at.Start.Line, 1), Column: max(at.Start.Column, 1), Message: message})
}

// maxFailures bounds what one case reports.
const maxFailures = 50

func (t *trial) run(ctx context.Context) playtest.CaseResult {
	began := time.Now()
	c := t.c
	t.result = playtest.CaseResult{
		Name: c.Name, Line: max(c.NameAt.Start.Line, 1), Failures: []playtest.Failure{}, Warnings: []playtest.Failure{},
		Run: playtest.Run{Steps: []playtest.Step{}, Calls: []playtest.Made{}, Asked: []playtest.Question{}},
	}
	t.validate()
	if len(t.result.Failures) == 0 {
		t.play(ctx)
	}
	if len(t.result.Failures) > maxFailures {
		t.result.Failures = t.result.Failures[:maxFailures]
	}
	t.result.Result = playtest.Passed
	if len(t.result.Failures) > 0 {
		t.result.Result = playtest.Failed
	}
	t.result.Took = time.Since(began).Milliseconds()
	return t.result
}

// play starts the run if its trigger does, and holds what happened against what was expected.
func (t *trial) play(ctx context.Context) {
	trigger, ok := t.trigger()
	if !ok {
		return
	}
	world := newScripted(ctx, t)
	script := rehearsal.Script{
		Plan: t.plan, RunID: "run_test", Trigger: trigger, Start: t.c.At, Cancel: span(t.c.Cancel), World: world,
		Shadow: t.shadow(), Effect: func(operation string) string { return t.r.Catalog.Operations[operation].Effect },
	}
	record, err := rehearsal.Play(script)
	if err != nil {
		t.fail(t.c.NameAt, playtest.Failure{Message: err.Error()})
		return
	}
	t.result.Run, t.result.Skipped = record.Run, record.Took.Milliseconds()
	for _, f := range record.Faults {
		at := t.c.NameAt
		if placed, ok := errors.AsType[*unanswered](f.Err); ok && placed.at.Start.Line > 0 {
			at = placed.at
		}
		t.fail(at, playtest.Failure{Message: f.Message})
	}
	t.check(record)
	world.unused()
}

func span(d plan.Duration) time.Duration { return time.Duration(d) * time.Millisecond }

// native tells whether an operation may be called for real.
func native(operation string) bool {
	connector, _, _ := strings.Cut(operation, ".")
	return slices.Contains(NativeConnectors, connector)
}
