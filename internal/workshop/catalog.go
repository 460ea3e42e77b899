package workshop

import (
	"maps"
	"slices"

	"picket/internal/connector"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/library"
)

// Catalog is what the compiler knows of the connectors and connections of a registry.
func Catalog(r *connector.Registry) *playbooks.Catalog {
	c := &playbooks.Catalog{
		Operations:  map[string]playbooks.Operation{},
		Connections: r.ConnectionNames(),
		Roles:       []string{soc.RoleAdmin, soc.RoleLead, soc.RoleResponder, soc.RoleAnalyst},
	}
	for _, op := range r.Operations() {
		c.Operations[op.Name] = playbooks.Operation{
			Name: op.Name, Title: op.Title, Effect: op.Effect,
			Input: op.Input, Output: op.Output,
			Local: op.Local, TimeoutMS: op.TimeoutMS, Untrusted: op.Untrusted,
		}
	}
	var files []playbooks.File
	shipped := library.Agents()
	for _, name := range slices.Sorted(maps.Keys(shipped)) {
		files = append(files, playbooks.File{Name: name, Source: shipped[name]})
	}
	c.Agents, _ = playbooks.ReadAgents(files, c) // those that come with Picket hold: a test of theirs says so
	return c
}
