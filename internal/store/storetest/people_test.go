package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
	"picket/internal/store"
)

func TestPeopleTheirSessionsTokensAndCodes(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ann, err := s.CreateUser(ctx, "Ann", "hash", []string{soc.RoleAdmin, soc.RoleResponder})
		require.NoError(t, err)
		_, err = s.CreateUser(ctx, "aNN", "hash", nil)
		kind(t, soc.Conflict, err)
		for _, bad := range []string{"", " ann", "a\x00b", "\xff"} {
			_, err := s.CreateUser(ctx, bad, "hash", nil)
			kind(t, soc.Invalid, err)
		}
		got, hash, err := s.UserByName(ctx, "ANN")
		require.NoError(t, err)
		require.Equal(t, ann, got)
		require.Equal(t, "hash", hash)
		_, _, err = s.UserByName(ctx, "bob")
		kind(t, soc.NotFound, err)

		require.NoError(t, s.CreateSession(ctx, store.Session{TokenHash: "s1", UserID: ann.ID, ExpiresAt: time.Now().Add(time.Hour)}))
		require.NoError(t, s.CreateSession(ctx, store.Session{TokenHash: "s2", UserID: ann.ID, ExpiresAt: time.Now().Add(-time.Hour)}))
		session, got, err := s.SessionUser(ctx, "s1")
		require.NoError(t, err)
		require.Equal(t, ann, got)
		require.Equal(t, ann.ID, session.UserID)
		_, _, err = s.SessionUser(ctx, "s2")
		kind(t, soc.NotFound, err)
		kind(t, soc.Invalid, s.CreateSession(ctx, store.Session{TokenHash: "s3", UserID: "usr_none", ExpiresAt: time.Now()}))

		token, err := s.CreateToken(ctx, store.APIToken{Hash: "t1", UserID: ann.ID, Name: "ci"})
		require.NoError(t, err)
		_, err = s.CreateToken(ctx, store.APIToken{Hash: "t1", UserID: ann.ID, Name: "again"})
		kind(t, soc.Conflict, err)
		found, got, err := s.TokenUser(ctx, "t1")
		require.NoError(t, err)
		require.Equal(t, token, found)
		require.Equal(t, ann, got)
		_, err = s.CreateToken(ctx, store.APIToken{Hash: "t2", UserID: ann.ID, ExpiresAt: time.Now().Add(-time.Second)})
		require.NoError(t, err)
		_, _, err = s.TokenUser(ctx, "t2")
		kind(t, soc.NotFound, err)
		tokens, err := s.Tokens(ctx, ann.ID)
		require.NoError(t, err)
		require.Len(t, tokens, 2)

		byID, err := s.UserByID(ctx, ann.ID)
		require.NoError(t, err)
		require.Equal(t, ann, byID)
		later := time.Now().Add(2 * time.Hour).UTC().Round(0)
		require.NoError(t, s.ExtendSession(ctx, "s1", later))
		session, _, err = s.SessionUser(ctx, "s1")
		require.NoError(t, err)
		require.Equal(t, later, session.ExpiresAt)
		require.NoError(t, s.CreateSession(ctx, store.Session{TokenHash: "s4", UserID: ann.ID, ExpiresAt: later}))
		require.NoError(t, s.DeleteSession(ctx, "s4"))
		_, _, err = s.SessionUser(ctx, "s4")
		kind(t, soc.NotFound, err)
		spare, err := s.CreateToken(ctx, store.APIToken{Hash: "t3", UserID: ann.ID})
		require.NoError(t, err)
		require.NoError(t, s.DeleteToken(ctx, spare.ID))
		kind(t, soc.NotFound, s.DeleteToken(ctx, spare.ID))

		require.NoError(t, s.SetRoles(ctx, ann.ID, []string{soc.RoleAnalyst}))
		require.NoError(t, s.SetPassword(ctx, ann.ID, "new"))
		_, _, err = s.SessionUser(ctx, "s1")
		kind(t, soc.NotFound, err)
		users, err := s.Users(ctx)
		require.NoError(t, err)
		require.Len(t, users, 1)
		require.Equal(t, []string{soc.RoleAnalyst}, users[0].Roles)

		require.NoError(t, s.Prune(ctx, time.Now()))
		tokens, err = s.Tokens(ctx, ann.ID)
		require.NoError(t, err)
		require.Len(t, tokens, 1)
		require.NoError(t, s.DeleteUser(ctx, ann.ID))
		_, _, err = s.TokenUser(ctx, "t1")
		kind(t, soc.NotFound, err)
		kind(t, soc.NotFound, s.SetRoles(ctx, ann.ID, nil))
	})
}

func TestALoginCodeIsSpentOnceWhoeverIsFirst(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ann, err := s.CreateUser(t.Context(), "ann", "", nil)
		require.NoError(t, err)
		require.NoError(t, s.CreateCode(t.Context(), "c1", ann.ID, time.Now().Add(time.Hour)))
		require.NoError(t, s.CreateCode(t.Context(), "late", ann.ID, time.Now().Add(-time.Hour)))
		_, err = s.UseCode(t.Context(), "late")
		kind(t, soc.NotFound, err)
		var used atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if got, err := s.UseCode(t.Context(), "c1"); err == nil && got.ID == ann.ID {
					used.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, used.Load())
	})
}
