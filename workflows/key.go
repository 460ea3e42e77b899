package workflows

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
)

// acquire gets the run its key, and waits for it as long as it takes. The output is not nil when the run ends here.
func (r *run) acquire(ctx workflow.Context, top *frame) (*contract.PlaybookOutput, error) {
	if r.in.Plan.Key == nil || r.carried != nil && r.carried.Held {
		return nil, nil
	}
	value, err := top.value(ctx, *r.in.Plan.Key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	key := keyText(value)
	if key == "" {
		return nil, nil
	}
	before := contract.KeyOutput{}
	if r.carried != nil {
		before = r.carried.Key
	}
	for {
		r.keyFree = false
		in := contract.KeyInput{Step: r.step("", ""), Playbook: r.in.Plan.Name, Key: key, Overlap: r.in.Plan.Overlap}
		var got contract.KeyOutput
		err := r.record(ctx, contract.ActivityAcquireKey, in, &got)
		r.unsent(in.Step, err)
		if ctx.Err() != nil {
			return &contract.PlaybookOutput{Status: statusCancelled, Reason: "cancelled while it waited for its key " + key}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", key, err)
		}
		if got != before {
			r.note(ctx, "run/key/"+got.State+"/"+got.Holder, contract.KindKeyState, "", contract.KeyBody{Key: key, State: got.State, Holder: got.Holder})
			before = got
		}
		switch got.State {
		case contract.KeyHeld:
			return nil, nil
		case contract.KeySkipped:
			return &contract.PlaybookOutput{Status: statusSkipped, Reason: "the run " + got.Holder + " has the key " + key}, nil
		case contract.KeyJoined:
			return &contract.PlaybookOutput{Status: statusJoined, Reason: "its alert has joined the run " + got.Holder + ", which has the key " + key}, nil
		}
		_, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout: KeyRecheck, TimerOptions: workflow.TimerOptions{Summary: "key"},
		}, func() bool { return r.keyFree })
		if err != nil {
			return &contract.PlaybookOutput{Status: statusCancelled, Reason: "cancelled while it waited for its key " + key}, nil
		}
		if r.historyIsLong(ctx) {
			return nil, r.queueAsNew(ctx, top, before)
		}
	}
}

// keyText is a key as text; "" is no key.
func keyText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	if string(value) == "null" {
		return ""
	}
	return string(value)
}
