package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"picket/internal/soc"
)

// The cost of a password hash: OWASP's first choice for argon2id, some 25 ms of one core and 19 MiB.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	saltBytes    = 16
	keyBytes     = 32
)

// The length of passwords. The upper bound keeps hashing cheap to refuse.
const (
	passwordLeast = 12   // characters
	passwordMost  = 1024 // bytes
)

// hashing bounds how many hashes are computed at once, so that guessing costs neither memory nor all cores.
type hashing chan struct{}

func (h hashing) enter(ctx context.Context) error {
	select {
	case h <- struct{}{}:
		return nil
	case <-ctx.Done():
		return soc.Errorf(soc.Unavailable, "too many people are signing in; try again")
	}
}

func (h hashing) leave() { <-h }

// hash makes the PHC string of a password.
func (h hashing) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, keyBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// matches tells whether a password is that of a PHC string. A string that is no argon2id hash within sane costs
// matches nothing.
func (h hashing) matches(ctx context.Context, phc, password string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	var version int
	var memory, rounds uint32
	var threads uint8
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, nil
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &rounds, &threads); err != nil ||
		version != argon2.Version || memory > 1<<20 || rounds == 0 || rounds > 20 || threads == 0 {
		return false, nil
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, nil
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < 16 || len(want) > 128 {
		return false, nil
	}
	got := argon2.IDKey([]byte(password), salt, rounds, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// usable tells whether a stored hash is one that a password can match.
func usable(phc string) bool { return strings.HasPrefix(phc, "$argon2id$") }

// CheckPassword says what is wrong with a new password.
func CheckPassword(name, password string) error {
	switch {
	case !utf8.ValidString(password):
		return soc.Errorf(soc.Invalid, "the password is not valid text")
	case utf8.RuneCountInString(password) < passwordLeast:
		return soc.Errorf(soc.Invalid, "the password needs at least %d characters", passwordLeast)
	case len(password) > passwordMost:
		return soc.Errorf(soc.Invalid, "the password has more than %d bytes", passwordMost)
	case strings.EqualFold(password, name) || strings.Count(password, password[:1]) == len(password):
		return soc.Errorf(soc.Invalid, "the password is too easy to guess")
	}
	return nil
}

// CheckName says what is wrong with the name of a new user. Names stand in the ledger and in approvals, so two of
// them must not look alike.
func CheckName(name string) error {
	if len(name) == 0 || len(name) > 64 {
		return soc.Errorf(soc.Invalid, "the name needs 1 to 64 characters")
	}
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("._-@+", rune(c))) {
			return soc.Errorf(soc.Invalid, "the name may hold letters a to z, digits and . _ - @ +, and begins with a letter or a digit")
		}
	}
	if lower := strings.ToLower(name); lower == "picket" || lower == placeholder || lower == automation {
		return soc.Errorf(soc.Invalid, "the name %q is Picket's own; choose another", name)
	}
	return nil
}
