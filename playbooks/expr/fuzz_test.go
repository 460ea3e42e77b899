package expr

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var fuzzClock = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const fuzzDocument = `{"id":"alr_1","source":"wazuh","severity":"high","title":"Sign-in é","class_uid":2004,"time":"2026-03-04T11:00:00Z",
	"received_at":"2026-03-04T11:00:00.5Z","rule":{"id":"5710","level":10,"groups":["sshd"]},"user":{"name":"bob"},"host":{},
	"file":{},"process":{},"cloud":{},"attack":["T1078"],"labels":["a","b"],
	"mail":{"to":[],"urls":["https://evil.example/a"]},"observables":[{"type":"ip","value":"10.0.0.1"},{"type":"domain","value":"evil.example","role":"x"}],
	"raw":{"n":9007199254740993,"f":1.5,"big":123456789012345678901234567890,"l":[1,"a",null,true,{"x":[2]}]}}`

func fuzzScope() *Scope {
	return NewScope(Vars{"alert": json.RawMessage(fuzzDocument), "n": json.RawMessage(`3`)}, fuzzClock)
}

func fuzzEnv() *Env { return NewEnv(map[string]Type{"alert": AlertType(), "n": Integer()}) }

func seedSources(f *testing.F) {
	f.Helper()
	for _, source := range everything {
		f.Add(source)
	}
	for _, source := range []string{
		`alert.severity >= high && alert.user.name != "root"`, `alert?.user?.name ?? "é"`, `filter(alert.observables, .type == "ip")[0].value`,
		`let x = 1; x + n`, `1 < 2 < 3 ? {a: [1, 2][0]} : nil`, `alert.raw.l | map(type(#))`, "`raw`", `b"x"`, `#`, `$env`, `1..`, `a ?: b ?: c`, `-1 ** 2`,
		`alert.title matches "(?i)sign"`, `reduce(1..9, [#acc, #], nil)`, `"\xff"`, `1e999`, `0x`, `alert.time - ago("1d") > duration("1h")`,
		`if n > 1 { "a" } else { "b" }`, `max([[1], [2, [n]]])`, `split("a,b", ",", -5)`, `"é"[0:1]`, `[] == {}`, `alert[n]`,
	} {
		f.Add(source)
	}
}

// sound fails unless evaluation is bounded, repeatable and of the type that the check promised.
func sound(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, source string) {
	t.Helper()
	typ, problems := Check(source, fuzzEnv())
	for _, p := range problems {
		if p.Message == "" || p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > len(source) {
			t.Fatalf("%q: a problem without a place: %+v", source, p)
		}
		if strings.Contains(p.Message, "cannot be checked") {
			t.Fatalf("%q panicked in the check", source)
		}
	}
	first, err := Eval(source, fuzzScope())
	again, errAgain := Eval(source, fuzzScope())
	if (err == nil) != (errAgain == nil) || string(first) != string(again) {
		t.Fatalf("%q gave %s %v, then %s %v", source, first, err, again, errAgain)
	}
	if err != nil {
		found, ok := errors.AsType[*Error](err)
		if !ok || found.Offset < 0 || found.Length < 0 || found.Offset+found.Length > len(source) {
			t.Fatalf("%q: an error without a place: %+v", source, err)
		}
		if strings.Contains(err.Error(), "cannot be evaluated") {
			t.Fatalf("%q panicked", source)
		}
		return
	}
	if !json.Valid(first) || len(first) > MaxOutput || !utf8.Valid(first) {
		t.Fatalf("%q gave no JSON: %s", source, first)
	}
	value, err := decode(first)
	if err != nil {
		t.Fatalf("%q gave what cannot be read: %v", source, err)
	}
	if len(problems) == 0 && !conforms(value, typ) {
		t.Fatalf("%q gave %s, which is not %s", source, first, typ)
	}
}

// conforms tells whether a value, after JSON, can be of a type.
func conforms(value any, t Type) bool {
	k := kindOf(value)
	kinds := t.kinds
	if kinds&(kText|kDuration) != 0 {
		kinds |= kString
	}
	if kinds&kNumber != 0 && kinds&kFloat != 0 {
		kinds |= kInt // 4 / 2 is written 2
	}
	if k&kinds == 0 {
		return false
	}
	switch v := value.(type) {
	case string:
		if t.kinds&kText == kString && t.enum != nil && t.kinds&kDuration == 0 {
			return slices.Contains(t.enum, v)
		}
	case []any:
		for _, item := range v {
			if t.elem != nil && !conforms(item, *t.elem) {
				return false
			}
		}
	case map[string]any:
		for name, member := range v {
			if want, ok := t.fields[name]; ok && !conforms(member, want) {
				return false
			} else if !ok && t.fields != nil && !t.open {
				return false
			}
		}
	}
	return true
}

func FuzzEval(f *testing.F) {
	seedSources(f)
	f.Fuzz(func(t *testing.T, source string) { sound(t, source) })
}

