// Package propose turns words into playbooks, changes of playbooks and expressions. A model proposes, the compiler and the
// tests judge, and what they say goes back to the model, at most MaxRounds times in all. It saves nothing: a person does,
// who has seen the difference.
package propose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/editor"
	"picket/playbooks/plan"
	"picket/playbooks/playtest"
	"picket/playbooks/spec"
)

const (
	// MaxRounds bounds how often a model is asked for one proposal.
	MaxRounds = 3
	// MaxWords bounds the words of a person, in characters.
	MaxWords = 8000
	// maxTold bounds the mistakes and failures that a model is told at once: the first ones are what it can learn from.
	maxTold = 20
)

// What can be proposed.
const (
	Playbook   = "playbook"   // a new one
	Change     = "change"     // of Source
	Expression = "expression" // in the place of Range in Source
)

// Request is what a person wants.
type Request struct {
	Kind     string
	Words    string
	Name     string // of a Playbook; "" leaves it to the model
	Source   string
	Tests    string
	Range    spec.Edit // of an Expression; its text is left out
	Provider string    // "" is the default
}

// Round is one asking: what the model wrote, and what is wrong with it.
type Round struct {
	Source      string            `json:"source"`
	Diagnostics []spec.Diagnostic `json:"diagnostics"`
	Failures    []string          `json:"failures"` // of its tests
	Problem     string            `json:"problem"`  // its answer was no answer
}

// Proposal is what came of a request. OK says that it compiles and that its tests pass; otherwise Rounds say what is wrong.
type Proposal struct {
	OK         bool    `json:"ok"`
	Name       string  `json:"name"`
	Source     string  `json:"source"`
	Tests      string  `json:"tests"`
	Expression string  `json:"expression,omitempty"`
	Summary    string  `json:"summary"` // what it does and what was assumed, in the model's words
	Rounds     []Round `json:"rounds"`
	Provider   string  `json:"provider"`
	Model      string  `json:"model"`
	TokensIn   int     `json:"tokens_in"`
	TokensOut  int     `json:"tokens_out"`
	CostUSD    float64 `json:"cost_usd"`
	NoPrice    bool    `json:"no_price"`
}

// Shop judges texts. *workshop.Workshop is one.
type Shop interface {
	Compile(file string, source []byte) (*plan.Plan, []spec.Diagnostic)
	Test(ctx context.Context, source, tests []byte) (*playtest.Report, error)
	Operations() []playbooks.Operation
}

// Models finds providers by name.
type Models interface {
	Provider(name string) (model.Provider, error)
}

// Budget says whether a model may still be asked. *model.Budget is one.
type Budget interface {
	Allow(ctx context.Context, playbook string) error
}

// Ledger keeps what was asked and answered. *store.Store is one.
type Ledger interface {
	NoteProposal(ctx context.Context, by string, calls []contract.ModelBody, body contract.ProposalBody) error
}

// Proposer asks models for proposals.
type Proposer struct {
	Shop   Shop
	Models Models
	Budget Budget // nil is no budget
	Ledger Ledger
	Now    func() time.Time
}

// answer is what a model writes.
type answer struct {
	Source     string `json:"source"`
	Tests      string `json:"tests"`
	Expression string `json:"expression"`
	Summary    string `json:"summary"`
}

