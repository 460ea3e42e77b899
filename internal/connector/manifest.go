package connector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"picket/internal/soc"
)

// The effects an operation can have. They are those of the playbook language.
const (
	EffectRead          = "read"
	EffectWrite         = "write"
	EffectConsequential = "consequential"
)

// manifest is one connector as its YAML file writes it. Unknown keys are errors.
type manifest struct {
	Name       string               `yaml:"name"`
	Title      string               `yaml:"title"`
	Vendor     string               `yaml:"vendor"`
	Docs       string               `yaml:"docs"`
	Native     bool                 `yaml:"native"` // operations are Go functions, no HTTP
	Connection connectionSpec       `yaml:"connection"`
	Auth       authSpec             `yaml:"auth"`
	Rate       *rateSpec            `yaml:"rate"`
	Message    []string             `yaml:"message"` // JSON pointers to the vendor's error text, first hit wins
	Refused    *refusedSpec         `yaml:"refused"`
	Operations map[string]operation `yaml:"operations"`
}

type connectionSpec struct {
	BaseURL baseURLSpec          `yaml:"base_url"`
	Fields  map[string]fieldSpec `yaml:"fields"`
}

type baseURLSpec struct {
	Default string `yaml:"default"`
	Example string `yaml:"example"`
}

type fieldSpec struct {
	Title    string `yaml:"title"`
	Secret   bool   `yaml:"secret"`
	Required bool   `yaml:"required"`
}

type rateSpec struct {
	Calls int           `yaml:"calls"`
	Per   time.Duration `yaml:"per"`
}

type operation struct {
	Title       string         `yaml:"title"`
	Description string         `yaml:"description"`
	Effect      string         `yaml:"effect"`
	Local       bool           `yaml:"local"`
	Timeout     time.Duration  `yaml:"timeout"`
	Untrusted   bool           `yaml:"untrusted"`
	Input       map[string]any `yaml:"input"` // a property may carry SinkKeyword
	Output      map[string]any `yaml:"output"`
	Request     requestSpec    `yaml:"request"`
	Response    responseSpec   `yaml:"response"`
	Errors      map[int]string `yaml:"errors"` // status to error kind, over the usual classes
	Absent      *absentSpec    `yaml:"absent"`
	Confirm     *confirmSpec   `yaml:"confirm"`
	Example     exampleSpec    `yaml:"example"`
}

type requestSpec struct {
	Method      string            `yaml:"method"`
	Path        string            `yaml:"path"`
	Query       map[string]any    `yaml:"query"`       // a template, or a list of them: the first whose holes are all filled
	QueryFrom   string            `yaml:"query_from"`  // an argument whose members are further parameters
	Headers     map[string]string `yaml:"headers"`     // constants
	Body        any               `yaml:"body"`        // is sent as JSON
	Form        map[string]string `yaml:"form"`        // is sent as a form, in place of body
	Idempotency string            `yaml:"idempotency"` // header that carries the idempotency key
}

type responseSpec struct {
	Format string            `yaml:"format"` // json, unless xml
	From   string            `yaml:"from"`   // JSON pointer to where the mapping starts
	Where  map[string]string `yaml:"where"`  // from is a list: keep the elements whose text at a pointer is the template's
	Newest string            `yaml:"newest"` // from is a list: start at the element whose text here is the greatest; the first without it
	Fields map[string]any    `yaml:"fields"`
}

// refusedSpec says where a vendor's own word for a refusal stands, and what it means beyond the status.
type refusedSpec struct {
	At     string            `yaml:"at"`     // JSON pointer: for vendors who refuse with a status that says success
	Equals any               `yaml:"equals"` // such an answer is a refusal when this stands there
	Word   string            `yaml:"word"`   // JSON pointer
	Kinds  map[string]string `yaml:"kinds"`  // word to error kind, over the status and the usual classes
}

// absentSpec turns a status that says "I know no such thing" into an ordinary output.
type absentSpec struct {
	Status []int          `yaml:"status"`
	Fields map[string]any `yaml:"fields"`
}

// confirmSpec names the read operation, and what its output must hold, that tells whether the call took effect.
type confirmSpec struct {
	Operation string         `yaml:"operation"`
	With      map[string]any `yaml:"with"`
	Equals    map[string]any `yaml:"equals"` // JSON pointer to value or template
}

