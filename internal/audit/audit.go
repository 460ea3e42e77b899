package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"picket/internal/audit/chain"
	"picket/internal/soc"
	"picket/internal/store"
)

// kindHistoryArchived is the kind of entries that name an archived document; internal/contract lists all kinds.
const kindHistoryArchived = "history.archived"

// How many entries are in memory at once, and how many bytes of them: one may hold an answer of megabytes.
const (
	pageLength = 500
	pageBytes  = 16 << 20
)

// Ledger is what Verify reads. *store.Store is one.
type Ledger interface {
	Entries(ctx context.Context, f store.Filter) ([]soc.LedgerEntry, error)
	Head(ctx context.Context) (store.Head, error)
}

var _ Ledger = (*store.Store)(nil)

// Archive answers archived documents by their digests and errors when one is missing or changed. *blob.Store is one.
type Archive interface {
	Get(ctx context.Context, digest string) ([]byte, error)
}

// Report says whether the ledger is whole, and names the first entry that is not as it was appended.
type Report struct {
	OK       bool   `json:"ok"`
	Entries  int64  `json:"entries"`             // verified, up to the first bad one
	Archived int64  `json:"archived"`            // documents verified
	Head     string `json:"head"`                // digest of the last verified entry: note it down to compare later
	Signed   bool   `json:"signed"`              // the head's signature was verified, so that a cut-off tail would have shown
	FirstBad int64  `json:"first_bad,omitempty"` // seq
	Kind     string `json:"kind,omitempty"`
	RunID    string `json:"run_id,omitempty"`
	Key      string `json:"key,omitempty"`
	Why      string `json:"why,omitempty"`
}

// Option adds to what Verify looks at.
type Option func(*verification)

type verification struct {
	archive Archive
	signer  *Signer
}

// WithArchive also verifies every archived document that the ledger names.
func WithArchive(a Archive) Option { return func(v *verification) { v.archive = a } }

// WithSigner also verifies the head's signature. Without it, a ledger whose tail was cut off together with its head
// looks whole. With it, only one that was put back to an earlier state as a whole does; against that, keep the
// Report's Head elsewhere.
func WithSigner(s *Signer) Option { return func(v *verification) { v.signer = s } }

// Digest is the digest of an entry; see chain.Digest for the text that is hashed.
func Digest(e soc.LedgerEntry) string { return chain.Digest(e) }

// Verify walks the whole ledger and recomputes every digest. What is found is in the report; an error means that the
// verification could not be carried out. Entries that are appended meanwhile may or may not be looked at.
func Verify(ctx context.Context, l Ledger, options ...Option) (Report, error) {
	var v verification
	for _, option := range options {
		option(&v)
	}
	// The head is read first: the entries up to it must be there, and later ones may come.
	head, err := l.Head(ctx)
	report := Report{Head: chain.Genesis}
	if soc.KindOf(err) == soc.NotFound {
		report.Why = "the record of the ledger's head is gone"
	} else if err != nil {
		return Report{}, err
	}
	if v.signer != nil && head.Seq > 0 && report.Why == "" {
		if !v.signer.VerifyHead(head.Seq, head.Digest, head.Signature) {
			report.FirstBad, report.Why = head.Seq, "the ledger's head is not signed by this workspace: the tail may have been cut off or rewritten"
		} else {
			report.Signed = true
		}
	}
	last := soc.LedgerEntry{Digest: chain.Genesis}
	after := int64(math.MinInt64) // entries that were put before the first show too
	for {
		entries, err := l.Entries(ctx, store.Filter{AfterSeq: after, Limit: pageLength, Bytes: pageBytes})
		if err != nil {
			return Report{}, err
		}
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			why, err := v.check(ctx, last, e, head, &report)
			if err != nil {
				return Report{}, err
			}
			if why != "" {
				report.FirstBad, report.Kind, report.RunID, report.Key, report.Why = e.Seq, e.Kind, e.RunID, e.Key, why
				return report, nil
			}
			last, after = e, e.Seq
			report.Entries, report.Head = report.Entries+1, e.Digest
		}
	}
	if report.Why == "" && last.Seq < head.Seq {
		report.FirstBad = last.Seq + 1
		report.Why = fmt.Sprintf("the ledger ends at entry %d and its head says %d: the tail was cut off", last.Seq, head.Seq)
	}
	report.OK = report.Why == ""
	return report, nil
}

// check says what is wrong with an entry that follows last, "" if nothing is.
func (v *verification) check(ctx context.Context, last, e soc.LedgerEntry, head store.Head, report *Report) (string, error) {
	switch {
	case e.Seq != last.Seq+1:
		return fmt.Sprintf("entry %d is missing: %d follows %d", last.Seq+1, e.Seq, last.Seq), nil
	case e.Prev != last.Digest:
		return fmt.Sprintf("it does not follow entry %d: its link was changed, or entry %d was replaced", last.Seq, last.Seq), nil
	case chain.Digest(e) != e.Digest:
		return "its content does not match its digest: it was changed after it was appended", nil
	case e.Seq == head.Seq && e.Digest != head.Digest:
		return "it is not the entry that the ledger's head names: the tail was rewritten", nil
	case e.Kind == kindHistoryArchived && v.archive != nil:
		return v.checkArchived(ctx, e, report)
	}
	return "", nil
}

// checkArchived looks at the documents that an entry names, and at those that its index lists: histories, and the
// payloads that these refer to.
func (v *verification) checkArchived(ctx context.Context, e soc.LedgerEntry, report *Report) (string, error) {
	var body struct {
		Digest string `json:"digest"`
		Index  string `json:"index"`
	}
	if err := json.Unmarshal(e.Body, &body); err != nil || body.Digest == "" {
		return "it names no archived document", nil
	}
	if _, why, err := v.document(ctx, body.Digest, report); why != "" || err != nil || body.Index == "" {
		return why, err
	}
	text, why, err := v.document(ctx, body.Index, report)
	if why != "" || err != nil {
		return why, err
	}
	type named struct {
		Digest string `json:"digest"`
	}
	var index struct {
		Histories []named `json:"histories"`
		Payloads  []named `json:"payloads"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return "the index " + body.Index + " of its archive can't be read", nil
	}
	for _, listed := range append(index.Histories, index.Payloads...) {
		if listed.Digest == body.Digest {
			continue
		}
		if _, why, err := v.document(ctx, listed.Digest, report); why != "" || err != nil {
			return why, err
		}
	}
	return "", nil
}

// document reads an archived document, or says what is wrong with it.
func (v *verification) document(ctx context.Context, digest string, report *Report) (data []byte, why string, err error) {
	data, err = v.archive.Get(ctx, digest)
	switch soc.KindOf(err) {
	case "":
		report.Archived++
		return data, "", nil
	case soc.Unavailable:
		return nil, "", err
	default:
		return nil, err.Error(), nil
	}
}
