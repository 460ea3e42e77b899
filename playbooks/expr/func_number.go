package expr

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

var numberFunctions = map[string]function{
	"int":   {params: []param{{kinds: kNumber | kString}}, result: always(Integer()), call: toInt},
	"float": {params: []param{{kinds: kNumber | kString}}, result: always(Number()), call: toFloat},
	"abs": {params: []param{aNumber}, result: likeFirst, call: func(c call) any {
		if i, ok := c.args[0].(int64); ok {
			if i == math.MinInt64 {
				c.fail("the number is too large")
			}
			return max(i, -i)
		}
		return math.Abs(c.args[0].(float64))
	}},
	"ceil":   rounding(math.Ceil),
	"floor":  rounding(math.Floor),
	"round":  rounding(math.Round),
	"max":    {params: []param{anything}, variadic: true, result: extremeType, call: func(c call) any { return c.extreme(c.args, nil, 1) }},
	"min":    {params: []param{anything}, variadic: true, result: extremeType, call: func(c call) any { return c.extreme(c.args, nil, -1) }},
	"mean":   {params: []param{{kinds: kNumber | kList | kNull}}, variadic: true, result: always(Number()), call: mean},
	"median": {params: []param{{kinds: kNumber | kList | kNull}}, variadic: true, result: always(Number()), call: median},

	"bitand":  bits(func(_ call, a, b int64) int64 { return a & b }),
	"bitor":   bits(func(_ call, a, b int64) int64 { return a | b }),
	"bitxor":  bits(func(_ call, a, b int64) int64 { return a ^ b }),
	"bitnand": bits(func(_ call, a, b int64) int64 { return a &^ b }),
	"bitshl":  bits(func(c call, a, b int64) int64 { return a << c.shift(b) }),
	"bitshr":  bits(func(c call, a, b int64) int64 { return a >> c.shift(b) }),
	"bitushr": bits(func(c call, a, b int64) int64 { return int64(uint64(a) >> c.shift(b)) }),
	"bitnot":  {params: []param{aWhole}, result: always(Integer()), call: func(c call) any { return ^c.int(0) }},
}

func rounding(f func(float64) float64) function {
	return function{params: []param{aNumber}, result: always(Number()), call: func(c call) any {
		if i, ok := c.args[0].(int64); ok {
			return i
		}
		return f(c.args[0].(float64))
	}}
}

func bits(f func(c call, a, b int64) int64) function {
	return function{params: []param{aWhole, aWhole}, result: always(Integer()), call: func(c call) any {
		return f(c, c.int(0), c.int(1))
	}}
}

func (c call) shift(by int64) uint {
	if by < 0 {
		c.fail("the shift must not be negative")
	}
	return uint(min(by, 64))
}

func toInt(c call) any {
	switch v := c.args[0].(type) {
	case int64:
		return v
	case float64:
		if math.IsNaN(v) || v >= math.MaxInt64 || v <= math.MinInt64 {
			c.fail("the number is too large")
		}
		return int64(v)
	}
	i, err := strconv.ParseInt(strings.TrimSpace(c.text(0)), 10, 64)
	if err != nil {
		c.fail("the text is not a whole number")
	}
	return i
}

func toFloat(c call) any {
	if f, ok := asFloat(c.args[0]); ok {
		return f
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(c.text(0)), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		c.fail("the text is not a number")
	}
	return f
}

func extremeType(args []Type) Type {
	out := Null() // of no values
	for _, arg := range args {
		for arg.kinds&kList != 0 {
			elem := arg.Elem()
			arg.kinds &^= kList
			arg.elem = nil
			out = union(out, arg)
			arg = elem
			if elem.IsAny() {
				break
			}
		}
		out = union(out, arg)
	}
	if len(args) > 0 && !slices.ContainsFunc(args, func(t Type) bool { return t.kinds&(kNull|kList) != 0 }) {
		return out.Required()
	}
	return out
}

// extreme is the largest (sign 1) or smallest (-1) of all that stands in values and the lists in them. Null counts
// for nothing; of no values at all it is null.
func (c call) extreme(values []any, best any, sign int) any {
	for _, value := range values {
		c.r.spend(c.n, 1)
		if list, ok := value.([]any); ok {
			best = c.extreme(list, best, sign)
			continue
		}
		if value == nil {
			continue
		}
		if kindOf(value)&(kBool|kObject) != 0 {
			c.fail("%s has no order", article(value))
		}
		if best == nil {
			best = value
			continue
		}
		order, fault := c.r.compare(c.n, value, best)
		if fault != "" {
			c.fail("%s", fault)
		}
		if order*sign > 0 {
			best = value
		}
	}
	return best
}

// numbers collects the numbers in values and the lists in them.
func (c call) numbers(out []float64, values []any) []float64 {
	for _, value := range values {
		c.r.grow(c.n, slot)
		switch v := value.(type) {
		case nil:
		case []any:
			out = c.numbers(out, v)
		default:
			f, ok := asFloat(v)
			if !ok {
				c.fail("numbers are needed, not %s", article(v))
			}
			out = append(out, f)
		}
	}
	return out
}

func mean(c call) any {
	numbers := c.numbers(nil, c.args)
	if len(numbers) == 0 {
		return 0.0
	}
	total := 0.0
	for _, f := range numbers {
		total += f
	}
	return total / float64(len(numbers))
}

func median(c call) any {
	numbers := c.numbers(nil, c.args)
	if len(numbers) == 0 {
		return 0.0
	}
	sort.Float64s(numbers)
	c.r.spend(c.n, len(numbers))
	middle := len(numbers) / 2
	if len(numbers)%2 == 1 {
		return numbers[middle]
	}
	return (numbers[middle-1] + numbers[middle]) / 2
}
