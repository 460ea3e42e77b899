package workflows

import (
	"encoding/json"
	"time"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
)

// state is what a run that has continued as new carries along. Fields are added, never redefined: a run may go on under
// a later version.
type state struct {
	Cursor   int                `json:"cursor"`
	Started  time.Time          `json:"started,omitzero"` // when the timeout began to count
	Held     bool               `json:"held,omitempty"`   // the key question is settled
	Key      contract.KeyOutput `json:"key,omitzero"`     // the last answer of a run that still waits for its key
	Frame    frameState         `json:"frame"`
	Approved map[string]grant   `json:"approved,omitempty"`
	Undo     []undoable         `json:"undo,omitempty"`
	Tokens   int                `json:"tokens,omitempty"`
	CostUSD  float64            `json:"cost_usd,omitempty"`
	Verdict  string             `json:"verdict,omitempty"`
	Pending  []contract.Entry   `json:"pending,omitempty"`
}

// frameState is a frame as it travels to another history: its own roots, and the steps that are still of use.
type frameState struct {
	Vars map[string]json.RawMessage `json:"vars,omitempty"`
	Done []stepState                `json:"done,omitempty"`
}

// stepState is a step's result as it travels.
type stepState struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	seen
}

// resume takes over what the history before this one has left.
func (r *run) resume() error {
	if len(r.in.State) == 0 {
		if r.in.Earlier != nil {
			r.cursor = r.in.Earlier.First
		}
		return nil
	}
	var s state
	if err := json.Unmarshal(r.in.State, &s); err != nil {
		return err
	}
	r.carried, r.in.State = &s, nil
	r.cursor, r.started = s.Cursor, s.Started
	r.undo, r.tokens, r.costUSD, r.verdict = s.Undo, s.Tokens, s.CostUSD, s.Verdict
	for _, path := range workflow.DeterministicKeys(s.Approved) {
		r.approved[path] = s.Approved[path]
	}
	r.pending = s.Pending
	for _, e := range s.Pending {
		r.pendingBytes += len(e.Body)
	}
	return nil
}

// size is how many bytes of outputs and roots travel.
func (t frameState) size() int {
	n := 0
	for _, name := range workflow.DeterministicKeys(t.Vars) {
		n += len(t.Vars[name])
	}
	for _, s := range t.Done {
		n += len(s.Output)
	}
	return n
}

// continueAsNew goes on with the top-level step at the cursor in a new history, unless it would carry too much.
func (r *run) continueAsNew(ctx workflow.Context, top *frame, cursor int) error {
	used := top.refs.ofBlock(r.in.Plan.Steps[cursor:])
	top.refs.fields(&used, r.in.Plan.Outputs)
	carried := r.travelling(top, used, []string{"inputs"})
	if carried.size() > MaxCarriedBytes {
		return nil
	}
	return r.goOn(ctx, state{Cursor: cursor, Started: r.started, Held: true, Frame: carried})
}

// queueAsNew goes on waiting for the key in a new history.
func (r *run) queueAsNew(ctx workflow.Context, top *frame, last contract.KeyOutput) error {
	return r.goOn(ctx, state{Cursor: r.cursor, Key: last, Frame: r.travelling(top, uses{all: r.in.Earlier != nil}, []string{"inputs"})})
}

// takeOver makes the results visible that the run takes over from an earlier one, and notes them as its own.
func (r *run) takeOver(ctx workflow.Context, f *frame) {
	if r.in.Earlier == nil {
		return
	}
	now := workflow.Now(ctx).UTC()
	for _, e := range r.in.Earlier.Steps {
		s, ok := r.steps[e.ID]
		if !ok {
			continue
		}
		r.note(ctx, s.ID+"/end", contract.KindStepFinished, s.ID, contract.StepBody{
			Verb: s.Verb, Title: s.Title, Status: e.Status, Reason: "taken over from the run " + r.in.Earlier.RunID,
			Error: e.Error, Output: e.Output, Started: now, Ended: now,
		})
		f.finish(s.ID, seen{Status: e.Status, Output: e.Output, Error: e.Error})
		switch {
		case s.Model != nil:
			r.concluded(s.Model.Returns, e.Output)
		case s.Agent != nil:
			r.concluded(s.Agent.Returns, e.Output)
		}
	}
}

func (r *run) goOn(ctx workflow.Context, s state) error {
	r.drain(ctx)
	s.Approved, s.Undo, s.Tokens, s.CostUSD, s.Verdict, s.Pending = r.approved, r.undo, r.tokens, r.costUSD, r.verdict, r.pending
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	in := r.in
	in.State = text
	return workflow.NewContinueAsNewError(ctx, contract.WorkflowPlaybook, in)
}

// travelling is a frame on its way: the roots of these names that the trigger does not have, and the steps that will be used.
func (r *run) travelling(f *frame, used uses, roots []string) frameState {
	t := frameState{Vars: map[string]json.RawMessage{}}
	for _, name := range roots {
		if v, ok := f.vars[name]; ok && name != "alert" && name != "run" {
			t.Vars[name] = v
		}
	}
	needed := map[string]bool{}
	for _, id := range used.steps {
		needed[id] = true
	}
	for _, id := range f.level.all() {
		if used.all || needed[id] {
			t.Done = append(t.Done, stepState{ID: id, Title: r.title(id), seen: *f.level.find(id)})
		}
	}
	return t
}

// restore fills a frame with what has travelled.
func (t frameState) restore(f *frame) {
	for _, name := range workflow.DeterministicKeys(t.Vars) {
		f.vars[name] = t.Vars[name]
	}
	for _, s := range t.Done {
		f.finish(s.ID, s.seen)
	}
}

// title is a step's title, also of one that stands outside of what this history runs.
func (r *run) title(id string) string {
	if s, ok := r.steps[id]; ok {
		return s.Title
	}
	if r.carried != nil {
		for _, s := range r.carried.Frame.Done {
			if s.ID == id {
				return s.Title
			}
		}
	}
	return ""
}
