package connector

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pointer is a parsed JSON pointer (RFC 6901).
type pointer []string

func parsePointer(text string) (pointer, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.HasPrefix(text, "/") {
		return nil, fmt.Errorf("%q is no JSON pointer: it must begin with /", text)
	}
	tokens := strings.Split(text[1:], "/")
	for i, token := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	return tokens, nil
}

// at gives the value; a JSON null counts as absent.
func (p pointer) at(document any) (any, bool) {
	for _, token := range p {
		switch v := document.(type) {
		case map[string]any:
			document = v[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			document = v[i]
		default:
			return nil, false
		}
	}
	return document, document != nil
}

// field says where one member of an output comes from. In a manifest it is a JSON pointer, or an object:
//
//	{from: /value, default: [], as: epoch, each: {...}, max: 50}
//	{value: true}        a constant
//	{argument: user}     the call's own argument
type field struct {
	from     pointer
	hasFrom  bool
	value    any
	argument string
	fallback any
	hasFall  bool
	as       string
	each     map[string]field
	max      int
}

// maxItems bounds a mapped list that does not say its own bound.
const maxItems = 1000

func parseFields(raw map[string]any, arguments map[string]bool) (map[string]field, error) {
	out := make(map[string]field, len(raw))
	for name, value := range raw {
		f, err := parseField(value, arguments)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
		out[name] = f
	}
	return out, nil
}

func parseField(raw any, arguments map[string]bool) (field, error) {
	f := field{max: maxItems}
	if text, ok := raw.(string); ok {
		p, err := parsePointer(text)
		f.from, f.hasFrom = p, true
		return f, err
	}
	members, ok := raw.(map[string]any)
	if !ok {
		return f, fmt.Errorf("it is a JSON pointer or an object")
	}
	sources := 0
	for key, value := range members {
		text, _ := value.(string)
		var err error
		switch key {
		case "from":
			sources++
			f.hasFrom = true
			f.from, err = parsePointer(text)
		case "value":
			sources++
			f.value = value
		case "argument":
			sources++
			f.argument = text
			if !arguments[text] {
				err = fmt.Errorf("the input schema has no property %q", text)
			}
		case "default":
			f.fallback, f.hasFall = value, true
		case "as":
			if f.as = text; !slices.Contains(conversions, text) {
				err = fmt.Errorf("unknown conversion %q; known are %s", text, strings.Join(conversions, ", "))
			}
		case "max":
			if f.max, err = strconv.Atoi(fmt.Sprint(value)); f.max < 1 {
				err = fmt.Errorf("max must be positive")
			}
		case "each":
			each, isMap := value.(map[string]any)
			if !isMap {
				return f, fmt.Errorf("each is an object of fields")
			}
			f.each, err = parseFields(each, arguments)
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return f, err
		}
	}
	if sources != 1 {
		return f, fmt.Errorf("exactly one of from, value and argument is needed")
	}
	return f, nil
}

// mapFields builds an output. A member that the answer lacks and that has no default is left out; the output
// schema then says whether that is allowed, so that a vendor's change surfaces as an error and not as zeros.
func mapFields(fields map[string]field, document any, arguments map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(fields))
	for name, f := range fields {
		value, present, err := f.resolve(document, arguments)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
		if present {
			out[name] = value
		}
	}
	return out, nil
}

func (f field) resolve(document any, arguments map[string]any) (any, bool, error) {
	if f.argument != "" {
		v, ok := arguments[f.argument]
		return v, ok, nil
	}
	if !f.hasFrom {
		return f.value, true, nil
	}
	value, ok := f.from.at(document)
	if f.as == "exists" {
		return ok, true, nil
	}
	if !ok {
		return f.fallback, f.hasFall, nil
	}
	if f.each != nil {
		return f.mapEach(value, arguments)
	}
	if list, isList := value.([]any); isList && len(list) > f.max {
		value = list[:f.max]
	}
	converted, err := convert(f.as, value)
	return converted, err == nil, err
}

func (f field) mapEach(value any, arguments map[string]any) (any, bool, error) {
	list, isList := value.([]any)
	if !isList {
		one, err := mapFields(f.each, value, arguments)
		return one, err == nil, err
	}
	out := make([]any, 0, min(len(list), f.max))
	for i, element := range list {
		if i == f.max {
			break
		}
		one, err := mapFields(f.each, element, arguments)
		if err != nil {
			return nil, false, err
		}
		out = append(out, one)
	}
	return out, true, nil
}

// newest finds the element of a list with the greatest text at a pointer; RFC 3339 times of one writer sort as text.
func newest(value any, by pointer) any {
	list, _ := value.([]any)
	var best any
	bestKey := ""
	for _, element := range list {
		key, ok := by.at(element)
		text, isText := key.(string)
		if ok && isText && (best == nil || text > bestKey) {
			best, bestKey = element, text
		}
	}
	return best
}

// where keeps the elements of a list whose texts are those of the conditions. A condition with an absent argument
// keeps nothing.
func where(value any, conditions []condition, arguments map[string]any) ([]any, error) {
	list, _ := value.([]any)
	kept := []any{}
	for _, element := range list {
		all := true
		for _, c := range conditions {
			want, present, err := c.value.render(arguments, nil)
			if err != nil {
				return nil, err
			}
			got, ok := c.at.at(element)
			all = all && present && ok && fmt.Sprint(got) == want
		}
		if all {
			kept = append(kept, element)
		}
	}
	return kept, nil
}

// conversions are what a field's as may say. exists tells whether there is a value; boolean reads true and false of
// XML.
var conversions = []string{"epoch", "text", "lower", "boolean", "exists"}

func convert(as string, value any) (any, error) {
	switch as {
	case "epoch":
		number, ok := value.(json.Number)
		if !ok {
			return nil, fmt.Errorf("%s is no epoch time", oneLine(fmt.Sprint(value), 40))
		}
		seconds, err := number.Int64()
		if err != nil {
			return nil, fmt.Errorf("%s is no epoch time", oneLine(number.String(), 40))
		}
		return time.Unix(seconds, 0).UTC().Format(time.RFC3339), nil
	case "boolean":
		text, err := textOf(value)
		if err != nil || text != "true" && text != "false" {
			return nil, fmt.Errorf("%s is neither true nor false", oneLine(fmt.Sprint(value), 40))
		}
		return text == "true", nil
	case "text":
		return textOf(value)
	case "lower":
		text, err := textOf(value)
		return strings.ToLower(text), err
	}
	return value, nil
}
