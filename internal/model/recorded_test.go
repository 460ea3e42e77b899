package model

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
)

func TestWhatIsRecordedIsSaidAgain(t *testing.T) {
	t.Parallel()
	everyVendor(t, func(t *testing.T, v vendor) {
		dir := filepath.Join(t.TempDir(), "transcripts")
		turn := 0
		s := newStudio(t, v, func(s *studio, w http.ResponseWriter, r *http.Request, h heard) {
			if turn++; turn == 1 {
				says(said{text: "With your key " + secretKey, thought: "sig", calls: []ToolCall{{ID: "toolu_1", Name: "intel-lookup_ip", Arguments: json.RawMessage(`{"ip":"` + secretKey + `"}`)}}}, 0)(s, w, r, h)
				return
			}
			says(said{text: goodVerdict}, 0)(s, w, r, h)
		})
		recorder, err := NewRecorder(s.provider, dir)
		require.NoError(t, err)
		require.Equal(t, s.provider.Name(), recorder.Name())
		recorded, err := NewRecorded(dir)
		require.NoError(t, err)

		// The same conversation, live and from the transcripts.
		talk := func(p Provider) (first, second Response) {
			req := signIn
			req.Tools = []Tool{lookup}
			first, err := p.Complete(t.Context(), req)
			require.NoError(t, err)
			req.Turns = []Turn{first.Reply(), {Role: contract.RoleTool, Results: []ToolResult{{Call: first.ToolCalls[0].ID, Name: first.ToolCalls[0].Name, Evidence: contract.Evidence{ID: "r", Data: json.RawMessage(`{"listed":true}`)}}}}}
			second, err = p.Complete(t.Context(), req)
			require.NoError(t, err)
			return first, second
		}
		first, second := talk(recorder)
		again, last := talk(recorded)
		require.Equal(t, first.ToolCalls, again.ToolCalls)
		require.JSONEq(t, string(second.Output), string(last.Output))
		require.Equal(t, second.Prompt, last.Prompt)
		require.Equal(t, second.TokensIn, last.TokensIn)
		require.InDelta(t, second.CostUSD, last.CostUSD, 1e-12)
		require.Len(t, s.heard, 2, "nobody is asked for what is recorded")

		files, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Len(t, files, 2)
		for _, f := range files {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			require.NotContains(t, string(text), secretKey)
			info, err := os.Stat(f)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		}
	})
}

func TestRecordedFailuresAndGaps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	recorded, err := NewRecorded(dir)
	require.NoError(t, err)
	for _, c := range []struct {
		script script
		kept   bool
	}{
		{says(said{text: "no JSON"}, 0), true},
		{says(said{refused: "x"}, 0), true},
		{fails(503, ""), false},
	} {
		require.NoError(t, os.RemoveAll(dir))
		s := newStudio(t, openaiVendor("openai", true), c.script)
		recorder, err := NewRecorder(s.provider, dir)
		require.NoError(t, err)
		_, live := recorder.Complete(t.Context(), counting)
		require.Error(t, live)
		_, replayed := recorded.Complete(t.Context(), counting)
		if !c.kept {
			require.Equal(t, soc.NotFound, soc.KindOf(replayed))
			require.ErrorContains(t, replayed, "nothing is recorded for this request")
			continue
		}
		_, wasOutput := errors.AsType[*OutputError](live)
		_, isOutput := errors.AsType[*OutputError](replayed)
		require.Equal(t, wasOutput, isOutput)
		_, wasRefusal := errors.AsType[*RefusalError](live)
		_, isRefusal := errors.AsType[*RefusalError](replayed)
		require.Equal(t, wasRefusal, isRefusal)
	}

	digest, err := RequestDigest(counting)
	require.NoError(t, err)
	for text, says := range map[string]string{
		`{`:             "JSON",
		`{"version":2}`: "version",
		strings.Repeat(" ", maxTranscript) + `{"version":1}`: "bytes",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, digest+".json"), []byte(text), 0o600))
		_, err = recorded.Complete(t.Context(), counting)
		require.Equal(t, soc.Invalid, soc.KindOf(err))
		require.ErrorContains(t, err, says)
	}
	_, err = NewRecorded(filepath.Join(dir, "nowhere"))
	require.ErrorContains(t, err, "models.recorded.dir")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = recorded.Complete(ctx, counting)
	require.Equal(t, soc.Unavailable, soc.KindOf(err))
}

func TestTheDigestIsOfAllThatIsAsked(t *testing.T) {
	t.Parallel()
	base, err := RequestDigest(signIn)
	require.NoError(t, err)
	native := signIn
	native.Turns = []Turn{{Role: contract.RoleAssistant, Text: "a"}, {Role: contract.RoleUser, Text: "b"}}
	with, err := RequestDigest(native)
	require.NoError(t, err)
	native.Turns = []Turn{{Role: contract.RoleAssistant, Text: "a", Native: json.RawMessage(`{"provider":"x"}`)}, native.Turns[1]}
	same, err := RequestDigest(native)
	require.NoError(t, err)
	require.Equal(t, with, same, "what only one provider reads is no part of the question")
	seen := map[string]bool{base: true, with: true}
	for name, change := range map[string]func(r *Request){
		"prompt":   func(r *Request) { r.Prompt = "else?" },
		"system":   func(r *Request) { r.System = "Be brief." },
		"evidence": func(r *Request) { r.Evidence = r.Evidence[:1] },
		"severity": func(r *Request) { r.Severity = soc.SeverityHigh },
		"missing":  func(r *Request) { r.Missing = []string{"x"} },
		"tools":    func(r *Request) { r.Tools = []Tool{lookup} },
		"model":    func(r *Request) { r.Model = "m" },
		"returns":  func(r *Request) { r.Returns, r.Schema = ReturnsSchema, counting.Schema },
	} {
		req := signIn
		change(&req)
		digest, err := RequestDigest(req)
		require.NoError(t, err)
		require.False(t, seen[digest], name)
		seen[digest] = true
	}
}
