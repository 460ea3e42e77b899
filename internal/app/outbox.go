package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

const (
	outboxBatch = 128
	outboxLease = 30 * time.Second
	outboxPoll  = time.Second
	// outboxAtOnce bounds how many rows are carried out at the same time; archiving has fewer places, so that it never
	// stands in the way of a start or a decision.
	outboxAtOnce  = 32
	archiveAtOnce = 2
)

// dispatcher carries out what transactions have posted: starts, signals, cancels and archiving. It may repeat each as often as it must.
type dispatcher struct {
	store    *store.Store
	temporal client.Client
	archive  archiver
	log      *slog.Logger
	eager    bool // the workers are in this process
}

// run works until ctx ends, then waits for what it has begun.
func (d *dispatcher) run(ctx context.Context) {
	places, slow := make(chan struct{}, outboxAtOnce), make(chan struct{}, archiveAtOnce)
	var begun sync.WaitGroup
	defer begun.Wait()
	tick := time.NewTicker(outboxPoll)
	defer tick.Stop()
	for {
		rows, err := d.store.ClaimOutbox(ctx, outboxBatch, outboxLease)
		if err != nil && ctx.Err() == nil {
			d.log.Error("claim the outbox", "error", err)
		}
		for _, row := range rows {
			at := places
			if row.Kind == store.OutboxArchive {
				at = slow
			}
			begun.Go(func() {
				select {
				case at <- struct{}{}:
				case <-ctx.Done():
					return
				}
				defer func() { <-at }()
				d.carryOut(ctx, row)
			})
		}
		if len(rows) == outboxBatch {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-d.store.OutboxWake():
		case <-tick.C:
		}
	}
}

func (d *dispatcher) carryOut(ctx context.Context, row store.Outbox) {
	var err error
	switch row.Kind {
	case store.OutboxStart:
		err = d.start(ctx, row)
	case store.OutboxSignal:
		err = d.signal(ctx, row)
	case store.OutboxCancel:
		err = d.cancel(ctx, row)
	case store.OutboxArchive:
		err = d.keep(ctx, row)
	default:
		err = fmt.Errorf("outbox kind %q is not known to this version", row.Kind)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	wait := min(time.Second<<min(row.Tries, 6), time.Minute)
	d.log.Warn("outbox row put off", "kind", row.Kind, "run_id", row.RunID, "tries", row.Tries, "wait", wait, "error", err)
	if err := d.store.RetryOutbox(ctx, row.ID, time.Now().Add(wait), err.Error()); err != nil {
		d.log.Error("put off an outbox row", "run_id", row.RunID, "error", err)
	}
}

// start starts the run's workflow; one that is there already is the same run.
func (d *dispatcher) start(ctx context.Context, row store.Outbox) error {
	run, err := d.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                    row.WorkflowID,
		TaskQueue:             contract.QueueWorkflow,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		EnableEagerStart:      d.eager,
		WorkflowTaskTimeout:   10 * time.Second,
	}, contract.WorkflowPlaybook, row.Payload)
	temporalRun := ""
	if started, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		temporalRun = started.RunId
	} else if err != nil {
		return err
	} else {
		temporalRun = run.GetRunID()
	}
	return d.store.RunStarted(ctx, row.ID, row.RunID, temporalRun)
}

// signal tells a workflow of what stands in the database. A workflow that has ended needs no telling.
func (d *dispatcher) signal(ctx context.Context, row store.Outbox) error {
	name := row.Signal
	if name == "" {
		name = contract.SignalApprovalDecided
	}
	err := d.temporal.SignalWorkflow(ctx, row.WorkflowID, "", name, row.Payload)
	if _, gone := errors.AsType[*serviceerror.NotFound](err); err != nil && !gone {
		return err
	}
	return d.store.DoneOutbox(ctx, row.ID)
}

// cancel cancels a run's workflow. One that is not there has ended, or has not started yet: then it is tried again.
func (d *dispatcher) cancel(ctx context.Context, row store.Outbox) error {
	err := d.temporal.CancelWorkflow(ctx, row.WorkflowID, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		run, readErr := d.store.GetRun(ctx, row.RunID)
		if readErr != nil {
			return readErr
		}
		if run.Status.Final() {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	return d.store.DoneOutbox(ctx, row.ID)
}

// keep archives what a run that has closed did, and says so in the ledger.
func (d *dispatcher) keep(ctx context.Context, row store.Outbox) error {
	run, err := d.store.GetRun(ctx, row.RunID)
	if err != nil {
		return err
	}
	kept, err := d.archive.keep(ctx, run.WorkflowID, run.TemporalRunID)
	if err != nil {
		return err
	}
	body, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	if _, err := d.store.ArchiveRun(ctx, row.RunID, kept.Digest, []soc.LedgerEntry{
		{Key: archiveKey, Kind: contract.KindHistoryArchived, At: time.Now().UTC(), Body: body},
	}); err != nil {
		return err
	}
	return d.store.DoneOutbox(ctx, row.ID)
}
