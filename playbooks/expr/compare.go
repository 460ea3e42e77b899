package expr

import (
	"cmp"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// textOf is the text of what is a string in JSON.
func textOf(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case severity:
		return string(v), true
	case time.Time:
		return timeText(v), true
	}
	return "", false
}

// keyText is a value as the name of an object's member.
func keyText(value any) (string, bool) {
	switch v := value.(type) {
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return string(appendFloat(nil, v)), true
	case digits:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return textOf(value)
}

// whole is a number without a fraction.
func whole(value any) (int64, bool) {
	switch v := value.(type) {
	case int64:
		return v, true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), true
		}
	}
	return 0, false
}

// asFloat is a number as a float64.
func asFloat(value any) (float64, bool) {
	switch v := value.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// instant is the time that a value is or, being a string, names in RFC 3339.
func instant(value any) (time.Time, bool) {
	switch v := value.(type) {
	case time.Time:
		return v, true
	case string:
		return timestamp(v)
	}
	return time.Time{}, false
}

// timestamp reads RFC 3339, quick to see that a text is something else.
func timestamp(text string) (time.Time, bool) {
	if len(text) < len("2006-01-02T15:04:05Z") || len(text) > 40 || text[4] != '-' || text[7] != '-' || text[10] != 'T' {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(time.RFC3339Nano, text, time.UTC)
	return t.UTC(), err == nil
}

// equal tells whether two values are the same: numbers by value, times by instant, lists and objects by their
// elements. Values of different sorts differ.
func (r *run) equal(n ast.Node, a, b any) bool {
	r.spend(n, 1)
	switch x := a.(type) {
	case nil:
		return b == nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case int64:
		if y, ok := b.(int64); ok {
			return x == y
		}
	case string:
		if y, ok := b.(string); ok {
			return r.sameText(n, x, y)
		}
	case time.Duration:
		y, ok := b.(time.Duration)
		return ok && x == y
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !r.equal(n, x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for _, name := range sortedKeys(x) { // in order, so that the steps are always the same
			other, ok := y[name]
			if !ok || !r.equal(n, x[name], other) {
				return false
			}
		}
		return true
	}
	if kindOf(a)&kNumber != 0 && kindOf(b)&kNumber != 0 {
		c, fault := compareNumbers(a, b)
		return fault == "" && c == 0
	}
	if kindOf(a)&kText != 0 && kindOf(b)&kText != 0 {
		if x, ok := a.(time.Time); ok {
			y, ok := instant(b)
			return ok && x.Equal(y)
		}
		if y, ok := b.(time.Time); ok {
			x, ok := instant(a)
			return ok && x.Equal(y)
		}
		x, _ := textOf(a)
		y, _ := textOf(b)
		return x == y
	}
	return false
}

func (r *run) sameText(n ast.Node, x, y string) bool {
	if x == y {
		r.read(n, len(x))
		return true
	}
	a, ok := timestamp(x)
	if !ok {
		return false
	}
	b, ok := timestamp(y)
	return ok && a.Equal(b)
}

// compare orders two values of one sort; fault says why they have no order.
func (r *run) compare(n ast.Node, a, b any) (order int, fault string) {
	r.spend(n, 1)
	ka, kb := kindOf(a), kindOf(b)
	switch {
	case ka&kNumber != 0 && kb&kNumber != 0:
		return compareNumbers(a, b)
	case ka == kDuration && kb == kDuration:
		return cmp.Compare(a.(time.Duration), b.(time.Duration)), ""
	case ka == kTime || kb == kTime:
		x, ok := instant(a)
		y, alsoOK := instant(b)
		if ok && alsoOK {
			return x.Compare(y), ""
		}
		if ka&kText != 0 && kb&kText != 0 {
			return 0, "a time cannot be compared with a string that is no RFC 3339 timestamp (read it with parse_time())"
		}
	case ka&kText != 0 && kb&kText != 0:
		x, _ := textOf(a)
		y, _ := textOf(b)
		r.read(n, min(len(x), len(y)))
		return compareTexts(x, y, ka == kSeverity || kb == kSeverity)
	}
	return 0, article(a) + " cannot be compared with " + article(b)
}

func compareTexts(x, y string, severities bool) (int, string) {
	a, ok := severityRank(x)
	b, alsoOK := severityRank(y)
	if ok && alsoOK {
		return cmp.Compare(a, b), ""
	}
	if severities {
		return 0, "a severity cannot be compared with a string that is none; they are unknown, informational, low, medium, high, critical and fatal"
	}
	if s, ok := timestamp(x); ok {
		if t, ok := timestamp(y); ok {
			return s.Compare(t), ""
		}
	}
	return strings.Compare(x, y), ""
}

func compareNumbers(a, b any) (int, string) {
	x, isInt := a.(int64)
	y, alsoInt := b.(int64)
	if isInt && alsoInt {
		return cmp.Compare(x, y), ""
	}
	f, isFloat := a.(float64)
	g, alsoFloat := b.(float64)
	if isFloat && alsoFloat {
		return cmp.Compare(f, g), ""
	}
	const exact = 1 << 53
	if isInt && alsoFloat && x > -exact && x < exact {
		return cmp.Compare(float64(x), g), ""
	}
	if isFloat && alsoInt && y > -exact && y < exact {
		return cmp.Compare(f, float64(y)), ""
	}
	p, ok := rational(a)
	q, alsoOK := rational(b)
	if !ok || !alsoOK {
		return 0, "the number is too large to compare"
	}
	return p.Cmp(q), ""
}

// rational is a number exactly; not one with thousands of digits, which would take long.
func rational(value any) (*big.Rat, bool) {
	switch v := value.(type) {
	case int64:
		return new(big.Rat).SetInt64(v), true
	case float64:
		out := new(big.Rat).SetFloat64(v)
		return out, out != nil
	case digits:
		if len(v) > 400 || strings.ContainsAny(string(v), ".eE") {
			return nil, false
		}
		return new(big.Rat).SetString(string(v))
	}
	return nil, false
}
