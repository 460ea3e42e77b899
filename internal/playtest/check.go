package playtest

import (
	"fmt"
	"slices"
	"strings"

	"picket/internal/rehearsal"
	"picket/playbooks/plan"
	"picket/playbooks/playtest"
)

// check holds what happened against what was expected.
func (t *trial) check(r *rehearsal.Record) {
	x, run := &t.c.Expect, &r.Run
	if x.Status != nil && x.Status.Text != run.Status {
		t.fail(x.Status.At, playtest.Failure{Message: "the run ended otherwise", Expected: x.Status.Text, Got: run.Status + reasoned(run.Reason)})
	}
	if x.Reason != nil && !strings.Contains(run.Reason, x.Reason.Text) {
		t.fail(x.Reason.At, playtest.Failure{Message: "the run has another reason", Expected: x.Reason.Text, Got: run.Reason})
	}
	if x.Verdict != nil && x.Verdict.Text != run.Verdict {
		t.fail(x.Verdict.At, playtest.Failure{Message: "the run has another verdict", Expected: x.Verdict.Text, Got: orNone(run.Verdict)})
	}
	t.checkSteps(run)
	t.checkCalls(run)
	t.checkAsked(run)
	t.checkOutputs(run)
	if took := plan.Duration(r.Took.Milliseconds()); x.Took != nil && (took < x.Took.AtLeast || x.Took.AtMost > 0 && took > x.Took.AtMost) {
		want := playtest.Span(int64(x.Took.AtLeast))
		switch {
		case x.Took.AtMost == 0:
			want = "at least " + want
		case x.Took.AtMost != x.Took.AtLeast+999:
			want += " to " + playtest.Span(int64(x.Took.AtMost))
		}
		t.fail(x.Took.At, playtest.Failure{Message: "the run took another time", Expected: want, Got: playtest.Span(r.Took.Milliseconds())})
	}
	if x.Snapshot && !t.r.Update {
		t.checkSnapshot(run)
	}
}

func (t *trial) checkSnapshot(run *playtest.Run) {
	switch now := playtest.Snapshot(*run); {
	case t.snapshot == "":
		t.fail(t.c.NameAt, playtest.Failure{Message: "there is no snapshot of this case yet; write it with --update and review it"})
	case t.snapshot != now:
		t.fail(t.c.NameAt, playtest.Failure{Message: "the run is not as in its snapshot; accept it with --update if it is meant so", Diff: playtest.Diff(t.snapshot, now)})
	}
}

