package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"picket/internal/soc"
)

// Native is an operation that a function makes instead of a manifest. What it answers is untrusted.
type Native struct {
	Name        string // without the connector
	Title       string
	Description string
	Effect      string
	Timeout     time.Duration
	Input       json.RawMessage // JSON Schema of the arguments, which the function is given checked
	Output      json.RawMessage
	Example     json.RawMessage // an output
	Call        func(ctx context.Context, arguments map[string]any) (any, error)
}

// AddNative adds a connector whose operations are functions, with its one connection.
func (r *Registry) AddNative(name, title, vendor string, operations []Native) error {
	if _, taken := r.connectors[name]; taken {
		return soc.Errorf(soc.Conflict, "there is a connector %q already", name)
	}
	entry := &connectorEntry{manifest: &manifest{Name: name, Title: title, Vendor: vendor, Native: true}}
	made := map[string]*operationEntry{}
	for _, n := range operations {
		op := &operationEntry{connector: entry, native: n.Call}
		for _, part := range []struct {
			of   json.RawMessage
			to   **schema
			what string
		}{{n.Input, &op.input, "input"}, {n.Output, &op.output, "output"}} {
			var document map[string]any
			err := json.Unmarshal(part.of, &document)
			if err == nil {
				*part.to, err = compileSchema(document)
			}
			if err != nil {
				return soc.Errorf(soc.Invalid, "%s.%s: %s schema: %v", name, n.Name, part.what, oneLine(fmt.Sprint(err), 300))
			}
		}
		op.info = Operation{
			Name: name + "." + n.Name, Title: n.Title, Description: n.Description, Connector: name, Vendor: vendor, Effect: n.Effect,
			Input: op.input.text, Output: op.output.text, Timeout: n.Timeout, TimeoutMS: n.Timeout.Milliseconds(), Untrusted: true,
			Example: Example{Output: n.Example},
		}
		made[op.info.Name] = op
	}
	r.connectors[name] = entry
	for full, op := range made {
		r.operations[full] = op
	}
	return r.AddConnection(Connection{Name: name, Connector: name, Title: title})
}
