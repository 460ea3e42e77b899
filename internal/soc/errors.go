package soc

import (
	"errors"
	"fmt"
)

// Kind classifies an error by what can be done about it. The API maps a kind to an RFC 9457 problem,
// activities map it to retryable or not.
type Kind string

// The kinds. Anything that carries none of them is Internal.
const (
	Invalid     Kind = "invalid"     // the input is wrong: do not repeat it
	NotFound    Kind = "not_found"   // no such thing
	Conflict    Kind = "conflict"    // the thing is in another state than assumed
	Denied      Kind = "denied"      // not authenticated, not permitted, or without its decision
	Unavailable Kind = "unavailable" // not now: repeating it may help
	Unknown     Kind = "unknown"     // a call was sent and its outcome is not known: never repeat it blindly
	Internal    Kind = "internal"    // a fault of ours
)

// Error is an error of a known kind. Message is fit for people and never holds a secret.
type Error struct {
	Kind    Kind
	Message string
	Err     error // printed after Message
	cause   error // what Errorf wrapped: printed within Message
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error {
	if e.Err != nil {
		return e.Err
	}
	return e.cause
}

// Errorf makes an error of a kind; %w wraps as in fmt.Errorf.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), cause: errors.Unwrap(err)}
}

// KindOf tells the kind of the first *Error in err's chain; Internal when there is none, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
