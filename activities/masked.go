package activities

import (
	"context"
	"encoding/json"

	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/soc"
)

// doubt asks a question that was answered with benign once more, with the texts masked that an attacker can have written;
// where only they speak for benign, the verdict becomes inconclusive. What can't be asked again is not benign either.
func (a *Activities) doubt(ctx context.Context, provider model.Provider, in contract.ModelInput, req model.Request, v *soc.Verdict, body *contract.ModelBody) {
	if !a.MaskBenign || v.Verdict != soc.Benign || v.Provenance.NoModel {
		return
	}
	masked, texts := model.Mask(req.AllEvidence())
	if texts == 0 {
		return
	}
	again := req
	again.Evidence, again.Turns, again.Tools = masked, nil, nil // an agent's findings are evidence like any other
	second := &contract.MaskedBody{Texts: texts}
	body.Masked = second
	err := a.afford(ctx, in.RunID, body.Provider)
	var answer model.Response
	if err == nil {
		answer, err = provider.Complete(ctx, again)
	}
	second.Request, second.Answer = answer.Request, answer.Text
	body.Tried = append(body.Tried, answer.Tried...) // a chain or a committee has asked again, anyone else has none
	body.TokensIn, body.TokensOut, body.CostUSD = body.TokensIn+answer.TokensIn, body.TokensOut+answer.TokensOut, body.CostUSD+answer.CostUSD
	body.NoPrice = body.NoPrice || answer.NoPrice
	v.Provenance.TokensIn, v.Provenance.TokensOut, v.Provenance.CostUSD = body.TokensIn, body.TokensOut, body.CostUSD
	var said soc.Verdict
	if err == nil {
		said, err = model.CompleteVerdict(answer.Output, again, v.Provenance)
	}
	if err != nil {
		second.Error = asCallError(err)
		model.Doubt(v, "not to be had ("+second.Error.Message+")", texts)
		return
	}
	second.Verdict, _ = json.Marshal(said) // a verdict
	model.Doubt(v, said.Verdict, texts)
}
