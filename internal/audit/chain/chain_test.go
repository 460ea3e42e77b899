package chain_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/audit/chain"
	"picket/internal/soc"
)

// The text is spelt out, since ledgers that were written with it are verified for ever.
func TestTheCanonicalTextIsAsDocumented(t *testing.T) {
	t.Parallel()
	e := soc.LedgerEntry{
		Seq: 7, RunID: "run_1", AlertID: "alr_1", Key: "k\n", Kind: "step.finished", Step: "contain", Attempt: 2,
		At: time.Date(2026, 1, 2, 4, 4, 5, 120000000, time.FixedZone("east", 3600)), Actor: "ünit",
		Body: json.RawMessage(`{"b":1, "a":2}`), Prev: chain.Genesis, Digest: "not read",
	}
	text := "picket-ledger-v1\n" + chain.Genesis + " 7 2 2026-01-02T03:04:05.12Z\n" +
		"5:run_1\n5:alr_1\n2:k\n\n13:step.finished\n7:contain\n5:ünit\n14:{\"b\":1, \"a\":2}\n"
	sum := sha256.Sum256([]byte(text))
	require.Equal(t, hex.EncodeToString(sum[:]), chain.Digest(e))
}
