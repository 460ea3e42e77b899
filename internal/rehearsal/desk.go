package rehearsal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"picket/internal/consent"
	"picket/internal/contract"
	"picket/internal/soc"
)

// desk is where approvals and forms wait for the people of the script.
type desk struct {
	list  []*matter
	asked map[string]bool // paths for which the script was asked already
}

// matter is one approval or form.
type matter struct {
	path     string
	in       contract.ApprovalInput
	workflow string // of the one that asked
	id       string // of the decision, once there is one
	decision contract.DecisionOutput
	voters   []string
	calls    []string // what they said yes to
}

func newDesk() desk { return desk{asked: map[string]bool{}} }

func (d *desk) byID(id string) *matter {
	if i := slices.IndexFunc(d.list, func(m *matter) bool { return m.in.ApprovalID == id }); i >= 0 {
		return d.list[i]
	}
	return nil
}

// unreleased says why a consequential call has no granted decision on exactly it; "" when it has.
func (d *desk) unreleased(in contract.CallInput) string {
	digest, err := contract.CallDigest(in.Operation, in.Connection, in.Arguments)
	m := d.byID(in.Approval)
	switch {
	case err != nil:
		return err.Error()
	case m == nil:
		return "no approval of this run is named"
	case m.in.RunID != in.RunID:
		return "the decision belongs to another run"
	case m.decision.Outcome != string(soc.ApprovalApproved):
		return "the approval at " + m.path + " is not granted"
	case digest != in.Digest || !slices.Contains(m.decision.Calls, digest):
		return "the decision at " + m.path + " is on another call than this"
	}
	return ""
}

func (st *stage) request(at place, in contract.ApprovalInput) (nothing, error) {
	if st.desk.byID(in.ApprovalID) != nil {
		return nothing{}, nil
	}
	st.desk.list = append(st.desk.list, &matter{path: at.path, in: in, workflow: at.workflow})
	if st.desk.asked[at.path] {
		return nothing{}, nil
	}
	st.desk.asked[at.path] = true
	acts, err := st.script.World.Decide(Question{Path: at.path, Step: at.step, In: in})
	if err != nil {
		// Nobody will answer, and the run must come to its end all the same.
		st.fault(Fault{Path: at.path, Message: err.Error(), Err: err})
		return nothing{}, nil
	}
	for _, a := range acts {
		st.later(a.After, func() { st.take(at.path, a) })
	}
	return nothing{}, nil
}

// take is a person's act when its time has come: on what then stands open at the step.
func (st *stage) take(path string, a *Act) {
	now := st.now()
	i := slices.IndexFunc(st.desk.list, func(m *matter) bool {
		return m.path == path && m.decision.Outcome == "" && now.Before(m.in.Deadline)
	})
	if i < 0 {
		a.Why = "it came when nothing stood open"
		return
	}
	m := st.desk.list[i]
	decision, why := m.decide(a)
	if why != "" {
		a.Why = why
		return
	}
	a.Done = true
	if decision == nil {
		return // a yes of a quorum that is not complete
	}
	decision.At = now
	m.decision, m.id = *decision, fmt.Sprintf("dec_%d", i+1)
	st.signal(m.workflow, contract.SignalApprovalDecided, contract.ApprovalDecided{ApprovalID: m.in.ApprovalID, DecisionID: m.id})
}

