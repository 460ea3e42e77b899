package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"picket/internal/ingest"
	"picket/internal/model"
)

func readAll(t *testing.T, lines ...string) []Case {
	t.Helper()
	cases, err := Read(strings.NewReader(strings.Join(lines, "\n")), "")
	require.NoError(t, err)
	return cases
}

func line(label, group, body string) string {
	return fmt.Sprintf(`{"source":"generic","label":%q,"group":%q,"alert":{"title":%q,"severity":"low"}}`, label, group, body)
}

func TestReadTakesRawAndNormalisedAlerts(t *testing.T) {
	t.Parallel()
	cases := readAll(t,
		`{"source":"wazuh","label":"true_positive","alert":{"rule":{"id":"1","level":7,"description":"x"},"agent":{"name":"a"}}}`, "",
		`{"source":"generic","label":"benign_true_positive","group":"g","alert":{"title":"y","user":"u"},"evidence":[{"id":"geo","data":{"country":"DE"}}],"missing":["history"],"run":"r1"}`,
	)
	require.Len(t, cases, 2)
	require.Equal(t, []string{Malicious, Benign}, []string{cases[0].Label, cases[1].Label})
	require.Equal(t, "a", cases[0].Group, "a line without a group is of its host's")
	require.Equal(t, 3, cases[1].Line)
	require.Equal(t, "geo", cases[1].Evidence[0].ID)
	require.Equal(t, []string{"history"}, cases[1].Missing)
	require.NotContains(t, string(cases[1].Alert.Raw), "benign_true_positive", "the label never reaches a provider")

	// An alert that was exported in our form is the one that the raw alert becomes.
	ours, err := json.Marshal(cases[0].Alert)
	require.NoError(t, err)
	again := readAll(t, fmt.Sprintf(`{"source":"wazuh","label":"malicious","alert":%s}`, ours))
	require.Equal(t, cases[0].Alert, again[0].Alert)
}

func TestReadNamesTheLinesThatAreNoGood(t *testing.T) {
	t.Parallel()
	good := line("benign", "g", "x")
	for name, c := range map[string]struct{ text, says string }{
		"no JSON":             {good + "\n{", "line 2: not a line of a data set"},
		"no label":            {`{"source":"generic","alert":{"title":"x"}}`, `line 1: label "" is none of`},
		"a label of its own":  {line("maybe", "g", "x"), `label "maybe" is none of`},
		"no alert":            {`{"source":"generic","label":"benign"}`, "there is no alert in it"},
		"a source that is no": {`{"source":"x","label":"benign","alert":{"title":"x"}}`, `no kind "x"`},
		"no wazuh alert":      {`{"source":"wazuh","label":"benign","alert":{"title":"x"}}`, "line 1: the alert is refused"},
		"evidence without id": {`{"source":"generic","label":"benign","alert":{"title":"x"},"evidence":[{"data":1}]}`, "an id of its own"},
		"nothing":             {"\n\n", "the data set is empty"},
		"two bad lines":       {"{\n" + good + "\n[]", "line 3:"},
		"too long a line":     {strings.Repeat(" ", MaxLine+1), "line 1: longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases, err := Read(strings.NewReader(c.text), "")
			require.ErrorContains(t, err, c.says)
			require.Nil(t, cases)
		})
	}
	_, err := Read(strings.NewReader(strings.Repeat("{\n", 50)), "")
	require.ErrorContains(t, err, "and 30 more")
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(line("benign", "g", "x")), "wazuh")
	f.Add(Sample()[:3000], "")
	f.Fuzz(func(t *testing.T, text []byte, source string) {
		cases, err := Read(bytes.NewReader(text), source)
		if err != nil {
			require.Nil(t, cases)
			return
		}
		for _, c := range cases {
			require.NotEmpty(t, c.Group)
			require.Contains(t, []string{Malicious, Benign}, c.Label)
		}
	})
}

