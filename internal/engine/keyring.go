package engine

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"picket/internal/soc"
)

const keyBytes = 32

// Keyring holds the keys of payload encryption. The last line of its file encrypts; all lines decrypt, so that a
// new key is a line more, and a history whose key was removed can't be read again by anybody.
type Keyring struct {
	active string
	keys   map[string]key
}

// key seals with nonces of two kinds. Those at random hide which texts are the same; those made of the text show it
// on purpose, so that a text that is kept outside the history is kept once.
type key struct {
	random   cipher.AEAD
	given    cipher.AEAD
	nonceKey []byte
}

func newKey(secret []byte) (k key, err error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return key{}, err
	}
	if k.random, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return key{}, err
	}
	if k.given, err = cipher.NewGCM(block); err != nil {
		return key{}, err
	}
	k.nonceKey, err = hkdf.Expand(sha256.New, secret, "picket payload nonces 1", sha256.Size)
	return k, err
}

// sealAlike gives the same bytes for the same text; open does not tell them from those of seal.
func (k key) sealAlike(plain, about []byte) []byte {
	digest := hmac.New(sha256.New, k.nonceKey)
	_, _ = digest.Write(plain)
	nonce := digest.Sum(nil)[:k.given.NonceSize()]
	sealed := make([]byte, 0, len(nonce)+len(plain)+k.given.Overhead())
	return k.given.Seal(append(sealed, nonce...), nonce, plain, about)
}

func (k key) seal(plain, about []byte) []byte { return k.random.Seal(nil, nil, plain, about) }

func (k key) open(sealed, about []byte) ([]byte, error) {
	return k.random.Open(nil, nil, sealed, about)
}

// Active is the id of the key that encrypts.
func (k *Keyring) Active() string { return k.active }

// OpenKeyring reads a key file: lines of an id and 32 bytes in base64; # starts a comment. With create it makes the
// file with one fresh key when there is none.
func OpenKeyring(path string, create bool) (*Keyring, error) {
	text, err := os.ReadFile(path)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err := createKeyFile(path); err != nil {
			return nil, soc.Errorf(soc.Unavailable, "make the key file %s: %w", path, err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, soc.Errorf(soc.Unavailable, "read the key file: %w", err)
	}
	ring := &Keyring{keys: map[string]key{}}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := ring.add(line); err != nil {
			return nil, soc.Errorf(soc.Invalid, "%s:%d: %w", path, n, err)
		}
	}
	if ring.active == "" {
		return nil, soc.Errorf(soc.Invalid, "%s holds no key", path)
	}
	return ring, nil
}

// add takes one line of the file. Its errors never show what may be a key.
func (k *Keyring) add(line string) error {
	id, encoded, _ := strings.Cut(line, " ")
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil || len(secret) != keyBytes {
		return fmt.Errorf("not a key: want ID and %d bytes in base64", keyBytes)
	}
	if _, ok := k.keys[id]; ok {
		return fmt.Errorf("a second key %s", id)
	}
	made, err := newKey(secret)
	if err != nil {
		return err
	}
	k.keys[id], k.active = made, id
	return nil
}

// createKeyFile writes a file with one key so that it is there whole or not at all.
func createKeyFile(path string) error {
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	sum := sha256.Sum256(key)
	text := "# Picket encrypts what Temporal keeps with the last key. Lose a key, and its histories can't be read.\n" +
		hex.EncodeToString(sum[:4]) + " " + base64.StdEncoding.EncodeToString(key) + "\n"
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	// Link, unlike rename, never replaces a key file that another process made in between.
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
