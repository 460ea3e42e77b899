//go:build !unix

package app

import (
	"os"
	"path/filepath"

	"picket/internal/soc"
)

// lock takes the data directory for this process: the file can't be made while another process has it.
func lock(dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, soc.Errorf(soc.Invalid, "the data directory %s can't be made: %v; choose another with --data", dir, err)
	}
	path := filepath.Join(dir, "picket.lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, soc.Errorf(soc.Conflict, "another picket works on %s; stop it, or remove %s if none does", dir, path)
	}
	return func() { _ = file.Close(); _ = os.Remove(path) }, nil
}
