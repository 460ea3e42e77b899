// Package cacao writes playbooks as CACAO playbooks and reads CACAO playbooks as ours: CACAO Security Playbooks Version 2.0,
// an OASIS committee specification (https://docs.oasis-open.org/cacao/security-playbooks/v2.0/security-playbooks-v2.0.html).
//
// What both languages say is mapped both ways. What only ours says is kept whole in an extension, beside a form that
// other tools can show and step through. What only CACAO says is reported. Nothing is dropped in silence: every value of a document
// that is read either becomes part of the playbook or is named in the report.
//
// There is no clock and no randomness here: the same input gives the same output, byte for byte.
package cacao

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"picket/playbooks"
)

// The bounds of a CACAO document. They are above what our own playbooks need at most.
const (
	MaxBytes  = 8 << 20 // of a document's text
	MaxNodes  = 200_000 // values of a document
	MaxDepth  = 64      // levels of a document
	MaxSteps  = 10_000  // steps of a workflow, and those that are put into a playbook, copies counted
	MaxNested = 24      // levels of blocks inside blocks
	maxReport = 5_000   // entries of a report
	maxText   = 4 << 20 // bytes of text with variables in it; what is beyond keeps its variables as they are
	maxCopies = 500     // of steps that are reached on several ways
	maxDrawn  = 100     // blocks in which it is worked out where branches come back together
	maxWays   = 16      // steps that may have given a variable its value
)

const (
	specVersion = "cacao-2.0"
	// Extension is the id of the extension that keeps what CACAO can't say.
	Extension = "extension-definition--2e6c2a66-1f0b-5b0e-9d5e-6a4f3c1f7a10"
	// CommandType is the command type of what a machine does by Picket's own means. CACAO's list of types is open.
	CommandType = "picket"
)

// namespace is that of our identifiers of version 5 (RFC 9562, 5.5). The specification's own is for ids that are made of
// the name and the types of a playbook; ours are made of the name alone, so that a call knows the id of what it calls.
var namespace = uuid.MustParse("5f0a9b1c-8e0e-4d0e-9a52-3b1b6c0d7e21")

// PlaybookID is the CACAO id of the playbook with a name.
func PlaybookID(name string) string { return "playbook--" + named("playbook", name) }

// identityID is the id of the STIX identity that stands for a playbook's owner.
func identityID(owner string) string { return "identity--" + named("identity", owner) }

func named(kind, name string) string {
	return uuid.NewSHA1(namespace, []byte(kind+"\x00"+name)).String()
}

// objectID is the id of an object inside a playbook. The specification wants version 4 for steps, which is random bits;
// these are bits of a digest, so that an export can be repeated.
func objectID(kind string, parts ...string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + strings.Join(parts, "\x00")))
	var id uuid.UUID
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return kind + "--" + id.String()
}

// Entry is one thing that the other language can't say in the same way.
type Entry struct {
	Pointer string `json:"pointer"` // JSON Pointer (RFC 6901) into the CACAO document
	What    string `json:"what"`    // what stands there
	Why     string `json:"why"`     // why it has no counterpart
	Do      string `json:"do"`      // the way out
}

func (e Entry) String() string {
	return fmt.Sprintf("%s: %s: %s; %s", e.Pointer, e.What, e.Why, e.Do)
}

// Problem is one thing that makes a document no CACAO 2.0 playbook, or one that can't be told in blocks.
type Problem struct {
	Pointer string `json:"pointer"`
	Message string `json:"message"`
}

// InvalidError says why a document is not read, or why one is not written.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	p := e.Problems[0]
	text := fmt.Sprintf("cacao: %s: %s", pointerOrRoot(p.Pointer), p.Message)
	if more := len(e.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

func invalid(pointer, format string, args ...any) error {
	return &InvalidError{Problems: []Problem{{Pointer: pointer, Message: fmt.Sprintf(format, args...)}}}
}

func pointerOrRoot(pointer string) string {
	if pointer == "" {
		return "the document"
	}
	return pointer
}

// UnreadableError says that a text is no playbook of ours: what the compiler says of it, with places.
type UnreadableError struct{ Diagnostics []playbooks.Diagnostic }

func (e *UnreadableError) Error() string {
	d := e.Diagnostics[0]
	return fmt.Sprintf("%d:%d: %s", d.Line, d.Column, d.Message)
}

// shown is a piece of foreign text as it stands in a report: one line, and not long.
func shown(text string) string {
	const most = 120 // characters
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
