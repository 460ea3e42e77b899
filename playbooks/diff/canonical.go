package diff

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"picket/playbooks/plan"
)

// role is what a field of the plan is to a comparison. A field that is not named here is compared as it stands.
type role int

const (
	plain     role = iota
	silent         // left out: derived from the rest, or text about the source
	apart          // no part of what a step is; compared by a function of its own
	linked         // names of steps that the rest of the plan names in turn; compared by a function of its own
	written        // an expression: spaces and quotes do not count
	stepID         // the name of a step
	stepIDs        // names of steps, in any order
	unordered      // a list whose order says nothing
)

// roles are the fields that are not compared as they stand.
var roles = map[string]role{
	"Plan.Source":       silent, // the text's own digest
	"Step.Line":         silent, // where the step stands in the text
	"Action.Local":      silent, // how a call is carried out, from the operation's declaration
	"Foreach.Batch":     silent, // how the interpreter keeps histories short
	"Foreach.Discard":   silent, // whether something refers to the output; what refers to it is compared
	"Repeat.Batch":      silent, // as with foreach
	"Event.Uses":        silent, // read off When
	"Step.Title":        apart,
	"Step.Group":        apart,
	"Action.Approvals":  linked,
	"Approve.Covers":    linked,
	"Plan.Labels":       unordered,
	"Plan.Attack":       unordered,
	"Trigger.When":      written,
	"Step.If":           written,
	"Branch.When":       written,
	"Foreach.Items":     written,
	"Repeat.Until":      written,
	"Repeat.While":      written,
	"Event.When":        written,
	"Origin.From":       written,
	"Step.ID":           stepID,
	"Evidence.ID":       stepID,
	"Edit.Step":         stepID,
	"Each.Step":         stepID,
	"Each.Foreach":      stepID,
	"Approve.Each":      unordered,
	"Cost.Unbounded":    stepIDs,
	"Model.Missing":     stepIDs,
	"Agent.Missing":     stepIDs,
	"Agent.Digest":      silent, // of the agent file's text; what it says is compared
	"Approve.Evidence":  stepIDs,
	"Ask.Evidence":      stepIDs,
	"Trigger.Inputs":    unordered,
	"Plan.Inputs":       unordered,
	"Plan.Outputs":      unordered,
	"Call.Inputs":       unordered,
	"Step.Set":          unordered,
	"Action.Origins":    unordered,
	"Undo.Origins":      unordered,
	"Origin.Labels":     unordered,
	"Evidence.Labels":   unordered,
	"Approve.Edit":      unordered,
	"Event.Sources":     unordered,
	"Parallel.Branches": unordered,
	"Plan.Triggers":     unordered,
}

// canonical is a text of a part of a plan that is the same for two parts exactly when a run can't tell them apart.
// Names of steps are passed through id, unless it is nil. Fields of another place are part of it.
func canonical(part any, id func(string) string) string {
	w := writer{id: id, deep: true}
	w.value(reflect.ValueOf(part), plain)
	return w.String()
}

// own is the canonical text of what is said at a step itself: not of the steps inside, and not of what is compared for
// the whole plan.
func own(s *plan.Step, id func(string) string) string {
	w := writer{id: id}
	w.value(reflect.ValueOf(s), plain)
	return w.String()
}

type writer struct {
	strings.Builder
	id   func(string) string
	deep bool
}

func (w *writer) value(v reflect.Value, as role) {
	switch part := v.Interface().(type) {
	case plan.Value:
		w.WriteString(canonicalValue(part, w.id))
		return
	case json.RawMessage:
		w.WriteString(canonicalJSON(part))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			w.value(v.Elem(), as)
		}
	case reflect.Struct:
		w.fields(v)
	case reflect.Slice:
		w.list(v, as)
	case reflect.String:
		w.WriteString(w.text(v.String(), as))
	case reflect.Bool:
		w.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int64:
		w.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Float64:
		w.WriteString(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	default:
		panic("diff: a plan holds no " + v.Kind().String()) // the test over the plan's types keeps this true
	}
}

