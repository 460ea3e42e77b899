package app

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"picket/internal/consent"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

// closesAlerts is the operation whose approval a closing policy may decide.
const closesAlerts = "alerts.close"

// Bounds of closing policies.
const (
	maxClosingLife    = 366 * 24 * time.Hour // a policy is looked at again at least once a year
	smallestSample    = 0.01                 // of the alerts that a policy would close, people see at least these
	weakestConfidence = 0.5                  // a calibrated confidence below is a guess
)

// ClosingConfig is a policy that lets benign verdicts on a detection's alerts close them without a person. A random
// sample goes to people all the same, and a floor rule that holds for the alert always wins.
type ClosingConfig struct {
	Name       string    `yaml:"name"`
	Owner      string    `yaml:"owner"`
	Reason     string    `yaml:"reason"`
	Expires    time.Time `yaml:"expires"`
	Source     string    `yaml:"source"`     // of the alerts
	Rules      []string  `yaml:"rules"`      // ids of the detections, or their names where they have none
	Confidence float64   `yaml:"confidence"` // that a verdict needs, calibrated by what people said of earlier ones
	Sample     float64   `yaml:"sample"`     // the part that goes to people
}

// check says what is wrong with a closing policy.
func (c ClosingConfig) check(now time.Time) error {
	switch {
	case c.Name == "" || c.Owner == "" || c.Reason == "":
		return fmt.Errorf("closing: the policy %q needs a name, an owner and a reason: somebody will ask why an alert was closed", c.Name)
	case c.Expires.IsZero() || c.Expires.After(now.Add(maxClosingLife)):
		return fmt.Errorf("closing.%s.expires: give a day within %d days, such as %s", c.Name, int(maxClosingLife.Hours()/24), now.AddDate(0, 6, 0).Format(time.DateOnly))
	case c.Source == "" || len(c.Rules) == 0:
		return fmt.Errorf("closing.%s: name the source and the rules whose alerts it may close", c.Name)
	case c.Confidence < weakestConfidence || c.Confidence > 1:
		return fmt.Errorf("closing.%s.confidence is a number from %v to 1", c.Name, weakestConfidence)
	case c.Sample < smallestSample || c.Sample > 1:
		return fmt.Errorf("closing.%s.sample is a number from %v to 1: some of what is closed must be seen by people, or nobody learns that it was wrong", c.Name, smallestSample)
	}
	return nil
}

// covers tells whether a policy is about an alert.
func (c ClosingConfig) covers(a *soc.Alert) bool {
	rule := a.Rule.Key()
	return a.Source == c.Source && rule != "" && slices.Contains(c.Rules, rule)
}

// sampled tells whether an approval is one of those that go to people. It is always the same for an approval, whose id
// nobody outside can choose.
func (c ClosingConfig) sampled(approvalID string) bool {
	sum := sha256.Sum256([]byte("picket-closing-sample " + approvalID))
	return float64(binary.BigEndian.Uint64(sum[:8]))/math.MaxUint64 < c.Sample
}

// closing are the closing policies of an instance.
type closing struct {
	policies []ClosingConfig
	floors   floors
	store    *store.Store
	now      func() time.Time
}

// Decide answers the decision, not yet signed, that a policy makes on an approval that waits; false leaves it to people. What
// a policy covered and did not decide is noted in the ledger, with the reason.
func (p closing) Decide(ctx context.Context, a soc.Approval) (soc.Decision, bool, error) {
	if len(p.policies) == 0 || a.Ask() || a.Quorum > 1 || len(a.Calls) != 1 || a.Calls[0].Operation != closesAlerts || a.AlertID == "" {
		return soc.Decision{}, false, nil
	}
	alert, err := p.store.GetAlert(ctx, a.AlertID)
	if err != nil {
		return soc.Decision{}, false, err
	}
	at := slices.IndexFunc(p.policies, func(c ClosingConfig) bool { return c.covers(&alert) })
	if at < 0 {
		return soc.Decision{}, false, nil
	}
	policy := p.policies[at]
	reason, why, err := p.judge(ctx, policy, &a, alert)
	if err != nil {
		return soc.Decision{}, false, err
	}
	if why != "" {
		return soc.Decision{}, false, p.note(ctx, policy, &a, why)
	}
	calls, err := consent.Calls(&a, nil)
	return soc.Decision{
		ID: soc.NewID("dec"), ApprovalID: a.ID, RunID: a.RunID, Outcome: soc.ApprovalApproved, By: "policy " + policy.Name,
		Reason: reason, Digest: a.Digest, Calls: calls, At: p.now().UTC(),
	}, err == nil, err
}

