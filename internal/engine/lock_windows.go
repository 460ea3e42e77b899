package engine

import (
	"path/filepath"
	"syscall"

	"picket/internal/soc"
)

// lockDir takes the directory for this process by opening a file that is shared with nobody. The lock ends with the
// process, however it ends.
func lockDir(path string) (release func(), err error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "lock %s: %w", path, err)
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, soc.Errorf(soc.Conflict, "another process uses the data in %s, or it can't be written: %w", filepath.Dir(path), err)
	}
	return func() { _ = syscall.CloseHandle(h) }, nil
}
