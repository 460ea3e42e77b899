package expr

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryFunctionAndMethodHasAReferenceWithAnExample(t *testing.T) {
	t.Parallel()
	want := Functions()
	for _, name := range sortedNames(methods) {
		want = append(want, "."+name)
	}
	var got []string
	for _, r := range References() {
		got = append(got, r.Name)
		if r.Name == "timezone" {
			continue
		}
		_, problems := Check(r.Example, NewEnv(nil))
		require.Empty(t, problems, r.Name)
		_, err := Eval(r.Example, NewScope(nil, time.Unix(0, 0)))
		require.NoError(t, err, r.Name)
		require.Contains(t, r.Example, r.Name)
	}
	require.Equal(t, want, got)
}