// decide is the decision that an act makes; nil where a quorum needs more people, and why where it can't be made.
func (m *matter) decide(a *Act) (decision *contract.DecisionOutput, why string) {
	if m.in.NotUser != "" && strings.EqualFold(m.in.NotUser, a.By) {
		return nil, a.By + " may not decide: it was " + a.By + " who asked for the run"
	}
	form := len(m.in.Form) > 0
	d := &contract.DecisionOutput{By: a.By, Reason: a.Reason, Outcome: string(soc.ApprovalDenied)}
	switch {
	case form && a.Approve && a.Values == nil:
		return nil, "a question is answered with values, not with a yes"
	case !form && a.Values != nil:
		return nil, "an approval is answered with a yes or a no, not with values"
	case form && a.Values != nil:
		return m.filled(d, a)
	case !a.Approve:
		return d, ""
	}
	if slices.ContainsFunc(m.voters, func(name string) bool { return strings.EqualFold(name, a.By) }) {
		return nil, a.By + " has said yes already, and a quorum is of different people"
	}
	approval, why := m.changed(d, a)
	if why != "" {
		return nil, why
	}
	calls, err := consent.Calls(approval, d.Edited)
	if err != nil {
		return nil, err.Error()
	}
	if len(m.voters) > 0 && !consent.SameCalls(m.calls, calls) {
		return nil, a.By + " said yes to other calls than " + m.voters[0]
	}
	m.calls = calls
	if m.voters = append(m.voters, a.By); len(m.voters) < m.in.Quorum {
		return nil, ""
	}
	d.Outcome, d.By, d.Calls = string(soc.ApprovalApproved), strings.Join(m.voters, ", "), calls
	return d, ""
}

// filled is the decision that answers a form.
func (m *matter) filled(d *contract.DecisionOutput, a *Act) (*contract.DecisionOutput, string) {
	var fields []soc.FormField
	if err := convert(m.in.Form, &fields); err != nil {
		return nil, err.Error()
	}
	answers, faults := consent.Answers(fields, a.Values)
	if len(faults) > 0 {
		return nil, complaint(faults)
	}
	d.Outcome, d.Answers = string(soc.ApprovalApproved), answers
	return d, ""
}

// changed puts the approver's changes into a decision, and gives the approval as the store would have it.
func (m *matter) changed(d *contract.DecisionOutput, a *Act) (*soc.Approval, string) {
	approval := &soc.Approval{}
	if err := convert(m.in.Calls, &approval.Calls); err != nil {
		return nil, err.Error()
	}
	changes := map[string]map[string]json.RawMessage{}
	for _, id := range slices.Sorted(maps.Keys(a.Edit)) {
		met := false
		for _, c := range approval.Calls {
			if c.Step == id || stepID(c.Step) == id {
				changes[c.Step], met = a.Edit[id], true
			}
		}
		if !met {
			return nil, "the approval releases no call of a step " + id
		}
	}
	anything := func(string, json.RawMessage) error { return nil } // each argument is held against its own schema
	edited, faults := consent.Edited(approval, changes, anything)
	if len(faults) > 0 {
		return nil, complaint(faults)
	}
	d.Edited = edited
	return approval, ""
}

func complaint(faults []consent.Fault) string {
	var texts []string
	for _, f := range faults {
		texts = append(texts, f.Pointer+": "+f.Detail)
	}
	return strings.Join(texts, "; ")
}

// convert carries a document of the contract over to the nouns, by its JSON.
func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

func (st *stage) readDecision(_ place, in contract.DecisionInput) (contract.DecisionOutput, error) {
	m := st.desk.byID(in.ApprovalID)
	if m == nil || m.id != in.DecisionID {
		return contract.DecisionOutput{Refused: "there is no decision with this id"}, nil
	}
	return m.decision, nil
}

func (st *stage) expire(_ place, in contract.DecisionInput) (contract.DecisionOutput, error) {
	m := st.desk.byID(in.ApprovalID)
	switch {
	case m == nil:
		return contract.DecisionOutput{}, soc.Errorf(soc.NotFound, "there is no approval %s", in.ApprovalID)
	case m.decision.Outcome != "":
		return m.decision, nil
	case !in.Withdraw && st.now().Before(m.in.Deadline):
		return contract.DecisionOutput{}, nil
	}
	m.decision = contract.DecisionOutput{Outcome: string(soc.ApprovalExpired), By: "picket", Reason: "nobody decided before the deadline", At: st.now()}
	if in.Withdraw {
		m.decision.Reason = "the run was cancelled"
	}
	return m.decision, nil
}

func (st *stage) remind(place, contract.RemindInput) (nothing, error) { return nothing{}, nil }
