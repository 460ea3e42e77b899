// Package playbooks compiles the documents that analysts write into the plans that workflows run. Its parts are spec
// (text to a document of the right shape), check (names, types, taint and the approval proof), plan (the compiled form)
// and expr (the expression language).
package playbooks

import (
	"crypto/sha256"
	"encoding/hex"

	"picket/playbooks/check"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// Catalog is what a playbook can name: operations, connections, roles and alert sources.
type Catalog = check.Catalog

// Operation is one call that a connector offers.
type Operation = check.Operation

// Diagnostic is one thing that is wrong with a playbook, with its place.
type Diagnostic = spec.Diagnostic

// The severities of a diagnostic.
const (
	SeverityError   = spec.SeverityError
	SeverityWarning = spec.SeverityWarning
)

// VerdictSchema is the JSON Schema of the built-in type `verdict`.
func VerdictSchema() []byte { return append([]byte(nil), check.VerdictSchema...) }

// Compile makes the plan of a playbook and reports everything that is wrong with it, by place. The plan is nil exactly
// when there is an error. The same source and catalog give the same plan, byte for byte. File only names the source
// in diagnostics.
func Compile(file string, source []byte, cat *Catalog) (*plan.Plan, []Diagnostic) {
	bag := &spec.Bag{File: file}
	document := spec.Read(source, bag)
	if document == nil {
		return nil, bag.All()
	}
	sum := sha256.Sum256(source)
	compiled := check.Playbook(document, hex.EncodeToString(sum[:]), cat, bag)
	if bag.Failed() {
		return nil, bag.All()
	}
	return compiled, bag.All()
}
