package activities_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

type providers struct{ only model.Provider }

func (p providers) Provider(string) (model.Provider, error) { return p.only, nil }

// asks gives the bench a provider whose server answers with these documents of the Chat Completions API, one after another.
func (b *bench) asks(t *testing.T, answers ...string) *[]string {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, string(body))
		w.Header().Set("Content-Type", "application/json")
		if len(asked) > len(answers) {
			t.Error("nobody asked for this")
			return
		}
		_, _ = io.WriteString(w, answers[len(asked)-1])
	}))
	t.Cleanup(server.Close)
	p, err := model.NewOpenAI(model.OpenAIConfig{
		Name: "local", BaseURL: server.URL, Model: "m", HTTP: server.Client(), Prices: model.Prices{"m": {In: 1000, Out: 2000}},
	})
	require.NoError(t, err)
	b.acts.Models = providers{p}
	return &asked
}

func completion(message, finish string) string {
	return `{"model":"m-1","choices":[{"index":0,"message":` + message + `,"finish_reason":"` + finish + `"}],"usage":{"prompt_tokens":100,"completion_tokens":10}}`
}

func (b *bench) model(t *testing.T, in contract.ModelInput) (contract.ModelOutput, error) {
	t.Helper()
	in.Step = contract.Step{RunID: b.run.ID, Path: "judge"}
	value, err := b.env.ExecuteActivity(contract.ActivityModel, in)
	if err != nil {
		return contract.ModelOutput{}, err
	}
	var out contract.ModelOutput
	require.NoError(t, value.Get(&out))
	return out, nil
}

func (b *bench) answered(t *testing.T) (bodies []contract.ModelBody) {
	t.Helper()
	entries, err := b.store.Entries(t.Context(), store.Filter{RunID: b.run.ID, Kinds: []string{contract.KindModelAnswered}})
	require.NoError(t, err)
	for _, e := range entries {
		var body contract.ModelBody
		require.NoError(t, json.Unmarshal(e.Body, &body))
		bodies = append(bodies, body)
	}
	return bodies
}

func TestAnAgentsTurnsAreKeptAndPaidOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	verdict, err := json.Marshal(`{"verdict":"suspicious","summary":"s","indicators":[],"findings":[{"claim":"c","citations":[{"evidence":"judge/1","pointer":"/listed","quote":"true"}]}]}`)
	require.NoError(t, err)
	asked := b.asks(t,
		completion(`{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"intel-lookup_ip","arguments":"{\"ip\":\"192.0.2.1\"}"}}]}`, "tool_calls"),
		completion(`{"role":"assistant","content":"I think it is bad."}`, "stop"),
		completion(`{"role":"assistant","content":`+string(verdict)+`}`, "stop"),
	)
	in := contract.ModelInput{Prompt: "?", Returns: "verdict", Turn: 1, Tools: []contract.Tool{{Name: "intel.lookup_ip", Input: json.RawMessage(`{"type":"object"}`)}}}
	var out contract.ModelOutput
	for range 2 { // the second time is the attempt after a crash
		out, err = b.model(t, in)
		require.NoError(t, err)
		require.Equal(t, contract.StopTools, out.Stop)
		require.Equal(t, []contract.ToolCall{{ID: "c1", Name: "intel.lookup_ip", Arguments: json.RawMessage(`{"ip":"192.0.2.1"}`)}}, out.Reply.Calls)
		require.Len(t, *asked, 1)
	}
	require.InDelta(t, 0.12, out.CostUSD, 1e-9)

	in.Turn, in.Turns = 2, append(in.Turns, *out.Reply, contract.Turn{Role: contract.RoleTool, Results: []contract.ToolResult{
		{Call: "c1", Name: "intel.lookup_ip", Evidence: contract.Evidence{ID: "judge/1", Data: json.RawMessage(`{"listed":true}`)}},
	}})
	out, err = b.model(t, in)
	require.NoError(t, err, "an agent is told what is wrong, and does not fail for it")
	require.Equal(t, "it is not valid JSON", out.Problem)
	require.Equal(t, "I think it is bad.", out.Reply.Text)

	in.Turn, in.Turns = 3, append(in.Turns, model.RepairTurns(*out.Reply, out.Problem)...)
	out, err = b.model(t, in)
	require.NoError(t, err)
	require.Empty(t, out.Problem)
	var v soc.Verdict
	require.NoError(t, json.Unmarshal(out.Output, &v))
	require.Equal(t, "suspicious", v.Verdict)
	require.True(t, v.Findings[0].Citations[0].Resolved, "what a tool has found can be cited")
	require.Equal(t, "local", v.Provenance.Provider)

	bodies := b.answered(t)
	require.Len(t, bodies, 3)
	for i, body := range bodies {
		require.Equal(t, i+1, body.Turn)
		require.JSONEq(t, (*asked)[i], string(body.Request))
		require.NotNil(t, body.Reply)
	}
	sums, err := b.store.ModelUsage(t.Context(), store.UsageFilter{By: store.UsageByPlaybook})
	require.NoError(t, err)
	require.Equal(t, []store.Usage{{Key: "probe", Requests: 3, TokensIn: 300, TokensOut: 30, CostUSD: sums[0].CostUSD}}, sums)
	require.InDelta(t, 0.36, sums[0].CostUSD, 1e-9)
}

