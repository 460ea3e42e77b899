//go:build no_web

// Package web holds the built web UI, which was left out of this binary.
package web

import (
	"errors"
	"io/fs"
)

// FS fails: this binary was built with -tags no_web.
func FS() (fs.FS, error) {
	return nil, errors.New("the web UI was left out of this binary (built with -tags no_web)")
}
