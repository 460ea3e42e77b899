package app

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"picket/api"
	"picket/internal/blob"
	"picket/internal/engine"
	"picket/internal/evidence"
	"picket/internal/soc"
	"picket/internal/store"
)

// inspector reads what Temporal has of runs: the archive of a run that is over, the history of one that goes on.
type inspector struct {
	store    *store.Store
	blobs    *blob.Store
	keysFile string
	temporal client.Client

	mu   sync.Mutex // one history is read, or replayed, at a time: each takes as much memory as it is long
	last struct {   // of an archive, which does not change
		archive string
		events  []api.RunEvent
	}
}

// Events lists the events of all histories of a run, in the order in which the histories began.
func (i *inspector) Events(ctx context.Context, run soc.Run) ([]api.RunEvent, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if run.Archive != "" && i.last.archive == run.Archive {
		return i.last.events, nil
	}
	keys, err := engine.OpenKeyring(i.keysFile, false)
	if err != nil {
		return nil, err
	}
	histories, err := i.histories(ctx, run)
	if err != nil {
		return nil, err
	}
	var all []api.RunEvent
	for n, history := range histories {
		events, err := engine.Events(ctx, history, keys)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			all = append(all, api.RunEvent{Number: len(all) + 1, History: n + 1, Event: e})
		}
	}
	if run.Archive != "" {
		i.last.archive, i.last.events = run.Archive, all
	}
	return all, nil
}

// histories are those of a run: as archived, or else as they are now.
func (i *inspector) histories(ctx context.Context, run soc.Run) ([][]byte, error) {
	if run.Archive == "" {
		history, err := engine.ExportHistory(ctx, i.temporal, run.WorkflowID, run.TemporalRunID)
		return [][]byte{history}, err
	}
	index, _, err := i.index(ctx, run)
	if err != nil {
		return nil, err
	}
	histories := make([][]byte, len(index.Histories))
	for n, h := range index.Histories {
		if histories[n], err = i.blobs.Get(ctx, h.Digest); err != nil {
			return nil, err
		}
	}
	return histories, nil
}

// index lists the documents of a run's archive.
func (i *inspector) index(ctx context.Context, run soc.Run) (archiveIndex, archived, error) {
	var kept archived
	entry, err := i.store.FindEntry(ctx, run.ID, archiveKey)
	if err != nil {
		return archiveIndex{}, kept, err
	}
	if err := json.Unmarshal(entry.Body, &kept); err != nil {
		return archiveIndex{}, kept, soc.Errorf(soc.Internal, "the ledger's entry on the archive of %s can't be read: %w", run.ID, err)
	}
	index, err := readIndex(ctx, i.blobs, kept)
	return index, kept, err
}

// Replay replays a run's archive against the code of this process. What it finds is an answer, not an error.
func (i *inspector) Replay(ctx context.Context, run soc.Run) (api.Replayed, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	began := time.Now()
	index, kept, err := i.replay(ctx, run)
	if err != nil && index.Histories == nil { // it did not come to the replay
		return api.Replayed{}, err
	}
	out := api.Replayed{Same: err == nil, Histories: len(index.Histories), Events: kept.Events, TookMS: time.Since(began).Milliseconds()}
	if soc.KindOf(err) == soc.Conflict {
		out.Problem, err = err.Error(), nil
	}
	return out, err
}

// replay replays a run's archive and fails at the first history that does not.
func (i *inspector) replay(ctx context.Context, run soc.Run) (archiveIndex, archived, error) {
	if run.Archive == "" {
		return archiveIndex{}, archived{}, soc.Errorf(soc.Conflict, "run %s has no archived history yet; it is %s", run.ID, run.Status)
	}
	keys, err := engine.OpenKeyring(i.keysFile, false)
	if err != nil {
		return archiveIndex{}, archived{}, err
	}
	index, kept, err := i.index(ctx, run)
	if err != nil {
		return archiveIndex{}, archived{}, err
	}
	return index, kept, replayArchive(ctx, i.blobs, index, engine.ReplayOptions{
		Keys: keys, Blobs: i.blobs, Register: func(r worker.WorkflowReplayer) { RegisterWorkflows(r) },
	})
}

// Evidence writes all that there is of a run that is over into a ZIP file.
func (i *inspector) Evidence(ctx context.Context, run soc.Run, w io.Writer) error {
	pack := evidence.Pack{Run: run}
	var err error
	if run.AlertID != "" {
		alert, err := i.store.AlertNow(ctx, run.AlertID)
		if err != nil {
			return err
		}
		pack.Alert = &alert
	}
	kept, err := i.store.PlanByDigest(ctx, run.PlanDigest)
	if err != nil {
		return err
	}
	pack.Plan, pack.Source = kept.Plan, kept.Source
	if pack.Entries, err = i.store.RunEntries(ctx, run.ID); err != nil {
		return err
	}
	if pack.Approvals, _, err = i.store.Approvals(ctx, store.ApprovalFilter{RunID: run.ID, Limit: 500}); err != nil {
		return err
	}
	index, _, err := i.index(ctx, run)
	if err != nil {
		return err
	}
	for _, h := range index.Histories {
		pack.Documents = append(pack.Documents, h.Digest)
	}
	for _, claim := range index.Payloads {
		pack.Documents = append(pack.Documents, claim.Digest)
	}
	return evidence.Write(ctx, w, pack, i.blobs)
}
