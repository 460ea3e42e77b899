package diff

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/plan"
)

// words are few, so that random plans have something in common, and some are hostile.
var words = []string{
	"", "a", "b", "c", "steps.a.output", "steps.b.output != nil", "alert.x == 1 && steps.a.status == \"ok\"", "a || b",
	"action", "approve", "choose", "set", "stop", "alert", "manual", "consequential", "read", "((", "\"", "\x00", "\u202e", "\xff", "%s%d",
}

// raws are pieces of JSON; the last few are none.
var raws = []string{"", "null", "1", `"a"`, `{"a":1,"b":[2]}`, `{"b":[2],"a":1}`, "{", "\xff", "1 2"}

const broken = 3

// source makes plans at random.
type source struct {
	*rand.Rand
	size int  // how many elements of lists may still come
	json bool // what stands for JSON is JSON
}

// of runs a test over many random plans; a failure names the seed.
func of(t *testing.T, n int, test func(t *testing.T, from *source)) {
	t.Helper()
	for seed := range n {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			test(t, &source{Rand: rand.New(rand.NewPCG(uint64(seed), 1))})
		})
	}
}

// fill sets a part of a plan at random.
func (s *source) fill(v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		n := len(raws)
		if s.json {
			n -= broken
		}
		v.SetBytes([]byte(raws[s.IntN(n)]))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(words[s.IntN(len(words))])
	case reflect.Bool:
		v.SetBool(s.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt([]int64{0, 0, 1, 2, 1000, -1, 1 << 62}[s.IntN(7)])
	case reflect.Float64:
		v.SetFloat([]float64{0, 0.5, 1}[s.IntN(3)])
	case reflect.Pointer:
		if depth < 12 && s.IntN(3) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			s.fill(v.Elem(), depth+1)
		}
	case reflect.Slice:
		for range s.IntN(4) {
			if s.size--; s.size < 0 {
				return
			}
			item := reflect.New(v.Type().Elem()).Elem()
			s.fill(item, depth+1)
			v.Set(reflect.Append(v, item))
		}
	case reflect.Struct:
		for _, i := range s.Perm(v.NumField()) { // so that the size does not always run out at the same field
			s.fill(v.Field(i), depth+1)
		}
	}
}

func (s *source) plan() *plan.Plan {
	s.size = 60 + s.IntN(200)
	var p plan.Plan
	s.fill(reflect.ValueOf(&p).Elem(), 0)
	return &p
}

func TestAnyPlanDiffersInNothingFromItself(t *testing.T) {
	t.Parallel()
	of(t, 200, func(t *testing.T, from *source) {
		p := from.plan()
		require.Empty(t, Plans(p, p))
	})
}

func TestAnyTwoPlansAreComparedAndNoDifferenceIsHidden(t *testing.T) {
	t.Parallel()
	of(t, 200, func(t *testing.T, from *source) {
		old, new := from.plan(), from.plan()
		changes := Plans(old, new)
		if canonical(old, nil) != canonical(new, nil) {
			require.NotEmpty(t, changes)
		}
		for _, c := range changes {
			require.NotEmpty(t, c.Kind)
			require.Contains(t, []Severity{Safety, Behaviour, Cosmetic}, c.Severity)
			require.NotContains(t, c.Sentence, "\x00")
			require.NotContains(t, c.Sentence, "\u202e")
			require.LessOrEqual(t, len([]rune(c.Sentence)), maxSentence)
		}
	})
}

func TestOneChangeAnywhereInARandomPlanIsReported(t *testing.T) {
	t.Parallel()
	changed := 0
	of(t, 50, func(t *testing.T, from *source) {
		old, new := &plan.Plan{}, &plan.Plan{}
		from.json = true
		text, err := from.plan().Encode()
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, old))
		require.NoError(t, json.Unmarshal(text, new))
		require.Empty(t, Plans(old, new))
		all := mutations(reflect.ValueOf(new).Elem(), "Plan", "plan", func(root reflect.Value) reflect.Value { return root })
		m := all[from.IntN(len(all))]
		m.apply(reflect.ValueOf(new).Elem())
		if canonical(old, nil) != canonical(new, nil) {
			changed++
			require.NotEmpty(t, Plans(old, new), m.place)
		}
	})
	require.Positive(t, changed)
}

func TestTwoStepsThatChangePlacesAreReported(t *testing.T) {
	t.Parallel()
	of(t, 200, func(t *testing.T, from *source) {
		n := 2 + from.IntN(8)
		old, new := plan.Plan{}, plan.Plan{}
		for i := range n {
			old.Steps = append(old.Steps, plan.Step{ID: fmt.Sprintf("s%d", i), Verb: "set", Set: []plan.Field{{Name: "x"}}})
		}
		new.Steps = append(new.Steps, old.Steps...)
		i := from.IntN(n - 1)
		j := i + 1 + from.IntN(n-1-i)
		new.Steps[i], new.Steps[j] = new.Steps[j], new.Steps[i]
		changes := Plans(&old, &new)
		require.NotEmpty(t, changes)
		require.LessOrEqual(t, len(changes), 2)
		for _, c := range changes {
			require.Equal(t, "step.moved", c.Kind)
		}
	})
}