func reasoned(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + playtest.Shorten(reason, 300) + ")"
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// at are the run's steps that a target, an id or a path, names.
func at(run *playtest.Run, target string) []playtest.Step {
	var list []playtest.Step
	for _, s := range run.Steps {
		if about(target, s.Path, s.ID) {
			list = append(list, s)
		}
	}
	return list
}

func (t *trial) checkSteps(run *playtest.Run) {
	for _, w := range t.c.Expect.Ran {
		steps := at(run, w.Text)
		if !slices.ContainsFunc(steps, func(s playtest.Step) bool { return s.Status != "skipped" }) {
			t.fail(w.At, playtest.Failure{Message: "step " + w.Text + " did not run", Expected: "ran", Got: howEnded(steps)})
		}
	}
	for _, w := range t.c.Expect.Skipped {
		steps := at(run, w.Text)
		if slices.ContainsFunc(steps, func(s playtest.Step) bool { return s.Status != "skipped" }) {
			t.fail(w.At, playtest.Failure{Message: "step " + w.Text + " was not skipped", Expected: "skipped, or not reached", Got: howEnded(steps)})
		}
	}
	for _, w := range t.c.Expect.Failed {
		steps := at(run, w.Text)
		if !slices.ContainsFunc(steps, func(s playtest.Step) bool { return s.Status == "failed" || s.Status == "unknown" }) {
			t.fail(w.At, playtest.Failure{Message: "step " + w.Text + " did not fail", Expected: "failed", Got: howEnded(steps)})
		}
	}
}

func howEnded(steps []playtest.Step) string {
	if len(steps) == 0 {
		return "not reached"
	}
	texts := make([]string, 0, len(steps))
	for _, s := range steps {
		text := s.Status
		switch {
		case s.Error != "":
			text += " (" + s.Error + ")"
		case s.Reason != "":
			text += " (" + s.Reason + ")"
		}
		texts = append(texts, playtest.Shorten(text, 200))
	}
	return strings.Join(texts[:min(len(texts), 5)], ", ")
}

func (t *trial) checkCalls(run *playtest.Run) {
	var made, shadowed []playtest.Made
	for _, c := range run.Calls {
		if c.Shadowed {
			shadowed = append(shadowed, c)
		} else {
			made = append(made, c)
		}
	}
	t.inOrder("called", t.c.Expect.Calls, made)
	t.inOrder("recorded by shadow mode", t.c.Expect.Shadowed, shadowed)
	for _, never := range t.c.Expect.Never {
		for _, c := range made {
			if playtest.Like(never.Operation, c.Operation) && (never.With == nil || len(playtest.Match(never.With, c.Arguments)) == 0) {
				t.fail(never.At, playtest.Failure{
					Message:  c.Operation + " must never be called here, and step " + c.Path + " called it",
					Expected: "no call", Got: shownCall(c),
				})
			}
		}
	}
}

// inOrder finds each expected call after the one before it.
func (t *trial) inOrder(what string, expected []playtest.Call, made []playtest.Made) {
	next := 0
	for _, want := range expected {
		for range max(want.Times, 1) {
			i := slices.IndexFunc(made[next:], func(c playtest.Made) bool { return fits(want, c) })
			if i >= 0 {
				next += i + 1
				continue
			}
			t.missing(what, want, made, next)
			break
		}
		if want.Times > 0 {
			if n := count(made, want); n != want.Times {
				t.fail(want.At, playtest.Failure{Message: want.Operation + " was " + what + " another number of times", Expected: fmt.Sprint(want.Times), Got: fmt.Sprint(n)})
			}
		}
	}
}

func fits(want playtest.Call, c playtest.Made) bool {
	return want.Operation == c.Operation && (want.With == nil || len(playtest.Match(want.With, c.Arguments)) == 0) &&
		(want.Attempts == 0 || want.Attempts == c.Attempts)
}

func count(made []playtest.Made, want playtest.Call) int {
	n := 0
	for _, c := range made {
		if fits(want, c) {
			n++
		}
	}
	return n
}

// missing says why an expected call was not found: never, with other arguments, or out of its order.
func (t *trial) missing(what string, want playtest.Call, made []playtest.Made, after int) {
	if slices.ContainsFunc(made, func(c playtest.Made) bool { return fits(want, c) }) {
		got := make([]string, 0, len(made))
		for _, c := range made {
			got = append(got, c.Operation)
		}
		t.fail(want.At, playtest.Failure{
			Message:  want.Operation + " was " + what + " before what stands above it, not after, or fewer times",
			Expected: want.Operation + " after call " + fmt.Sprint(after), Got: strings.Join(got, ", "),
		})
		return
	}
	var closest *playtest.Made
	var differences []playtest.Difference
	for i := range made {
		if made[i].Operation != want.Operation {
			continue
		}
		var found []playtest.Difference
		if want.With != nil {
			found = playtest.Match(want.With, made[i].Arguments)
		}
		if want.Attempts > 0 && made[i].Attempts != want.Attempts {
			found = append(found, playtest.Difference{Path: "attempts", Want: fmt.Sprint(want.Attempts), Got: fmt.Sprint(made[i].Attempts)})
		}
		if closest == nil || len(found) < len(differences) {
			closest, differences = &made[i], found
		}
	}
	if closest == nil {
		t.fail(want.At, playtest.Failure{Message: want.Operation + " was not " + what})
		return
	}
	t.fail(want.At, playtest.Failure{Message: want.Operation + " was " + what + " by step " + closest.Path + " otherwise", Differences: differences})
}

func shownCall(c playtest.Made) string {
	return c.Operation + " " + playtest.Shorten(string(c.Arguments), 300)
}

func (t *trial) checkAsked(run *playtest.Run) {
	for _, want := range t.c.Expect.Asked {
		var got []string
		ok := slices.ContainsFunc(run.Asked, func(q playtest.Question) bool {
			if !about(want.Step, q.Path, lastID(q.Path)) {
				return false
			}
			text := fmt.Sprintf("%q of %s", q.Title, q.Role)
			if q.Escalated {
				text += ", escalated"
			}
			got = append(got, text)
			return strings.Contains(q.Title, want.Title) && (want.Role == "" || want.Role == q.Role) &&
				(want.Escalated == nil || *want.Escalated == q.Escalated)
		})
		if !ok {
			t.fail(want.At, playtest.Failure{Message: "step " + want.Step + " did not ask so", Expected: askedFor(want), Got: orNone(strings.Join(got, "; "))})
		}
	}
}

func askedFor(want playtest.Asked) string {
	text := "a question"
	if want.Title != "" {
		text = fmt.Sprintf("%q", want.Title)
	}
	if want.Role != "" {
		text += " of " + want.Role
	}
	if want.Escalated != nil {
		text += fmt.Sprintf(", escalated: %t", *want.Escalated)
	}
	return text
}

func (t *trial) checkOutputs(run *playtest.Run) {
	outputs, err := members(run.Outputs)
	if err != nil && len(t.c.Expect.Outputs) > 0 {
		t.fail(t.c.NameAt, playtest.Failure{Message: "the outputs are no object: " + err.Error()})
		return
	}
	for _, want := range t.c.Expect.Outputs {
		got := []byte("null")
		for _, m := range outputs {
			if m.name == want.Name {
				got = m.value
			}
		}
		if differences := playtest.Match(want.Want, got); len(differences) > 0 {
			t.fail(want.At, playtest.Failure{Message: "output " + want.Name + " is another", Differences: differences})
		}
	}
}
