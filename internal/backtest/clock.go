package backtest

import (
	"bytes"
	"encoding/json"
	"time"
)

// sameButClock tells whether two documents are the same but for times that lie apart no further than a tolerance: a
// rehearsal's clock stands while a real call took its seconds, and what is computed from it differs by that.
func sameButClock(a, b json.RawMessage, tolerance time.Duration) bool {
	x, err := decode(a)
	if err != nil {
		return false
	}
	y, err := decode(b)
	return err == nil && alike(x, y, tolerance)
}

func decode(text json.RawMessage) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

func alike(a, b any, tolerance time.Duration) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for name, value := range x {
			other, there := y[name]
			if !there || !alike(value, other, tolerance) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !alike(x[i], y[i], tolerance) {
				return false
			}
		}
		return true
	case string:
		y, ok := b.(string)
		return ok && (x == y || near(x, y, tolerance))
	}
	return a == b
}

func near(a, b string, tolerance time.Duration) bool {
	x, err := time.Parse(time.RFC3339Nano, a)
	if err != nil {
		return false
	}
	y, err := time.Parse(time.RFC3339Nano, b)
	return err == nil && x.Sub(y).Abs() <= tolerance
}
