package auth_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/auth"
	"picket/internal/soc"
	"picket/internal/store"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(t *testing.T) (*auth.Service, *store.Store, *clock) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "picket.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	c := &clock{at: time.Now()}
	return auth.New(s, auth.Options{Idle: time.Hour, Absolute: 3 * time.Hour, Now: c.now}), s, c
}

const password = "correct horse battery"

func TestASessionEndsWhenUnused(t *testing.T) {
	t.Parallel()
	a, _, clock := open(t)
	_, err := a.CreateUser(t.Context(), "ana", password, []string{soc.RoleAnalyst})
	require.NoError(t, err)
	secret, who, err := a.SignIn(t.Context(), "ANA", password, "192.0.2.1:1")
	require.NoError(t, err)
	require.Equal(t, "ana", who.Account.Name)
	require.NotEmpty(t, who.CSRF)

	clock.pass(50 * time.Minute)
	again, err := a.Session(t.Context(), secret, true)
	require.NoError(t, err)
	require.Equal(t, who.CSRF, again.CSRF)
	require.True(t, again.ExpiresAt.After(who.ExpiresAt), "use extends it")

	clock.pass(50 * time.Minute)
	_, err = a.Session(t.Context(), secret, false)
	require.NoError(t, err, "it was used 50 minutes ago")
	clock.pass(11 * time.Minute)
	_, err = a.Session(t.Context(), secret, true)
	require.Equal(t, soc.Denied, soc.KindOf(err), "a look that is no use does not extend it")
}

func TestASessionInUseEndsAfterItsTime(t *testing.T) {
	t.Parallel()
	a, _, clock := open(t)
	_, err := a.CreateUser(t.Context(), "ana", password, []string{soc.RoleAnalyst})
	require.NoError(t, err)
	secret, _, err := a.SignIn(t.Context(), "ana", password, "192.0.2.1:1")
	require.NoError(t, err)
	for range 6 {
		clock.pass(25 * time.Minute)
		_, err = a.Session(t.Context(), secret, true)
		require.NoError(t, err)
	}
	clock.pass(31 * time.Minute)
	_, err = a.Session(t.Context(), secret, true)
	require.Equal(t, soc.Denied, soc.KindOf(err), "three hours are over")
}

func TestNeitherTheDatabaseNorACSRFTokenHoldsTheSession(t *testing.T) {
	t.Parallel()
	a, s, _ := open(t)
	_, err := a.CreateUser(t.Context(), "ana", password, []string{soc.RoleAnalyst})
	require.NoError(t, err)
	secret, who, err := a.SignIn(t.Context(), "ana", password, "192.0.2.1:1")
	require.NoError(t, err)
	_, _, err = s.SessionUser(t.Context(), secret)
	require.Equal(t, soc.NotFound, soc.KindOf(err), "the kept key is a hash")
	require.NotContains(t, who.CSRF, secret)
	_, hash, err := s.UserByName(t.Context(), "ana")
	require.NoError(t, err)
	require.Contains(t, hash, "$argon2id$v=19$m=19456,t=2,p=1$")
	require.NoError(t, a.SignOut(t.Context(), secret))
	_, err = a.Session(t.Context(), secret, true)
	require.Equal(t, soc.Denied, soc.KindOf(err))
}

func TestAWrongNameAndAWrongPasswordGetTheSameAnswer(t *testing.T) {
	t.Parallel()
	a, s, _ := open(t)
	_, err := a.CreateUser(t.Context(), "ana", password, []string{soc.RoleAnalyst})
	require.NoError(t, err)
	_, err = s.CreateUser(t.Context(), "robot", "!", nil)
	require.NoError(t, err)
	var said []string
	for _, try := range [][2]string{
		{"ana", "not the password"}, {"nobody", password}, {"robot", ""}, {"robot", "!"}, {"", ""}, {"ana\x00", password}, {"ana", ""},
	} {
		_, _, err := a.SignIn(t.Context(), try[0], try[1], "192.0.2.1:1")
		require.Equal(t, soc.Denied, soc.KindOf(err), "%q", try)
		said = append(said, err.Error())
	}
	for _, s := range said {
		require.Equal(t, said[0], s)
	}
}

func TestGuessingSlowsDownForOneNameFromOneAddress(t *testing.T) {
	t.Parallel()
	a, _, clock := open(t)
	_, err := a.CreateUser(t.Context(), "ana", password, []string{soc.RoleAnalyst})
	require.NoError(t, err)
	for range 5 {
		_, _, err = a.SignIn(t.Context(), "ana", "wrong", "192.0.2.1:1")
		require.Equal(t, soc.Denied, soc.KindOf(err))
	}
	var slow *auth.ThrottledError
	_, _, err = a.SignIn(t.Context(), "Ana", password, "192.0.2.1:2")
	require.ErrorAs(t, err, &slow, "even the right password waits")
	require.Positive(t, slow.RetryAfter)
	_, _, err = a.SignIn(t.Context(), "ana", password, "198.51.100.7:1")
	require.NoError(t, err, "from elsewhere the owner gets in")
	clock.pass(slow.RetryAfter)
	_, _, err = a.SignIn(t.Context(), "ana", password, "192.0.2.1:2")
	require.NoError(t, err)
}

