package playtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"picket/internal/contract"
	"picket/internal/ingest"
	"picket/internal/soc"
	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/playtest"
)

// trigger is what starts the case's run. It is not ok when nothing is to be run: the alert does not start the playbook,
// as it should or should not.
func (t *trial) trigger() (contract.Trigger, bool) {
	c := t.c
	out := contract.Trigger{Kind: c.Start, Inputs: c.Inputs, RequestedBy: c.By}
	var alert soc.Alert
	if c.Alert != nil {
		var err error
		if alert, err = t.alert(c.Alert); err != nil {
			t.fail(c.Alert.At, playtest.Failure{Message: err.Error()})
			return out, false
		}
		if out.Alert, err = json.Marshal(alert); err != nil {
			t.fail(c.Alert.At, playtest.Failure{Message: err.Error()})
			return out, false
		}
		out.AlertID = alert.ID
	}
	if !t.inputs(&out) {
		return out, false
	}
	if c.Start != playtest.StartAlert {
		return out, true
	}
	why := t.unmatched(alert, out.Alert)
	switch {
	case why == "" && c.Expect.Starts:
		return out, true
	case why == "":
		t.fail(c.NameAt, playtest.Failure{Message: "the alert starts the playbook, and `starts: false` says that it must not"})
	case c.Expect.Starts:
		t.fail(c.Alert.At, playtest.Failure{Message: "the alert does not start the playbook: " + why +
			"; change the alert, write `expect: {starts: false}`, or start the run by `manual: {}`"})
	}
	return out, false
}

// unmatched says why no trigger of the playbook takes an alert, as the intake decides it.
func (t *trial) unmatched(alert soc.Alert, document json.RawMessage) string {
	scope := expr.NewScope(expr.Vars{"alert": document}, t.c.At)
	why := "it has no `on.alert`"
	for _, trigger := range t.plan.Triggers {
		switch {
		case trigger.Kind != playtest.StartAlert:
			continue
		case trigger.Source != "" && trigger.Source != alert.Source:
			why = fmt.Sprintf("it takes alerts of %s, and this one is of %s", trigger.Source, alert.Source)
			continue
		case trigger.When == "":
			return ""
		}
		holds, err := expr.EvalBool(trigger.When, scope)
		switch {
		case err != nil:
			why = "its condition fails: " + err.Error()
		case holds:
			return ""
		default:
			why = "its condition does not hold: " + playtest.Shorten(trigger.When, 300)
		}
	}
	return why
}

// inputs checks the given ones, and takes those of the schedule for a scheduled run.
func (t *trial) inputs(out *contract.Trigger) bool {
	kinds := map[string]bool{}
	for _, trigger := range t.plan.Triggers {
		kinds[trigger.Kind] = true
	}
	if t.c.Start != playtest.StartAlert && t.c.Start != playtest.StartCall && !kinds[t.c.Start] {
		t.fail(t.c.NameAt, playtest.Failure{Message: fmt.Sprintf("the playbook has no `on.%s`, so nothing starts it so", t.c.Start)})
		return false
	}
	given := map[string]json.RawMessage{}
	if t.c.Start == playtest.StartSchedule {
		for _, trigger := range t.plan.Triggers {
			if trigger.Kind == playtest.StartSchedule {
				for _, f := range trigger.Inputs {
					given[f.Name] = f.Value.Literal
				}
				break
			}
		}
	}
	if len(t.c.Inputs) > 0 {
		if err := json.Unmarshal(t.c.Inputs, &given); err != nil {
			t.fail(t.c.NameAt, playtest.Failure{Message: "`inputs`: " + err.Error()})
			return false
		}
	}
	ok := true
	for name := range given {
		if !slices.ContainsFunc(t.plan.Inputs, func(in plan.Input) bool { return in.Name == name }) {
			t.fail(t.c.NameAt, playtest.Failure{Message: fmt.Sprintf("the playbook has no input %q", name)})
			ok = false
		}
	}
	if len(given) > 0 {
		out.Inputs, _ = json.Marshal(given) // raw JSON always encodes
	}
	return ok
}

// maxFixture bounds a fixture: what a source may post.
const maxFixture = ingest.MaxBody

// alert builds the alert that a case describes.
func (t *trial) alert(a *playtest.Alert) (soc.Alert, error) {
	if a.Fixture == "" && len(a.Body) == 0 {
		return completed(soc.Alert{Source: "generic", Title: "Test alert", Severity: soc.SeverityMedium}, a.Fields, t.c.At)
	}
	body := []byte(a.Body)
	if a.Fixture != "" {
		var err error
		if body, err = t.fixture(a.Fixture); err != nil {
			return soc.Alert{}, err
		}
	}
	kind := a.Kind
	if kind == "" {
		kind = a.Source
	}
	found, err := ingest.Normalise(ingest.Source{Name: a.Source, Kind: ingest.Kind(kind)}, body, t.c.At)
	switch {
	case err != nil:
		return soc.Alert{}, fmt.Errorf("the vendor's document is not taken: %w", err)
	case len(found) > 1:
		return soc.Alert{}, fmt.Errorf("the vendor's document holds %d alerts; a case is about one", len(found))
	}
	return completed(found[0].Alert, a.Fields, t.c.At)
}

func (t *trial) fixture(name string) ([]byte, error) {
	if t.suite.Files == nil {
		return nil, fmt.Errorf("the fixture %s can't be read here; write its document as `body:`", name)
	}
	f, err := t.suite.Files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s beside the test", name)
	}
	if err != nil {
		return nil, fmt.Errorf("the fixture: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxFixture+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("the fixture: %w", err)
	}
	if len(body) > maxFixture {
		return nil, fmt.Errorf("the fixture %s has more than %d bytes", name, maxFixture)
	}
	return body, nil
}

// completed puts fields over an alert, and defaults where there is nothing. A field that alerts do not have is an error.
func completed(alert soc.Alert, fields json.RawMessage, at time.Time) (soc.Alert, error) {
	if len(fields) > 0 {
		dec := json.NewDecoder(bytes.NewReader(fields))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&alert); err != nil {
			return soc.Alert{}, fmt.Errorf("the alert: %w", err)
		}
	}
	if !slices.Contains(soc.Severities, alert.Severity) {
		return soc.Alert{}, fmt.Errorf("the alert's severity can't be %q; there are %v", alert.Severity, soc.Severities)
	}
	if alert.ID == "" {
		alert.ID = "alr_test"
	}
	if alert.ClassUID == 0 {
		alert.ClassUID = 2004
	}
	if alert.Time.IsZero() {
		alert.Time = at
	}
	if alert.ReceivedAt.IsZero() {
		alert.ReceivedAt = at
	}
	for _, list := range []*[]string{&alert.Rule.Groups, &alert.Mail.To, &alert.Mail.URLs, &alert.Attack, &alert.Labels} {
		if *list == nil {
			*list = []string{}
		}
	}
	if alert.Observables == nil {
		alert.Observables = []soc.Observable{}
	}
	if alert.Raw == nil {
		alert.Raw = json.RawMessage("{}")
	}
	return alert, nil
}

func (t *trial) shadow() *contract.Shadow {
	if t.c.Shadow == nil {
		return nil
	}
	return &contract.Shadow{Operations: t.c.Shadow.Operations}
}
