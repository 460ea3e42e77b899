package soc

import "encoding/json"

// Verdict is the built-in schema `verdict` of the playbook language: a conclusion on an alert with its evidence.
type Verdict struct {
	Verdict        string          `json:"verdict"`        // malicious | suspicious | benign | inconclusive
	Classification string          `json:"classification"` // true_positive | benign_true_positive | false_positive | undetermined
	VerdictID      int             `json:"verdict_id"`     // OCSF verdict_id, set by the engine
	Summary        string          `json:"summary"`
	Severity       VerdictSeverity `json:"severity"`
	Indicators     []Indication    `json:"indicators"`
	RiskScore      float64         `json:"risk_score"` // -1 benign .. 1 risky, computed by the engine
	Confidence     Confidence      `json:"confidence"`
	Questions      []Question      `json:"questions"`
	Findings       []Finding       `json:"findings"`
	Against        []string        `json:"against"`
	Missing        []string        `json:"missing"`
	Attack         []Technique     `json:"attack"`
	Recommended    []Recommended   `json:"recommended"`
	Provenance     Provenance      `json:"provenance"` // set by the engine
	Notes          []string        `json:"notes"`      // what the engine changed, and why
}

// VerdictSeverity is the severity before and after, and the floor rule that held it up, if one did.
type VerdictSeverity struct {
	Before Severity `json:"before"`
	After  Severity `json:"after"`
	Floor  string   `json:"floor,omitempty"`
}

// Citation points at evidence: an evidence id, an RFC 6901 pointer into its data, and the exact quote.
type Citation struct {
	Evidence string `json:"evidence"`
	Pointer  string `json:"pointer"`
	Quote    string `json:"quote"`
	Resolved bool   `json:"resolved"` // set by the engine
}

// Indication is one reason for or against, weighted 1 to 10.
type Indication struct {
	Text      string     `json:"text"`
	Direction string     `json:"direction"` // risky | benign
	Weight    int        `json:"weight"`
	Citations []Citation `json:"citations"`
}

// Finding is a claim with its citations.
type Finding struct {
	Claim     string     `json:"claim"`
	Entities  []string   `json:"entities"`
	Citations []Citation `json:"citations"`
}

// Question is something that was asked of the evidence.
type Question struct {
	Text      string     `json:"text"`
	AskedBy   string     `json:"asked_by"` // detection | playbook | model
	Answer    string     `json:"answer,omitempty"`
	Open      bool       `json:"open"`
	Citations []Citation `json:"citations"`
}

// Confidence is what the model said, 0 to 1, and the calibrated value once there is one.
type Confidence struct {
	Stated     float64  `json:"stated"`
	Calibrated *float64 `json:"calibrated,omitempty"`
}

// Technique is an ATT&CK technique that the evidence supports.
type Technique struct {
	ID        string     `json:"id"`
	Citations []Citation `json:"citations"`
}

// Recommended is a proposed operation: never a call.
type Recommended struct {
	Operation string          `json:"operation"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Why       string          `json:"why"`
}

// Provenance says what produced a verdict.
type Provenance struct {
	Provider     string  `json:"provider"`
	Model        string  `json:"model"`
	PromptDigest string  `json:"prompt_digest"`
	Agent        string  `json:"agent,omitempty"`        // the agent file that it comes from
	AgentDigest  string  `json:"agent_digest,omitempty"` // SHA-256 of that file, hex
	ToolsDigest  string  `json:"tools_digest,omitempty"` // SHA-256 over the tools that an agent had, hex
	TokensIn     int     `json:"tokens_in"`
	TokensOut    int     `json:"tokens_out"`
	CostUSD      float64 `json:"cost_usd"`
	LatencyMS    int64   `json:"latency_ms"`
	NoModel      bool    `json:"no_model"` // true for the builtin scorer
}
