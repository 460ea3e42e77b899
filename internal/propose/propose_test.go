package propose_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/propose"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/workshop"
	"picket/playbooks"
	"picket/playbooks/spec"
)

const right = `name: lock-account
title: Lock an account
owner: soc
on: {manual: {}}
inputs:
  user: {type: string, required: true}
steps:
  - id: gate
    approve:
      title: Suspend the user?
      by: {role: responder}
      covers: [suspend]
      within: 1h
  - id: suspend
    action: okta.suspend_user
    with: {user: '${{ inputs.user }}'}
`

const rightTests = `cases:
  - name: approved
    manual: {inputs: {user: ana}}
    mocks: {okta.suspend_user: {example: true}}
    answers: {gate: {approve: true}}
    expect:
      status: completed
      calls: [{operation: okta.suspend_user, with: {user: ana}}]
  - name: denied
    manual: {inputs: {user: ana}}
    answers: {gate: {approve: false}}
    expect: {status: completed, never: [okta.suspend_user]}
`

// unguarded has no approval, and a misspelt operation.
const unguarded = `name: lock-account
owner: soc
on: {manual: {}}
steps:
  - id: suspend
    action: okta.suspend_usr
    with: {user: ana}
`

// vendor answers the Chat Completions API (https://platform.openai.com/docs/api-reference/chat/create) with what it was given,
// in its order, and keeps what it was sent.
type vendor struct {
	mu      sync.Mutex
	answers []any
	asked   []string
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	v.asked = append(v.asked, string(body))
	content := ""
	if len(v.answers) > 0 {
		text, _ := json.Marshal(v.answers[0])
		content = string(text)
		if said, is := v.answers[0].(string); is {
			content = said
		}
		v.answers = v.answers[1:]
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": "c", "object": "chat.completion", "created": 1, "model": "writer-1",
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": content}}},
		"usage":   map[string]any{"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
	})
}

type one struct{ is model.Provider }

func (o one) Provider(string) (model.Provider, error) { return o.is, nil }

type bench struct {
	*propose.Proposer
	vendor *vendor
	store  *store.Store
}

func start(t *testing.T, answers ...any) bench {
	t.Helper()
	v := &vendor{answers: answers}
	web := httptest.NewServer(v)
	t.Cleanup(web.Close)
	provider, err := model.NewOpenAI(model.OpenAIConfig{
		Name: "local", BaseURL: web.URL, Model: "writer-1", NoStream: true, HTTP: web.Client(),
		Prices: map[string]model.Price{"writer-1": {In: 1, Out: 10}},
	})
	require.NoError(t, err)
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "picket.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	catalog := workshop.Catalog(registry)
	catalog.Connections = nil
	shop := &workshop.Workshop{
		Catalog: func() *playbooks.Catalog { return catalog }, Connectors: registry, Records: s,
		Library: func() []playbooks.File { return nil },
	}
	return bench{&propose.Proposer{Shop: shop, Models: one{provider}, Ledger: s, Now: time.Now}, v, s}
}

func written(source, tests string) map[string]string {
	return map[string]string{"source": source, "tests": tests, "summary": "It suspends a user once somebody has approved that."}
}

func TestWhatIsWrongGoesBackToTheModel(t *testing.T) {
	b := start(t, "I would rather talk about it.", written(unguarded, rightTests), written(right, rightTests))
	out, err := b.Propose(t.Context(), propose.Request{Kind: propose.Playbook, Words: "Suspend a user after a yes\x00"}, "ana")
	require.NoError(t, err)
	require.True(t, out.OK, "%+v", out.Rounds)
	require.Len(t, out.Rounds, 3)
	require.NotEmpty(t, out.Rounds[0].Problem)
	require.Equal(t, []string{right, rightTests, "lock-account", "writer-1"}, []string{out.Source, out.Tests, out.Name, out.Model})
	require.Equal(t, []int{3000, 300}, []int{out.TokensIn, out.TokensOut})
	require.Contains(t, b.vendor.asked[0], "okta.suspend_user", "the operations are in the instructions")
	require.Contains(t, b.vendor.asked[2], "has no operation suspend_usr")

	entries, err := b.store.Entries(t.Context(), store.Filter{})
	require.NoError(t, err)
	require.Len(t, entries, 4)
	require.Equal(t, []string{contract.KindModelAnswered, contract.KindPlaybookProposed}, []string{entries[0].Kind, entries[3].Kind})
	require.Equal(t, "ana", entries[3].Actor)
	require.Contains(t, string(entries[2].Body), "Suspend a user after a yes")
	used, err := b.store.ModelUsage(t.Context(), store.UsageFilter{})
	require.NoError(t, err)
	require.Equal(t, int64(3000), used[0].TokensIn, "what a proposal uses counts")
}

