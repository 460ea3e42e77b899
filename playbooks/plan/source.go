package plan

import _ "embed" // the source of the plan's types

// Source is the source of the plan's types, whose comments describe the fields in the published schema.
//
//go:embed plan.go
var Source string