func TestGuessingSlowsDownForOneAddressWithManyNames(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	var slow *auth.ThrottledError
	var err error
	for i := 0; i < 60 && slow == nil; i++ {
		// One IPv6 network, a new address each time.
		_, _, err = a.SignIn(t.Context(), "user"+string(rune('a'+i%26))+string(rune('a'+i/26)), "wrong", "[2001:db8::"+string("0123456789abcdef"[i%16])+"]:1")
		if soc.KindOf(err) != soc.Denied {
			require.ErrorAs(t, err, &slow)
		}
	}
	require.NotNil(t, slow)
}

func TestTheFirstCodeMakesOneAdministratorOnce(t *testing.T) {
	t.Parallel()
	a, s, _ := open(t)
	code, err := a.FirstCode(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, code)
	needed, err := a.NeedsSetup(t.Context())
	require.NoError(t, err)
	require.True(t, needed)

	_, _, err = a.SetUp(t.Context(), "aaaaaaaaaaaaaaaaaaaaaaaaaa", "root", password, "192.0.2.1:1")
	require.Equal(t, soc.Denied, soc.KindOf(err))
	_, _, err = a.SetUp(t.Context(), code, "root", "short", "192.0.2.1:1")
	require.Equal(t, soc.Invalid, soc.KindOf(err), "a mistake does not spend the code")
	_, err = s.CreateUser(t.Context(), "taken", "!", nil)
	require.NoError(t, err)
	_, _, err = a.SetUp(t.Context(), code, "Taken", password, "192.0.2.1:1")
	require.Equal(t, soc.Conflict, soc.KindOf(err), "nor does a name that is taken")

	_, who, err := a.SetUp(t.Context(), code, "root", password, "192.0.2.1:1")
	require.NoError(t, err)
	require.Equal(t, auth.AllRoles(), who.Account.Roles)
	needed, err = a.NeedsSetup(t.Context())
	require.NoError(t, err)
	require.False(t, needed)
	_, _, err = a.SetUp(t.Context(), code, "second", password, "192.0.2.1:1")
	require.Equal(t, soc.Denied, soc.KindOf(err), "the code is spent")
	code, err = a.FirstCode(t.Context())
	require.NoError(t, err)
	require.Empty(t, code, "there is an administrator")
	_, _, err = a.SignIn(t.Context(), "root", password, "192.0.2.1:1")
	require.NoError(t, err)
}

func TestACodeIsGoodForOneOfManyWhoTryAtOnce(t *testing.T) {
	t.Parallel()
	a, s, _ := open(t)
	code, err := a.Invite(t.Context(), "bo", []string{soc.RoleResponder})
	require.NoError(t, err)
	var won sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if _, who, err := a.SetUp(context.Background(), code, "bo", password, "192.0.2.1:1"); err == nil {
				won.Store(i, who.Account.Name)
			}
		})
	}
	all.Wait()
	count := 0
	won.Range(func(_, name any) bool { count++; return name == "bo" })
	require.Equal(t, 1, count)
	users, err := s.Users(t.Context())
	require.NoError(t, err)
	require.Len(t, users, 1)
}

func TestAPITokensActWithTheirUsersRolesUntilTheyAreReplaced(t *testing.T) {
	t.Parallel()
	a, s, _ := open(t)
	ana, err := a.CreateUser(t.Context(), "ana", password, []string{soc.RoleAnalyst})
	require.NoError(t, err)
	secret, err := a.NewToken(t.Context(), ana.ID, "ci", time.Time{})
	require.NoError(t, err)
	require.Regexp(t, `^pk_[A-Za-z0-9_-]{43}$`, secret)
	who, err := a.Token(t.Context(), secret)
	require.NoError(t, err)
	require.True(t, who.Has(soc.RoleAnalyst))
	require.False(t, who.Has(soc.RoleResponder))
	require.Equal(t, "ci", who.Token)
	require.NoError(t, s.SetRoles(t.Context(), ana.ID, []string{soc.RoleResponder}))
	who, err = a.Token(t.Context(), secret)
	require.NoError(t, err)
	require.True(t, who.Has(soc.RoleResponder), "a change of roles counts at once")

	const first, second = "admin-token-of-the-environment", "another-token-of-the-environment"
	require.Error(t, a.EnsureAdminToken(t.Context(), "short"))
	require.NoError(t, a.EnsureAdminToken(t.Context(), first))
	require.NoError(t, a.EnsureAdminToken(t.Context(), first), "a second start")
	require.NoError(t, a.EnsureAdminToken(t.Context(), second))
	_, err = a.Token(t.Context(), first)
	require.Equal(t, soc.Denied, soc.KindOf(err), "the former token is void")
	who, err = a.Token(t.Context(), second)
	require.NoError(t, err)
	require.True(t, who.Has(soc.RoleAdmin))
	for _, bad := range []string{"", "pk_", "\x00", secret + "x"} {
		_, err = a.Token(t.Context(), bad)
		require.Equal(t, soc.Denied, soc.KindOf(err), "%q", bad)
	}
}

func TestNamesAndPasswordsThatWouldDeceiveOrBeGuessedAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "picket", "Picket", "automation", "a b", "аna" /* Cyrillic */, "-x", "x\n", "source/wazuh", "a\u202e"} {
		require.Error(t, auth.CheckName(name), "%q", name)
	}
	for _, name := range []string{"ana", "a.b", "ana@example.org", "A1"} {
		require.NoError(t, auth.CheckName(name), "%q", name)
	}
	for _, p := range []string{"", "short", "aaaaaaaaaaaaaaaa", "administrators", "\xff\xfe0123456789ab"} {
		require.Error(t, auth.CheckPassword("Administrators", p), "%q", p)
	}
	require.NoError(t, auth.CheckPassword("ana", password))
}
