//go:build !no_web

// Package web holds the built web UI.
package web

import (
	"embed"
	"errors"
	"io/fs"
)

// `all:` takes the committed dist/.keep too, so that the package compiles before the UI is built.
//
//go:embed all:dist
var dist embed.FS

// FS is the built UI: index.html with __CSP_NONCE__ in the place of the nonce, hashed files under assets/ that can be
// cached for ever, and a .gz next to each file worth compressing. It fails when the UI was not built.
func FS() (fs.FS, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return nil, errors.New("the web UI is not built into this binary: run make web, then build it again")
	}
	return files, nil
}
