package expr

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var timeFunctions = map[string]function{
	"now": {result: always(Time()), call: func(c call) any { return c.r.scope.now }},
	"ago": {params: []param{aDuration}, result: always(Time()), call: func(c call) any {
		return c.r.scope.now.Add(-max(c.args[0].(time.Duration), -math.MaxInt64))
	}},
	"duration": {params: []param{aDuration}, result: always(Duration()), call: func(c call) any { return c.args[0] }},
	"date":     {params: []param{{kinds: kTime | kString}, aText}, optional: 1, result: always(Time()), call: parseTime},
	"parse_time": {params: []param{{kinds: kTime | kString | kNumber}, aText}, optional: 1, result: always(Time()),
		call: parseTime},
	"format_time": {params: []param{aTime, aText}, result: always(String()), call: formatTime},
	"timezone": {params: []param{aText}, result: always(Any()), call: func(c call) any {
		c.fail("time zones are not supported, as their rules change; every time is in UTC")
		return nil
	}},
}

// methods are what can be called on a time or a duration, named as in Go. Their first param is the receiver.
var methods = map[string]function{
	"Year":      timePart(func(t time.Time) int { return t.Year() }),
	"Month":     timePart(func(t time.Time) int { return int(t.Month()) }),
	"Day":       timePart(func(t time.Time) int { return t.Day() }),
	"Hour":      timePart(func(t time.Time) int { return t.Hour() }),
	"Minute":    timePart(func(t time.Time) int { return t.Minute() }),
	"Second":    timePart(func(t time.Time) int { return t.Second() }),
	"Weekday":   timePart(func(t time.Time) int { return int(t.Weekday()) }),
	"YearDay":   timePart(func(t time.Time) int { return t.YearDay() }),
	"Unix":      {params: []param{aTime}, result: always(Integer()), call: func(c call) any { return c.time(0).Unix() }},
	"UnixMilli": {params: []param{aTime}, result: always(Integer()), call: func(c call) any { return c.time(0).UnixMilli() }},
	"UTC":       {params: []param{aTime}, result: always(Time()), call: func(c call) any { return c.time(0).UTC() }},
	"Format":    {params: []param{aTime, aText}, result: always(String()), call: formatTime},
	"Add": {params: []param{aTime, aDuration}, result: always(Time()), call: func(c call) any {
		return c.time(0).Add(c.args[1].(time.Duration))
	}},
	"Sub": {params: []param{aTime, aTime}, result: always(Duration()), call: func(c call) any {
		return c.time(0).Sub(c.time(1))
	}},
	"Before": {params: []param{aTime, aTime}, null: false, result: always(Bool()), call: func(c call) any { return c.time(0).Before(c.time(1)) }},
	"After":  {params: []param{aTime, aTime}, null: false, result: always(Bool()), call: func(c call) any { return c.time(0).After(c.time(1)) }},
	"Equal":  {params: []param{aTime, aTime}, null: false, result: always(Bool()), call: func(c call) any { return c.time(0).Equal(c.time(1)) }},
	"Truncate": {params: []param{aTime, aDuration}, result: always(Time()), call: func(c call) any {
		return c.time(0).Truncate(c.args[1].(time.Duration))
	}},
	"Hours":        spanPart(Number(), func(d time.Duration) any { return d.Hours() }),
	"Minutes":      spanPart(Number(), func(d time.Duration) any { return d.Minutes() }),
	"Seconds":      spanPart(Number(), func(d time.Duration) any { return d.Seconds() }),
	"Milliseconds": spanPart(Integer(), func(d time.Duration) any { return d.Milliseconds() }),
}

func timePart(of func(time.Time) int) function {
	return function{params: []param{aTime}, result: always(Integer()), call: func(c call) any {
		return int64(of(c.time(0).UTC()))
	}}
}

func spanPart(t Type, of func(time.Duration) any) function {
	return function{params: []param{aDuration}, result: always(t), call: func(c call) any {
		return of(c.args[0].(time.Duration))
	}}
}

// layouts are the forms of time that parse_time knows. None has the name of a zone but UTC and GMT: what the other
// names mean depends on where one is.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02 15:04:05.999999999 UTC",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04",
	"2006-01-02",
	"2006/01/02 15:04:05",
	"Mon, 2 Jan 2006 15:04:05 -0700",
	"Mon, 2 Jan 2006 15:04:05 GMT",
	"2 Jan 2006 15:04:05 -0700",
	"02/Jan/2006:15:04:05 -0700",
	"Mon Jan _2 15:04:05 2006",
	"20060102T150405Z",
}

// parseTime reads a time: by a layout, in one of the known forms, or from seconds or milliseconds since 1970.
func parseTime(c call) any {
	switch v := c.args[0].(type) {
	case time.Time:
		return v
	case int64:
		return c.epoch(float64(v), v)
	case float64:
		return c.epoch(v, int64(v))
	}
	text := strings.TrimSpace(c.text(0))
	if len(text) > 100 {
		c.fail("the text is not a time")
	}
	c.r.spend(c.n, 20)
	if c.has(1) {
		if strings.Contains(c.text(1), "MST") {
			c.fail("the layout must not hold MST: names of zones have no fixed meaning; use -0700")
		}
		t, err := time.ParseInLocation(c.text(1), text, time.UTC)
		if err != nil {
			c.fail("the text does not fit the layout")
		}
		return t.UTC()
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return t.UTC()
		}
	}
	if c.name == "parse_time" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return c.epoch(float64(n), n)
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return c.epoch(f, int64(f))
		}
	}
	c.fail("the text is not a time in a known form (give its layout as the second argument, as in Go: \"2006-01-02 15:04\")")
	return nil
}

// epoch is a time since 1970, in seconds, or in milliseconds when seconds would lie after the year 5138.
func (c call) epoch(number float64, whole int64) time.Time {
	const seconds, milliseconds = 1e11, 1e14
	switch {
	case math.IsNaN(number) || math.Abs(number) >= milliseconds:
		c.fail("the number is no time in seconds or milliseconds since 1970")
	case math.Abs(number) >= seconds:
		return time.UnixMilli(whole).UTC()
	}
	fraction := math.Round((number - math.Trunc(number)) * 1e6)
	return time.Unix(whole, int64(fraction)*1000).UTC()
}

func formatTime(c call) any {
	if len(c.text(1)) > 200 {
		c.fail("the layout is too long")
	}
	c.r.spend(c.n, 10)
	return c.time(0).UTC().Format(c.text(1))
}

func validDuration(text string) error {
	_, err := parseDuration(text)
	return err
}

// parseDuration reads 1h30m, and beside Go's units whole or broken days (d) and weeks (w) in front.
func parseDuration(text string) (time.Duration, error) {
	wrong := errors.New(`must be a duration such as "30s", "15m", "24h", "7d" or "2w"`)
	rest, negative := strings.CutPrefix(strings.TrimSpace(text), "-")
	if rest == "" || len(rest) > 40 || strings.ContainsAny(rest, "+-") {
		return 0, wrong
	}
	total := int64(0)
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		count, after, found := strings.Cut(rest, unit.name)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil {
			return 0, wrong
		}
		part, fits := multiplyFits(n, int64(unit.size))
		if !fits {
			return 0, errors.New("is too long a duration")
		}
		if total, fits = addFits(total, part); !fits {
			return 0, errors.New("is too long a duration")
		}
		rest = after
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return 0, wrong
		}
		var fits bool
		if total, fits = addFits(total, int64(d)); !fits {
			return 0, errors.New("is too long a duration")
		}
	}
	if negative {
		total = -total
	}
	return time.Duration(total), nil
}
