//go:build unix

package engine

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"picket/internal/soc"
)

// lockDir takes the directory for this process. The lock ends with the process, however it ends.
func lockDir(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, soc.Errorf(soc.Unavailable, "temporal's data directory can't be written: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return func() { _ = f.Close() }, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, soc.Errorf(soc.Conflict, "another process uses the data in %s: stop it, or give another directory", filepath.Dir(path))
	}
	return nil, soc.Errorf(soc.Unavailable, "lock %s: %w", path, err)
}