func TestThreeRoundsAreTheMost(t *testing.T) {
	failing := `cases: [{name: it does nothing, manual: {inputs: {user: ana}}, answers: {gate: {approve: false}}, expect: {status: failed}}]`
	b := start(t, written(right, failing), written(right, ""), written(unguarded, rightTests), written(right, rightTests))
	out, err := b.Propose(t.Context(), propose.Request{Kind: propose.Playbook, Words: "x"}, "ana")
	require.NoError(t, err)
	require.False(t, out.OK)
	require.Len(t, out.Rounds, propose.MaxRounds)
	require.NotEmpty(t, out.Rounds[0].Failures)
	require.Equal(t, "there are no tests", out.Rounds[1].Problem)
	require.NotEmpty(t, out.Rounds[2].Diagnostics)
	require.Equal(t, unguarded, out.Source, "the last one is shown, with what is wrong")
	require.Contains(t, b.vendor.asked[1], "it does nothing")
}

func TestAChangeKeepsTheName(t *testing.T) {
	other := "name: other" + right[len("name: lock-account"):]
	b := start(t, written(other, rightTests), written(right, rightTests))
	out, err := b.Propose(t.Context(), propose.Request{Kind: propose.Change, Words: "ask a lead", Source: right, Tests: rightTests}, "ana")
	require.NoError(t, err)
	require.True(t, out.OK)
	require.Contains(t, out.Rounds[0].Problem, "is called lock-account, not other")
	require.Contains(t, b.vendor.asked[0], "ask a lead")
}

func TestAnExpressionIsCheckedInItsPlace(t *testing.T) {
	expression := func(text string) map[string]string { return map[string]string{"expression": text, "summary": "s"} }
	b := start(t, expression("inputs.usr"), expression("lower(inputs.user) + '@example.test'"))
	at := spec.Edit{Line: 16, Column: 18, EndLine: 16, EndColumn: 38}
	out, err := b.Propose(t.Context(), propose.Request{Kind: propose.Expression, Words: "the address in small letters", Source: right, Range: at}, "ana")
	require.NoError(t, err)
	require.True(t, out.OK, "%+v", out.Rounds)
	require.Len(t, out.Rounds, 2)
	require.Contains(t, out.Source, `user: '${{ lower(inputs.user) + ''@example.test'' }}'`)
	at.Line = 99
	_, err = b.Propose(t.Context(), propose.Request{Kind: propose.Expression, Words: "x", Source: right, Range: at}, "ana")
	require.Equal(t, soc.Invalid, soc.KindOf(err))
}

func TestWhatCantBeAskedIsSaid(t *testing.T) {
	b := start(t)
	for name, r := range map[string]propose.Request{
		"no words":      {Kind: propose.Playbook, Words: " \n"},
		"another kind":  {Kind: "poem", Words: "x"},
		"nothing to be": {Kind: propose.Change, Words: "x"},
	} {
		_, err := b.Propose(t.Context(), r, "ana")
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
	}
	require.Empty(t, b.vendor.asked)
	b.Models = one{model.NewBuiltin()}
	_, err := b.Propose(t.Context(), propose.Request{Kind: propose.Playbook, Words: "x"}, "ana")
	require.ErrorContains(t, err, "docs/models.md")
	b.Models, b.Budget = one{failing{}}, nil
	_, err = b.Propose(t.Context(), propose.Request{Kind: propose.Playbook, Words: "x"}, "ana")
	require.ErrorContains(t, err, "away")
	entries, err := b.store.Entries(t.Context(), store.Filter{Kinds: []string{contract.KindPlaybookProposed}})
	require.NoError(t, err)
	require.Len(t, entries, 1, "what failed is kept too")
}

type failing struct{}

func (failing) Name() string { return "away" }

func (failing) Complete(_ context.Context, _ model.Request) (model.Response, error) {
	return model.Response{}, fmt.Errorf("away: %w", soc.Errorf(soc.Unavailable, "it is away"))
}
