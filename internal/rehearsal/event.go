package rehearsal

import (
	"encoding/json"
	"maps"
	"slices"

	"picket/internal/contract"
	"picket/playbooks/expr"
)

// subscription is a step that waits for an event.
type subscription struct {
	path     string
	in       contract.SubscribeInput
	workflow string
	alert    json.RawMessage // what matched
	alertID  string
	closed   bool
}

func (st *stage) subscribe(at place, in contract.SubscribeInput) (nothing, error) {
	if st.waits[in.SubscriptionID] != nil {
		return nothing{}, nil
	}
	w := &subscription{path: at.path, in: in, workflow: at.workflow}
	st.waits[in.SubscriptionID] = w
	arrivals, err := st.script.World.Events(Waiting{Path: at.path, Step: at.step, In: in, At: st.now()})
	if err != nil {
		return nothing{}, err
	}
	for _, a := range arrivals {
		st.later(a.After, func() { st.arrive(w, a) })
	}
	return nothing{}, nil
}

// arrive holds an alert against what the step waits for, as the store does with each one that it accepts.
func (st *stage) arrive(w *subscription, a *Arrival) {
	switch {
	case w.closed || w.alert != nil || st.now().After(w.in.Until):
		a.Why = "it came when the step did not wait any more"
		return
	case len(w.in.Sources) > 0 && !slices.Contains(w.in.Sources, a.Alert.Source):
		a.Why = "the step waits for alerts of another source than " + a.Alert.Source
		return
	}
	alert, err := json.Marshal(a.Alert)
	if err != nil {
		a.Why = err.Error()
		return
	}
	if w.in.When != "" {
		known := map[string]json.RawMessage{}
		if len(w.in.Vars) > 0 {
			if err := json.Unmarshal(w.in.Vars, &known); err != nil {
				a.Why = err.Error()
				return
			}
		}
		vars := expr.Vars{"event": alert}
		maps.Copy(vars, known)
		holds, err := expr.EvalBool(w.in.When, expr.NewScope(vars, st.now()))
		switch {
		case err != nil:
			a.Why = "its condition fails: " + err.Error()
			return
		case !holds:
			a.Why = "it does not meet the step's condition: " + w.in.When
			return
		}
	}
	a.Done = true
	w.alert, w.alertID = alert, a.Alert.ID
	st.signal(w.workflow, contract.SignalEventMatched, contract.EventMatched{SubscriptionID: w.in.SubscriptionID})
}

func (st *stage) readEvent(_ place, in contract.EventInput) (contract.EventOutput, error) {
	w := st.waits[in.SubscriptionID]
	if w == nil || w.alert == nil {
		if w != nil && in.Close {
			w.closed = true
		}
		return contract.EventOutput{}, nil
	}
	return contract.EventOutput{Matched: true, AlertID: w.alertID, Alert: w.alert}, nil
}