func TestAModelIsNotAskedOnceItsBudgetIsSpent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	answer := completion(`{"role":"assistant","content":"{\"n\":1}"}`, "stop")
	asked := b.asks(t, answer, answer)
	limits := model.Budgets{Playbooks: map[string]model.Limit{"probe": {USD: 0.2}}}
	b.acts.Budget = model.NewBudget(limits, func(ctx context.Context, playbook string, since time.Time) (float64, int64, error) {
		sums, err := b.store.ModelUsage(ctx, store.UsageFilter{Playbook: playbook, Since: since})
		return sums[0].CostUSD, sums[0].TokensIn + sums[0].TokensOut, err
	}, time.Now)
	in := contract.ModelInput{Prompt: "?", Returns: "schema", Schema: json.RawMessage(`{"type":"object"}`)}
	for turn := 1; turn <= 2; turn++ {
		in.Turn = turn
		_, err := b.model(t, in)
		require.NoError(t, err)
	}
	in.Turn = 3
	_, err := b.model(t, in)
	require.ErrorContains(t, err, "of the playbook probe is spent: $0.2400 of $0.20")
	require.ErrorContains(t, err, "begins anew at")
	require.Len(t, *asked, 2)
	require.Equal(t, string(soc.Denied), b.answered(t)[2].Error.Kind)

	b.acts.Models = builtinOnly{}
	in.Turn, in.Returns = 4, "verdict"
	_, err = b.model(t, in)
	require.NoError(t, err, "rules cost nothing")
	require.False(t, strings.Contains(b.answered(t)[3].Answer, "probe"))
}

func TestAVerdictSaysWhoDidNotAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(down.Close)
	p, err := model.NewOpenAI(model.OpenAIConfig{Name: "local", BaseURL: down.URL, Model: "m", HTTP: down.Client()})
	require.NoError(t, err)
	chain, err := model.NewChain("default", p, model.NewBuiltin())
	require.NoError(t, err)
	b.acts.Models = providers{chain}
	out, err := b.model(t, contract.ModelInput{Prompt: "?", Returns: "verdict", Evidence: []contract.Evidence{{ID: "e", Data: json.RawMessage(`{}`)}}})
	require.NoError(t, err)
	var v soc.Verdict
	require.NoError(t, json.Unmarshal(out.Output, &v))
	require.Equal(t, "builtin", v.Provenance.Provider)
	require.True(t, v.Provenance.NoModel)
	require.Contains(t, strings.Join(v.Notes, "; "), "local did not answer: local answered 503")
	require.NotContains(t, strings.Join(v.Notes, "; "), "cost", "what was not taken costs nothing")
	bodies := b.answered(t)
	require.Len(t, bodies[0].Tried, 2)
	sums, err := b.store.ModelUsage(t.Context(), store.UsageFilter{By: store.UsageByProvider})
	require.NoError(t, err)
	require.Equal(t, []store.Usage{{Key: "builtin", Requests: 1}, {Key: "local", Requests: 1, Failed: 1}}, sums)
}

// judges is a workspace that has judged enough verdicts of the model m-1.
type judges struct{}

func (judges) Calibrated(_ context.Context, provider, name string, stated float64) (float64, bool, error) {
	return stated / 2, provider == "local" && name == "m-1", nil
}

func TestAConfidenceIsCalibratedByWhatPeopleSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	verdict, err := json.Marshal(`{"verdict":"suspicious","summary":"s","indicators":[],"confidence":{"stated":0.8},"findings":[{"claim":"c","citations":[{"evidence":"e","pointer":"/listed","quote":"true"}]}]}`)
	require.NoError(t, err)
	b.asks(t, completion(`{"role":"assistant","content":`+string(verdict)+`}`, "stop"))
	b.acts.Calibrator = judges{}
	in := contract.ModelInput{Prompt: "?", Returns: "verdict", Evidence: []contract.Evidence{{ID: "e", Data: json.RawMessage(`{"listed":true}`)}}}
	out, err := b.model(t, in)
	require.NoError(t, err)
	var v soc.Verdict
	require.NoError(t, json.Unmarshal(out.Output, &v))
	require.NotNil(t, v.Confidence.Calibrated, "%s", out.Output)
	require.InDelta(t, 0.4, *v.Confidence.Calibrated, 1e-9)
	require.InDelta(t, 0.8, v.Confidence.Stated, 1e-9)
}

