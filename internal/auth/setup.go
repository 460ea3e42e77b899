package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"picket/internal/soc"
	"picket/internal/store"
)

// The accounts that Picket makes by itself. Neither has a password.
const (
	placeholder = "picket-setup" // holds the code of the first administrator until it is used
	automation  = "automation"   // holds the token of PICKET_ADMIN_TOKEN
)

// codeLife is how long a one-time code can be used.
const codeLife = 24 * time.Hour

// noPassword is a stored hash that no password matches.
const noPassword = "!"

// AllRoles are the roles of the first administrator.
func AllRoles() []string {
	return []string{soc.RoleAdmin, soc.RoleLead, soc.RoleResponder, soc.RoleAnalyst}
}

// FirstCode makes a one-time code with which the first administrator chooses a name and a password; it is "" when
// somebody can sign in already.
func (s *Service) FirstCode(ctx context.Context) (string, error) {
	users, err := s.people.Users(ctx)
	if err != nil {
		return "", err
	}
	for _, u := range users {
		_, hash, err := s.people.UserByName(ctx, u.Name)
		if err != nil && soc.KindOf(err) != soc.NotFound {
			return "", err
		}
		if usable(hash) {
			return "", nil
		}
	}
	account, err := s.find(ctx, placeholder, AllRoles())
	if err != nil {
		return "", err
	}
	return s.code(ctx, account)
}

// NeedsSetup tells whether the first administrator's code has not been used yet.
func (s *Service) NeedsSetup(ctx context.Context) (bool, error) {
	_, _, err := s.people.UserByName(ctx, placeholder)
	if soc.KindOf(err) == soc.NotFound {
		return false, nil
	}
	return err == nil, err
}

// Invite adds a user without a password and answers the one-time code with which the user chooses one.
func (s *Service) Invite(ctx context.Context, name string, roles []string) (string, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	if err := CheckRoles(roles); err != nil {
		return "", err
	}
	account, err := s.people.CreateUser(ctx, name, noPassword, roles)
	if err != nil {
		return "", err
	}
	return s.code(ctx, account)
}

// CheckRoles says which role is not known.
func CheckRoles(roles []string) error {
	if len(roles) == 0 {
		return soc.Errorf(soc.Invalid, "a user needs a role: %s", strings.Join(AllRoles(), ", "))
	}
	for _, r := range roles {
		switch r {
		case soc.RoleAdmin, soc.RoleLead, soc.RoleResponder, soc.RoleAnalyst:
		default:
			return soc.Errorf(soc.Invalid, "there is no role %q; there are %s", r, strings.Join(AllRoles(), ", "))
		}
	}
	return nil
}

// CreateUser adds a user with a password.
func (s *Service) CreateUser(ctx context.Context, name, password string, roles []string) (soc.Account, error) {
	if err := CheckName(name); err != nil {
		return soc.Account{}, err
	}
	if err := CheckPassword(name, password); err != nil {
		return soc.Account{}, err
	}
	if err := CheckRoles(roles); err != nil {
		return soc.Account{}, err
	}
	hash, err := s.hashing.hash(ctx, password)
	if err != nil {
		return soc.Account{}, err
	}
	return s.people.CreateUser(ctx, name, hash, roles)
}

// code makes a one-time code for an account: 128 bits and more, of letters and digits that can be read aloud.
func (s *Service) code(ctx context.Context, account soc.Account) (string, error) {
	code := strings.ToLower(rand.Text())
	return code, s.people.CreateCode(ctx, hashOf(code), account.ID, s.now().Add(codeLife))
}

