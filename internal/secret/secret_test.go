package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASecretNeverPrints(t *testing.T) {
	t.Parallel()
	const value = "hunter2-hunter2"
	s := New(value)
	type outer struct {
		Open   Secret
		hidden Secret
		list   []Secret
		byName map[string]Secret
	}
	o := outer{Open: s, hidden: s, list: []Secret{s}, byName: map[string]Secret{"a": s}}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		fmt.Fprintf(&b, verb+"\n", s)
		fmt.Fprintf(&b, verb+"\n", &s)
		fmt.Fprintf(&b, verb+"\n", o)
		fmt.Fprintf(&b, verb+"\n", &o)
	}
	text, err := json.Marshal(map[string]any{"s": s, "o": o})
	require.NoError(t, err)
	b.Write(text)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "s", s, "o", o)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "s", s, "o", o)
	fmt.Fprint(&b, fmt.Errorf("call: %v", s))
	require.NotContains(t, b.String(), value)
	require.NotContains(t, b.String(), fmt.Sprintf("%x", value))
	require.Contains(t, b.String(), Masked)
	require.Equal(t, value, s.Reveal())
}

func TestASecretIsReadFromTextButNeverFromItsMask(t *testing.T) {
	t.Parallel()
	var in struct{ Token Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"Token":"abc"}`), &in))
	require.Equal(t, "abc", in.Token.Reveal())
	require.Error(t, json.Unmarshal([]byte(`{"Token":"<secret>"}`), &in))
	require.True(t, Secret{}.Empty())
	require.Empty(t, New("").String())
	require.Empty(t, Secret{}.Reveal())
}
