package consent

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"picket/internal/soc"
)

// Conforms answers Invalid, with the place, for a document that a JSON Schema does not allow. The schema may refer to
// nothing outside itself.
func Conforms(schema, document json.RawMessage) error {
	if err := sane(document); err != nil {
		return err
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return soc.Errorf(soc.Internal, "the schema is no JSON: %v", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	for _, format := range formats {
		compiler.RegisterFormat(format)
	}
	compiler.AssertFormat()
	compiler.UseLoader(nowhere{})
	if err := compiler.AddResource("picket:schema", text); err != nil {
		return soc.Errorf(soc.Internal, "the schema can't be read: %v", err)
	}
	compiled, err := compiler.Compile("picket:schema")
	if err != nil {
		return soc.Errorf(soc.Internal, "the schema can't be compiled: %v", err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return soc.Errorf(soc.Invalid, "it is no JSON")
	}
	if err := compiled.Validate(value); err != nil {
		return soc.Errorf(soc.Invalid, "%s", explain(err))
	}
	return nil
}

// explain is the first cause of a refusal, with its place.
func explain(err error) string {
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err.Error()
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	text := invalid.Error()
	if _, after, found := strings.Cut(text, "': "); found {
		text = after
	}
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	if len(invalid.InstanceLocation) == 0 {
		return text
	}
	return Pointer(invalid.InstanceLocation...) + ": " + text
}

// nowhere keeps a schema from fetching another.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, errors.New("a schema can't refer to another document: " + url)
}

// formats are those that connectors may name beside JSON Schema's own.
var formats = []*jsonschema.Format{
	{Name: "ip", Validate: format("an IP address", func(s string) bool {
		addr, err := netip.ParseAddr(s)
		return err == nil && addr.Zone() == ""
	})},
	{Name: "hash", Validate: format("an MD5, SHA-1 or SHA-256 in hex", func(s string) bool {
		_, err := hex.DecodeString(s)
		return err == nil && (len(s) == 32 || len(s) == 40 || len(s) == 64)
	})},
}

func format(what string, ok func(string) bool) func(any) error {
	return func(v any) error {
		if s, text := v.(string); text && !ok(s) {
			return errors.New("not " + what)
		}
		return nil
	}
}

// greatestExponent is beyond what a float64 holds: larger ones are minutes of exact arithmetic for the validator.
const greatestExponent = 400

// sane refuses numbers that are made to cost.
func sane(document json.RawMessage) error {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err != nil {
			return nil //nolint:nilerr // the end, or no JSON: the validator says so
		}
		n, ok := token.(json.Number)
		if !ok {
			continue
		}
		mantissa, exponent, scientific := strings.Cut(strings.ToLower(string(n)), "e")
		size, err := strconv.Atoi(exponent)
		if len(mantissa) > greatestExponent || scientific && (err != nil || size > greatestExponent || size < -greatestExponent) {
			return soc.Errorf(soc.Invalid, "a number is too large or too long")
		}
	}
}
