package app

import (
	"context"
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/client"

	"picket/internal/contract"
	"picket/internal/engine"
	"picket/internal/soc"
)

// archiveKey is the key of the ledger's entry on a run's archive.
const archiveKey = "archive"

// archived is what the ledger says of a run's archive. Digest names the history of the run's first execution; the
// counts are of all its histories. Index names an archiveIndex, and is empty where there is nothing to list: the first
// history is all, and it holds all its payloads itself.
type archived struct {
	Digest string `json:"digest"`
	Events int    `json:"events"`
	Bytes  int    `json:"bytes"`
	Index  string `json:"index,omitempty"`
}

// archiveIndex lists the documents that an archive consists of: all histories, and the payloads that these refer to.
// Whoever takes an archive elsewhere takes these documents, and the keys that the payloads name. audit.Verify reads the digests.
type archiveIndex struct {
	Histories []archivedHistory `json:"histories"`
	Payloads  []engine.Claim    `json:"payloads"`
}

type archivedHistory struct {
	engine.Execution
	Digest string `json:"digest"`
	Events int    `json:"events"`
	Bytes  int    `json:"bytes"`
}

// documents keeps documents by their digest. *blob.Store is one.
type documents interface {
	Put(ctx context.Context, data []byte) (digest string, err error)
	Get(ctx context.Context, digest string) ([]byte, error)
}

// archiver exports histories from Temporal, whose retention ends, to documents, which stay.
type archiver struct {
	temporal client.Client
	blobs    documents
}

// keep archives the histories of a run: of its first execution, of those that it continued as, and of the loops that it
// ran as children. A playbook that it called has a run, and an archive, of its own. When keep returns, all is durable;
// the payloads that histories refer to were so before the histories were.
func (a archiver) keep(ctx context.Context, workflowID, runID string) (archived, error) {
	var kept archived
	index := archiveIndex{Payloads: []engine.Claim{}}
	listed := map[string]bool{}
	left := []engine.Execution{{WorkflowID: workflowID, RunID: runID}}
	for len(left) > 0 {
		e := left[0]
		left = left[1:]
		history, summary, err := a.export(ctx, e)
		if err != nil {
			return archived{}, err
		}
		digest, err := a.blobs.Put(ctx, history)
		if err != nil {
			return archived{}, err
		}
		e.Type = summary.Type
		index.Histories = append(index.Histories, archivedHistory{e, digest, summary.Events, len(history)})
		for _, claim := range summary.Claims {
			if !listed[claim.Digest] {
				listed[claim.Digest] = true
				index.Payloads = append(index.Payloads, claim)
			}
		}
		if summary.Next != nil {
			left = append(left, *summary.Next)
		}
		for _, child := range summary.Children {
			if child.Type == contract.WorkflowLoop {
				left = append(left, child)
			}
		}
		kept.Events, kept.Bytes = kept.Events+summary.Events, kept.Bytes+len(history)
	}
	kept.Digest = index.Histories[0].Digest
	if len(index.Histories) == 1 && len(index.Payloads) == 0 {
		return kept, nil
	}
	text, err := json.Marshal(index)
	if err != nil {
		return archived{}, fmt.Errorf("list the archive of %s: %w", workflowID, err)
	}
	kept.Index, err = a.blobs.Put(ctx, text)
	return kept, err
}

// export waits for an execution's end, for its history is whole only then.
func (a archiver) export(ctx context.Context, e engine.Execution) ([]byte, engine.Summary, error) {
	if _, err := engine.AwaitClose(ctx, a.temporal, e.WorkflowID, e.RunID); err != nil {
		return nil, engine.Summary{}, err
	}
	history, err := engine.ExportHistory(ctx, a.temporal, e.WorkflowID, e.RunID)
	if err != nil {
		return nil, engine.Summary{}, err
	}
	summary, err := engine.Summarize(history)
	return history, summary, err
}

// readIndex lists the documents of an archive.
func readIndex(ctx context.Context, blobs documents, kept archived) (archiveIndex, error) {
	index := archiveIndex{Histories: []archivedHistory{{Digest: kept.Digest, Events: kept.Events, Bytes: kept.Bytes}}}
	if kept.Index == "" {
		return index, nil
	}
	text, err := blobs.Get(ctx, kept.Index)
	if err != nil {
		return index, err
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return index, soc.Errorf(soc.Internal, "the index %s of the archive can't be read: %w", kept.Index, err)
	}
	return index, nil
}

// replayArchive replays all histories of an archive and fails at the first that does not.
func replayArchive(ctx context.Context, blobs documents, index archiveIndex, o engine.ReplayOptions) error {
	for _, h := range index.Histories {
		history, err := blobs.Get(ctx, h.Digest)
		if err != nil {
			return err
		}
		if err := engine.Replay(ctx, history, o); err != nil {
			return fmt.Errorf("history %s of %s: %w", h.Digest, h.WorkflowID, err)
		}
	}
	return nil
}
