// Package audit proves that nothing was changed: it verifies the ledger's chain and the archive, and signs decisions
// and the ledger's head with the workspace's key.
package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
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

// decision signs a decision's fields. The second form is that of decisions with edited calls, answers or votes; a
// decision without them keeps the first, so that what was signed before they came still holds.
func (s *Signer) decision(d soc.Decision) []byte {
	fields := []string{
		d.ID, d.ApprovalID, d.RunID, string(d.Outcome), d.By, d.Reason, d.Digest,
		d.At.UTC().Format(time.RFC3339Nano), strconv.Itoa(len(d.Calls)),
	}
	fields = append(fields, d.Calls...)
	if len(d.Edited) == 0 && len(d.Answers) == 0 && len(d.Votes) == 0 {
		return s.sum("picket-decision-v1", fields)
	}
	fields = append(fields, edited(d.Edited)...)
	fields = append(fields, stable(d.Answers), strconv.Itoa(len(d.Votes)))
	for _, v := range d.Votes {
		fields = append(fields, v.ID, v.Signature)
	}
	return s.sum("picket-decision-v2", fields)
}

// edited lists edited calls in the order of their steps, with their number before them.
func edited(calls soc.EditedCalls) []string {
	fields := []string{strconv.Itoa(len(calls))}
	for _, step := range slices.Sorted(maps.Keys(calls)) {
		fields = append(fields, step, stable(calls[step]))
	}
	return fields
}

// stable is a document as the database gives it back: encoding it once more changes nothing.
func stable(document json.RawMessage) string {
	if text, err := json.Marshal(document); err == nil && len(document) > 0 {
		return string(text)
	}
	return string(document) // no JSON: signed as it is
}

// SignVote answers the vote with its signature, over all its other fields.
func (s *Signer) SignVote(v soc.Vote) soc.Vote {
	v.At = v.At.UTC().Round(0)
	v.Signature = hex.EncodeToString(s.vote(v))
	return v
}

// VerifyVote answers Denied unless the vote bears this key's signature on exactly its fields.
func (s *Signer) VerifyVote(v soc.Vote) error {
	signature, err := hex.DecodeString(v.Signature)
	if err != nil || !hmac.Equal(signature, s.vote(v)) {
		return soc.Errorf(soc.Denied, "vote %q is not signed by this workspace: it was changed, or written past Picket", v.ID)
	}
	return nil
}

func (s *Signer) vote(v soc.Vote) []byte {
	fields := []string{
		v.ID, v.ApprovalID, v.RunID, v.By, v.Reason, v.Digest, v.At.UTC().Format(time.RFC3339Nano), strconv.Itoa(len(v.Calls)),
	}
	fields = append(fields, v.Calls...)
	return s.sum("picket-vote-v1", append(fields, edited(v.Edited)...))
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
