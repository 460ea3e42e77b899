package playtest

import (
	"encoding/json"

	"picket/playbooks/spec"
)

// The results of a case.
const (
	Passed = "passed"
	Failed = "failed"
)

// Report is the result of test files.
type Report struct {
	Suites   []SuiteResult `json:"suites"`
	Passed   int           `json:"passed"`
	Failed   int           `json:"failed"`
	Coverage []*Coverage   `json:"coverage"`
	Total    Figures       `json:"total"`
}

// OK tells whether every file could be read and every case has passed.
func (r *Report) OK() bool {
	for _, s := range r.Suites {
		if s.Broken() {
			return false
		}
	}
	return r.Failed == 0
}

// SuiteResult is the result of one test file. Diagnostics are those of the file and of its playbook.
type SuiteResult struct {
	File        string            `json:"file"`
	Playbook    string            `json:"playbook"`
	Diagnostics []spec.Diagnostic `json:"diagnostics"`
	Cases       []CaseResult      `json:"cases"`
	Snapshot    string            `json:"snapshot,omitempty"` // the snapshot file as it should be, where it was written
}

// Broken tells whether the file or its playbook has an error, so that its cases were not run.
func (s *SuiteResult) Broken() bool {
	for _, d := range s.Diagnostics {
		if d.Severity == spec.SeverityError {
			return true
		}
	}
	return false
}

// CaseResult is the result of one case, with what happened in it.
type CaseResult struct {
	Name     string    `json:"name"`
	Line     int       `json:"line"`
	Result   string    `json:"result"` // passed | failed
	Failures []Failure `json:"failures"`
	Warnings []Failure `json:"warnings"`
	Skipped  int64     `json:"skipped_ms"` // how much time passed in the run
	Took     int64     `json:"took_ms"`    // how long it took
	Run      Run       `json:"run"`
}

// Failure is one thing that does not hold, with its place in the test file.
type Failure struct {
	Line        int          `json:"line"`
	Column      int          `json:"column"`
	Message     string       `json:"message"`
	Expected    string       `json:"expected,omitempty"`
	Got         string       `json:"got,omitempty"`
	Differences []Difference `json:"differences,omitempty"`
	Diff        []string     `json:"diff,omitempty"` // lines: "- expected", "+ got", "  both"
}

// Run is what happened in a case.
type Run struct {
	Started bool            `json:"started"`
	Status  string          `json:"status,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	Verdict string          `json:"verdict,omitempty"`
	Outputs json.RawMessage `json:"outputs,omitempty"`
	Steps   []Step          `json:"steps"`
	Calls   []Made          `json:"calls"`
	Asked   []Question      `json:"asked"`
}

// Made is a call that a run made, its attempts taken together.
type Made struct {
	Path       string          `json:"path"`
	Operation  string          `json:"operation"`
	Connection string          `json:"connection,omitempty"`
	Effect     string          `json:"effect"`
	Arguments  json.RawMessage `json:"arguments"`
	Output     json.RawMessage `json:"output,omitempty"`
	Error      string          `json:"error,omitempty"`
	Attempts   int             `json:"attempts"`
	Shadowed   bool            `json:"shadowed,omitempty"`   // recorded, not made
	Unanswered bool            `json:"unanswered,omitempty"` // nothing says what it would have answered
}

// Question is an approval or a form that was put to people.
type Question struct {
	Path      string   `json:"path"`
	Title     string   `json:"title"`
	Role      string   `json:"role"`
	Escalated bool     `json:"escalated,omitempty"`
	Form      bool     `json:"form,omitempty"`
	Calls     []string `json:"calls,omitempty"` // the operations that a yes releases
	Outcome   string   `json:"outcome,omitempty"`
	By        string   `json:"by,omitempty"`
}
