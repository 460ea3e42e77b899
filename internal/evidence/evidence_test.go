package evidence_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/audit/chain"
	"picket/internal/evidence"
	"picket/internal/soc"
)

type documents map[string][]byte

func (d documents) Get(_ context.Context, digest string) ([]byte, error) {
	if data, ok := d[digest]; ok {
		return data, nil
	}
	return nil, soc.Errorf(soc.NotFound, "there is no %s", digest)
}

func pack(t *testing.T) []byte {
	t.Helper()
	e := soc.LedgerEntry{
		Seq: 7, RunID: "run_1", Key: "k", Kind: "step.finished", At: time.Now().UTC(), Body: json.RawMessage(`{"b":1,  "a":"<b>&"}`), Prev: strings.Repeat("0", 64),
	}
	e.Digest = chain.Digest(e)
	var out bytes.Buffer
	require.NoError(t, evidence.Write(t.Context(), &out, evidence.Pack{
		Run: soc.Run{ID: "run_1"}, Plan: json.RawMessage(`{}`), Source: "name: x\n", Entries: []soc.LedgerEntry{e}, Documents: []string{"abc"},
	}, documents{"abc": []byte("history")}))
	return out.Bytes()
}

// rewrite changes the files of a pack; nil leaves one out.
func rewrite(t *testing.T, data []byte, change func(name string, data []byte) []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		if text = change(f.Name, text); text == nil {
			continue
		}
		to, err := w.Create(f.Name)
		require.NoError(t, err)
		_, err = to.Write(text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestAPackIsCheckedWithoutTheWorkspace(t *testing.T) {
	t.Parallel()
	verify := func(data []byte) (evidence.Checked, error) {
		return evidence.Verify(bytes.NewReader(data), int64(len(data)))
	}
	whole := pack(t)
	checked, err := verify(whole)
	require.NoError(t, err)
	require.Equal(t, evidence.Checked{Files: 7, Entries: 1}, checked)
	for says, change := range map[string]func(name string, data []byte) []byte{
		"was changed: its SHA-256": func(name string, data []byte) []byte {
			if name == "run.json" {
				return []byte(strings.Replace(string(data), "run_1", "run_2", 1))
			}
			return data
		},
		"is listed and not there": func(name string, data []byte) []byte {
			if name == "archive/abc" {
				return nil
			}
			return data
		},
		"is not listed": func(name string, data []byte) []byte {
			if name == "SHA256SUMS" {
				return []byte(strings.Join(strings.SplitAfter(string(data), "\n")[1:], ""))
			}
			return data
		},
	} {
		_, err := verify(rewrite(t, whole, change))
		require.ErrorContains(t, err, says)
		require.Equal(t, soc.Conflict, soc.KindOf(err))
	}
	_, err = verify([]byte("no zip"))
	require.Equal(t, soc.Invalid, soc.KindOf(err))
	err = evidence.Write(t.Context(), io.Discard, evidence.Pack{Documents: []string{"gone"}}, documents{})
	require.Equal(t, soc.NotFound, soc.KindOf(err))
}

func TestAnEntryThatWasChangedIsNamed(t *testing.T) {
	t.Parallel()
	e := soc.LedgerEntry{Seq: 9, RunID: "run_1", Key: "k", Kind: "x", At: time.Now().UTC(), Body: json.RawMessage(`{}`), Digest: "made up"}
	var out bytes.Buffer
	require.NoError(t, evidence.Write(t.Context(), &out, evidence.Pack{Entries: []soc.LedgerEntry{e}}, documents{}))
	_, err := evidence.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.ErrorContains(t, err, "entry 9 was changed")
}
