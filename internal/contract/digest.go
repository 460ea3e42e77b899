package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// CallDigest identifies an exact call: SHA-256, hex, over operation, connection and the arguments in canonical
// JSON (keys sorted, numbers as written, no white space). What was approved is what runs: both sides compute it.
func CallDigest(operation, connection string, arguments json.RawMessage) (string, error) {
	canonical, err := Canonical(arguments)
	if err != nil {
		return "", fmt.Errorf("arguments of %s: %w", operation, err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "picket-call-v1\n%d:%s\n%d:%s\n", len(operation), operation, len(connection), connection)
	h.Write(canonical)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Canonical rewrites a JSON document with sorted keys, numbers as written and no white space.
func Canonical(document json.RawMessage) (json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
