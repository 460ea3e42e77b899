//go:build unix

package app

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"picket/internal/soc"
)

// lock takes the data directory for this process until the returned function is called. The lock goes with the process.
func lock(dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, soc.Errorf(soc.Invalid, "the data directory %s can't be made: %v; choose another with --data", dir, plainError(err))
	}
	path := filepath.Join(dir, "picket.lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "the data directory %s is not writable: %v; choose another with --data", dir, plainError(err))
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		_ = file.Close()
		return nil, soc.Errorf(soc.Conflict, "another picket (process %s) works on %s; stop it, or choose another directory with --data",
			strings.TrimSpace(string(holder)), dir)
	}
	if err := file.Truncate(0); err == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return func() { _ = file.Close() }, nil
}
