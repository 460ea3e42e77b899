package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// schema is the part of JSON Schema that arguments are checked against before a run. What is not here is checked
// by the connector when the call is made.
type schema struct {
	Type       typeNames                  `json:"type"`
	Properties map[string]json.RawMessage `json:"properties"`
	Required   []string                   `json:"required"`
	Additional json.RawMessage            `json:"additionalProperties"`
	AnyOf      []alternative              `json:"anyOf"`
	Items      json.RawMessage            `json:"items"`
	Enum       []json.RawMessage          `json:"enum"`
	Const      json.RawMessage            `json:"const"`
	Pattern    string                     `json:"pattern"`
	Format     string                     `json:"format"`
	MinLength  *int                       `json:"minLength"`
	MaxLength  *int                       `json:"maxLength"`
	MinItems   *int                       `json:"minItems"`
	MaxItems   *int                       `json:"maxItems"`
	Minimum    *json.Number               `json:"minimum"`
	Maximum    *json.Number               `json:"maximum"`

	raw      json.RawMessage
	names    []string // of the properties, sorted
	required []string // that have no default
}

// alternative is a member of `anyOf` as operations use it: arguments of which one set must be there.
type alternative struct {
	Required []string `json:"required"`
}

// typeNames is `type`: a name or a list of names.
type typeNames []string

func (t *typeNames) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = typeNames{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

func parseSchema(raw json.RawMessage) (*schema, error) {
	s := &schema{raw: raw}
	if len(raw) == 0 || bytes.Equal(raw, []byte("true")) {
		return s, nil
	}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, err
	}
	for name := range s.Properties {
		s.names = append(s.names, name)
	}
	slices.Sort(s.names)
	for _, name := range s.Required {
		var p struct {
			Default json.RawMessage `json:"default"`
		}
		if json.Unmarshal(s.Properties[name], &p) != nil || p.Default == nil {
			s.required = append(s.required, name)
		}
	}
	return s, nil
}

// schema reads an operation's schema, nil after a report.
func (c *checker) schema(raw json.RawMessage, at *spec.Node, what string) *schema {
	if s, known := c.schemas[what]; known {
		return s
	}
	s, err := parseSchema(raw)
	if err != nil {
		c.bag.Error(spec.CodeSchema, at.Span, "", "%s can't be used: %s", what, err)
		return nil
	}
	c.schemas[what] = s
	return s
}

// outputType is the type of an operation's answers.
func (c *checker) outputType(op Operation, at *spec.Node) expr.Type {
	if typ, known := c.outputs[at.Text]; known {
		return typ
	}
	typ := c.schemaType(op.Output, at, "the output schema of "+at.Text)
	c.outputs[at.Text] = typ
	return typ
}

// schemaType is the type of the values of a schema, any after a report.
func (c *checker) schemaType(raw json.RawMessage, at *spec.Node, what string) expr.Type {
	if len(raw) == 0 {
		return expr.Any()
	}
	typ, err := expr.FromJSONSchema(raw)
	if err != nil {
		c.bag.Error(spec.CodeSchema, at.Span, "", "%s can't be used: %s", what, err)
		return expr.Any()
	}
	return typ
}

// takes tells whether an operation has an argument. Arguments that are not declared are taken only if the schema says so.
func (s *schema) takes(name string) bool {
	if _, known := s.Properties[name]; known {
		return true
	}
	return len(s.Additional) > 0 && string(s.Additional) != "false"
}

func (s *schema) property(name string) json.RawMessage {
	if raw, known := s.Properties[name]; known {
		return raw
	}
	if len(s.Additional) > 0 && s.Additional[0] == '{' {
		return s.Additional
	}
	return nil
}

