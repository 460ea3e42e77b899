package playtest

import (
	"encoding/json"

	"picket/playbooks/spec"
)

// Statuses are the ends that a run can come to.
var Statuses = []string{"completed", "failed", "cancelled", "timed_out", "skipped", "joined"}

func (r *reader) expect(n *spec.Node) Expect {
	x := Expect{Starts: true}
	if n == nil || n.Kind == spec.Null {
		return x
	}
	f := r.mapping(n, "`expect`", "starts", "status", "reason", "verdict", "ran", "skipped", "failed", "calls", "never",
		"shadowed", "asked", "outputs", "took", "snapshot")
	x.Starts = r.boolean(f.get("starts"), "`starts`", true)
	if status := f.get("status"); status != nil {
		r.oneOf(status, "`status`", "", Statuses...)
		x.Status = r.word(status, "`status`")
	}
	x.Reason, x.Verdict = r.word(f.get("reason"), "`reason`"), r.word(f.get("verdict"), "`verdict`")
	x.Ran = r.words(f.get("ran"), "a step of `ran`")
	x.Skipped = r.words(f.get("skipped"), "a step of `skipped`")
	x.Failed = r.words(f.get("failed"), "a step of `failed`")
	for _, c := range several(f.get("calls")) {
		x.Calls = append(x.Calls, r.call(c, "a call", "operation", "with", "times", "attempts"))
	}
	for _, c := range several(f.get("never")) {
		x.Never = append(x.Never, r.call(c, "a call of `never`", "operation", "with"))
	}
	for _, c := range several(f.get("shadowed")) {
		x.Shadowed = append(x.Shadowed, r.call(c, "a call of `shadowed`", "operation", "with", "times"))
	}
	for _, a := range several(f.get("asked")) {
		x.Asked = append(x.Asked, r.asked(a))
	}
	for _, e := range r.entries(f.get("outputs"), "`outputs`") {
		x.Outputs = append(x.Outputs, Output{At: e.Key.Span, Name: e.Key.Text, Want: r.pattern(e.Value)})
	}
	x.Took = r.took(f.get("took"))
	x.Snapshot = r.boolean(f.get("snapshot"), "`snapshot`", false)
	if !x.Starts && len(n.Entries) > 1 {
		r.bag.Warn(spec.CodeUnreachable, n.Span, "", "nothing runs where `starts: false` holds, so nothing else is checked")
	}
	return x
}

func (r *reader) call(n *spec.Node, what string, known ...string) Call {
	if n.Kind == spec.String {
		return Call{At: n.Span, Operation: n.Text}
	}
	f := r.mapping(n, what, known...)
	return Call{
		At: n.Span, Operation: r.text(f.need("operation"), "`operation`"), With: r.patterns(f.get("with"), "`with`"),
		Times: r.whole(f.get("times"), "`times`"), Attempts: r.whole(f.get("attempts"), "`attempts`"),
	}
}

func (r *reader) asked(n *spec.Node) Asked {
	if n.Kind == spec.String {
		return Asked{At: n.Span, Step: n.Text}
	}
	f := r.mapping(n, "an expected question", "step", "title", "role", "escalated")
	a := Asked{At: n.Span, Step: r.text(f.need("step"), "`step`"), Title: r.text(f.get("title"), "`title`"), Role: r.text(f.get("role"), "`role`")}
	if escalated := f.get("escalated"); escalated != nil {
		is := r.boolean(escalated, "`escalated`", false)
		a.Escalated = &is
	}
	return a
}

func (r *reader) took(n *spec.Node) *Took {
	switch {
	case n == nil:
		return nil
	case n.Kind != spec.Map:
		d := r.duration(n, "`took`", 0)
		return &Took{At: n.Span, AtLeast: d, AtMost: d + 999}
	}
	f := r.mapping(n, "`took`", "at_least", "at_most")
	return &Took{At: n.Span, AtLeast: r.duration(f.get("at_least"), "`at_least`", 0), AtMost: r.duration(f.get("at_most"), "`at_most`", 0)}
}

func (r *reader) patterns(n *spec.Node, what string) json.RawMessage {
	text := r.object(n, what)
	if text != nil {
		r.pattern(n)
	}
	return text
}

// pattern is a value to compare with, its matchers checked.
func (r *reader) pattern(n *spec.Node) json.RawMessage {
	switch n.Kind {
	case spec.List:
		for _, item := range n.Items {
			r.pattern(item)
		}
	case spec.Map:
		for _, e := range n.Entries {
			if len(e.Key.Text) > 0 && e.Key.Text[0] == '$' {
				if err := checkMatcher(e.Key.Text, Value(e.Value)); err != nil || len(n.Entries) > 1 {
					help := "a matcher stands alone"
					if err != nil {
						help = err.Error()
					}
					r.bag.Error(spec.CodeValue, e.Key.Span, help, "%q is no matcher here", e.Key.Text)
				}
				if e.Key.Text != "$not" {
					continue
				}
			}
			r.pattern(e.Value)
		}
	}
	return Value(n)
}
