// Package auth says who somebody is: passwords, sessions, API tokens and one-time codes. It keeps only hashes of what
// people and programs hold, answers the same to a wrong name and a wrong password, and slows down guessing.
package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"

	"picket/internal/soc"
	"picket/internal/store"
)

// People is what auth keeps. *store.Store is one.
type People interface {
	CreateUser(ctx context.Context, name, passwordHash string, roles []string) (soc.Account, error)
	UserByName(ctx context.Context, name string) (soc.Account, string, error)
	Users(ctx context.Context) ([]soc.Account, error)
	SetPassword(ctx context.Context, userID, passwordHash string) error
	DeleteUser(ctx context.Context, userID string) error

	CreateSession(ctx context.Context, session store.Session) error
	SessionUser(ctx context.Context, tokenHash string) (store.Session, soc.Account, error)
	ExtendSession(ctx context.Context, tokenHash string, until time.Time) error
	DeleteSession(ctx context.Context, tokenHash string) error

	CreateToken(ctx context.Context, token store.APIToken) (store.APIToken, error)
	TokenUser(ctx context.Context, hash string) (store.APIToken, soc.Account, error)
	Tokens(ctx context.Context, userID string) ([]store.APIToken, error)
	DeleteToken(ctx context.Context, id string) error

	CreateCode(ctx context.Context, codeHash, userID string, expires time.Time) error
	UseCode(ctx context.Context, codeHash string) (soc.Account, error)
}

var _ People = (*store.Store)(nil)

// Options are the settings of a Service. The zero value is the default.
type Options struct {
	Idle     time.Duration    // a session ends when unused for this long; 4 h if 0
	Absolute time.Duration    // and in any case after this long; 12 h if 0
	Now      func() time.Time // time.Now if nil
}

// Service signs people in and recognises them. It is safe for concurrent use.
type Service struct {
	people   People
	idle     time.Duration
	absolute time.Duration
	now      func() time.Time
	hashing  hashing
	tries    *throttle
	decoy    string // a hash that no password matches, to spend the same time on unknown names
}

// hashesAtOnce bounds the memory of hashing to some 40 MiB.
const hashesAtOnce = 2

// New makes a Service over the people that are kept.
func New(people People, opts Options) *Service {
	s := &Service{people: people, idle: opts.Idle, absolute: opts.Absolute, now: opts.Now, hashing: make(hashing, hashesAtOnce)}
	if s.idle == 0 {
		s.idle = 4 * time.Hour
	}
	if s.absolute == 0 {
		s.absolute = 12 * time.Hour
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.tries = &throttle{now: s.now, tries: map[string]*tries{}}
	zero := base64.RawStdEncoding.EncodeToString(make([]byte, keyBytes))
	s.decoy = "$argon2id$v=19$m=19456,t=2,p=1$" + zero[:22] + "$" + zero
	return s
}

// Identity is somebody who was recognised.
type Identity struct {
	Account   soc.Account
	Token     string    // name of the API token that was used; "" for a session
	CSRF      string    // what a session's changing requests must carry; "" for an API token
	ExpiresAt time.Time // of the session; zero for an API token
}

// Has tells whether the person holds a role.
func (i Identity) Has(role string) bool { return slices.Contains(i.Account.Roles, role) }

// errNobody is the one answer to a wrong name and a wrong password.
func errNobody() error { return soc.Errorf(soc.Denied, "name or password is wrong") }

// SignIn checks a name and a password and begins a session. The answered secret is the session's token, which is kept
// nowhere. place is the peer's address.
func (s *Service) SignIn(ctx context.Context, name, password, place string) (secret string, who Identity, err error) {
	place = network(place)
	key := nameKey(strings.ToLower(name), place)
	if err := s.tries.begin(place, freeByPlace); err != nil {
		return "", Identity{}, err
	}
	if err := s.tries.begin(key, freeByName); err != nil {
		return "", Identity{}, err
	}
	account, hash, err := s.people.UserByName(ctx, name)
	switch {
	case soc.KindOf(err) == soc.NotFound:
		hash = s.decoy
	case err != nil:
		return "", Identity{}, err
	case !usable(hash):
		hash = s.decoy
	}
	if len(password) > passwordMost {
		password = ""
	}
	match, err := s.hashing.matches(ctx, hash, password)
	if err != nil {
		return "", Identity{}, err
	}
	if !match || hash == s.decoy {
		return "", Identity{}, errNobody()
	}
	s.tries.forget(key)
	return s.begin(ctx, account)
}

// begin begins a session.
func (s *Service) begin(ctx context.Context, account soc.Account) (string, Identity, error) {
	secret := newSecret()
	until := s.now().Add(min(s.idle, s.absolute))
	if err := s.people.CreateSession(ctx, store.Session{TokenHash: hashOf(secret), UserID: account.ID, ExpiresAt: until}); err != nil {
		return "", Identity{}, err
	}
	return secret, Identity{Account: account, CSRF: csrf(secret), ExpiresAt: until}, nil
}

// Session recognises the holder of a session's token and, if used, keeps the session from ending for want of use.
func (s *Service) Session(ctx context.Context, secret string, used bool) (Identity, error) {
	if secret == "" || len(secret) > 128 {
		return Identity{}, soc.Errorf(soc.Denied, "nobody is signed in")
	}
	hash := hashOf(secret)
	session, account, err := s.people.SessionUser(ctx, hash)
	if soc.KindOf(err) == soc.NotFound {
		return Identity{}, soc.Errorf(soc.Denied, "the session has ended; sign in again")
	}
	if err != nil {
		return Identity{}, err
	}
	now := s.now()
	if !now.Before(session.ExpiresAt) || !now.Before(session.CreatedAt.Add(s.absolute)) {
		return Identity{}, soc.Errorf(soc.Denied, "the session has ended; sign in again")
	}
	until := now.Add(s.idle)
	if last := session.CreatedAt.Add(s.absolute); until.After(last) {
		until = last
	}
	if used && until.Sub(session.ExpiresAt) > s.idle/20 { // a write for a few requests, not for each
		if err := s.people.ExtendSession(ctx, hash, until); err != nil {
			return Identity{}, err
		}
		session.ExpiresAt = until
	}
	return Identity{Account: account, CSRF: csrf(secret), ExpiresAt: session.ExpiresAt}, nil
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.people.DeleteSession(ctx, hashOf(secret))
}

// newSecret is 256 random bits as text.
func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashOf is what is kept of a secret. The secrets have 128 random bits or more, so one fast round is enough.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// csrf derives what a page must send beside the cookie. Scripts of other origins can't read it.
func csrf(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("picket-csrf-v1"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// network is the address that tries are counted by: an IPv6 user has a /64 of them.
func network(place string) string {
	at, err := netip.ParseAddrPort(place)
	addr := at.Addr()
	if err != nil {
		if addr, err = netip.ParseAddr(place); err != nil {
			return place
		}
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}
