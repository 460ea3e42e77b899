// Package secret holds values that must not surface: they print, log and marshal as <secret>.
package secret

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Masked is what stands in place of a secret wherever it would be seen.
const Masked = "<secret>"

// Secret is a string that only Reveal gives away. The value sits behind a pointer, so that even a struct that
// holds a Secret in an unexported field prints an address at most. The zero Secret is empty.
type Secret struct {
	value *string
}

// New wraps a value.
func New(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal gives the value itself; only the code that sends it to its owner may call this.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty tells whether there is no value.
func (s Secret) Empty() bool { return s.value == nil || *s.value == "" }

// String is <secret>, or nothing for the empty secret.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return Masked
}

// Format prints the mask for every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// GoString is the mask too.
func (s Secret) GoString() string { return s.String() }

// LogValue makes slog print the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText makes JSON, YAML and the like carry the mask.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a value from a configuration. A mask that was written out earlier is refused, because it
// would silently replace the real value.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == Masked {
		return errors.New("the text " + Masked + " stands for a secret and is not one; give the value itself")
	}
	*s = New(string(text))
	return nil
}