// exampleSpec is a recorded exchange; the tests replay it.
type exampleSpec struct {
	Arguments map[string]any `yaml:"arguments"`
	Request   string         `yaml:"request"`  // METHOD and request URI
	Body      any            `yaml:"body"`     // JSON body that is sent, or a form's members
	Response  any            `yaml:"response"` // a text for XML
	Output    any            `yaml:"output"`
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// SinkKeyword is the keyword of an input schema's property that says what its value decides beside data. SinkHost, the
// one value there is, marks an argument that decides which host is called, such as a free URL: untrusted text is
// refused there when a playbook is compiled. Operations here call the connection's host only; the keyword is for an
// argument that makes the vendor's service, or a proxy of one's own, call another.
const (
	SinkKeyword = "x-picket-sink"
	SinkHost    = "host"
)

// defaultTimeout is what an operation gets that says nothing: long for an API call, short for a playbook.
const defaultTimeout = 15 * time.Second

func parseManifest(file string, source []byte) (*manifest, error) {
	var m manifest
	dec := yaml.NewDecoder(bytes.NewReader(source), yaml.Strict())
	if err := dec.Decode(&m); err != nil {
		return nil, soc.Errorf(soc.Invalid, "connector manifest %s: %s", file, yaml.FormatError(err, false, false))
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, soc.Errorf(soc.Invalid, "connector manifest %s: one file holds one connector", file)
	}
	if err := m.check(); err != nil {
		return nil, soc.Errorf(soc.Invalid, "connector manifest %s: %w", file, err)
	}
	return &m, nil
}

func (m *manifest) check() error {
	if !nameForm.MatchString(m.Name) {
		return fmt.Errorf("name %q: lower-case letters, digits and _ are allowed", m.Name)
	}
	if m.Title == "" || m.Vendor == "" {
		return errors.New("title and vendor are required")
	}
	if len(m.Operations) == 0 {
		return errors.New("it has no operations")
	}
	if err := m.checkAuth(); err != nil {
		return err
	}
	if m.Rate != nil && (m.Rate.Calls < 1 || m.Rate.Per <= 0) {
		return errors.New("rate: calls and per must be positive")
	}
	if m.Refused != nil {
		for word, kind := range m.Refused.Kinds {
			if !slices.Contains(errorKinds, soc.Kind(kind)) {
				return fmt.Errorf("refused: %s: %s is no error class", word, kind)
			}
		}
	}
	for name, op := range m.Operations {
		if !nameForm.MatchString(name) {
			return fmt.Errorf("operation name %q: lower-case letters, digits and _ are allowed", name)
		}
		if err := m.checkOperation(&op); err != nil {
			return fmt.Errorf("operation %s: %w", name, err)
		}
		m.Operations[name] = op
	}
	return nil
}

func (m *manifest) checkOperation(op *operation) error {
	if op.Title == "" {
		return errors.New("title is required")
	}
	if !slices.Contains([]string{EffectRead, EffectWrite, EffectConsequential}, op.Effect) {
		return fmt.Errorf("effect %q: it is read, write or consequential", op.Effect)
	}
	if op.Local && op.Effect == EffectConsequential {
		return errors.New("a consequential operation cannot be local")
	}
	if op.Input == nil || op.Output == nil {
		return errors.New("input and output schemas are required")
	}
	if err := checkSinks(op.Input); err != nil {
		return fmt.Errorf("input schema: %w", err)
	}
	if op.Timeout == 0 {
		op.Timeout = defaultTimeout
	}
	for status, kind := range op.Errors {
		if status < 300 || status > 599 || !slices.Contains(errorKinds, soc.Kind(kind)) {
			return fmt.Errorf("errors: %d: %s is no error class", status, kind)
		}
	}
	if c := op.Confirm; c != nil {
		target, ok := m.Operations[c.Operation]
		if !ok || target.Effect != EffectRead {
			return fmt.Errorf("confirm: %q is no read operation of this connector", c.Operation)
		}
		if len(c.Equals) == 0 {
			return errors.New("confirm: equals is required")
		}
	}
	if m.Native {
		if op.Request.Method != "" {
			return errors.New("a native connector's operations make no request")
		}
		return nil
	}
	if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, op.Request.Method) {
		return fmt.Errorf("request: method %q is not GET, POST, PUT, PATCH or DELETE", op.Request.Method)
	}
	if !strings.HasPrefix(op.Request.Path, "/") {
		return errors.New("request: path must begin with /")
	}
	if op.Request.Body != nil && op.Request.Form != nil {
		return errors.New("request: body and form exclude each other")
	}
	if m.Auth.Kind == "body" {
		if _, ok := op.Request.Body.(map[string]any); !ok {
			return errors.New("request: auth of kind body needs a body that is an object")
		}
	}
	if f := op.Response.Format; f != "" && f != "json" && f != "xml" {
		return fmt.Errorf("response: format %q is not json or xml", f)
	}
	return nil
}

// checkSinks refuses a sink that nobody watches.
func checkSinks(input map[string]any) error {
	properties, _ := input["properties"].(map[string]any)
	for name, property := range properties {
		p, _ := property.(map[string]any)
		for key, value := range p {
			if key == SinkKeyword && value != SinkHost {
				return fmt.Errorf("%s: %s is %q; known is %s", name, SinkKeyword, fmt.Sprint(value), SinkHost)
			}
			if holdsSink(value) {
				return fmt.Errorf("%s: %s is watched on an argument itself, not within one", name, SinkKeyword)
			}
		}
	}
	return nil
}

func holdsSink(schema any) bool {
	switch s := schema.(type) {
	case map[string]any:
		for key, value := range s {
			if key == SinkKeyword || holdsSink(value) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(s, holdsSink)
	}
	return false
}

var errorKinds = []soc.Kind{soc.Invalid, soc.NotFound, soc.Conflict, soc.Denied, soc.Unavailable}

// jsonOf gives a YAML value as JSON; YAML's integers stay integers.
func jsonOf(value any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