func TestASplitNeverPartsAGroup(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cases := make([]Case, rapid.IntRange(1, 60).Draw(t, "cases"))
		for i := range cases {
			cases[i] = Case{Line: i, Group: rapid.StringMatching(`[a-f]`).Draw(t, "group")}
		}
		share, seed := rapid.Float64Range(0, 0.99).Draw(t, "share"), rapid.Uint64().Draw(t, "seed")
		train, held := Split(cases, share, seed)
		require.Len(t, cases, len(train)+len(held))
		for _, a := range train {
			for _, b := range held {
				require.NotEqual(t, a.Group, b.Group)
			}
		}
		again, _ := Split(cases, share, seed)
		require.Equal(t, train, again)
	})
	cases, err := Read(bytes.NewReader(Sample()), "")
	require.NoError(t, err)
	train, held := Split(cases, 0.5, 1)
	require.InDelta(t, len(cases)/2, len(train), 8)
	other, _ := Split(cases, 0.5, 2)
	require.NotEqual(t, train, other)
	none, all := Split(cases, 0, 1)
	require.Empty(t, none)
	require.Equal(t, cases, all)
	require.NotEmpty(t, held)
}

// provider answers what a function says about a request.
type provider struct {
	answer  func(n int64, prompt string) (verdict string, confidence float64)
	calls   atomic.Int64
	at      atomic.Int64
	most    atomic.Int64
	quote   string
	noPrice bool
}

func (p *provider) Name() string { return "scripted" }

func (p *provider) Complete(_ context.Context, req model.Request) (model.Response, error) {
	p.most.Store(max(p.most.Load(), p.at.Add(1)))
	defer p.at.Add(-1)
	time.Sleep(time.Millisecond)
	n := p.calls.Add(1)
	verdict, confidence := p.answer(n, string(req.Evidence[0].Data))
	if verdict == "error" {
		return model.Response{TokensIn: 5}, errors.New("the provider is down")
	}
	direction := "risky"
	if verdict == "benign" {
		direction = "benign"
	}
	cite := fmt.Sprintf(`[{"evidence":"alert","pointer":"/severity","quote":%q}]`, p.quote)
	out := fmt.Sprintf(`{"verdict":%q,"summary":"s","confidence":{"stated":%g},"indicators":[{"text":"t","direction":%q,"weight":5,"citations":%s}],"findings":[{"claim":"c","citations":%s}]}`,
		verdict, confidence, direction, cite, cite)
	return model.Response{Output: json.RawMessage(out), TokensIn: 10, TokensOut: 2, CostUSD: 0.5, NoPrice: p.noPrice}, nil
}

// byTitle answers what the alert's title says.
func byTitle(_ int64, alert string) (string, float64) {
	for _, v := range []string{"malicious", "suspicious", "benign", "inconclusive", "error"} {
		if strings.Contains(alert, `"title":"`+v) {
			return v, 0.8
		}
	}
	return "inconclusive", 0
}

