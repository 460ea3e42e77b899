package workflows

import "time"

// The limits of the interpreter. What is beyond one fails the step that asked for it, with a message that names it.
const (
	// DefaultRunTimeout bounds a run whose playbook names no timeout.
	DefaultRunTimeout = 30 * 24 * time.Hour
	// FinallyTimeout bounds what a cancelled run's finally blocks do, all together, from the moment it is cancelled.
	FinallyTimeout = 10 * time.Minute
	// MaxWait bounds one wait for a time or an event: a longer one outlives what a history is kept for.
	MaxWait = 400 * 24 * time.Hour
	// MaxForeachItems bounds the items or rounds of a loop without batches: what one history can hold with room to spare.
	MaxForeachItems = 500
	// MaxLoopItems bounds the items or rounds of any loop.
	MaxLoopItems = 10_000
	// MaxCollectedBytes bounds what a foreach collects of its items.
	MaxCollectedBytes = 8 << 20
	// MaxCarriedBytes bounds what a run carries into a new history or a loop's child workflow: one payload has at most
	// 32 MiB. A run that would carry more stays in its history for as long as it may.
	MaxCarriedBytes = 20 << 20
	// MaxCallsPerApproval bounds the calls of one approval that covers a step in a foreach.
	MaxCallsPerApproval = 100
	// MaxOptions and MaxOptionLength bound the options of a form that are computed; the length counts characters.
	MaxOptions      = 100
	MaxOptionLength = 200
	// MaxRepairs bounds how often an agent is told that its answer is no good, before it fails.
	MaxRepairs = 2
	// MaxToolResult bounds what a model is shown of one tool's answer, and MaxToolArguments what it may write as
	// arguments; both in bytes.
	MaxToolResult    = 16 << 10
	MaxToolArguments = 64 << 10
	// MaxCallDepth bounds how deep playbooks call playbooks.
	MaxCallDepth = 8
	// MaxReminders bounds how often people are reminded of one approval or question.
	MaxReminders = 100
	// MaxPendingBytes bounds the ledger entries that wait for the next activity: more are written at once.
	MaxPendingBytes = 128 << 10
	// LongWait is from when on a run writes what it has seen before it waits.
	LongWait = 2 * time.Second
	// MaxSignalsKept bounds what a flood of forged signals can make a run remember.
	MaxSignalsKept = 100
	// KeyRecheck is how often a queued run looks whether its key is free, should a signal have been lost.
	KeyRecheck = 5 * time.Minute
)
