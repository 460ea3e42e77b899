package soc

import "github.com/oklog/ulid/v2"

// NewID makes an identifier: a prefix that names the noun ("alr", "run", "apr", "dec", "usr", "tok"), an
// underscore and a ULID, so that ids sort by the time they were made. It is safe for concurrent use.
func NewID(prefix string) string { return prefix + "_" + ulid.Make().String() }
