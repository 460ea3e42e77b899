package audit_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/audit"
	"picket/internal/soc"
)

func decision() soc.Decision {
	return soc.Decision{
		ID: "dec_1", ApprovalID: "apr_1", RunID: "run_1", Outcome: soc.ApprovalApproved, By: "ann", Reason: "because",
		Digest: "d", Calls: []string{"c1", "c2"}, At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("east", 3600)),
	}
}

func TestASignatureCoversEveryField(t *testing.T) {
	t.Parallel()
	s := signer(t)
	d := s.Sign(decision())
	require.NoError(t, s.Verify(d))
	same := d
	same.At = d.At.In(time.FixedZone("west", -7200))
	require.NoError(t, s.Verify(same), "the same instant elsewhere")

	for name, change := range map[string]func(*soc.Decision){
		"id":             func(d *soc.Decision) { d.ID = "dec_2" },
		"approval":       func(d *soc.Decision) { d.ApprovalID = "apr_2" },
		"run":            func(d *soc.Decision) { d.RunID = "run_2" },
		"outcome":        func(d *soc.Decision) { d.Outcome = soc.ApprovalDenied },
		"person":         func(d *soc.Decision) { d.By = "bob" },
		"reason":         func(d *soc.Decision) { d.Reason = "" },
		"digest":         func(d *soc.Decision) { d.Digest = "e" },
		"time":           func(d *soc.Decision) { d.At = d.At.Add(time.Nanosecond) },
		"a call more":    func(d *soc.Decision) { d.Calls = []string{"c1", "c2", "c3"} },
		"a call less":    func(d *soc.Decision) { d.Calls = []string{"c1"} },
		"calls in one":   func(d *soc.Decision) { d.Calls = []string{"c1c2"} },
		"calls' order":   func(d *soc.Decision) { d.Calls = []string{"c2", "c1"} },
		"text moved":     func(d *soc.Decision) { d.By, d.Reason = "an", "nbecause" },
		"signature":      func(d *soc.Decision) { d.Signature = d.Signature[1:] + "0" },
		"no signature":   func(d *soc.Decision) { d.Signature = "" },
		"a head's":       func(d *soc.Decision) { d.Signature = s.SignHead(1, "d") },
		"no hexadecimal": func(d *soc.Decision) { d.Signature = "zz" },
	} {
		changed := d
		change(&changed)
		require.Equal(t, soc.Denied, soc.KindOf(s.Verify(changed)), name)
	}
	other, err := audit.NewSigner([]byte("another key of thirty-two bytes!!"))
	require.NoError(t, err)
	require.Equal(t, soc.Denied, soc.KindOf(other.Verify(d)))
}

func TestASignatureOfTheFirstVersionStillHolds(t *testing.T) {
	t.Parallel()
	s, err := audit.NewSigner([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(t, err)
	d := decision()
	d.Signature = "b072d71def36ccb2bcadc9593896468de0e8b84e725b5d1841292465cef47f66"
	require.NoError(t, s.Verify(d))
}

func TestASignatureCoversWhatWasChangedAnsweredAndVoted(t *testing.T) {
	t.Parallel()
	s := signer(t)
	d := decision()
	d.Edited = soc.EditedCalls{"b": json.RawMessage(`{"x": "<1>"}`), "a": json.RawMessage(`{}`)}
	d.Answers = json.RawMessage(`{"why":"<because>"}`)
	d.Votes = []soc.Vote{s.SignVote(soc.Vote{ID: "vot_1", By: "ann", Calls: []string{"c1"}}), s.SignVote(soc.Vote{ID: "vot_2", By: "bob"})}
	d = s.Sign(d)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	var kept soc.Decision
	require.NoError(t, json.Unmarshal(text, &kept))
	require.NoError(t, s.Verify(kept), "as the database gives it back")
	for name, change := range map[string]func(*soc.Decision){
		"an argument": func(d *soc.Decision) {
			d.Edited = soc.EditedCalls{"b": json.RawMessage(`{"x":"2"}`), "a": d.Edited["a"]}
		},
		"a step":               func(d *soc.Decision) { d.Edited = soc.EditedCalls{"c": d.Edited["b"], "a": d.Edited["a"]} },
		"no edit":              func(d *soc.Decision) { d.Edited = nil },
		"an answer":            func(d *soc.Decision) { d.Answers = json.RawMessage(`{"why":"x"}`) },
		"a vote less":          func(d *soc.Decision) { d.Votes = d.Votes[:1] },
		"another vote":         func(d *soc.Decision) { d.Votes = []soc.Vote{d.Votes[1], d.Votes[0]} },
		"all of it, as before": func(d *soc.Decision) { d.Edited, d.Answers, d.Votes = nil, nil, nil },
	} {
		changed := d
		change(&changed)
		require.Equal(t, soc.Denied, soc.KindOf(s.Verify(changed)), name)
	}
	v := d.Votes[0]
	require.NoError(t, s.VerifyVote(v))
	for name, change := range map[string]func(*soc.Vote){
		"person":                 func(v *soc.Vote) { v.By = "eve" },
		"approval":               func(v *soc.Vote) { v.ApprovalID = "apr_2" },
		"run":                    func(v *soc.Vote) { v.RunID = "run_2" },
		"digest":                 func(v *soc.Vote) { v.Digest = "e" },
		"calls":                  func(v *soc.Vote) { v.Calls = []string{"c2"} },
		"edit":                   func(v *soc.Vote) { v.Edited = soc.EditedCalls{"a": json.RawMessage(`1`)} },
		"reason":                 func(v *soc.Vote) { v.Reason = "x" },
		"a decision's signature": func(v *soc.Vote) { v.Signature = d.Signature },
	} {
		changed := v
		change(&changed)
		require.Equal(t, soc.Denied, soc.KindOf(s.VerifyVote(changed)), name)
	}
}

func TestTheKeyIsMadeOnceAndReadableByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wg sync.WaitGroup
	signatures := make(chan string, 20)
	for range cap(signatures) {
		wg.Go(func() {
			if s, err := audit.OpenSigner(dir); err == nil {
				signatures <- s.Sign(decision()).Signature
			}
		})
	}
	wg.Wait()
	require.Len(t, signatures, cap(signatures))
	first := <-signatures
	for range cap(signatures) - 1 {
		require.Equal(t, first, <-signatures)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "no half-made keys are left")
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.NoError(t, os.WriteFile(filepath.Join(dir, files[0].Name()), []byte("short"), 0o600))
	_, err = audit.OpenSigner(dir)
	require.Equal(t, soc.Invalid, soc.KindOf(err))
	require.NotContains(t, err.Error(), "short")
	_, err = audit.OpenSigner(filepath.Join(dir, "none"))
	require.Equal(t, soc.Unavailable, soc.KindOf(err))
	_, err = audit.NewSigner([]byte("short"))
	require.Equal(t, soc.Invalid, soc.KindOf(err))
}
