package soc

import "time"

// The words of a verdict.
const (
	Malicious    = "malicious"
	Suspicious   = "suspicious"
	Benign       = "benign"
	Inconclusive = "inconclusive"
)

// Classifications lists those that go with a verdict, the usual one first.
func Classifications(verdict string) []string {
	return map[string][]string{
		Malicious:    {"true_positive"},
		Suspicious:   {"undetermined", "true_positive"},
		Benign:       {"benign_true_positive", "false_positive"},
		Inconclusive: {"undetermined"},
	}[verdict]
}

// Judgement is what a person says of the verdict of one step of a run: that it is right, or what is right. It labels the
// alert, and it measures the rule and the model. The last one of a step stands; the ledger has those before it.
type Judgement struct {
	RunID    string `json:"run_id"`
	Step     string `json:"step"` // step path
	AlertID  string `json:"alert_id,omitempty"`
	Playbook string `json:"playbook"`
	Source   string `json:"source,omitempty"` // of the alert
	Rule     string `json:"rule,omitempty"`   // its id, or else its name
	RuleName string `json:"rule_name,omitempty"`

	// What was judged.
	Verdict        string   `json:"verdict"`
	Classification string   `json:"classification"`
	Confidence     *float64 `json:"confidence,omitempty"` // as stated, 0 to 1; nil without a stated one
	Provider       string   `json:"provider"`
	Model          string   `json:"model,omitempty"`
	PromptDigest   string   `json:"prompt_digest,omitempty"`

	// What the person says.
	Right               string    `json:"right"` // the verdict that is right
	RightClassification string    `json:"right_classification"`
	Reason              string    `json:"reason,omitempty"`
	By                  string    `json:"by"`
	At                  time.Time `json:"at"`
}

// Agrees tells whether the verdict was right. Benign is one verdict, whatever its classification.
func (j *Judgement) Agrees() bool { return j.Right == j.Verdict }
