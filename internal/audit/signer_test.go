package audit_test

import (
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
