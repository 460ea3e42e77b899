package app

import (
	"errors"
	"os"
	"path/filepath"
)

// paths are the places under the data directory.
type paths struct{ dir string }

func (p paths) database() string    { return "sqlite:" + filepath.Join(p.dir, "picket.db") }
func (p paths) blobs() string       { return filepath.Join(p.dir, "blobs") }
func (p paths) keys() string        { return filepath.Join(p.dir, "keys") }
func (p paths) payloadKeys() string { return filepath.Join(p.keys(), "payload.keys") }
func (p paths) temporal() string    { return filepath.Join(p.dir, "temporal") }
func (p paths) sandbox() string     { return filepath.Join(p.dir, "sandbox") }
func (p paths) config() string      { return filepath.Join(p.dir, "picket.yaml") }

// plainError is the cause without the path, which the sentence around it names already.
func plainError(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}
