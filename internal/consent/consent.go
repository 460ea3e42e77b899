// Package consent says what a decision on an approval means: what was shown, which calls a yes releases, which changes
// to them hold, and when several people's yeses are one. The API decides by it, the store keeps by it, and the activity
// that makes a consequential call checks by it again.
package consent

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"picket/internal/contract"
	"picket/internal/soc"
)

// Verifier knows the workspace's signatures. *audit.Signer is one.
type Verifier interface {
	Verify(d soc.Decision) error
	VerifyVote(v soc.Vote) error
}

// Digest is SHA-256, hex, over what the approver is shown: title, message, calls and evidence; and, where one of them
// is more than the plainest, the kind, the number of people, who may decide, and the form.
func Digest(a soc.Approval) (string, error) {
	shown := []any{"picket-approval-v1", a.ID, a.RunID, a.Title, a.Message, a.Calls, a.Evidence}
	if a.Ask() || a.Quorum > 1 || slices.ContainsFunc(a.Calls, func(c soc.ApprovalCall) bool { return len(c.Edit) > 0 }) {
		shown[0] = "picket-approval-v2"
		shown = append(shown, a.Kind, a.Quorum, a.Role, a.NotUser, a.Form)
	}
	text, err := json.Marshal(shown)
	if err != nil {
		return "", fmt.Errorf("digest of approval %s: %w", a.ID, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Calls are the digests of the calls that a yes releases: those of the approval, changed ones in the place of the
// originals. A change of an argument that may not be changed is Invalid.
func Calls(a *soc.Approval, edited soc.EditedCalls) ([]string, error) {
	calls := make([]string, 0, len(a.Calls))
	met := 0
	for i := range a.Calls {
		c := &a.Calls[i]
		arguments, changed := edited[c.Step]
		if !changed {
			calls = append(calls, c.Digest)
			continue
		}
		met++
		if err := onlyEditable(c, arguments); err != nil {
			return nil, err
		}
		digest, err := contract.CallDigest(c.Operation, c.Connection, arguments)
		if err != nil {
			return nil, soc.Errorf(soc.Invalid, "%v", err)
		}
		calls = append(calls, digest)
	}
	if met != len(edited) {
		return nil, soc.Errorf(soc.Invalid, "a step is changed that the approval does not hold")
	}
	return calls, nil
}

// onlyEditable refuses arguments that differ from the call's in another one than those that may be changed.
func onlyEditable(c *soc.ApprovalCall, changed json.RawMessage) error {
	was, err := members(c.Arguments)
	if err != nil {
		return err
	}
	is, err := members(changed)
	if err != nil {
		return err
	}
	for name, value := range is {
		if !editable(c, name) && !bytes.Equal(value, was[name]) {
			return soc.Errorf(soc.Invalid, "the argument %q of %s may not be changed", name, c.Step)
		}
	}
	for name := range was {
		if _, kept := is[name]; !kept && !editable(c, name) {
			return soc.Errorf(soc.Invalid, "the argument %q of %s may not be left out", name, c.Step)
		}
	}
	return nil
}

func editable(c *soc.ApprovalCall, argument string) bool {
	return slices.ContainsFunc(c.Edit, func(e soc.Edit) bool { return e.Argument == argument })
}

// members are the arguments of a call, each in canonical form.
func members(arguments json.RawMessage) (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	if len(arguments) == 0 {
		return all, nil
	}
	if err := json.Unmarshal(arguments, &all); err != nil {
		return nil, soc.Errorf(soc.Invalid, "the arguments are no JSON object")
	}
	for name, value := range all {
		canonical, err := contract.Canonical(value)
		if err != nil {
			return nil, soc.Errorf(soc.Invalid, "the argument %q is no JSON", name)
		}
		all[name] = canonical
	}
	return all, nil
}

// Fits tells whether a decision that somebody wants to make is one on this approval: it says yes to exactly its
// calls, or answers its form, and nothing else.
func Fits(a *soc.Approval, d *soc.Decision) error {
	if d.Outcome != soc.ApprovalApproved {
		if len(d.Calls)+len(d.Edited)+len(d.Answers)+len(d.Votes) > 0 {
			return soc.Errorf(soc.Invalid, "a decision that is no yes releases nothing")
		}
		return nil
	}
	if a.Ask() != (len(d.Answers) > 0) {
		return soc.Errorf(soc.Invalid, "a form is answered, and a call is approved; not the other way round")
	}
	calls, err := Calls(a, d.Edited)
	if err != nil {
		return err
	}
	for _, call := range d.Calls {
		if !slices.Contains(calls, call) {
			return soc.Errorf(soc.Invalid, "the decision releases a call that the approval does not hold")
		}
	}
	return nil
}

// Quorum tells whether the votes of a decision are those of as many different people as the approval needs, who all
// said yes to what the decision releases.
func Quorum(a *soc.Approval, d *soc.Decision) error {
	if a.Quorum <= 1 {
		return nil
	}
	voters := map[string]bool{}
	for i := range d.Votes {
		v := &d.Votes[i]
		switch {
		case v.ApprovalID != a.ID || v.RunID != a.RunID || v.Digest != d.Digest:
			return soc.Errorf(soc.Denied, "the vote %s is on another approval", v.ID)
		case !SameCalls(v.Calls, d.Calls):
			return soc.Errorf(soc.Denied, "%s said yes to other calls", v.By)
		case Barred(a, v.By):
			return soc.Errorf(soc.Denied, "%s may not decide this approval", v.By)
		}
		voters[strings.ToLower(v.By)] = true
	}
	if len(voters) < a.Quorum {
		return soc.Errorf(soc.Denied, "%d of %d people said yes", len(voters), a.Quorum)
	}
	return nil
}

// SameCalls tells whether two yeses release the same.
func SameCalls(a, b []string) bool { return slices.Equal(a, b) }

// Barred tells whether somebody may not decide though having the role.
func Barred(a *soc.Approval, name string) bool {
	return a.NotUser != "" && strings.EqualFold(a.NotUser, name)
}

// Verify answers Denied unless the approval's decision is a signed yes on what the approval says was shown, by as many
// people as it needs.
func Verify(v Verifier, a *soc.Approval) error {
	d := a.Decision
	if d == nil {
		return soc.Errorf(soc.Denied, "there is no decision on it")
	}
	if v.Verify(*d) != nil {
		return soc.Errorf(soc.Denied, "the decision's signature is not ours")
	}
	if d.Outcome != soc.ApprovalApproved {
		return soc.Errorf(soc.Denied, "the decision is %s", d.Outcome)
	}
	if d.RunID != a.RunID || d.ApprovalID != a.ID {
		return soc.Errorf(soc.Denied, "the decision belongs to another run")
	}
	if shown, err := Digest(*a); err != nil || shown != a.Digest || shown != d.Digest {
		return soc.Errorf(soc.Denied, "the approval is not as it was shown")
	}
	if err := Fits(a, d); err != nil {
		return soc.Errorf(soc.Denied, "%v", err)
	}
	for i := range d.Votes {
		if v.VerifyVote(d.Votes[i]) != nil {
			return soc.Errorf(soc.Denied, "a vote's signature is not ours")
		}
	}
	return Quorum(a, d)
}
