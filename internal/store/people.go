package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"picket/internal/soc"
)

const accountColumns = "u.id, u.name, u.roles, u.created_ns"

func scanAccount(row scanner, more ...any) (soc.Account, error) {
	var a soc.Account
	var roles string
	var created int64
	if err := row.Scan(append([]any{&a.ID, &a.Name, &roles, &created}, more...)...); err != nil {
		return soc.Account{}, err
	}
	a.CreatedAt = fromNanos(created)
	err := json.Unmarshal([]byte(roles), &a.Roles)
	return a, err
}

func rolesJSON(roles []string) (string, error) {
	if roles == nil {
		roles = []string{}
	}
	text, err := json.Marshal(roles)
	return string(text), err
}

// CreateUser adds a person. Names differ by more than case; a name that is taken is a Conflict.
func (s *Store) CreateUser(ctx context.Context, name, passwordHash string, roles []string) (soc.Account, error) {
	doing := fmt.Sprintf("create user %q", name)
	if name == "" || len(name) > 200 || name != plain(name) || name != strings.TrimSpace(name) {
		return soc.Account{}, soc.Errorf(soc.Invalid, "%s: the name must be 1 to 200 bytes of text without space around", doing)
	}
	list, err := rolesJSON(roles)
	if err != nil {
		return soc.Account{}, wrap(doing, err)
	}
	account := soc.Account{ID: soc.NewID("usr"), Name: name, Roles: append([]string{}, roles...)}
	err = s.write(ctx, doing, func(t *tx) error {
		account.CreatedAt = t.now
		n, err := t.exec(`INSERT INTO users (id, name, name_key, password_hash, roles, created_ns) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (name_key) DO NOTHING`, account.ID, name, strings.ToLower(name), passwordHash, list, t.now.UnixNano())
		if err == nil && n == 0 {
			return soc.Errorf(soc.Conflict, "there is a user of that name; choose another")
		}
		return err
	})
	if err != nil {
		return soc.Account{}, err
	}
	return account, nil
}

// UserByName answers a person, whatever the case of the name, and the hash of the password.
func (s *Store) UserByName(ctx context.Context, name string) (soc.Account, string, error) {
	var hash string
	a, err := scanAccount(s.read(ctx).row("SELECT "+accountColumns+", u.password_hash FROM users u WHERE u.name_key = ?", strings.ToLower(plain(name))), &hash)
	return a, hash, wrap("find a user by name", err)
}

// UserByID answers a person.
func (s *Store) UserByID(ctx context.Context, id string) (soc.Account, error) {
	a, err := scanAccount(s.read(ctx).row("SELECT "+accountColumns+" FROM users u WHERE u.id = ?", plain(id)))
	return a, wrap(fmt.Sprintf("find user %q", id), err)
}

// Users lists all people by name.
func (s *Store) Users(ctx context.Context) ([]soc.Account, error) {
	users, err := all(s.read(ctx), func(row scanner) (soc.Account, error) { return scanAccount(row) },
		"SELECT "+accountColumns+" FROM users u ORDER BY u.name_key")
	return users, wrap("list users", err)
}

// SetPassword replaces a person's password hash and ends the person's sessions.
func (s *Store) SetPassword(ctx context.Context, userID, passwordHash string) error {
	return s.write(ctx, "set a password", func(t *tx) error {
		if err := t.changeOne("user", userID, "UPDATE users SET password_hash = ? WHERE id = ?", passwordHash, userID); err != nil {
			return err
		}
		_, err := t.exec("DELETE FROM sessions WHERE user_id = ?", userID)
		return err
	})
}

// SetRoles replaces a person's roles.
func (s *Store) SetRoles(ctx context.Context, userID string, roles []string) error {
	list, err := rolesJSON(roles)
	if err != nil {
		return wrap("set roles", err)
	}
	return s.write(ctx, "set roles", func(t *tx) error {
		return t.changeOne("user", userID, "UPDATE users SET roles = ? WHERE id = ?", list, userID)
	})
}

// DeleteUser removes a person with the sessions and tokens; what the person did stays in the ledger.
func (s *Store) DeleteUser(ctx context.Context, userID string) error {
	return s.write(ctx, "delete a user", func(t *tx) error {
		return t.changeOne("user", userID, "DELETE FROM users WHERE id = ?", userID)
	})
}

// changeOne answers NotFound when nothing was changed.
func (t *tx) changeOne(noun, id, query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return soc.Errorf(soc.NotFound, "there is no %s %q", noun, id)
	}
	return err
}