func FuzzCheck(f *testing.F) {
	seedSources(f)
	f.Fuzz(func(t *testing.T, source string) {
		env := fuzzEnv()
		first, problems := Check(source, env)
		again, problemsAgain := Check(source, env)
		require.Equal(t, first.String(), again.String())
		require.Equal(t, problems, problemsAgain)
		refs, err := Refs(source)
		if err != nil {
			require.NotEmpty(t, problems)
			return
		}
		for _, r := range refs {
			require.NotEmpty(t, r.Path)
			require.True(t, r.Offset >= 0 && r.Length > 0 && r.Offset+r.Length <= len(source))
			require.True(t, strings.HasPrefix(source[r.Offset:], r.Path[0]), "%q at %d", r.Path, r.Offset)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"", "a ${{ b }} c", "${{a}}${{b}}", "$${{ x }}", "${{ \"}}\" }}", "${{ {a: {}} }}", "${{", "}}", "é${{ 'é' }}", "${{ `\\` }}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		segments, err := Template(text)
		if err != nil {
			return
		}
		end := 0
		for _, s := range segments {
			require.True(t, s.Offset >= end && s.Offset <= len(text))
			require.True(t, (s.Text == "") != (s.Expr == ""))
			if s.Expr != "" {
				require.True(t, strings.HasPrefix(text[s.Offset:], s.Expr))
				require.Equal(t, strings.TrimSpace(s.Expr), s.Expr)
				end = s.Offset + len(s.Expr)
			}
		}
		if !strings.Contains(text, "${{") && text != "" {
			require.Equal(t, []Segment{{Text: text}}, segments)
		}
	})
}

func FuzzScope(f *testing.F) {
	f.Add(`{"a": {"b": 1}}`, "a", "b")
	f.Add(`{"a": {"b": "\"}"}, "\u0061": {"b": 2}}`, "a", "b")
	f.Add(`{"é": [], "a": null}`, "é", "x")
	f.Fuzz(func(t *testing.T, document, one, two string) {
		if !json.Valid([]byte(document)) || !utf8.ValidString(one) || !utf8.ValidString(two) {
			return
		}
		quote := func(s string) string { out, _ := json.Marshal(s); return string(out) }
		path := "[" + quote(one) + "][" + quote(two) + "]"
		vars := Vars{"x": json.RawMessage(document)}
		lazy, lazyErr := Eval("x"+path, NewScope(vars, fuzzClock))
		eager, eagerErr := Eval("let y = x; y"+path, NewScope(vars, fuzzClock))
		if lazyErr == nil && eagerErr != nil && strings.Contains(eagerErr.Error(), "nested deeper") {
			return // what was not read may be deep
		}
		require.Equal(t, eagerErr == nil, lazyErr == nil, "%v %v", eagerErr, lazyErr)
		require.Equal(t, string(eager), string(lazy))
	})
}

// Expressions made of the language's parts, so that most of them parse, unlike those of the fuzzer.
func TestMadeUpExpressionsAreSound(t *testing.T) {
	t.Parallel()
	leaves := []string{
		`1`, `0`, `-7`, `2.5`, `"a"`, `"10.0.0.1"`, `"2026-03-04T11:00:00Z"`, `""`, `true`, `false`, `nil`, `high`, `n`, `alert.severity`, `alert.title`,
		`alert.user.name`, `alert.user.email`, `alert.time`, `alert.labels`, `alert.observables`, `alert.raw.l`, `alert.raw.n`, `alert.raw.big`, `alert.raw`,
		`alert.rule.level`, `alert.mail.to`, `now()`, `duration("1h")`, `[]`, `{}`, `1..4`, `alert.nope`, `alert.host`,
	}
	binary := []string{`+`, `-`, `*`, `/`, `%`, `**`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `&&`, `||`, `in`, `not in`, `contains`, `startsWith`, `endsWith`, `matches`, `??`, `..`}
	var made func(t *rapid.T, depth int, within bool) string
	made = func(t *rapid.T, depth int, within bool) string {
		if depth == 0 || rapid.IntRange(0, 4).Draw(t, "leaf") == 0 {
			if within && rapid.Bool().Draw(t, "pointer") {
				return rapid.SampledFrom([]string{`#`, `#index`, `.type`, `#acc`, `#.value`}).Draw(t, "which")
			}
			return rapid.SampledFrom(leaves).Draw(t, "value")
		}
		sub := func() string { return made(t, depth-1, within) }
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0, 1, 2:
			return "(" + sub() + " " + rapid.SampledFrom(binary).Draw(t, "operator") + " " + sub() + ")"
		case 3:
			return "(" + sub() + " ? " + sub() + " : " + sub() + ")"
		case 4:
			return "[" + sub() + ", " + sub() + "]"
		case 5:
			return "{a: " + sub() + ", (" + sub() + "): " + sub() + "}.a"
		case 6:
			return "(" + sub() + ")" + rapid.SampledFrom([]string{`[0]`, `[-1]`, `[1:]`, `.name`, `?.value`, `["a"]`, `.Hour()`, `.Hours()`}).Draw(t, "member")
		case 7:
			return "(let v = " + sub() + "; [v, " + sub() + "])"
		case 8:
			return rapid.SampledFrom(predicateNames).Draw(t, "predicate") + "(" + sub() + ", {" + made(t, depth-1, true) + "})"
		}
		name := rapid.SampledFrom(functionNames).Draw(t, "function")
		if isPredicate(name) {
			return "(!" + sub() + ")"
		}
		f := functions[name]
		arguments := make([]string, len(f.params)-rapid.IntRange(0, f.optional).Draw(t, "left out"))
		for i := range arguments {
			arguments[i] = sub()
		}
		return name + "(" + strings.Join(arguments, ", ") + ")"
	}
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			sound(t, made(t, 3, false))
		}
	})
}
