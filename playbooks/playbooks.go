// Package playbooks compiles the documents that analysts write into the plans that workflows run. Its parts are spec
// (text to a document of the right shape), check (names, types, taint and the approval proof), plan (the compiled form)
// and expr (the expression language).
package playbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"picket/playbooks/check"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// Catalog is what a playbook can name: operations, connections, roles, alert sources and other playbooks.
type Catalog = check.Catalog

// Operation is one call that a connector offers.
type Operation = check.Operation

// Callable is a compiled playbook as a call step sees it.
type Callable = check.Callable

// Diagnostic is one thing that is wrong with a playbook, with its place.
type Diagnostic = spec.Diagnostic

// The severities of a diagnostic.
const (
	SeverityError   = spec.SeverityError
	SeverityWarning = spec.SeverityWarning
)

// VerdictSchema is the JSON Schema of the built-in type `verdict`.
func VerdictSchema() []byte { return append([]byte(nil), check.VerdictSchema...) }

// Analysis is all that the compiler knows of one text. Document and Places are there as far as the text can be read.
type Analysis struct {
	Plan        *plan.Plan // nil exactly when there is an error
	Callable    Callable
	Diagnostics []Diagnostic
	Document    *spec.Playbook
	Places      []check.Place
	// Sketch is what the plan would be if the approval proof, which alone fails, held. It is for looking at: nothing runs it.
	Sketch *plan.Plan
}

// unproven tells whether missing approvals are all that is wrong.
func unproven(diagnostics []Diagnostic) bool {
	missing := []string{spec.CodeUnapproved, spec.CodeCoversBefore, spec.CodeUndoBy}
	return !slices.ContainsFunc(diagnostics, func(d Diagnostic) bool {
		return d.Severity == spec.SeverityError && !slices.Contains(missing, d.Code)
	})
}

// Compile makes the plan of a playbook and reports everything that is wrong with it, by place. The plan is nil exactly
// when there is an error. The same source and catalog give the same plan, byte for byte. File only names the source
// in diagnostics.
func Compile(file string, source []byte, cat *Catalog) (*plan.Plan, []Diagnostic) {
	a := analyse(file, source, cat, false)
	return a.Plan, a.Diagnostics
}

// Analyse compiles for an editor: it keeps the document, and what each expression may name.
func Analyse(file string, source []byte, cat *Catalog) Analysis {
	return analyse(file, source, cat, true)
}

func analyse(file string, source []byte, cat *Catalog, places bool) Analysis {
	bag := &spec.Bag{File: file}
	document := spec.Read(source, bag)
	if document == nil {
		return Analysis{Diagnostics: bag.All()}
	}
	sum := sha256.Sum256(source)
	checked := check.Playbook(document, hex.EncodeToString(sum[:]), cat, bag, places)
	a := Analysis{Document: document, Places: checked.Places, Diagnostics: bag.All()}
	if bag.Failed() {
		if unproven(a.Diagnostics) {
			a.Sketch = checked.Plan
		}
		return a
	}
	a.Plan, a.Callable = checked.Plan, checked.Callable
	a.Callable.Digest = a.Plan.Digest()
	return a
}
