package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

func TestWhatIsKnownWasApprovedAndExpires(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		f := soc.Fact{
			Type: "host", Value: "Scan-01", Text: "Scans the network on Mondays", Source: "the owner's mail", Owner: "infra",
			ProposedBy: "ana", ExpiresAt: time.Now().Add(24 * time.Hour),
		}
		one, err := s.ProposeFact(t.Context(), f)
		require.NoError(t, err)
		again, err := s.ProposeFact(t.Context(), f)
		require.NoError(t, err)
		require.Equal(t, one.ID, again.ID, "the same proposal is the one that stands")
		known := func(kind, value string) []soc.Fact {
			t.Helper()
			list, err := s.Known(t.Context(), kind, value)
			require.NoError(t, err)
			return list
		}
		require.Empty(t, known("host", "scan-01"), "a proposal is not believed")
		decided, err := s.DecideFact(t.Context(), one.ID, soc.FactApproved, "lea", "asked them")
		require.NoError(t, err)
		require.Equal(t, []string{soc.FactApproved, "lea", "asked them"}, []string{decided.Status, decided.DecidedBy, decided.Reason})
		require.Len(t, known("host", "SCAN-01"), 1, "in letters of any case")
		require.Len(t, known("", "scan-01"), 1)
		require.Empty(t, known("user", "scan-01"))
		_, err = s.DecideFact(t.Context(), one.ID, soc.FactRejected, "lea", "x")
		kind(t, soc.Conflict, err)
		_, err = s.DecideFact(t.Context(), "fct_none", soc.FactRejected, "lea", "x")
		kind(t, soc.NotFound, err)
		_, err = s.DecideFact(t.Context(), one.ID, soc.FactRevoked, "lea", "it was decommissioned")
		require.NoError(t, err)
		require.Empty(t, known("host", "scan-01"))

		short := f
		short.Text, short.ExpiresAt = "Is new", time.Now().Add(150*time.Millisecond)
		two, err := s.ProposeFact(t.Context(), short)
		require.NoError(t, err)
		_, err = s.DecideFact(t.Context(), two.ID, soc.FactApproved, "lea", "x")
		require.NoError(t, err)
		require.Eventually(t, func() bool { return len(known("host", "scan-01")) == 0 }, time.Minute, 20*time.Millisecond, "it expires")

		for name, change := range map[string]func(*soc.Fact){
			"no text":  func(f *soc.Fact) { f.Text = " " },
			"long":     func(f *soc.Fact) { f.Text = strings.Repeat("x", store.MaxFactText+1) },
			"type":     func(f *soc.Fact) { f.Type = "planet" },
			"for ever": func(f *soc.Fact) { f.ExpiresAt = time.Now().Add(2 * store.MaxFactLife) },
			"past":     func(f *soc.Fact) { f.ExpiresAt = time.Now().Add(-time.Hour) },
			"nobody":   func(f *soc.Fact) { f.Owner = "" },
		} {
			wrong := f
			change(&wrong)
			_, err := s.ProposeFact(t.Context(), wrong)
			require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		}
		for filter, want := range map[store.FactFilter]int{{}: 2, {Status: soc.FactRevoked}: 1, {Query: "MONDAYS"}: 1, {Query: "100%"}: 0, {Value: "scan-01"}: 2} {
			list, err := s.Facts(t.Context(), filter)
			require.NoError(t, err)
			require.Len(t, list, want, "%+v", filter)
		}
		entries, err := s.Entries(t.Context(), store.Filter{Kinds: []string{contract.KindFactProposed, contract.KindFactDecided}})
		require.NoError(t, err)
		require.Len(t, entries, 5)
	})
}
