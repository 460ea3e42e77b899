package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
	"picket/internal/store"
)

func TestVersionsNeverChange(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		save := func(playbook, source string, base int) (soc.PlaybookVersion, error) {
			return s.SaveVersion(t.Context(), soc.PlaybookVersion{Playbook: playbook, Base: base, Source: source, Tests: "t", Author: "ana", Message: "m\x00"})
		}
		one, err := save("p", "one", 0)
		require.NoError(t, err)
		two, err := save("p", "two", 1)
		require.NoError(t, err)
		require.NotEqual(t, one.Digest, two.Digest)
		_, err = save("p", "three", 1)
		kind(t, soc.Conflict, err)
		newer, is := errors.AsType[*store.NewerVersionError](err)
		require.True(t, is)
		require.Equal(t, 2, newer.Newest.Number)
		_, err = save("q", "one", 3)
		require.ErrorContains(t, err, "its base is 0")
		_, err = save("q", "one", 0)
		require.NoError(t, err)
		_, err = save("", "one", 0)
		kind(t, soc.Invalid, err)

		list, err := s.Versions(t.Context(), "p")
		require.NoError(t, err)
		require.Equal(t, []soc.PlaybookVersion{two, one}, list)
		newest, err := s.NewestVersions(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{2, 1}, []int{newest[0].Number, newest[1].Number})
		whole, err := s.Version(t.Context(), "p", 1)
		require.NoError(t, err)
		require.Equal(t, []string{"one", "t", "m\uFFFD"}, []string{whole.Source, whole.Tests, whole.Message})
		_, err = s.Version(t.Context(), "p", 9)
		kind(t, soc.NotFound, err)
	})
}

func TestTheLastPublicationCounts(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, err := s.SaveVersion(t.Context(), soc.PlaybookVersion{Playbook: "p", Source: "one", Author: "ana"})
		require.NoError(t, err)
		for _, version := range []int{1, 0} {
			_, err := s.Publish(t.Context(), soc.Publication{Playbook: "p", Version: version, By: "lea", Reason: "r"})
			require.NoError(t, err)
		}
		_, err = s.Publish(t.Context(), soc.Publication{Playbook: "p", Version: 2, By: "lea"})
		kind(t, soc.NotFound, err)
		_, err = s.Publish(t.Context(), soc.Publication{Playbook: "p", Version: 1})
		kind(t, soc.Invalid, err)
		all, err := s.Publications(t.Context(), "p")
		require.NoError(t, err)
		require.Equal(t, []int{0, 1}, []int{all[0].Version, all[1].Version})
		last, err := s.Publications(t.Context(), "")
		require.NoError(t, err)
		require.Equal(t, all[:1], last)
	})
}
