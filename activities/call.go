package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"picket/internal/connector"
	"picket/internal/consent"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// Call makes one call of an operation and keeps it in the ledger. A consequential call is made only under a verified
// decision that names exactly it, at most once: see consequential.
func (a *Activities) Call(ctx context.Context, in contract.CallInput) (contract.CallOutput, error) {
	if in.TimeoutMS > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(in.TimeoutMS)*time.Millisecond)
		defer cancel()
	}
	if !activity.GetInfo(ctx).IsLocalActivity {
		a.settled(in.RunID)
		defer heartbeat(ctx)()
	}
	var output json.RawMessage
	var err error
	if in.Effect == plan.EffectConsequential {
		output, err = a.consequential(ctx, in)
	} else {
		output, err = a.repeatable(ctx, in)
	}
	return contract.CallOutput{Output: output}, failure(err)
}

// repeatable makes a call that may be made again: a read, or a write that its vendor makes idempotent. When a crash
// repeats an attempt, the answer that the ledger has is the answer.
func (a *Activities) repeatable(ctx context.Context, in contract.CallInput) (json.RawMessage, error) {
	attempt := int(activity.GetInfo(ctx).Attempt)
	key := fmt.Sprintf("%s/call/%d", in.Path, attempt)
	if in.Effect == plan.EffectWrite {
		if done, err := a.Ledger.FindEntry(ctx, in.RunID, key); err == nil {
			return kept(done)
		}
	}
	body := contract.CallBody{Operation: in.Operation, Connection: in.Connection, Effect: in.Effect, Input: in.Arguments, Started: a.Now().UTC()}
	output, callErr := a.Caller.Call(ctx, a.request(in))
	body.Output, body.Error, body.Ended = output, asCallError(callErr), a.Now().UTC()

	// The answer is kept even when the run is being cancelled meanwhile: it has arrived.
	appended, err := a.Ledger.Append(context.WithoutCancel(ctx), in.RunID,
		append(entries(in.Entries), entry(key, contract.KindCallFinished, in.Path, attempt, body.Ended, body)))
	if err != nil {
		return nil, err
	}
	if last := appended[len(appended)-1]; !last.New {
		return kept(last.Entry)
	}
	return output, callErr
}

// kept is the result that a call.finished entry holds.
func kept(e soc.LedgerEntry) (json.RawMessage, error) {
	var body contract.CallBody
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return nil, fmt.Errorf("read ledger entry %s: %w", e.Key, err)
	}
	if body.Error != nil {
		return nil, fromCallError(body.Error)
	}
	return body.Output, nil
}

// consequential makes a call that changes the world. It says in the ledger that it begins before it sends anything, so
// an attempt that finds an earlier beginning without an end knows that the outcome is unknown: it then asks the
// vendor (the operation's confirm read), and where there is nothing to ask it reports the outcome as unknown.
func (a *Activities) consequential(ctx context.Context, in contract.CallInput) (json.RawMessage, error) {
	decision, err := a.released(ctx, in)
	if err != nil {
		return nil, err
	}
	noted := entries(in.Entries)
	for n := 1; n <= mostSends; n++ {
		c := sending{in: in, number: n, body: contract.CallBody{
			Operation: in.Operation, Connection: in.Connection, Effect: in.Effect, Input: in.Arguments,
			Decision: decision.ID, Digest: in.Digest, Started: a.Now().UTC(),
		}}
		begun, err := a.Ledger.Append(ctx, in.RunID, append(noted, entry(c.key(), contract.KindCallStarted, in.Path, n, c.body.Started, c.body)))
		if err != nil {
			return nil, err
		}
		noted = nil
		if begun[len(begun)-1].New {
			return a.send(ctx, c)
		}
		end, err := a.Ledger.FindEntry(ctx, in.RunID, c.endKey())
		if soc.KindOf(err) == soc.NotFound {
			end, err = a.afterCrash(ctx, c)
		}
		if err != nil {
			return nil, err
		}
		output, err := kept(end)
		if soc.KindOf(err) != soc.Unavailable {
			return output, err
		}
		// Known not to have taken effect: it may be sent once more.
	}
	return nil, soc.Errorf(soc.Invalid, "%s did not take effect in %d attempts", in.Operation, mostSends)
}

// mostSends bounds how often a call that is known not to have taken effect is sent.
const mostSends = 5

// sending is the n-th sending of a consequential call.
type sending struct {
	in     contract.CallInput
	number int
	body   contract.CallBody
}

func (c sending) key() string    { return fmt.Sprintf("%s/call/%d", c.in.Path, c.number) }
func (c sending) endKey() string { return c.key() + "/end" }

// send makes the call and keeps how it ended. Whatever may have reached the vendor without an answer is confirmed or unknown.
func (a *Activities) send(ctx context.Context, c sending) (json.RawMessage, error) {
	output, err := a.Caller.Call(ctx, a.request(c.in))
	if err != nil && unclear(err) {
		end, confirmErr := a.settle(context.WithoutCancel(ctx), c, err)
		if confirmErr != nil {
			return nil, confirmErr
		}
		return kept(end)
	}
	c.body.Output, c.body.Error = output, asCallError(err)
	end, appendErr := a.end(context.WithoutCancel(ctx), c)
	if appendErr != nil {
		return nil, appendErr
	}
	return kept(end)
}

