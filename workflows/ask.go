package workflows

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// ask lets a person fill in a form, and waits for it as an approval waits for its decision.
func (r *run) ask(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	a := s.Ask
	in, err := r.question(ctx, f, s, &a.Title, a.Message, a.Evidence)
	if err != nil {
		return outcome{}, err
	}
	if in.Form, err = form(ctx, f, a.Fields); err != nil {
		return outcome{}, err
	}
	in.Role, in.OnTimeout = a.Role, a.OnTimeout
	in.Deadline = in.CreatedAt.Add(millis(a.Within))
	if a.NotRequester {
		in.NotUser = r.in.Trigger.RequestedBy
	}
	answer, err := r.await(ctx, in, a.Remind)
	if err == nil && answer.Outcome == "expired" && a.OnTimeout == "escalate" {
		in = r.escalated(ctx, in, a.EscalateTo, a.Within)
		in.OnTimeout = "fail"
		answer, err = r.await(ctx, in, a.Remind)
	}
	switch {
	case err != nil:
		return outcome{}, err
	case answer.Outcome == "approved":
		return answered(true, answer.By, answer.Answers, "answered by "+answer.By), nil
	case answer.Outcome == "denied":
		return outcome{}, fail("denied", "%s declined to answer%s", answer.By, because(answer.Reason))
	case a.OnTimeout == "continue":
		out := answered(false, "", defaults(a.Fields), "nobody answered in time")
		out.body.Expired = true
		return out, nil
	}
	out := outcome{}
	out.body.Expired = true
	return out, fail("timeout", "nobody answered within %s", millis(a.Within))
}

// form is a form with the options that are computed.
func form(ctx workflow.Context, f *frame, fields []plan.FormField) ([]plan.FormField, error) {
	sent := slices.Clone(fields)
	for i := range sent {
		if sent[i].From == nil {
			continue
		}
		value, err := f.value(ctx, *sent[i].From)
		if err != nil {
			return nil, fmt.Errorf("options of %s: %w", sent[i].Name, err)
		}
		var options []string
		if json.Unmarshal(value, &options) != nil || options == nil {
			return nil, fail("invalid", "the options of %s are no list of texts", sent[i].Name)
		}
		if len(options) > MaxOptions {
			return nil, fail("invalid", "%s has %d options; at most %d are allowed", sent[i].Name, len(options), MaxOptions)
		}
		for _, o := range options {
			if utf8.RuneCountInString(o) > MaxOptionLength {
				return nil, fail("invalid", "an option of %s has more than %d characters", sent[i].Name, MaxOptionLength)
			}
		}
		sent[i].Options, sent[i].From = options, nil
	}
	return sent, nil
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// answered is the output of a form.
func answered(did bool, by string, values json.RawMessage, reason string) outcome {
	if values == nil {
		values = json.RawMessage("{}")
	}
	output := object([]plan.Field{
		{Name: "answered", Value: plan.Value{Literal: encoded(did)}},
		{Name: "by", Value: plan.Value{Literal: encoded(by)}},
		{Name: "values", Value: plan.Value{Literal: values}},
	})
	return outcome{status: contract.StepOK, reason: reason, output: output}
}

// defaults are the values of a form that nobody filled in.
func defaults(form []plan.FormField) json.RawMessage {
	fields := make([]plan.Field, len(form))
	for i, f := range form {
		value := f.Default
		if len(value) == 0 {
			value = null
		}
		fields[i] = plan.Field{Name: f.Name, Value: plan.Value{Literal: value}}
	}
	return object(fields)
}

// encoded is the JSON of a value that always has one.
func encoded(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return null
	}
	return text
}
