package rehearsal

import (
	"encoding/json"
	"slices"

	"picket/internal/contract"
	"picket/playbooks/playtest"
)

// maxKept bounds, in bytes, the outputs of steps that a record has.
const maxKept = 256 << 10

// note takes what the interpreter has seen, each entry once, as the ledger does.
func (st *stage) note(sc *scene, entries []contract.Entry) {
	for _, e := range entries {
		key := sc.prefix + "\n" + e.Key
		if st.noted[key] {
			continue
		}
		st.noted[key] = true
		switch e.Kind {
		case contract.KindStepFinished:
			var body contract.StepBody
			if json.Unmarshal(e.Body, &body) == nil {
				st.finished(sc, e.Step, body)
			}
		case contract.KindCallShadowed:
			var body contract.CallBody
			if json.Unmarshal(e.Body, &body) == nil {
				st.calls = append(st.calls, playtest.Made{
					Path: sc.prefix + e.Step, Operation: body.Operation, Connection: body.Connection, Effect: body.Effect,
					Arguments: body.Input, Shadowed: true,
				})
			}
		}
	}
}

func (st *stage) finished(sc *scene, path string, body contract.StepBody) {
	s := playtest.Step{
		Playbook: sc.playbook, Path: sc.prefix + path, ID: stepID(path), Verb: body.Verb, Title: body.Title, Status: body.Status,
		Reason: body.Reason, At: body.Started.Sub(st.script.Start).Milliseconds(), Took: body.Ended.Sub(body.Started).Milliseconds(),
		Branch: body.Branch, Outcome: outcomeOf(body.Verb, body), Caught: body.Caught != nil,
	}
	if body.Error != nil {
		s.Error = body.Error.Kind + ": " + body.Error.Message
	}
	output := body.Output
	if output == nil && body.Status == contract.StepOK {
		output = st.gave[s.Path]
	}
	if st.kept += len(output); st.kept <= maxKept {
		s.Output = output
	} else {
		s.LeftOut = len(output) > 0
	}
	if body.Undoes != "" {
		undone := sc.prefix + body.Undoes
		if i := slices.IndexFunc(st.steps, func(s playtest.Step) bool { return s.Path == undone }); i >= 0 {
			st.steps[i].Undone = body.Status == contract.StepOK
		}
	}
	st.steps = append(st.steps, s)
}
