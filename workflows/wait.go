package workflows

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// wait lets time pass, or waits for an event.
func (r *run) wait(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	w := s.Wait
	if w.Event != nil {
		return r.waitEvent(ctx, f, s)
	}
	now := workflow.Now(ctx).UTC()
	until := now.Add(millis(w.For))
	if w.Until != nil {
		value, err := f.value(ctx, *w.Until)
		if err != nil {
			return outcome{}, fmt.Errorf("until: %w", err)
		}
		if err := json.Unmarshal(value, &until); err != nil || string(value) == "null" {
			return outcome{}, fail("invalid", "until: a time is needed, such as 2026-05-01T08:00:00Z")
		}
		until = until.UTC()
	}
	left := until.Sub(now)
	if left > MaxWait {
		return outcome{}, fail("invalid", "a wait until %s is longer than %d days", until.Format(time.RFC3339), int(MaxWait.Hours()/24))
	}
	out := outcome{status: contract.StepOK}
	out.body.Waited = &until
	out.output = object([]plan.Field{{Name: "waited_until", Value: plan.Value{Literal: encoded(until)}}})
	if left <= 0 {
		return out, nil
	}
	r.flushBefore(ctx, left)
	return out, workflow.NewTimerWithOptions(ctx, left, workflow.TimerOptions{Summary: f.prefix + s.ID}).Get(ctx, nil)
}

// waitEvent subscribes to later alerts, and waits until one that matches is there or the time is over.
func (r *run) waitEvent(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	w := s.Wait
	path := f.prefix + s.ID
	until := workflow.Now(ctx).UTC().Add(min(millis(w.Within), MaxWait))
	sub := contract.SubscribeInput{
		SubscriptionID: contract.SubscriptionID(r.in.RunID, path),
		Sources:        w.Event.Sources, When: w.Event.When, Vars: f.captured(w.Event.Uses), Until: until,
	}
	r.expected[sub.SubscriptionID] = true
	defer func() {
		delete(r.expected, sub.SubscriptionID)
		delete(r.matched, sub.SubscriptionID)
	}()
	sub.Step = r.step(path, s.Title)
	var standing contract.SubscribeOutput
	err := r.record(ctx, contract.ActivitySubscribe, sub, &standing)
	r.unsent(sub.Step, err)
	if err != nil {
		return outcome{}, err
	}
	if standing.Matched {
		r.eventMatched(contract.EventMatched{SubscriptionID: sub.SubscriptionID})
	}
	found, err := r.awaitEvent(ctx, path, s.Title, sub.SubscriptionID, until)
	if err != nil {
		return outcome{}, err
	}
	out := outcome{status: contract.StepOK}
	out.body.Waited = &until
	event := found.Alert
	if !found.Matched || len(event) == 0 {
		event = null
	}
	out.output = object([]plan.Field{
		{Name: "matched", Value: plan.Value{Literal: encoded(found.Matched)}},
		{Name: "event", Value: plan.Value{Literal: event}},
	})
	if found.Matched {
		r.note(ctx, path+"/matched", contract.KindEventMatched, path,
			map[string]string{"subscription_id": sub.SubscriptionID, "alert_id": found.AlertID})
		return out, nil
	}
	out.body.Expired, out.reason = true, "no event matched in time"
	if w.OnTimeout != "continue" {
		return out, fail("timeout", "no event matched within %s", millis(w.Within))
	}
	return out, nil
}

// awaitEvent waits for a signal that an event has matched, and reads what it was. A signal that nothing bears out is
// forgotten. At the end of the time, and of the run, the subscription is closed.
func (r *run) awaitEvent(ctx workflow.Context, path, title, id string, until time.Time) (contract.EventOutput, error) {
	read := func(ctx workflow.Context, last bool) (found contract.EventOutput, err error) {
		in := contract.EventInput{Step: r.step(path, title), SubscriptionID: id, Close: last}
		err = r.record(ctx, contract.ActivityReadEvent, in, &found)
		r.unsent(in.Step, err)
		return found, err
	}
	for {
		left := until.Sub(workflow.Now(ctx))
		if left <= 0 {
			return read(ctx, true)
		}
		arrived, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout: left, TimerOptions: workflow.TimerOptions{Summary: path + " within"},
		}, func() bool { return r.matched[id] > 0 })
		if err != nil {
			closing, done := workflow.NewDisconnectedContext(ctx)
			defer done()
			_, _ = read(closing, true) // best effort: a subscription that stays ends with its time
			return contract.EventOutput{}, err
		}
		if !arrived {
			continue // the time is over
		}
		r.matched[id] = 0
		if found, err := read(ctx, false); err != nil || found.Matched {
			return found, err
		}
	}
}

// captured is what a later event is held against: the roots that its condition names, and of the steps only those.
func (f *frame) captured(names []string) json.RawMessage {
	var used uses
	var fields []plan.Field
	for _, name := range names {
		id, isStep := strings.CutPrefix(name, "steps.")
		switch {
		case isStep:
			used.step(id)
		case name == "steps":
			used.all = true
		case name != "event" && f.vars[name] != nil:
			fields = append(fields, plan.Field{Name: name, Value: plan.Value{Literal: f.vars[name]}})
		}
	}
	if used.all || len(used.steps) > 0 {
		slices.Sort(used.steps)
		fields = append(fields, plan.Field{Name: "steps", Value: plan.Value{Literal: f.stepsDocument(used)}})
	}
	return object(fields)
}
