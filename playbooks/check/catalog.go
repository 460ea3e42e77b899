package check

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

// Catalog is what a playbook can name: the operations of the connectors with their schemas and effects, and the
// connections, roles and alert sources of a workspace. Connections, Roles and Sources that are nil are not checked.
type Catalog struct {
	Operations  map[string]Operation `json:"operations"`  // by connector.operation
	Connections map[string][]string  `json:"connections"` // connector to its connections
	Roles       []string             `json:"roles"`
	Sources     []string             `json:"sources"`
	Playbooks   map[string]Callable  `json:"-"` // that can be called, by name
	Agents      map[string]Agent     `json:"-"` // that steps can use, by name
}

// Callable is a compiled playbook as a call step sees it.
type Callable struct {
	Digest    string // of its plan
	Inputs    []CallableInput
	Outputs   expr.Type
	Untrusted bool // whether its outputs may hold text that an attacker wrote
	Calls     []string
	Cost      *plan.Cost
	Broken    bool // it does not compile, and so its callers don't
	Circle    bool // it calls its caller in turn, which is reported as such
}

// CallableInput is an input of a playbook that can be called.
type CallableInput struct {
	Name     string
	Type     expr.Type
	Required bool
}

// Operation is one call that a connector offers.
type Operation struct {
	Name      string          `json:"name"`
	Title     string          `json:"title"`
	Effect    string          `json:"effect"` // read | write | consequential
	Input     json.RawMessage `json:"input"`  // JSON Schema of the arguments
	Output    json.RawMessage `json:"output"` // JSON Schema of the answer
	Local     bool            `json:"local"`  // short, and safe to repeat
	TimeoutMS int64           `json:"timeout_ms"`
	Untrusted bool            `json:"untrusted"` // the answer may hold text that an attacker wrote
}

// names are the operations' names, sorted.
func (c *Catalog) names() []string {
	names := make([]string, 0, len(c.Operations))
	for name := range c.Operations {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// connectors are the connectors' names, sorted.
func (c *Catalog) connectors() []string {
	var names []string
	for _, name := range c.names() {
		connector, _, _ := strings.Cut(name, ".")
		names = append(names, connector)
	}
	return slices.Compact(names)
}

// agents are the names of the agent files, sorted.
func (c *Catalog) agents() []string { return slices.Sorted(maps.Keys(c.Agents)) }

// playbooks are the names of those that can be called, sorted.
func (c *Catalog) playbooks() []string { return slices.Sorted(maps.Keys(c.Playbooks)) }
