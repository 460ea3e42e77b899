package expr

import (
	"bytes"
	"encoding/json"
	"math"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"
)

// encoder writes values as compact JSON with sorted keys and without HTML escapes, up to a limit.
type encoder struct {
	out   []byte
	limit int
	fault string // why encoding stopped
}

// encode is the JSON of a value; fault says why there is none.
func encode(value any, limit int) (out []byte, fault string) {
	e := &encoder{limit: limit}
	e.value(value, 0)
	return e.out, e.fault
}

func (e *encoder) value(value any, depth int) {
	if e.fault != "" {
		return
	}
	if depth > MaxDepth {
		e.fault = "the result is nested deeper than " + strconv.Itoa(MaxDepth) + " levels"
		return
	}
	switch v := value.(type) {
	case nil:
		e.out = append(e.out, "null"...)
	case bool:
		e.out = strconv.AppendBool(e.out, v)
	case int64:
		e.out = strconv.AppendInt(e.out, v, 10)
	case float64:
		e.float(v)
	case digits:
		e.out = append(e.out, v...)
	case string:
		e.string(v)
	case severity:
		e.string(string(v))
	case time.Time:
		e.time(v)
	case time.Duration:
		e.string(v.String())
	case []any:
		e.list(v, depth)
	case map[string]any:
		e.object(v, depth)
	default:
		e.fault = "the result is no JSON value"
	}
	if len(e.out) > e.limit && e.fault == "" {
		e.fault = "the result has more than " + strconv.Itoa(e.limit) + " bytes"
	}
}

func (e *encoder) list(list []any, depth int) {
	e.out = append(e.out, '[')
	for i, item := range list {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if e.value(item, depth+1); e.fault != "" {
			return
		}
	}
	e.out = append(e.out, ']')
}

func (e *encoder) object(object map[string]any, depth int) {
	e.out = append(e.out, '{')
	for i, name := range sortedKeys(object) {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.string(name)
		e.out = append(e.out, ':')
		if e.value(object[name], depth+1); e.fault != "" {
			return
		}
	}
	e.out = append(e.out, '}')
}

func (e *encoder) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		e.fault = "the result is not a finite number"
		return
	}
	e.out = appendFloat(e.out, f)
}

// appendFloat writes f as encoding/json does: the shortest digits, an exponent only far from one.
func appendFloat(out []byte, f float64) []byte {
	if f == 0 {
		return append(out, '0') // never -0: the same number has one text
	}
	format := byte('f')
	if abs := math.Abs(f); abs < 1e-6 || abs >= 1e21 {
		format = 'e'
	}
	out = strconv.AppendFloat(out, f, format, -1, 64)
	if n := len(out); format == 'e' && n >= 4 && out[n-4] == 'e' && out[n-3] == '-' && out[n-2] == '0' {
		out[n-2] = out[n-1] // e-09 to e-9
		out = out[:n-1]
	}
	return out
}

func (e *encoder) time(t time.Time) {
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		e.fault = "the result is a time outside the years 0 to 9999"
		return
	}
	e.string(timeText(t))
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (e *encoder) string(s string) {
	if len(e.out)+len(s) > e.limit {
		e.fault = "the result has more than " + strconv.Itoa(e.limit) + " bytes"
		return
	}
	e.out = appendString(e.out, s)
}

func appendString(out []byte, s string) []byte {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		out = append(out, '"')
		out = append(out, s...)
		return append(out, '"')
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return append(out, bytes.TrimRight(b.Bytes(), "\n")...)
}

func sortedKeys(object map[string]any) []string {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