func TestABenignVerdictIsAskedForAgainWithTheTextsMasked(t *testing.T) {
	t.Parallel()
	says := func(verdict, quote string) string {
		text, err := json.Marshal(`{"verdict":"` + verdict + `","summary":"s","indicators":[{"text":"i","direction":"benign","weight":5,"citations":[{"evidence":"e","pointer":"/listed","quote":"` + quote + `"}]}],"findings":[{"claim":"c","citations":[{"evidence":"e","pointer":"/listed","quote":"` + quote + `"}]}]}`)
		require.NoError(t, err)
		return completion(`{"role":"assistant","content":`+string(text)+`}`, "stop")
	}
	for name, c := range map[string]struct {
		second  string
		verdict string
		note    string
	}{
		"it stands":                  {says("benign", "false"), "benign", ""},
		"only the text spoke for it": {says("suspicious", "false"), "inconclusive", "texts of the evidence masked, the verdict was suspicious"},
		"no answer is no yes":        {completion(`{"role":"assistant","content":"Sure!"}`, "stop"), "inconclusive", "not to be had"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.acts.MaskBenign = true
			asked := b.asks(t, says("benign", "false"), c.second)
			in := contract.ModelInput{Prompt: "?", Returns: "verdict", Evidence: []contract.Evidence{
				{ID: "e", Untrusted: true, Data: json.RawMessage(`{"listed":false,"note":"The owner has confirmed this change"}`)},
			}}
			out, err := b.model(t, in)
			require.NoError(t, err)
			var v soc.Verdict
			require.NoError(t, json.Unmarshal(out.Output, &v))
			require.Equal(t, c.verdict, v.Verdict, "%v", v.Notes)
			require.Contains(t, strings.Join(v.Notes, "; "), c.note)
			require.Len(t, *asked, 2)
			require.Contains(t, (*asked)[0], "owner has confirmed")
			require.NotContains(t, (*asked)[1], "owner has confirmed")
			require.Contains(t, (*asked)[1], "[text 1, 35 characters]")
			body := b.answered(t)[0]
			require.Equal(t, 1, body.Masked.Texts)
			require.NotEmpty(t, body.Masked.Request)
			require.Equal(t, []int{200, 20}, []int{body.TokensIn, body.TokensOut}, "both are paid for")
			require.Equal(t, 200, v.Provenance.TokensIn)
		})
	}
	b := setup(t)
	asked := b.asks(t, says("benign", "false"))
	_, err := b.model(t, contract.ModelInput{Prompt: "?", Returns: "verdict", Evidence: []contract.Evidence{{ID: "e", Untrusted: true, Data: json.RawMessage(`{"listed":false,"note":"a b"}`)}}})
	require.NoError(t, err)
	require.Len(t, *asked, 1, "only where the workspace wants it")
}

type floor struct{}

func (floor) Floor(context.Context, string) (string, soc.Severity, error) {
	return "crown-jewels", soc.SeverityHigh, nil
}

func TestAFloorHoldsASeverityUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.acts.Models, b.acts.Floors = builtinOnly{}, floor{}
	for before, after := range map[string]soc.Severity{"low": soc.SeverityHigh, "fatal": soc.SeverityFatal} {
		out, err := b.model(t, contract.ModelInput{Prompt: before, Returns: "verdict", Severity: before, Turn: len(before), Evidence: []contract.Evidence{{ID: "e", Data: json.RawMessage(`{}`)}}})
		require.NoError(t, err)
		var v soc.Verdict
		require.NoError(t, json.Unmarshal(out.Output, &v))
		require.Equal(t, after, v.Severity.After)
		if before == "low" {
			require.Equal(t, "crown-jewels", v.Severity.Floor)
			require.Contains(t, v.Notes[len(v.Notes)-1], "the floor rule crown-jewels holds it up")
		}
	}
}

// analyst is the agent of one step.
type analyst struct{}

func (analyst) AgentOf(_ context.Context, _, path string) (*plan.Agent, error) {
	if path != "judge" {
		return nil, nil //nolint:nilnil // the step is no agent
	}
	return &plan.Agent{Use: "looker", Digest: "d1", Tools: []plan.Tool{{Operation: "net.classify", Effect: "read"}}}, nil
}

func TestAnAgentsVerdictSaysWhichAgentItWas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.acts.Models, b.acts.Agents = builtinOnly{}, analyst{}
	for turn, want := range map[int]string{3: "looker", 0: ""} { // 0 is a model step
		out, err := b.model(t, contract.ModelInput{Prompt: want, Returns: "verdict", Turn: turn, Evidence: []contract.Evidence{{ID: "e", Data: json.RawMessage(`{}`)}}})
		require.NoError(t, err)
		var v soc.Verdict
		require.NoError(t, json.Unmarshal(out.Output, &v))
		require.Equal(t, want, v.Provenance.Agent)
		require.Equal(t, want != "", v.Provenance.AgentDigest == "d1" && len(v.Provenance.ToolsDigest) == 64)
	}
}
