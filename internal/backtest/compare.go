package backtest

import (
	"maps"
	"slices"
	"strings"

	"picket/internal/contract"
	"picket/internal/rehearsal"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// compare lists what is otherwise. Of a run that came to a question without an answer only what is new is known: what it
// asked of people and what it did before.
func compare(rec *record, played *rehearsal.Record, stopped bool) []Change {
	var changes []Change
	add := func(of, name, old, now string) {
		if old != now {
			changes = append(changes, Change{Of: of, Name: name, Old: old, New: now})
		}
	}
	if !stopped {
		add(OfStatus, "status", string(rec.run.Status), played.Status)
		add(OfVerdict, "verdict", rec.run.Verdict, played.Verdict)
	}
	changes = append(changes, differ(OfApproval, askedThen(rec), askedNow(played), stopped)...)
	changes = append(changes, differ(OfAction, doneThen(rec), doneNow(played), stopped)...)
	if !stopped {
		changes = append(changes, outputs(rec, played)...)
	}
	return changes
}

// thing is an approval or an action: what it is by, where it stands, and how people read it.
type thing struct{ key, path, name, text string }

// differ pairs what was with what is: the same by key; then, of the rest, what stands at the same step. A pair that is the
// same is no change.
func differ(of string, then, now []thing, onlyNew bool) []Change {
	left := slices.Clone(now)
	take := func(same func(thing) bool) (thing, bool) {
		i := slices.IndexFunc(left, same)
		if i < 0 {
			return thing{}, false
		}
		found := left[i]
		left = slices.Delete(left, i, i+1)
		return found, true
	}
	var gone []thing
	for _, t := range then {
		if _, ok := take(func(n thing) bool { return n.key == t.key && n.path == t.path }); ok {
			continue
		}
		gone = append(gone, t)
	}
	var changes []Change
	var missing []thing
	for _, t := range gone {
		if _, ok := take(func(n thing) bool { return n.key == t.key }); !ok {
			missing = append(missing, t)
		}
	}
	for _, t := range missing {
		n, ok := take(func(n thing) bool { return n.path == t.path })
		switch {
		case ok:
			changes = append(changes, Change{Of: of, Name: n.name, Old: t.text, New: n.text})
		case !onlyNew:
			changes = append(changes, Change{Of: of, Name: t.name, Old: t.text})
		}
	}
	for _, n := range left {
		changes = append(changes, Change{Of: of, Name: n.name, New: n.text})
	}
	return changes
}

func askedThen(rec *record) []thing {
	var list []thing
	for _, a := range rec.approvals {
		list = append(list, question(a.path, a.asked.Title, a.asked.Role, a.asked.Escalated, a.asked.Ask(),
			digests(a.asked.Calls, func(c soc.ApprovalCall) string { return c.Digest })))
	}
	return list
}

func askedNow(played *rehearsal.Record) []thing {
	var list []thing
	for _, a := range played.Approvals {
		list = append(list, question(a.Path, a.In.Title, a.In.Role, a.In.Escalated, len(a.In.Form) > 0,
			digests(a.In.Calls, func(c contract.ApprovalCall) string { return c.Digest })))
	}
	return list
}

func question(path, title, role string, escalated, form bool, calls []string) thing {
	t := thing{path: path, name: path, text: title + " (" + role}
	if escalated {
		t.text += ", escalated"
	}
	t.text += ")"
	t.key = strings.Join(calls, " ")
	if form || len(calls) == 0 {
		t.key = "at " + path
	}
	t.key += "\n" + role
	if escalated {
		t.key += "\nescalated"
	}
	return t
}

// doneThen are the calls that changed something, or in shadow mode would have.
func doneThen(rec *record) []thing {
	var list []thing
	for _, c := range rec.calls {
		if c.body.Effect != plan.EffectRead {
			failed := ""
			if e := c.last().Error; e != nil {
				failed = e.Kind
			}
			list = append(list, action(c.path, c.key, c.body.Operation, brief(c.body.Input), failed != "", c.shadowed))
		}
	}
	return list
}

func doneNow(played *rehearsal.Record) []thing {
	var list []thing
	for _, c := range played.Calls {
		if c.Effect == plan.EffectRead || c.Unanswered {
			continue
		}
		key, err := callKey(c.Operation, c.Connection, c.Arguments)
		if err != nil {
			key = c.Path
		}
		list = append(list, action(c.Path, key, c.Operation, brief(c.Arguments), c.Error != "", c.Shadowed))
	}
	return list
}

func action(path, key, operation, arguments string, failed, shadowed bool) thing {
	t := thing{path: path, key: key, name: operation, text: operation + " " + arguments}
	switch {
	case shadowed:
		t.text += " (shadow mode: recorded)"
		t.key += "\nshadowed"
	case failed:
		t.text += " (failed)"
		t.key += "\nfailed"
	}
	return t
}

func outputs(rec *record, played *rehearsal.Record) []Change {
	then, err := members(rec.run.Outputs)
	if err != nil {
		return nil
	}
	now, err := members(played.Outputs)
	if err != nil {
		return nil
	}
	names := slices.Collect(maps.Keys(then))
	for name := range now {
		if _, ok := then[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	tolerance := clockSlack
	if rec.run.EndedAt != nil {
		tolerance += max(rec.run.EndedAt.Sub(rec.started), 0)
	}
	var changes []Change
	for _, name := range names {
		if !sameButClock(then[name], now[name], tolerance) {
			changes = append(changes, Change{Of: OfOutput, Name: name, Old: brief(then[name]), New: brief(now[name])})
		}
	}
	return changes
}
