package diff

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/plan"
)

// whole is a plan in which every field of the format is set somewhere.
func whole() *plan.Plan {
	lit := func(text string) plan.Value { return plan.Value{Literal: json.RawMessage(text)} }
	ptr := func(v plan.Value) *plan.Value { return &v }
	object := func(name string, v plan.Value) plan.Value {
		return plan.Value{Object: []plan.Field{{Name: name, Value: v}}}
	}
	origins := []plan.Origin{{Argument: "host", From: "alert.host.name", Untrusted: true, Labels: []string{"alert"}}}
	set := func(id string) plan.Step {
		return plan.Step{ID: id, Verb: "set", Set: []plan.Field{{Name: id, Value: lit(`"` + id + `"`)}}}
	}
	return &plan.Plan{
		Version: 1, Name: "whole", Title: "Whole", Owner: "team", Labels: []string{"a"}, Attack: []string{"T1"}, Source: "abc",
		Triggers: []plan.Trigger{
			{Kind: "alert", Source: "wazuh", When: "alert.severity >= high && alert.host.name != nil"},
			{Kind: "schedule", Cron: "0 6 * * *", Timezone: "UTC", Every: 1000, Inputs: []plan.Field{{Name: "since", Value: lit(`"1d"`)}}},
		},
		Inputs:  []plan.Input{{Name: "host", Type: "string", Required: true, Default: ptr(plan.Value{Expr: "alert.host.name"})}},
		Key:     &plan.Value{Text: []plan.Part{{Text: "host "}, {Expr: "alert.host.name"}}},
		Overlap: "queue", Timeout: 1000, Budget: plan.Budget{ModelTokens: 10, ModelCostUSD: 0.5},
		Cost:    &plan.Cost{Calls: 3, Models: 1, Unbounded: []string{"rounds"}},
		Outputs: []plan.Field{{Name: "verdict", Value: plan.Value{List: []plan.Value{{Expr: "steps.triage.output.verdict"}}}}},
		Steps: []plan.Step{
			{ID: "geo", Line: 1, Verb: "action", Group: 1, Action: &plan.Action{Operation: "geoip.lookup", Effect: "read", With: object("ip", lit(`"192.0.2.1"`))}},
			{ID: "intel", Line: 2, Verb: "action", Group: 1, Action: &plan.Action{Operation: "intel.lookup", Effect: "read", With: object("ip", lit(`"192.0.2.1"`))}},
			{
				ID: "triage", Line: 3, Verb: "model", Model: &plan.Model{
					Provider: "big", Prompt: lit(`"Judge it."`), Returns: "schema", Schema: json.RawMessage(`{"type":"object"}`), Missing: []string{"geo"},
					Evidence: []plan.Evidence{{ID: "alert", Value: plan.Value{Expr: "alert"}, Untrusted: true, Labels: []string{"alert"}}},
				},
			},
			{
				ID: "hunt", Line: 3, Verb: "agent", Agent: &plan.Agent{
					Use: "analyst", Digest: "abc", Instructions: "Look.", Provider: "big", Goal: lit(`"Judge it."`), Returns: "schema",
					Schema: json.RawMessage(`{"type":"object"}`), Missing: []string{"geo"}, MaxTurns: 8,
					Evidence: []plan.Evidence{{ID: "alert", Value: plan.Value{Expr: "alert"}, Untrusted: true, Labels: []string{"alert"}}},
					Tools: []plan.Tool{{
						Operation: "edr.isolate", Connection: "main", Effect: "consequential", Title: "Isolate", Input: json.RawMessage(`{"type":"object"}`),
						Timeout: 1000, Untrusted: true,
					}},
					Budget: plan.Budget{ModelTokens: 10, ModelCostUSD: 0.5}, Role: "responder", NotRequester: true, Quorum: 2, Within: 1000,
				},
			},
			{
				ID: "gate", Line: 4, Verb: "approve", Approve: &plan.Approve{
					Title: lit(`"Isolate?"`), Message: ptr(lit(`"Please"`)), Role: "responder", NotRequester: true, Covers: []string{"contain"},
					Within: 1000, OnTimeout: "escalate", EscalateTo: "lead", Evidence: []string{"triage"}, Quorum: 2, Remind: 100, OnDeny: "continue",
					Each: []plan.Each{{Step: "contain", Foreach: "each"}},
					Edit: []plan.Edit{{Step: "contain", Argument: "host", Schema: json.RawMessage(`{"type":"string"}`)}},
				},
			},
			{
				ID: "contain", Title: "Isolate the host", Line: 5, Verb: "action", If: `steps.gate.status == "ok"`, Timeout: 1000,
				Retry: &plan.Retry{Attempts: 2, Backoff: 100}, OnError: "continue", Action: &plan.Action{
					Operation: "edr.isolate", Connection: "main", Effect: "consequential", Local: true,
					With: object("host", plan.Value{Expr: "alert.host.name"}), Approvals: []string{"gate"}, Origins: origins,
					Undo: &plan.Undo{
						Operation: "edr.release", Connection: "main", Effect: "consequential", With: object("host", plan.Value{Expr: "alert.host.name"}),
						Timeout: 1000, Origins: origins, Role: "lead", Within: 1000,
					},
				},
			},
			{ID: "decide", Line: 6, Verb: "choose", Choose: &plan.Choose{
				Branches: []plan.Branch{{When: "alert.a == 1", Steps: []plan.Step{set("one")}}, {When: "alert.a == 2", Steps: []plan.Step{set("two")}}},
				Else:     []plan.Step{set("three")},
			}},
			{ID: "both", Line: 7, Verb: "parallel", Parallel: &plan.Parallel{
				Branches: []plan.Named{{Name: "left", Steps: []plan.Step{set("four")}}, {Name: "right", Steps: []plan.Step{set("five")}}},
				Wait:     "all", OnFailure: "stop",
			}},
			{ID: "each", Line: 8, Verb: "foreach", Foreach: &plan.Foreach{
				Items: "alert.hosts", As: "host", AtOnce: 5, AtMost: 10, Batch: 100, OnFailure: "collect", Collect: ptr(plan.Value{Expr: "steps.six.output"}),
				Discard: true, Steps: []plan.Step{set("six")},
			}},
			{ID: "rounds", Line: 9, Verb: "repeat", Repeat: &plan.Repeat{Until: "index > 3", While: "index < 3", Every: 100, AtMost: 5, Batch: 10, Steps: []plan.Step{set("seven")}}},
			{ID: "pause", Line: 10, Verb: "wait", Wait: &plan.Wait{
				For: 1000, Until: ptr(plan.Value{Expr: "now()"}), Within: 1000, OnTimeout: "fail",
				Event: &plan.Event{Sources: []string{"wazuh", "okta"}, When: "event.host.name == alert.host.name", Uses: []string{"alert"}},
			}},
			{ID: "sub", Line: 11, Verb: "call", Call: &plan.Call{Playbook: "other", Digest: "abc", Detached: true, Inputs: []plan.Field{{Name: "host", Value: lit(`"h"`)}}}},
			{ID: "form", Line: 12, Verb: "ask", Ask: &plan.Ask{
				Title: lit(`"Which?"`), Message: ptr(lit(`"Please"`)), Role: "analyst", NotRequester: true, Within: 1000, OnTimeout: "escalate", EscalateTo: "lead",
				Remind: 100, Evidence: []string{"triage"}, Fields: []plan.FormField{{
					Name: "host", Type: "choice", Title: "Host", Options: []string{"a", "b"}, Required: true, Default: json.RawMessage(`"a"`),
					From: ptr(plan.Value{Expr: "alert.hosts"}),
				}},
			}},
			{ID: "guard", Line: 13, Verb: "try", Try: &plan.Try{Steps: []plan.Step{set("eight")}, Catch: []plan.Step{set("nine")}, Finally: []plan.Step{set("ten")}}},
			{ID: "end", Line: 14, Verb: "stop", Stop: &plan.Stop{Status: "completed", Reason: ptr(lit(`"done"`))}},
		},
	}
}