// judge says with which reason a policy closes, or else why it leaves an approval to people.
func (p closing) judge(ctx context.Context, policy ClosingConfig, a *soc.Approval, alert soc.Alert) (reason, why string, err error) {
	if !p.now().Before(policy.Expires) {
		return "", "it expired on " + policy.Expires.Format(time.DateOnly), nil
	}
	var call struct {
		AlertID        string `json:"alert_id"`
		Classification string `json:"classification"`
	}
	if json.Unmarshal(a.Calls[0].Arguments, &call) != nil || call.AlertID != a.AlertID {
		return "", "it is about another alert than the run's", nil
	}
	verdicts, err := p.verdicts(ctx, a.RunID)
	if err != nil {
		return "", "", err
	}
	if len(verdicts) == 0 {
		return "", "the run has no verdict", nil
	}
	for _, v := range verdicts {
		switch {
		case v.Verdict != soc.Benign:
			return "", "the run has a verdict that is " + v.Verdict, nil
		case v.Confidence.Calibrated == nil:
			return "", "the confidence is not calibrated: too few verdicts of this model were judged by people", nil
		case *v.Confidence.Calibrated < policy.Confidence:
			return "", fmt.Sprintf("the calibrated confidence is %.2f and the policy asks for %.2f", *v.Confidence.Calibrated, policy.Confidence), nil
		}
	}
	last := verdicts[len(verdicts)-1]
	if call.Classification != last.Classification {
		return "", "the call says " + call.Classification + " and the verdict " + last.Classification, nil
	}
	floor, severity, err := p.floors.of(alert)
	if err != nil {
		return "", "", err
	}
	switch {
	case floor != "":
		return "", fmt.Sprintf("the floor rule %s holds the alert at %s", floor, severity), nil
	case policy.sampled(a.ID):
		return "", "it is one of the random sample that people see", nil
	}
	return fmt.Sprintf("%s. Benign with a calibrated confidence of %.2f; the policy asks for %.2f. Owner: %s",
		policy.Reason, *last.Confidence.Calibrated, policy.Confidence, policy.Owner), "", nil
}

// verdicts are those that the run's models have given, the last of each step, in their order.
func (p closing) verdicts(ctx context.Context, runID string) ([]soc.Verdict, error) {
	entries, err := p.store.Entries(ctx, store.Filter{RunID: runID, Kinds: []string{contract.KindModelAnswered}, Limit: 10_000})
	if err != nil {
		return nil, err
	}
	var steps []string
	last := map[string]soc.Verdict{}
	for _, e := range entries {
		var body contract.ModelBody
		var v soc.Verdict
		if json.Unmarshal(e.Body, &body) != nil || body.Error != nil || len(body.Output) == 0 ||
			json.Unmarshal(body.Output, &v) != nil || v.Verdict == "" {
			continue
		}
		if _, again := last[e.Step]; !again {
			steps = append(steps, e.Step)
		}
		last[e.Step] = v
	}
	verdicts := make([]soc.Verdict, len(steps))
	for i, step := range steps {
		verdicts[i] = last[step]
	}
	return verdicts, nil
}

// note says in the ledger why a policy left an approval to people.
func (p closing) note(ctx context.Context, policy ClosingConfig, a *soc.Approval, why string) error {
	body, err := json.Marshal(map[string]string{"policy": policy.Name, "approval_id": a.ID, "why": why})
	if err != nil {
		return err
	}
	_, err = p.store.Append(ctx, a.RunID, []soc.LedgerEntry{{
		Key: "approval/" + a.ID + "/policy", Kind: contract.KindPolicyHeld, Step: a.Step, At: p.now().UTC(), Actor: "policy " + policy.Name, Body: body,
	}})
	return err
}

// queue is the queue of alerts: no severity falls below a floor.
type queue struct {
	store  *store.Store
	floors floors
}

// AlertState answers what has been made of an alert.
func (q queue) AlertState(ctx context.Context, id string) (soc.AlertState, error) {
	a, err := q.store.AlertNow(ctx, id)
	if err != nil {
		return soc.AlertState{}, err
	}
	return *a.State, nil
}

// ChangeAlert closes an alert, opens it again or sets its severity. It is Denied below a floor.
func (q queue) ChangeAlert(ctx context.Context, c soc.AlertChange) (soc.AlertState, error) {
	if c.Severity != "" {
		alert, err := q.store.GetAlert(ctx, c.AlertID)
		if err != nil {
			return soc.AlertState{}, err
		}
		rule, floor, err := q.floors.of(alert)
		if err != nil {
			return soc.AlertState{}, err
		}
		if c.Severity.ID() < floor.ID() {
			return soc.AlertState{}, soc.Errorf(soc.Denied, "the floor rule %s holds this alert at %s or above", rule, floor)
		}
	}
	return q.store.ChangeAlert(ctx, c)
}