// Propose asks a model until what it writes holds, or MaxRounds are over. Whatever was asked and answered is kept in the
// ledger first. Errors are of kind Invalid where the request is wrong or no model is configured.
func (p *Proposer) Propose(ctx context.Context, r Request, by string) (Proposal, error) {
	if err := r.check(); err != nil {
		return Proposal{}, err
	}
	provider, err := p.Models.Provider(r.Provider)
	if err != nil {
		return Proposal{}, err
	}
	if provider.Name() == model.NameBuiltin {
		return Proposal{}, soc.Errorf(soc.Invalid, "no model is configured that could write: name a provider under models in picket.yaml; docs/models.md says how")
	}
	out := Proposal{Provider: provider.Name(), Rounds: []Round{}}
	req := model.Request{System: p.reference(r.Kind), Prompt: r.prompt(), Returns: model.ReturnsSchema, Schema: r.schema()}
	var calls []contract.ModelBody
	for len(out.Rounds) < MaxRounds {
		body, reply, err := p.ask(ctx, provider, req)
		calls = append(calls, body)
		out.count(body)
		bad, unusable := errors.AsType[*model.OutputError](err)
		if err != nil && !unusable {
			return Proposal{}, errors.Join(err, p.keep(ctx, by, r, out, calls))
		}
		var round Round
		if unusable {
			round = Round{Problem: bad.Problem}
		} else if round, err = p.judge(ctx, r, body.Output, &out); err != nil {
			return Proposal{}, errors.Join(err, p.keep(ctx, by, r, out, calls))
		}
		out.Rounds = append(out.Rounds, round)
		if out.OK = round.well(); out.OK {
			break
		}
		req.Turns = append(req.Turns, reply, model.Turn{Role: contract.RoleUser, Text: round.told()})
	}
	return out, p.keep(ctx, by, r, out, calls)
}

func (r Request) check() error {
	if n := utf8.RuneCountInString(r.Words); strings.TrimSpace(r.Words) == "" || n > MaxWords {
		return soc.Errorf(soc.Invalid, "say what is wanted, in 1 to %d characters", MaxWords)
	}
	switch r.Kind {
	case Playbook:
		return nil
	case Change, Expression:
		if r.Source == "" {
			return soc.Errorf(soc.Invalid, "a proposal of the kind %q needs the text that it is for", r.Kind)
		}
		if r.Kind == Expression {
			if _, err := editor.Apply(r.Source, []spec.Edit{r.Range}); err != nil {
				return soc.Errorf(soc.Invalid, "the range of the expression: %v", err)
			}
		}
		return nil
	}
	return soc.Errorf(soc.Invalid, "a proposal is of the kind %s, %s or %s, not %q", Playbook, Change, Expression, r.Kind)
}

// ask sends one request. The reply is what the next one has as the model's turn.
func (p *Proposer) ask(ctx context.Context, provider model.Provider, req model.Request) (contract.ModelBody, model.Turn, error) {
	body := contract.ModelBody{Provider: provider.Name(), Started: p.Now().UTC()}
	var got model.Response
	var err error
	if p.Budget != nil && !model.Free(provider.Name()) {
		err = p.Budget.Allow(ctx, "")
	}
	if err == nil {
		got, err = provider.Complete(ctx, req)
	}
	body.Ended = p.Now().UTC()
	got.Note(&body)
	body.Output = got.Output
	if err != nil {
		body.Error = &contract.CallError{Kind: string(soc.KindOf(err)), Message: err.Error()}
		if got.Text == "" {
			return body, model.Turn{Role: contract.RoleAssistant, Text: "(nothing that could be read)"}, err
		}
	}
	return body, got.Reply(), err
}

func (p *Proposal) count(body contract.ModelBody) {
	p.Provider, p.Model = body.Provider, body.Model
	p.TokensIn, p.TokensOut, p.CostUSD, p.NoPrice = p.TokensIn+body.TokensIn, p.TokensOut+body.TokensOut, p.CostUSD+body.CostUSD, p.NoPrice || body.NoPrice
}

