package expr

import (
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/expr-lang/expr/ast"
)

// function is one function of the language. The checker and the evaluator read the same table, so they agree.
type function struct {
	params   []param
	optional int  // how many of the last params may be left out
	variadic bool // the last param may repeat
	result   func(args []Type) Type
	call     func(c call) any
	// null is what a null first argument gives, when the first param does not take null itself.
	null any
}

// param is one parameter. valid, if set, checks a text; constant texts are checked before anything runs.
type param struct {
	kinds kind
	valid func(string) error
}

// call is one call of a function, with its arguments checked and converted to what the params ask for.
type call struct {
	r    *run
	n    ast.Node
	name string
	args []any
}

func (c call) fail(format string, args ...any) {
	c.r.fail(c.n, c.name+": "+format, args...)
}

func (c call) text(i int) string           { return c.args[i].(string) }
func (c call) int(i int) int64             { return c.args[i].(int64) }
func (c call) list(i int) []any            { return c.args[i].([]any) }
func (c call) time(i int) time.Time        { return c.args[i].(time.Time) }
func (c call) has(i int) bool              { return i < len(c.args) }
func (c call) object(i int) map[string]any { return c.args[i].(map[string]any) }

// functions are all functions but those that take a predicate; see predicate.go.
var functions = merge(textFunctions, listFunctions, numberFunctions, timeFunctions, patternFunctions, indicatorFunctions, networkFunctions)

var functionNames = append(sortedNames(functions), predicateNames...)

// Functions are the names of all functions, sorted, as an editor offers them.
func Functions() []string {
	names := append([]string(nil), functionNames...)
	sort.Strings(names)
	return names
}

func merge(tables ...map[string]function) map[string]function {
	all := make(map[string]function)
	for _, table := range tables {
		for name, f := range table {
			if _, twice := all[name]; twice {
				panic("expr: two functions " + name)
			}
			all[name] = f
		}
	}
	return all
}

func sortedNames[V any](table map[string]V) []string {
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// arity says what is wrong with a number of arguments.
func (f function) arity(got int) string {
	least, most := len(f.params)-f.optional, len(f.params)
	switch {
	case got >= least && (f.variadic || got <= most):
		return ""
	case f.variadic:
		return fmt.Sprintf("at least %s needed, not %d", plural(least), got)
	case least != most:
		return fmt.Sprintf("%d to %d arguments are needed, not %d", least, most, got)
	}
	return fmt.Sprintf("%s needed, not %d", plural(least), got)
}

func plural(arguments int) string {
	if arguments == 1 {
		return "1 argument is"
	}
	return strconv.Itoa(arguments) + " arguments are"
}

func (f function) param(i int) param {
	return f.params[min(i, len(f.params)-1)]
}

// apply calls f with values.
func (f function) apply(r *run, n ast.Node, name string, values []any) any {
	if wrong := f.arity(len(values)); wrong != "" {
		r.fail(n, "%s: %s", name, wrong)
	}
	if len(values) > 0 && values[0] == nil && f.params[0].kinds&kNull == 0 && !f.variadic {
		return f.null
	}
	c := call{r: r, n: n, name: name, args: values}
	for i, value := range values {
		p := f.param(i)
		converted, fault := convert(value, p.kinds)
		if fault != "" {
			c.fail("argument %d %s", i+1, fault)
		}
		values[i] = converted
	}
	return f.call(c)
}

// convert makes of a value what a param of these kinds takes.
func convert(value any, kinds kind) (converted any, fault string) {
	k := kindOf(value)
	if _, large := value.(digits); large && kinds != kAny {
		return nil, "is a number too large to compute with"
	}
	if k&kinds != 0 && k&kNumber == 0 {
		if word, ok := value.(severity); ok && kinds != kAny {
			return string(word), ""
		}
		return value, ""
	}
	switch {
	case k == kInt && kinds&kInt != 0, k == kFloat && kinds&kFloat != 0, k&kNumber != 0 && kinds&kAny == kAny:
		return value, ""
	case k == kFloat && kinds&kInt != 0:
		if i, ok := whole(value); ok {
			return i, ""
		}
		return nil, "must be a whole number"
	case k == kInt && kinds&kFloat != 0:
		return float64(value.(int64)), ""
	case k == kString && kinds&kTime != 0:
		if t, ok := timestamp(value.(string)); ok {
			return t, ""
		}
		return nil, "must be a time; the string is no RFC 3339 timestamp (read it with parse_time())"
	case k == kString && kinds&kDuration != 0:
		d, err := parseDuration(value.(string))
		if err != nil {
			return nil, err.Error()
		}
		return d, ""
	case k&kText != 0 && kinds&kString != 0:
		text, _ := textOf(value)
		return text, ""
	}
	return nil, "must be " + Type{kinds: kinds}.String() + ", not " + article(value)
}

// accepts are the static kinds that a param of these kinds can take, given that JSON has no times and durations.
func accepts(kinds kind) kind {
	if kinds&kString != 0 {
		kinds |= kText
	}
	if kinds&(kTime|kDuration) != 0 {
		kinds |= kString
	}
	if kinds&kTime != 0 {
		kinds |= kText
	}
	if kinds&kNumber != 0 {
		kinds |= kNumber
	}
	return kinds
}

// always is the result of a function that does not depend on its arguments.
func always(t Type) func([]Type) Type {
	return func([]Type) Type { return t }
}

func likeFirst(args []Type) Type { return args[0].Required() }

func elemOfFirst(args []Type) Type {
	if args[0].kinds&kList == 0 {
		return Any()
	}
	return Optional(args[0].Elem())
}

// The params that most functions have.
var (
	aText     = param{kinds: kString}
	aList     = param{kinds: kList}
	aWhole    = param{kinds: kInt}
	aNumber   = param{kinds: kNumber}
	anObject  = param{kinds: kObject}
	aTime     = param{kinds: kTime}
	aDuration = param{kinds: kDuration, valid: validDuration}
	anything  = param{kinds: kAny}
)

// textToText is a function of one text that gives a text; null gives null.
func textToText(size int, f func(string) string) function {
	return function{params: []param{aText}, result: always(String()), call: func(c call) any {
		c.r.grow(c.n, size*len(c.text(0)))
		return f(c.text(0))
	}}
}
