package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"picket/internal/consent"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// startPlaybook starts a playbook by hand or by a program, with inputs. Everybody who is somebody here may.
func (s *Server) startPlaybook(c *gin.Context) {
	var in struct {
		Inputs  map[string]json.RawMessage `json:"inputs"`
		AlertID string                     `json:"alert_id"`
	}
	if !s.decode(c, smallBody, &in) {
		return
	}
	key, ok := s.idempotency(c)
	if !ok || !s.somebody(c, "starting a run") {
		return
	}
	p, ok := s.playbook(c)
	if !ok {
		return
	}
	if p.Plan == nil {
		s.problem(c, http.StatusConflict, "the playbook "+p.Name+" does not compile")
		return
	}
	if faults := wrongInputs(p.Plan.Inputs, in.Inputs); len(faults) > 0 {
		s.faults(c, "the inputs are not those of the playbook", faults)
		return
	}
	r := StartRequest{Playbook: p.Name, By: me(c).Account.Name}
	if in.AlertID != "" {
		alert, err := s.Reader.GetAlert(c.Request.Context(), in.AlertID)
		if err != nil {
			s.fail(c, err)
			return
		}
		r.Alert = &alert
	}
	r.Inputs = encoded(in.Inputs)
	s.startOnce(c, key, "start "+p.Name+" "+in.AlertID+" "+string(r.Inputs), func() (soc.Run, error) {
		return s.Intake.StartRun(c.Request.Context(), r)
	})
}

// encoded is an object with its members in order; nil for none.
func encoded(members map[string]json.RawMessage) json.RawMessage {
	if len(members) == 0 {
		return nil
	}
	text, err := json.Marshal(members)
	if err != nil {
		panic(err) // they have just been read as JSON
	}
	return text
}

// startOnce starts a run, once for a person's idempotency key, and answers it.
func (s *Server) startOnce(c *gin.Context, key, what string, start func() (soc.Run, error)) {
	run, err := s.started.once(me(c).Account.ID, key, what, start)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusAccepted, run)
}

// somebody answers 403 to people without a role.
func (s *Server) somebody(c *gin.Context, doing string) bool {
	if len(me(c).Account.Roles) == 0 {
		s.problem(c, http.StatusForbidden, doing+" needs a role")
		return false
	}
	return true
}

// named is the playbook of a name; nil where there is none.
func (s *Server) named(name string) *Playbook {
	all := s.Playbooks()
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	return nil
}

// playbook finds the playbook of the path, or answers that there is none.
func (s *Server) playbook(c *gin.Context) (*Playbook, bool) {
	p := s.named(c.Param("name"))
	if p == nil {
		s.problem(c, http.StatusNotFound, "there is no playbook "+c.Param("name"))
	}
	return p, p != nil
}

// wrongInputs names what is wrong with the inputs that somebody gives a playbook.
func wrongInputs(declared []plan.Input, given map[string]json.RawMessage) []consent.Fault {
	var faults []consent.Fault
	fault := func(name, detail string) {
		faults = append(faults, consent.Fault{Pointer: consent.Pointer("inputs", name), Detail: detail})
	}
	for _, in := range declared {
		value, ok := given[in.Name]
		switch {
		case !ok && in.Required && in.Default == nil:
			fault(in.Name, "it is required")
		case ok && !typed(in.Type, value):
			fault(in.Name, "it must be of the type "+in.Type)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.ContainsFunc(declared, func(in plan.Input) bool { return in.Name == name }) {
			fault(name, "the playbook has no such input")
		}
	}
	return faults
}

// typed tells whether a value is of an input's type.
func typed(kind string, value json.RawMessage) bool {
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return false
	}
	switch v := v.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	case json.Number:
		if kind == "integer" {
			_, err := v.Int64()
			return err == nil
		}
		return kind == "number"
	}
	return false
}
