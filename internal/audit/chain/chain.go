// Package chain computes the digests that link the ledger's entries. It stands apart so that the store, which
// appends, and audit, which verifies, share one definition and nothing else.
package chain

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"picket/internal/soc"
)

// Genesis is the Prev of the first entry: 64 zeros.
const Genesis = "0000000000000000000000000000000000000000000000000000000000000000"

// Digest is the digest of an entry: SHA-256, in lower-case hex, over its canonical text. The text is
//
//	picket-ledger-v1
//	PREV SEQ ATTEMPT AT
//	LEN:RUN_ID
//	LEN:ALERT_ID
//	LEN:KEY
//	LEN:KIND
//	LEN:STEP
//	LEN:ACTOR
//	LEN:BODY
//
// where each line ends in one line feed, SEQ and ATTEMPT are decimal, AT is the time in UTC as RFC 3339 with
// nanoseconds, trailing zeros dropped, LEN is the length in bytes of what follows the colon, and BODY is the body
// byte for byte as it was appended. The lengths make the text unambiguous whatever the fields hold. The entry's own
// Digest is not read.
func Digest(e soc.LedgerEntry) string {
	b := make([]byte, 0, 512+len(e.Body))
	b = append(b, "picket-ledger-v1\n"...)
	b = append(b, e.Prev...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(e.Attempt), 10)
	b = append(b, ' ')
	b = e.At.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, '\n')
	for _, field := range [...]string{e.RunID, e.AlertID, e.Key, e.Kind, e.Step, e.Actor} {
		b = strconv.AppendInt(b, int64(len(field)), 10)
		b = append(b, ':')
		b = append(b, field...)
		b = append(b, '\n')
	}
	b = strconv.AppendInt(b, int64(len(e.Body)), 10)
	b = append(b, ':')
	b = append(b, e.Body...)
	b = append(b, '\n')
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
