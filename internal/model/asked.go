package model

import (
	"picket/internal/contract"
	"picket/internal/soc"
)

// Free tells whether asking a provider costs nothing: the rules, and what was recorded. No budget bounds those.
func Free(provider string) bool { return provider == NameBuiltin || provider == NameRecorded }

// RequestOf is what a step of a run asks.
func RequestOf(in contract.ModelInput) Request {
	req := Request{
		System: in.Instructions, Prompt: in.Prompt, Returns: in.Returns, Schema: in.Schema,
		Severity: soc.Severity(in.Severity), Missing: in.Missing,
		Turns: in.Turns, Tools: in.Tools, Model: in.Model, MaxTokens: in.MaxTokens,
	}
	for _, e := range in.Evidence {
		req.Evidence = append(req.Evidence, soc.Evidence(e))
	}
	return req
}

// Note writes into the body of a ledger entry what was sent and received, and who answered where that was not the provider
// that was asked.
func (r Response) Note(body *contract.ModelBody) {
	body.Model, body.Answer, body.Request = r.Model, r.Text, r.Request
	body.System, body.Prompt = r.System, r.Prompt
	body.TokensIn, body.TokensOut, body.CostUSD, body.NoPrice = r.TokensIn, r.TokensOut, r.CostUSD, r.NoPrice
	body.Tried, body.Stop = r.Tried, r.Stop
	if r.Provider != "" {
		body.Provider = r.Provider
	}
}
