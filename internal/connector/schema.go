package connector

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema is a compiled JSON Schema with its text.
type schema struct {
	text     json.RawMessage
	compiled *jsonschema.Schema
	defaults map[string]any // of the top-level properties
}

var cveForm = regexp.MustCompile(`^(?i)CVE-\d{4}-\d{4,19}$`)

// formats are the formats a manifest may name beside those of JSON Schema; all are asserted.
var formats = []*jsonschema.Format{
	{Name: "ip", Validate: stringFormat("an IP address", func(s string) bool {
		addr, err := netip.ParseAddr(s)
		return err == nil && addr.Zone() == ""
	})},
	{Name: "hash", Validate: stringFormat("an MD5, SHA-1 or SHA-256 in hex", func(s string) bool {
		_, err := hex.DecodeString(s)
		return err == nil && (len(s) == 32 || len(s) == 40 || len(s) == 64)
	})},
	{Name: "cve", Validate: stringFormat("a CVE id", cveForm.MatchString)},
}

func stringFormat(what string, ok func(string) bool) func(any) error {
	return func(v any) error {
		if s, isString := v.(string); isString && !ok(s) {
			return errors.New("not " + what)
		}
		return nil
	}
}

func compileSchema(document map[string]any) (*schema, error) {
	text, err := jsonOf(document)
	if err != nil {
		return nil, err
	}
	decoded, err := decodeJSON(text)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	for _, format := range formats {
		c.RegisterFormat(format)
	}
	c.AssertFormat()
	c.UseLoader(noLoader{})
	if err := c.AddResource("picket:schema", decoded); err != nil {
		return nil, err
	}
	compiled, err := c.Compile("picket:schema")
	if err != nil {
		return nil, err
	}
	s := &schema{text: text, compiled: compiled, defaults: map[string]any{}}
	if root, ok := decoded.(map[string]any); ok {
		properties, _ := root["properties"].(map[string]any)
		for name, property := range properties {
			if p, ok := property.(map[string]any); ok && p["default"] != nil {
				s.defaults[name] = p["default"]
			}
		}
	}
	return s, nil
}

// noLoader keeps a schema from fetching another.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("a connector's schema cannot refer to %s", url)
}

// validate says in one line what is wrong and where.
func (s *schema) validate(document any) error {
	err := s.compiled.Validate(document)
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	place := "/" + strings.Join(invalid.InstanceLocation, "/")
	text := invalid.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 && strings.HasPrefix(text, "at ") {
		text = text[i+2:]
	}
	if _, after, found := strings.Cut(invalid.Error(), "': "); found {
		text = after
	}
	return fmt.Errorf("at %s: %s", place, oneLine(text, 200))
}

// decodeJSON decodes one document and keeps numbers as written.
func decodeJSON(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("text after the JSON document")
	}
	return v, checkNumbers(v)
}

// maxExponent is beyond what a float64 holds. Larger ones are legal JSON, and minutes of work for exact arithmetic.
const maxExponent = 400

func checkNumbers(v any) error {
	switch v := v.(type) {
	case json.Number:
		if len(v) > maxExponent {
			return errors.New("a number is too long")
		}
		if i := strings.IndexAny(string(v), "eE"); i >= 0 {
			if n, err := strconv.Atoi(string(v[i+1:])); err != nil || n > maxExponent || n < -maxExponent {
				return errors.New("a number's exponent is too large")
			}
		}
	case []any:
		for _, element := range v {
			if err := checkNumbers(element); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, member := range v {
			if err := checkNumbers(member); err != nil {
				return err
			}
		}
	}
	return nil
}

func encodeJSON(v any) (json.RawMessage, error) { return jsonOf(v) }

// oneLine bounds text of strangers for an error: no control characters, at most limit runes.
func oneLine(text string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(text, "?") {
		if n == limit {
			b.WriteString("...")
			break
		}
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x2028 || r == 0x2029 {
			r = ' '
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}