// Session is a login. Only the hash of its token is kept.
type Session struct {
	TokenHash string
	UserID    string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// CreateSession keeps a login.
func (s *Store) CreateSession(ctx context.Context, session Session) error {
	return s.write(ctx, "create a session", func(t *tx) error {
		_, err := t.exec("INSERT INTO sessions (token_hash, user_id, created_ns, expires_ns) VALUES (?, ?, ?, ?)",
			session.TokenHash, session.UserID, t.now.UnixNano(), nanos(session.ExpiresAt))
		return err
	})
}

// SessionUser answers the session of a token's hash and its person; NotFound when there is none or its time is over.
func (s *Store) SessionUser(ctx context.Context, tokenHash string) (Session, soc.Account, error) {
	session := Session{TokenHash: tokenHash}
	var created, expires int64
	a, err := scanAccount(s.read(ctx).row("SELECT "+accountColumns+`, s.created_ns, s.expires_ns FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.token_hash = ? AND s.expires_ns > ?`, plain(tokenHash), time.Now().UnixNano()), &created, &expires)
	session.UserID, session.CreatedAt, session.ExpiresAt = a.ID, fromNanos(created), fromNanos(expires)
	return session, a, wrap("find the session", err)
}

// DeleteSession ends a login.
func (s *Store) DeleteSession(ctx context.Context, tokenHash string) error {
	return s.write(ctx, "delete a session", func(t *tx) error {
		_, err := t.exec("DELETE FROM sessions WHERE token_hash = ?", tokenHash)
		return err
	})
}

// APIToken lets a program act as a person. Only the hash of the token is kept.
type APIToken struct {
	ID        string    `json:"id"`
	Hash      string    `json:"-"`
	UserID    string    `json:"user_id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero is never
}

// CreateToken keeps an API token; ID is set if empty. A token that is there already is a Conflict.
func (s *Store) CreateToken(ctx context.Context, token APIToken) (APIToken, error) {
	if token.ID == "" {
		token.ID = soc.NewID("tok")
	}
	err := s.write(ctx, "create an API token", func(t *tx) error {
		token.CreatedAt = t.now
		_, err := t.exec("INSERT INTO api_tokens (id, token_hash, user_id, name, created_ns, expires_ns) VALUES (?, ?, ?, ?, ?, ?)",
			token.ID, token.Hash, token.UserID, plain(token.Name), t.now.UnixNano(), nanos(token.ExpiresAt))
		return err
	})
	return token, err
}

// TokenUser answers the API token of a hash and its person; NotFound when there is none or its time is over.
func (s *Store) TokenUser(ctx context.Context, hash string) (APIToken, soc.Account, error) {
	token := APIToken{Hash: hash}
	var created, expires int64
	a, err := scanAccount(s.read(ctx).row("SELECT "+accountColumns+`, t.id, t.name, t.created_ns, t.expires_ns
		FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = ? AND (t.expires_ns = 0 OR t.expires_ns > ?)`,
		plain(hash), time.Now().UnixNano()), &token.ID, &token.Name, &created, &expires)
	token.UserID, token.CreatedAt, token.ExpiresAt = a.ID, fromNanos(created), fromNanos(expires)
	return token, a, wrap("find the API token", err)
}

// Tokens lists a person's API tokens, newest first, without their hashes.
func (s *Store) Tokens(ctx context.Context, userID string) ([]APIToken, error) {
	tokens, err := all(s.read(ctx), func(row scanner) (APIToken, error) {
		token := APIToken{UserID: userID}
		var created, expires int64
		err := row.Scan(&token.ID, &token.Name, &created, &expires)
		token.CreatedAt, token.ExpiresAt = fromNanos(created), fromNanos(expires)
		return token, err
	}, "SELECT id, name, created_ns, expires_ns FROM api_tokens WHERE user_id = ? ORDER BY created_ns DESC, id DESC", plain(userID))
	return tokens, wrap("list API tokens", err)
}

// DeleteToken ends an API token.
func (s *Store) DeleteToken(ctx context.Context, id string) error {
	return s.write(ctx, "delete an API token", func(t *tx) error {
		return t.changeOne("API token", id, "DELETE FROM api_tokens WHERE id = ?", id)
	})
}

// CreateCode keeps the hash of a one-time login code.
func (s *Store) CreateCode(ctx context.Context, codeHash, userID string, expires time.Time) error {
	return s.write(ctx, "create a login code", func(t *tx) error {
		_, err := t.exec("INSERT INTO login_codes (code_hash, user_id, expires_ns) VALUES (?, ?, ?)", codeHash, userID, nanos(expires))
		return err
	})
}

// UseCode spends a one-time login code and answers its person; NotFound when it was spent, is over or never was.
func (s *Store) UseCode(ctx context.Context, codeHash string) (soc.Account, error) {
	var a soc.Account
	err := s.write(ctx, "use a login code", func(t *tx) error {
		var user string
		err := t.row("DELETE FROM login_codes WHERE code_hash = ? AND expires_ns > ? RETURNING user_id", plain(codeHash), t.now.UnixNano()).Scan(&user)
		if err == nil {
			a, err = scanAccount(t.row("SELECT "+accountColumns+" FROM users u WHERE u.id = ?", user))
		}
		return err
	})
	return a, err
}

// Prune removes what has had its time: sessions, tokens and login codes past their end, and the memory of requests
// that came before requestsBefore.
func (s *Store) Prune(ctx context.Context, requestsBefore time.Time) error {
	return s.write(ctx, "prune", func(t *tx) error {
		now := t.now.UnixNano()
		for _, query := range []string{
			"DELETE FROM sessions WHERE expires_ns <= ?",
			"DELETE FROM login_codes WHERE expires_ns <= ?",
			"DELETE FROM api_tokens WHERE expires_ns <> 0 AND expires_ns <= ?",
		} {
			if _, err := t.exec(query, now); err != nil {
				return err
			}
		}
		_, err := t.exec("DELETE FROM requests WHERE created_ns < ?", nanos(requestsBefore))
		return err
	})
}