// SetUp spends a one-time code, sets name and password, and begins a session. The first administrator takes the name
// given; whoever was invited by name keeps that name.
func (s *Service) SetUp(ctx context.Context, code, name, password, place string) (string, Identity, error) {
	place = network(place)
	if err := s.tries.begin(place, freeByPlace); err != nil {
		return "", Identity{}, err
	}
	if err := CheckName(name); err != nil {
		return "", Identity{}, err
	}
	if err := CheckPassword(name, password); err != nil {
		return "", Identity{}, err
	}
	hash, err := s.hashing.hash(ctx, password)
	if err != nil {
		return "", Identity{}, err
	}
	spent := hashOf(strings.ToLower(strings.TrimSpace(code)))
	account, err := s.people.UseCode(ctx, spent)
	if soc.KindOf(err) == soc.NotFound {
		return "", Identity{}, soc.Errorf(soc.Denied, "the code is wrong, used or older than %d hours; start Picket again for another", int(codeLife.Hours()))
	}
	if err != nil {
		return "", Identity{}, err
	}
	if account.Name == placeholder {
		first, err := s.people.CreateUser(ctx, name, hash, account.Roles)
		if err != nil { // the name is taken, say: the code lives on, for another try
			return "", Identity{}, errors.Join(err, s.people.CreateCode(ctx, spent, account.ID, s.now().Add(codeLife)))
		}
		if err := s.people.DeleteUser(ctx, account.ID); err != nil {
			return "", Identity{}, err
		}
		account = first
	} else if err := s.people.SetPassword(ctx, account.ID, hash); err != nil {
		return "", Identity{}, err
	}
	return s.begin(ctx, account)
}

// find finds an account of ours or makes it.
func (s *Service) find(ctx context.Context, name string, roles []string) (soc.Account, error) {
	account, _, err := s.people.UserByName(ctx, name)
	if soc.KindOf(err) == soc.NotFound {
		return s.people.CreateUser(ctx, name, noPassword, roles)
	}
	return account, err
}

// Token recognises the holder of an API token.
func (s *Service) Token(ctx context.Context, secret string) (Identity, error) {
	if secret == "" || len(secret) > 512 {
		return Identity{}, soc.Errorf(soc.Denied, "the API token is not valid")
	}
	token, account, err := s.people.TokenUser(ctx, hashOf(secret))
	if soc.KindOf(err) == soc.NotFound {
		return Identity{}, soc.Errorf(soc.Denied, "the API token is not valid")
	}
	if err != nil {
		return Identity{}, err
	}
	return Identity{Account: account, Token: token.Name}, nil
}

// NewToken makes an API token that acts with a user's roles; a zero expires is never.
func (s *Service) NewToken(ctx context.Context, userID, name string, expires time.Time) (string, error) {
	secret := "pk_" + newSecret()
	_, err := s.people.CreateToken(ctx, store.APIToken{Hash: hashOf(secret), UserID: userID, Name: name, ExpiresAt: expires})
	return secret, err
}

// adminTokenName is the name of the token given by PICKET_ADMIN_TOKEN.
const adminTokenName = "PICKET_ADMIN_TOKEN"

// EnsureAdminToken makes a given secret an administrator's API token, in the place of the one that was given before.
func (s *Service) EnsureAdminToken(ctx context.Context, secret string) error {
	if len(secret) < 20 || len(secret) > 512 || strings.TrimSpace(secret) != secret {
		return soc.Errorf(soc.Invalid, "%s needs 20 to 512 characters without space around: anybody who has it is an administrator", adminTokenName)
	}
	account, err := s.find(ctx, automation, AllRoles())
	if err != nil {
		return err
	}
	hash := hashOf(secret)
	if _, holder, err := s.people.TokenUser(ctx, hash); err == nil && holder.ID == account.ID {
		return nil
	} else if err != nil && soc.KindOf(err) != soc.NotFound {
		return err
	}
	old, err := s.people.Tokens(ctx, account.ID)
	if err != nil {
		return err
	}
	for _, t := range old {
		if t.Name == adminTokenName {
			if err := s.people.DeleteToken(ctx, t.ID); err != nil {
				return err
			}
		}
	}
	_, err = s.people.CreateToken(ctx, store.APIToken{Hash: hash, UserID: account.ID, Name: adminTokenName})
	return err
}