func TestSummariseCountsEveryOutcome(t *testing.T) {
	t.Parallel()
	cases := readAll(t,
		line("malicious", "a", "malicious"), line("malicious", "a", "suspicious"), line("malicious", "b", "benign"), line("true_positive", "b", "inconclusive"),
		line("benign", "c", "benign"), line("benign", "c", "benign 2"), line("false_positive", "d", "suspicious 2"), line("benign", "d", "error"),
	)
	p := &provider{answer: byTitle, quote: "low"}
	results, err := Run(context.Background(), Configuration{Name: "x", Provider: p, Concurrency: 3}, cases)
	require.NoError(t, err)
	require.LessOrEqual(t, p.most.Load(), int64(3))
	r := Summarise("x", results, nil, 1)
	require.Equal(t, map[string]Confusion{
		Malicious: {Malicious: 1, Suspicious: 1, Benign: 1, Inconclusive: 1}, Benign: {Suspicious: 1, Benign: 2, Failed: 1},
	}, r.Confusion)
	c := r.Classification
	require.InDelta(t, 2.0/4, *c.Recall.Value, 1e-12)
	require.InDelta(t, 1.0/4, *c.FalsePositiveRate.Value, 1e-12)
	require.InDelta(t, 1.0/8, *c.Abstained.Value, 1e-12)
	require.InDelta(t, 1.0/8, *c.Failed.Value, 1e-12)
	require.InDelta(t, (2.0/3+2.0/3)/2, *c.BalancedDecided.Value, 1e-12)
	require.InDelta(t, 0.5, *c.BalancedOverall.Value, 1e-12, "what is not decided is wrong")
	require.NotNil(t, c.BalancedOverall.Interval)
	require.InDelta(t, 1.0/3, *c.MCC.Value, 1e-12)
	require.Len(t, r.Mistakes, 3)
	require.Equal(t, 1.0, *r.Citations.Value)
	require.InDelta(t, 89.0/8, r.Cost.TokensPerAlert, 1e-12)
	require.InDelta(t, 3.5, *r.Cost.USD, 1e-12)
	require.Contains(t, r.Baselines[0].Note, "flatters")

	p = &provider{answer: byTitle, quote: "nowhere", noPrice: true}
	results, err = Run(context.Background(), Configuration{Provider: p}, cases)
	require.NoError(t, err)
	r = Summarise("x", results, nil, 1)
	require.Zero(t, *r.Citations.Value)
	require.InDelta(t, 7.0/8, *r.Classification.Abstained.Value, 1e-12, "findings whose quotes are not there decide nothing")
	require.Nil(t, r.Cost.USD, "a price that is not known is not nothing")
	var text bytes.Buffer
	require.NoError(t, Render(&text, Document{Set: Set{Name: "x"}, Reports: []Report{r}}))
	require.Contains(t, text.String(), "not known")
	require.Contains(t, text.String(), "nothing was decided")
}

func TestFlipsAreCounted(t *testing.T) {
	t.Parallel()
	cases := readAll(t, line("malicious", "a", "one"), line("malicious", "a", "two"))
	restless := &provider{quote: "low", answer: func(n int64, _ string) (string, float64) {
		return []string{"malicious", "suspicious"}[n%2], 0.9
	}}
	results, err := Run(context.Background(), Configuration{Provider: restless, Repeats: 3, Concurrency: 1}, cases)
	require.NoError(t, err)
	require.Equal(t, 1.0, *Summarise("x", results, nil, 1).Stability.Repeated.Value)

	gullible := &provider{quote: "low", answer: func(_ int64, alert string) (string, float64) {
		if strings.Contains(alert, "Authorised maintenance") {
			return "benign", 0.9
		}
		return "malicious", 0.9
	}}
	results, err = Run(context.Background(), Configuration{Provider: gullible, Inject: true}, cases)
	require.NoError(t, err)
	s := Summarise("x", results, nil, 1).Stability
	require.Equal(t, 2*len(injections), s.Injected.Of)
	require.Equal(t, 2, s.Injected.Count, "one text of them takes in this provider")
	// The engine does not let text in the evidence that asks for it make a verdict benign.
	require.Zero(t, s.InjectedBenign.Count)
}

func TestEveryKindOfAlertTakesInjectedText(t *testing.T) {
	t.Parallel()
	cases, err := Read(bytes.NewReader(Sample()), "")
	require.NoError(t, err)
	took := 0
	for _, c := range cases {
		alert, ok := c.injected("NEEDLE")
		if !ok {
			continue
		}
		took++
		text, err := json.Marshal(alert)
		require.NoError(t, err)
		require.Contains(t, string(text), "NEEDLE")
		require.Equal(t, c.Alert.Rule, alert.Rule, "the detection's own words stay")
	}
	require.Greater(t, took, len(cases)*9/10)
}

func TestAStoppedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	p := &provider{quote: "low", answer: func(n int64, _ string) (string, float64) {
		if n == 3 {
			cancel()
		}
		return "benign", 1
	}}
	cases, err := Read(bytes.NewReader(Sample()), "")
	require.NoError(t, err)
	_, err = Run(ctx, Configuration{Provider: p, Concurrency: 2}, cases)
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, p.calls.Load(), int64(10))
}

// wazuhCase is an alert of a level and a label.
func wazuhCase(level int, label, group string) Case {
	c := Case{Label: label, Group: group}
	c.Alert.Rule.Level = level
	return c
}

