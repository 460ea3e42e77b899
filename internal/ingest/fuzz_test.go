package ingest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/ingest/sample"
	"picket/internal/soc"
)

// fuzz posts anything to a source: every answer is sound alerts or a refusal, and the same body gives the same keys.
func fuzz(f *testing.F, kind Kind) {
	for _, s := range sample.Alerts() {
		f.Add(s.Body)
	}
	for _, body := range []string{
		`{"rule":{"level":"x","description":["a"]}}`, `{"AlertName":"x","Entities":"[{\"$ref\":\"1\"}]"}`, `{"title":1e999999,"severity":{}}`,
		`{"type":"a:b","id":0,"service":{"action":[]}}`, "{\"title\":\"\\ud800\\u0000\"}", `[[[]]]`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		src := Source{Name: "fuzz", Kind: kind}
		got, err := Normalise(src, body, received)
		if err != nil {
			require.Empty(t, got)
			require.Equal(t, soc.Invalid, soc.KindOf(err))
			_, ok := errors.AsType[*Error](err)
			require.True(t, ok)
			return
		}
		again, err := Normalise(src, body, received)
		require.NoError(t, err)
		require.Equal(t, got, again)
		for _, n := range got {
			sound(t, n)
		}
	})
}

func FuzzGeneric(f *testing.F)   { fuzz(f, Generic) }
func FuzzWazuh(f *testing.F)     { fuzz(f, Wazuh) }
func FuzzDefender(f *testing.F)  { fuzz(f, Defender) }
func FuzzGuardDuty(f *testing.F) { fuzz(f, GuardDuty) }