func copied(t require.TestingT, p *plan.Plan) *plan.Plan {
	text, err := p.Encode()
	require.NoError(t, err)
	var out plan.Plan
	require.NoError(t, json.Unmarshal(text, &out))
	return &out
}

// mutation changes one place of a plan. Field is the place's name in the plan's types.
type mutation struct {
	field, place string
	apply        func(root reflect.Value)
}

// mutations lists every way to change one place: another word, another number, one element more or less, something
// where nothing was and the other way round.
func mutations(v reflect.Value, field, place string, at func(reflect.Value) reflect.Value) []mutation {
	var out []mutation
	add := func(what string, change func(reflect.Value)) {
		out = append(out, mutation{field, place + what, func(root reflect.Value) { change(at(root)) }})
	}
	if raw, ok := v.Interface().(json.RawMessage); ok {
		add(" changed", func(v reflect.Value) { v.SetBytes([]byte(`{"other":true}`)) })
		if len(raw) > 0 {
			add(" removed", func(v reflect.Value) { v.SetZero() })
		}
		return out
	}
	switch v.Kind() {
	case reflect.String:
		add(" changed", func(v reflect.Value) { v.SetString(v.String() + "x") })
	case reflect.Bool:
		add(" changed", func(v reflect.Value) { v.SetBool(!v.Bool()) })
	case reflect.Int, reflect.Int64:
		add(" raised", func(v reflect.Value) { v.SetInt(v.Int() + 1) })
		if v.Int() > 1 {
			add(" lowered", func(v reflect.Value) { v.SetInt(v.Int() - 1) })
		}
	case reflect.Float64:
		add(" raised", func(v reflect.Value) { v.SetFloat(v.Float() + 1) })
	case reflect.Pointer:
		if v.IsNil() {
			add(" set", func(v reflect.Value) { v.Set(reflect.New(v.Type().Elem())) })
			return out
		}
		add(" removed", func(v reflect.Value) { v.SetZero() })
		return append(out, mutations(v.Elem(), field, place, func(root reflect.Value) reflect.Value { return at(root).Elem() })...)
	case reflect.Slice:
		add(" longer", func(v reflect.Value) { v.Set(reflect.Append(v, reflect.New(v.Type().Elem()).Elem())) })
		for i := range v.Len() {
			add(fmt.Sprintf("[%d] removed", i), func(v reflect.Value) {
				v.Set(reflect.AppendSlice(v.Slice(0, i), v.Slice(i+1, v.Len())))
			})
			out = append(out, mutations(v.Index(i), field, fmt.Sprintf("%s[%d]", place, i), func(root reflect.Value) reflect.Value { return at(root).Index(i) })...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			inner := mutations(v.Field(i), v.Type().Name()+"."+name, place+"."+name, func(root reflect.Value) reflect.Value { return at(root).Field(i) })
			out = append(out, inner...)
		}
	default:
		panic("a plan holds no " + v.Kind().String())
	}
	return out
}

// unreported tells a change that is none to a run: of a silent field, a group that nobody else is in, an empty piece of text.
func unreported(m mutation) bool {
	alone := m.field == "Step.Group" && !slices.ContainsFunc([]string{"[0]", "[1]", "[2]"}, func(at string) bool { // [2] stands beside the group
		return strings.Contains(m.place, "plan.Steps"+at+".Group")
	})
	return roles[m.field] == silent || alone || m.place == "plan.Key.Text longer"
}

func TestEveryFieldOfThePlanIsComparedOrSilentForAReason(t *testing.T) {
	t.Parallel()
	verb := map[string]bool{}
	for _, name := range strings.Fields("Action Set Choose Parallel Foreach Repeat Wait Call Model Agent Approve Ask Try Stop") {
		verb["Step."+name] = true
	}
	seen := map[string]bool{}
	for _, m := range mutations(reflect.ValueOf(whole()).Elem(), "Plan", "plan", func(root reflect.Value) reflect.Value { return root }) {
		seen[m.field] = true
		t.Run(m.place, func(t *testing.T) {
			t.Parallel()
			changed := copied(t, whole())
			m.apply(reflect.ValueOf(changed).Elem())
			changes := Plans(whole(), changed)
			if unreported(m) {
				require.Empty(t, changes)
				return
			}
			require.NotEmpty(t, changes)
			for _, c := range changes {
				if !verb[m.field] { // a verb's field that comes or goes without its word in Verb is no plan that compiles
					require.NotEqual(t, "step.changed", c.Kind, "the change has no sentence")
				}
				require.NotContains(t, c.Sentence, "%!")
			}
			require.NotEmpty(t, Plans(changed, whole()), "and back")
		})
	}
	for field, typ := range fieldsOfThePlan(reflect.TypeFor[plan.Plan](), map[string]reflect.Type{}) {
		if typ.Kind() != reflect.Struct { // of a struct, its own fields count
			require.True(t, seen[field], "%s is set in whole()", field)
		}
	}
	for field := range roles {
		require.True(t, seen[field], "%s is no field of the plan", field)
	}
}

// fieldsOfThePlan names every field of a type and of the types inside.
func fieldsOfThePlan(typ reflect.Type, into map[string]reflect.Type) map[string]reflect.Type {
	switch {
	case typ == reflect.TypeFor[json.RawMessage]():
	case typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice:
		fieldsOfThePlan(typ.Elem(), into)
	case typ.Kind() == reflect.Struct:
		for field := range typ.Fields() {
			name := typ.Name() + "." + field.Name
			if _, known := into[name]; !known {
				into[name] = field.Type
				fieldsOfThePlan(field.Type, into)
			}
		}
	}
	return into
}