func (w *writer) fields(v reflect.Value) {
	w.WriteByte('{')
	for i := range v.NumField() {
		field := v.Type().Field(i)
		as := roles[v.Type().Name()+"."+field.Name]
		if empty(v.Field(i)) || as == silent || as == apart || as == linked && !w.deep || !w.deep && field.Type == steps {
			continue
		}
		w.WriteString(field.Name + ":")
		w.value(v.Field(i), as)
		w.WriteByte(';')
	}
	w.WriteByte('}')
}

var steps = reflect.TypeFor[[]plan.Step]()

// empty tells what leaves no trace in the plan's JSON.
func empty(v reflect.Value) bool { return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 }

func (w *writer) list(v reflect.Value, as role) {
	items := make([]string, v.Len())
	for i := range items {
		item := writer{id: w.id, deep: w.deep}
		item.value(v.Index(i), as)
		items[i] = item.String()
	}
	if as == unordered || as == stepIDs || as == linked {
		slices.Sort(items)
	}
	w.WriteString("[" + strings.Join(items, ",") + "]")
}

func (w *writer) text(text string, as role) string {
	switch {
	case as == written:
		text = canonicalExpr(text, w.id)
	case (as == stepID || as == stepIDs || as == linked) && w.id != nil:
		text = w.id(text)
	}
	return strconv.Quote(text)
}

// canonicalValue writes a value so that literals are the same however they are put together: a text without computed
// parts, a list of literals, an object of literals.
func canonicalValue(v plan.Value, id func(string) string) string {
	var forms []string
	if len(v.Literal) > 0 {
		forms = append(forms, "="+canonicalJSON(v.Literal))
	}
	if v.Expr != "" {
		forms = append(forms, "e"+strconv.Quote(canonicalExpr(v.Expr, id)))
	}
	if len(v.Text) > 0 {
		forms = append(forms, canonicalParts(v.Text, id))
	}
	if len(v.List) > 0 {
		items := make([]string, len(v.List))
		for i, item := range v.List {
			items[i] = canonicalValue(item, id)
		}
		forms = append(forms, compound("[", items, nil, "]"))
	}
	if len(v.Object) > 0 {
		fields := slices.Clone(v.Object)
		slices.SortStableFunc(fields, func(a, b plan.Field) int { return strings.Compare(a.Name, b.Name) })
		items, names := make([]string, len(fields)), make([]string, len(fields))
		for i, f := range fields {
			items[i], names[i] = canonicalValue(f.Value, id), string(quoted(f.Name))+":"
		}
		forms = append(forms, compound("{", items, names, "}"))
	}
	return strings.Join(forms, "|")
}

func canonicalParts(parts []plan.Part, id func(string) string) string {
	var b, fixed strings.Builder
	computed := false
	flush := func() {
		if fixed.Len() > 0 {
			b.WriteString(strconv.Quote(fixed.String()))
			fixed.Reset()
		}
	}
	for _, p := range parts {
		fixed.WriteString(p.Text)
		if p.Expr != "" {
			computed = true
			flush()
			b.WriteString("e" + strconv.Quote(canonicalExpr(p.Expr, id)))
		}
	}
	if !computed {
		return "=" + string(quoted(fixed.String()))
	}
	flush()
	return "t(" + b.String() + ")"
}

// compound joins the elements of a list or an object; where all are literals, so is the whole.
func compound(open string, items, names []string, end string) string {
	literal := true
	for _, item := range items {
		literal = literal && strings.HasPrefix(item, "=")
	}
	for i := range items {
		if literal {
			items[i] = items[i][1:]
		}
		if names != nil {
			items[i] = names[i] + items[i]
		}
	}
	text := open + strings.Join(items, ",") + end
	if literal {
		return "=" + text
	}
	return text
}

// canonicalJSON is compact JSON with sorted keys; what is no JSON stays what it is.
func canonicalJSON(raw json.RawMessage) string {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var document any
	if dec.Decode(&document) != nil || dec.More() {
		return strconv.Quote(string(raw))
	}
	return string(quoted(document))
}

// quoted is a value as JSON that people read.
func quoted(document any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(document); err != nil {
		return []byte(strconv.Quote(err.Error())) // decoded JSON and text always encode
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
