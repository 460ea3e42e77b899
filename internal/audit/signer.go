// Package audit proves that nothing was changed: it verifies the ledger's chain and the archive, and signs decisions
// and the ledger's head with the workspace's key.
package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"picket/internal/soc"
)

const (
	keyFile  = "audit.key"
	keyBytes = 32
)

// Signer signs with the workspace's key, HMAC-SHA256. It is safe for concurrent use.
type Signer struct{ key []byte }

// OpenSigner reads the key file in dir and makes one, readable by its owner only, if there is none. A copy of the
// file lets others verify; a loss of it makes all decisions that are not yet carried out void.
func OpenSigner(dir string) (*Signer, error) {
	path := filepath.Join(dir, keyFile)
	for {
		text, err := os.ReadFile(path)
		if err == nil {
			return parseKey(path, text)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, &soc.Error{Kind: soc.Unavailable, Message: "read the signing key", Err: err}
		}
		if err := makeKey(dir, path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, &soc.Error{Kind: soc.Unavailable, Message: "make the signing key", Err: err}
		}
	}
}

func parseKey(path string, text []byte) (*Signer, error) {
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != keyBytes {
		return nil, soc.Errorf(soc.Invalid, "%s is not a signing key: it should hold %d hexadecimal digits", path, 2*keyBytes)
	}
	return NewSigner(key)
}

// makeKey writes the key under another name first, so that another process never reads half of it.
func makeKey(dir, path string) error {
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, keyFile+".tmp-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil { // fails when another process was first
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// NewSigner signs with a given key of 32 bytes or more, for workspaces whose key comes from elsewhere.
func NewSigner(key []byte) (*Signer, error) {
	if len(key) < keyBytes {
		return nil, soc.Errorf(soc.Invalid, "the signing key has %d bytes; it needs %d", len(key), keyBytes)
	}
	return &Signer{key: bytes.Clone(key)}, nil
}

// Sign answers the decision with its signature, over all its other fields.
func (s *Signer) Sign(d soc.Decision) soc.Decision {
	d.At = d.At.UTC().Round(0)
	d.Signature = hex.EncodeToString(s.decision(d))
	return d
}

// Verify answers Denied unless the decision bears this key's signature on exactly its fields.
func (s *Signer) Verify(d soc.Decision) error {
	signature, err := hex.DecodeString(d.Signature)
	if err != nil || !hmac.Equal(signature, s.decision(d)) {
		return soc.Errorf(soc.Denied, "decision %q is not signed by this workspace: it was changed, or written past Picket", d.ID)
	}
	return nil
}

func (s *Signer) decision(d soc.Decision) []byte {
	fields := []string{
		d.ID, d.ApprovalID, d.RunID, string(d.Outcome), d.By, d.Reason, d.Digest,
		d.At.UTC().Format(time.RFC3339Nano), strconv.Itoa(len(d.Calls)),
	}
	return s.sum("picket-decision-v1", append(fields, d.Calls...))
}

// SignHead signs the ledger's head; it is made for store.WithHeadSigner.
func (s *Signer) SignHead(seq int64, digest string) string {
	return hex.EncodeToString(s.sum("picket-head-v1", []string{strconv.FormatInt(seq, 10), digest}))
}

// VerifyHead tells whether a head bears this key's signature.
func (s *Signer) VerifyHead(seq int64, digest, signature string) bool {
	return hmac.Equal([]byte(signature), []byte(s.SignHead(seq, digest)))
}

// sum signs fields, each with its length before it, so that no two lists of fields are the same text. The purpose
// keeps a signature of one kind from serving as another.
func (s *Signer) sum(purpose string, fields []string) []byte {
	mac := hmac.New(sha256.New, s.key)
	writeField(mac, purpose)
	for _, field := range fields {
		writeField(mac, field)
	}
	return mac.Sum(nil)
}

func writeField(h hash.Hash, field string) { fmt.Fprintf(h, "%d:%s\n", len(field), field) }