// unclear tells whether a failed call may have taken effect all the same.
func unclear(err error) bool {
	call, ok := errors.AsType[*connector.CallError](err)
	return ok && !call.OutcomeKnown()
}

// afterCrash settles a sending that began and whose end nobody wrote.
func (a *Activities) afterCrash(ctx context.Context, c sending) (soc.LedgerEntry, error) {
	return a.settle(ctx, c, soc.Errorf(soc.Unknown, "the process ended while %s was being called", c.in.Operation))
}

// settle asks the vendor whether an unclear call has taken effect, and keeps the answer as the sending's end.
func (a *Activities) settle(ctx context.Context, c sending, cause error) (soc.LedgerEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	done, supported, err := a.Caller.Confirm(ctx, a.request(c.in))
	for again := 1; again < confirmations && err == nil && supported && !done; again++ {
		// The vendor may still be at work on what it was sent: a no counts once it has been repeated.
		select {
		case <-ctx.Done():
			return soc.LedgerEntry{}, ctx.Err()
		case <-time.After(confirmEvery):
		}
		done, supported, err = a.Caller.Confirm(ctx, a.request(c.in))
	}
	switch {
	case err != nil && soc.KindOf(err) == soc.Unavailable:
		return soc.LedgerEntry{}, err // ask again later; nothing is decided yet
	case err == nil && supported && done:
		c.body.Confirmed = true
		c.body.Output = json.RawMessage(`{"confirmed":true}`)
	case err == nil && supported:
		c.body.Confirmed = true
		c.body.Error = &contract.CallError{Kind: string(soc.Unavailable), Message: "not in effect, as read back: " + cause.Error()}
	default:
		c.body.Error = &contract.CallError{
			Kind:    string(soc.Unknown),
			Message: "it is not known whether this took effect; look at the target before you repeat it: " + cause.Error(),
		}
	}
	return a.end(ctx, c)
}

const (
	confirmTimeout = 20 * time.Second
	confirmations  = 3
	confirmEvery   = 2 * time.Second
)

func (a *Activities) end(ctx context.Context, c sending) (soc.LedgerEntry, error) {
	c.body.Ended = a.Now().UTC()
	appended, err := a.Ledger.Append(ctx, c.in.RunID, []soc.LedgerEntry{
		entry(c.endKey(), contract.KindCallFinished, c.in.Path, c.number, c.body.Ended, c.body),
	})
	if err != nil {
		return soc.LedgerEntry{}, err
	}
	return appended[0].Entry, nil
}

// released reads the decision on a consequential call again and refuses the call unless the decision is signed, is a yes
// by as many people as the approval needs, is of this run, and names the digest of exactly this operation, connection
// and arguments. The approval must be the one that the ledger says was asked for.
func (a *Activities) released(ctx context.Context, in contract.CallInput) (soc.Decision, error) {
	digest, err := contract.CallDigest(in.Operation, in.Connection, in.Arguments)
	if err != nil {
		return soc.Decision{}, soc.Errorf(soc.Invalid, "%v", err)
	}
	refuse := func(why string) (soc.Decision, error) {
		return soc.Decision{}, soc.Errorf(soc.Denied, "%s is consequential and was not made: %s", in.Operation, why)
	}
	approval, err := a.Desk.GetApproval(ctx, in.Approval)
	if soc.KindOf(err) == soc.NotFound {
		return refuse("there is no decision on it")
	}
	if err != nil {
		return soc.Decision{}, err
	}
	if err := consent.Verify(a.Signer, &approval); err != nil {
		return refuse(err.Error())
	}
	d := approval.Decision
	switch {
	case d.RunID != in.RunID:
		return refuse("the decision belongs to another run")
	case in.Digest != digest || !slices.Contains(d.Calls, digest):
		return refuse("the decision is on another call than this")
	}
	asked, err := a.Ledger.FindEntry(ctx, in.RunID, requestedKey(approval.ID))
	if err != nil && soc.KindOf(err) != soc.NotFound {
		return soc.Decision{}, err
	}
	var shown soc.Approval
	if err != nil || json.Unmarshal(asked.Body, &shown) != nil || shown.Digest != approval.Digest {
		return refuse("the approval is not the one that was asked for")
	}
	return *d, nil
}

func (a *Activities) request(in contract.CallInput) connector.Request {
	return connector.Request{
		Operation: in.Operation, Connection: in.Connection, Arguments: in.Arguments,
		IdempotencyKey: in.RunID + "/" + in.Path, RunID: in.RunID,
	}
}

// heartbeat tells the server on a timer that the activity lives; the returned function ends it.
func heartbeat(ctx context.Context) func() {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(heartbeatEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return cancel
}

// heartbeatEvery is well under the workflow's heartbeat timeout of ten seconds.
const heartbeatEvery = 3 * time.Second