// fits checks a value against a schema: computed parts by their types, literal parts by all that the schema says.
func (c *checker) fits(n *spec.Node, v plan.Value, r result, raw json.RawMessage, what string) {
	s, err := parseSchema(raw)
	if err != nil || len(raw) == 0 {
		return
	}
	switch {
	case v.Expr != "" || v.Text != nil:
		want, err := expr.FromJSONSchema(raw)
		if err != nil {
			return
		}
		if ok, why := r.typ.Assignable(want); !ok {
			c.bag.Error(spec.CodeArgumentFit, n.Span, "", "%s %s", what, why)
		}
	case n.Kind == spec.Map && s.allows("object"):
		c.fitsObject(n, v, s, what)
	case n.Kind == spec.List && s.allows("array"):
		c.fitsList(n, v, s, what)
	default:
		if why, help := s.refuses(n, v.Literal); why != "" {
			c.bag.Error(spec.CodeArgumentFit, n.Span, help, "%s %s", what, why)
			c.offerValue(n, s)
		}
	}
}

func (c *checker) fitsObject(n *spec.Node, v plan.Value, s *schema, what string) {
	closed := string(s.Additional) == "false"
	var meant []string
	for i, e := range n.Entries {
		name := what + "." + e.Key.Text
		if _, known := s.Properties[e.Key.Text]; !known && closed {
			missing := n.Lacks(s.names)
			c.bag.Near(spec.CodeArgument, e.Key.Span, e.Key.Text, missing, "%s has no member %s", what, e.Key.Text)
			meant = append(meant, spec.Nearest(e.Key.Text, missing))
			continue
		}
		c.fits(e.Value, memberValue(v, i, e.Value), result{typ: expr.Any()}, s.property(e.Key.Text), name)
	}
	for _, name := range s.required {
		if n.Get(name) == nil && !slices.Contains(meant, name) {
			c.bag.Error(spec.CodeNoArgument, n.Span, "add `"+name+":` to it", "%s needs the member %s", what, name)
		}
	}
}

func (c *checker) fitsList(n *spec.Node, v plan.Value, s *schema, what string) {
	if s.MinItems != nil && len(n.Items) < *s.MinItems || s.MaxItems != nil && len(n.Items) > *s.MaxItems {
		c.bag.Error(spec.CodeArgumentFit, n.Span, "", "%s must have %s elements, not %d", what, between(s.MinItems, s.MaxItems), len(n.Items))
	}
	if len(s.Items) == 0 || s.Items[0] != '{' {
		return
	}
	for i, item := range n.Items {
		var inner plan.Value
		if v.List != nil {
			inner = v.List[i]
		} else {
			inner = literalNode(item)
		}
		c.fits(item, inner, result{typ: expr.Any()}, s.Items, fmt.Sprintf("%s[%d]", what, i))
	}
}

// between reads "1 to 5", "at least 1" or "at most 5"; at least one of the two is there.
func between(least, most *int) string {
	switch {
	case most == nil:
		return fmt.Sprintf("at least %d", *least)
	case least == nil:
		return fmt.Sprintf("at most %d", *most)
	case *least == *most:
		return strconv.Itoa(*least)
	}
	return fmt.Sprintf("%d to %d", *least, *most)
}

// offerValue is the fix for a literal that is nearly what its schema takes: a word of its list, a number or truth value
// in quotes, or without them.
func (c *checker) offerValue(n *spec.Node, s *schema) {
	switch {
	case (n.Kind == spec.Number || n.Kind == spec.Bool) && slices.Contains(s.Type, "string"):
		c.bag.Fix("Put it in quotes", spec.Replace(n.Span, n.Quoted()))
	case n.Kind != spec.String:
	case s.allows("string") && len(s.Enum) > 0:
		if near := spec.Nearest(n.Text, s.words()); near != "" {
			c.bag.Fix("Change it to "+near, spec.Replace(n.Span, near))
		}
	case s.allows("integer") && wholeNumber.MatchString(n.Text):
		c.bag.Fix("Write it without quotes", spec.Replace(n.Span, n.Text))
	case s.allows("boolean") && (n.Text == "true" || n.Text == "false"):
		c.bag.Fix("Write it without quotes", spec.Replace(n.Span, n.Text))
	}
}

var wholeNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,15})$`)

// words are the elements of the enum as they are written.
func (s *schema) words() []string {
	var words []string
	for _, e := range s.Enum {
		words = append(words, strings.Trim(string(e), `"`))
	}
	return words
}

func memberValue(v plan.Value, i int, n *spec.Node) plan.Value {
	if v.Object != nil {
		return v.Object[i].Value
	}
	return literalNode(n)
}

// literalNode is a value of which it is known that nothing in it is computed.
func literalNode(n *spec.Node) plan.Value {
	if n.Kind == spec.String {
		return plan.Value{Literal: jsonText(n.Text)}
	}
	if n.Kind == spec.Map || n.Kind == spec.List {
		return plan.Value{}
	}
	v, _ := literalOf(n)
	return v
}

func (s *schema) allows(name string) bool {
	return len(s.Type) == 0 || slices.Contains(s.Type, name) || name == "integer" && slices.Contains(s.Type, "number")
}

// refuses says why a literal does not fit, "" if it does.
func (s *schema) refuses(n *spec.Node, literal json.RawMessage) (why, help string) {
	kind := map[spec.Kind]string{
		spec.Null: "null", spec.Bool: "boolean", spec.Number: "number", spec.String: "string", spec.List: "array", spec.Map: "object",
	}[n.Kind]
	if kind == "number" && !strings.ContainsAny(n.Text, ".eE") {
		kind = "integer"
	}
	if !s.allows(kind) {
		if slices.Contains(s.Type, "string") && (n.Kind == spec.Number || n.Kind == spec.Bool) {
			help = "put it in quotes"
		}
		return "must be " + strings.Join(s.Type, " or ") + ", not " + kind, help
	}
	if len(s.Const) > 0 && !sameJSON(s.Const, literal) {
		return "must be " + string(s.Const), ""
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e json.RawMessage) bool { return sameJSON(e, literal) }) {
		return fmt.Sprintf("can't be %s", literal), spec.Suggest(n.Text, s.words())
	}
	switch n.Kind {
	case spec.String:
		return s.refusesText(n.Text)
	case spec.Number:
		return s.refusesNumber(n.Text), ""
	}
	return "", ""
}

func (s *schema) refusesText(text string) (why, help string) {
	length := utf8.RuneCountInString(text)
	if s.MinLength != nil && *s.MinLength == 1 && length == 0 {
		return "must not be empty", ""
	}
	if s.MinLength != nil && length < *s.MinLength || s.MaxLength != nil && length > *s.MaxLength {
		return fmt.Sprintf("must have %s characters, not %d", between(s.MinLength, s.MaxLength), length), ""
	}
	if s.Pattern != "" {
		if form, err := regexp.Compile(s.Pattern); err == nil && !form.MatchString(text) {
			return "must match " + s.Pattern, ""
		}
	}
	if s.Format == "ip" || s.Format == "ipv4" || s.Format == "ipv6" {
		if _, err := netip.ParseAddr(text); err != nil {
			return "must be an IP address", ""
		}
	}
	return "", ""
}

func (s *schema) refusesNumber(text string) string {
	value, ok := new(big.Float).SetString(text)
	if !ok {
		return ""
	}
	beyond := func(bound *json.Number, sign int) bool {
		if bound == nil {
			return false
		}
		limit, ok := new(big.Float).SetString(bound.String())
		return ok && value.Cmp(limit) == sign
	}
	switch {
	case beyond(s.Minimum, -1):
		return "must be at least " + s.Minimum.String()
	case beyond(s.Maximum, 1):
		return "must be at most " + s.Maximum.String()
	}
	return ""
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && fmt.Sprintf("%T%v", x, x) == fmt.Sprintf("%T%v", y, y)
}