func TestTheThresholdIsChosenOnTheTrainingSide(t *testing.T) {
	t.Parallel()
	train := []Case{wazuhCase(3, Benign, "a"), wazuhCase(5, Benign, "a"), wazuhCase(9, Malicious, "b"), wazuhCase(12, Malicious, "b"), wazuhCase(12, Malicious, "b")}
	held := []Case{wazuhCase(9, Benign, "c"), wazuhCase(9, Benign, "d"), wazuhCase(3, Malicious, "e")}
	b := baselines(held, train, grouped(held), 1)
	require.Equal(t, "always malicious", b[0].Name)
	require.InDelta(t, 0.5, *b[0].BalancedAccuracy.Value, 1e-12)
	require.Equal(t, "rule level from 6 on is malicious", b[1].Name)
	require.Zero(t, *b[1].BalancedAccuracy.Value, "what it learned does not hold there")
	require.Empty(t, b[1].Note)
	require.Equal(t, 13, bestThreshold([]Case{wazuhCase(12, Malicious, "a")}, func(c Case) int { return c.Alert.Rule.Level }), "one class teaches nothing")
	held[0].Alert.Rule.Level = 0
	require.Contains(t, baselines(held, train, grouped(held), 1)[1].Name, "severity_id", "a set without levels is measured by severity")
}

func TestCompareInPairs(t *testing.T) {
	t.Parallel()
	cases, err := Read(bytes.NewReader(Sample()), "")
	require.NoError(t, err)
	run := func(answer func(n int64, alert string) (string, float64)) ([]Result, Report) {
		results, err := Run(context.Background(), Configuration{Provider: &provider{answer: answer, quote: "low"}}, cases)
		require.NoError(t, err)
		for i := range results { // whether citations resolve is not the point here
			results[i].Answers[0].Verdict, _ = answer(0, results[i].Case.Label)
		}
		return results, Summarise("x", results, nil, 1)
	}
	always := func(int64, string) (string, float64) { return "malicious", 0.9 }
	right := func(_ int64, label string) (string, float64) { return label, 0.9 }
	a, first := run(always)
	b, second := run(right)
	c, err := Compare(first, second, a, b, 1)
	require.NoError(t, err)
	require.Zero(t, c.OnlyFirst)
	require.Equal(t, first.Benign, c.OnlySecond)
	require.Less(t, c.PValue, 1e-6)
	require.InDelta(t, 0.5, *c.Overall.Value, 1e-12)
	require.InDelta(t, 0.5, c.Overall.Interval.Low, 1e-12)
	same, err := Compare(first, first, a, a, 1)
	require.NoError(t, err)
	require.InDelta(t, 1, same.PValue, 0)
	require.Zero(t, *same.Overall.Value)
	_, err = Compare(first, second, a, b[1:], 1)
	require.ErrorContains(t, err, "same data set")
}

func TestTheSampleIsWhatItSays(t *testing.T) {
	t.Parallel()
	cases, err := Read(bytes.NewReader(Sample()), "")
	require.NoError(t, err)
	count := map[string]int{}
	for _, c := range cases {
		require.Equal(t, string(ingest.Wazuh), c.Source)
		count[c.Label]++
	}
	require.Greater(t, count[Malicious], 60)
	require.Greater(t, count[Benign], 60)
	require.Greater(t, len(grouped(cases)), 20)
}

func TestRenderIsInert(t *testing.T) {
	t.Parallel()
	r := Report{Baselines: []Baseline{{Name: "b"}}, Mistakes: []Mistake{{Title: "a\x1b[31m\u202eb\nc"}}, Rules: []RuleLine{{Rule: "\x9b31m" + strings.Repeat("x", 500)}}}
	var text bytes.Buffer
	require.NoError(t, Render(&text, Document{Reports: []Report{r}}))
	require.NotContains(t, text.String(), "\x1b")
	require.NotContains(t, text.String(), "\u202e")
	require.NotContains(t, text.String(), strings.Repeat("x", 100))
}