// judge compiles and tests what a model wrote; the proposal is that from then on.
func (p *Proposer) judge(ctx context.Context, r Request, output json.RawMessage, out *Proposal) (Round, error) {
	var a answer
	if err := json.Unmarshal(output, &a); err != nil {
		return Round{Problem: "the answer does not hold to the schema: " + err.Error()}, nil
	}
	if r.Kind == Expression {
		edit := r.Range
		edit.Text = inText(a.Expression)
		changed, err := editor.Apply(r.Source, []spec.Edit{edit})
		if err != nil {
			return Round{}, soc.Errorf(soc.Invalid, "the range of the expression: %v", err)
		}
		a.Source, a.Tests = changed, ""
	}
	out.Source, out.Tests, out.Expression, out.Summary = a.Source, a.Tests, a.Expression, a.Summary
	round := Round{Source: a.Source}
	if len(a.Source) > spec.MaxBytes || len(a.Tests) > spec.MaxBytes {
		round.Problem = fmt.Sprintf("a text has at most %d bytes", spec.MaxBytes)
		return round, nil
	}
	out.Name = playbooks.NameOf([]byte(a.Source))
	name := r.Name
	if r.Kind == Change {
		name = playbooks.NameOf([]byte(r.Source))
	}
	if name != "" && out.Name != name {
		round.Problem = fmt.Sprintf("the playbook is called %s, not %s", name, out.Name)
		return round, nil
	}
	var compiled *plan.Plan
	compiled, round.Diagnostics = p.Shop.Compile("playbook.yaml", []byte(a.Source))
	if compiled == nil || r.Kind == Expression {
		return round, nil
	}
	if strings.TrimSpace(a.Tests) == "" {
		round.Problem = "there are no tests"
		return round, nil
	}
	report, err := p.Shop.Test(ctx, []byte(a.Source), []byte(a.Tests))
	if err != nil {
		return round, err
	}
	round.Failures = failures(report)
	return round, nil
}

// inText is an expression as it stands in a playbook's text, in quotes: an unquoted one could end at a `#` or a `: `.
func inText(expression string) string {
	trimmed := strings.TrimSpace(expression)
	if !strings.Contains(trimmed, "${{") {
		trimmed = "${{ " + trimmed + " }}"
	}
	return "'" + strings.ReplaceAll(trimmed, "'", "''") + "'"
}

func failures(report *playtest.Report) []string {
	var out []string
	for _, suite := range report.Suites {
		for _, d := range suite.Diagnostics {
			out = append(out, d.String())
		}
		for _, c := range suite.Cases {
			for _, f := range c.Failures {
				text := fmt.Sprintf("the case %q: %s", c.Name, f.Message)
				for _, d := range f.Differences {
					text += fmt.Sprintf("; %s: wanted %s, got %s", d.Path, d.Want, d.Got)
				}
				out = append(out, text)
			}
		}
	}
	if len(out) == 0 && !report.OK() {
		out = append(out, "the tests hold no case")
	}
	return out
}

func (r Round) well() bool {
	return r.Problem == "" && len(r.Failures) == 0 && len(errorsOf(r.Diagnostics)) == 0
}

func errorsOf(diagnostics []spec.Diagnostic) []spec.Diagnostic {
	var out []spec.Diagnostic
	for _, d := range diagnostics {
		if d.Severity == spec.SeverityError {
			out = append(out, d)
		}
	}
	return out
}

// told is what a model is told of its answer.
func (r Round) told() string {
	var b strings.Builder
	b.WriteString("This does not hold yet. Answer with the whole document again, mended.\n")
	if r.Problem != "" {
		b.WriteString("- " + r.Problem + "\n")
	}
	for i, d := range errorsOf(r.Diagnostics) {
		if i == maxTold {
			b.WriteString("- and more\n")
			break
		}
		b.WriteString("- " + d.String())
		if d.Help != "" {
			b.WriteString(" (" + d.Help + ")")
		}
		b.WriteString("\n")
	}
	for i, f := range r.Failures {
		if i == maxTold {
			b.WriteString("- and more\n")
			break
		}
		b.WriteString("- " + f + "\n")
	}
	return b.String()
}

func (p *Proposer) keep(ctx context.Context, by string, r Request, out Proposal, calls []contract.ModelBody) error {
	body := contract.ProposalBody{Kind: r.Kind, Words: r.Words, Playbook: out.Name, OK: out.OK, Rounds: len(calls), Provider: out.Provider, Model: out.Model}
	return p.Ledger.NoteProposal(context.WithoutCancel(ctx), by, calls, body)
}
