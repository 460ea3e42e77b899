package model

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

const secretKey = "AIza-very-secret-key"

var signIn = Request{
	Prompt: "Was this the owner?", Returns: ReturnsVerdict, Severity: soc.SeverityMedium,
	Evidence: []soc.Evidence{
		{ID: "alert", Title: "The alert", Data: json.RawMessage(`{"class_uid":2004,"title":"Anonymous IP address","severity":"medium","src_ip":"185.220.101.34","attack":["T1078"]}`), Untrusted: true},
		{ID: "steps.reputation", Title: "Lists", Data: json.RawMessage(`{"value":"185.220.101.34","type":"ip","listed":true,"suppressed":false,"lists":6,"matches":[{"list":"Tor exits","kind":"block","how":"exact","entry":"185.220.101.34"}]}`)},
	},
}

const goodVerdict = `{"verdict":"malicious","classification":"true_positive","summary":"A sign-in through a Tor exit.","confidence":{"stated":0.8},
 "indicators":[{"text":"on a block list","direction":"risky","weight":8,"citations":[{"evidence":"steps.reputation","pointer":"/matches/0/list","quote":"Tor exits"}]}],
 "findings":[{"claim":"The address is a Tor exit.","entities":["185.220.101.34"],"citations":[{"evidence":"alert","pointer":"/src_ip","quote":"185.220.101.34"}]}]}`

// answerWith is an answer of generateContent as the API documents it.
func answerWith(text, finish string) string {
	quoted, _ := json.Marshal(text)
	return `{"candidates":[{"content":{"role":"model","parts":[{"text":` + string(quoted) + `}]},"finishReason":"` + finish + `","index":0,
	 "safetyRatings":[{"category":"HARM_CATEGORY_DANGEROUS_CONTENT","probability":"NEGLIGIBLE"}]}],
	 "usageMetadata":{"promptTokenCount":1200,"candidatesTokenCount":300,"thoughtsTokenCount":50,"totalTokenCount":1550},"modelVersion":"gemini-2.5-flash-001","responseId":"x"}`
}

// gemini is a server that speaks the documented REST API, and checks what is sent to it.
func gemini(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body []byte)) *Gemini {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		answer(w, r, body)
	}))
	t.Cleanup(server.Close)
	g, err := NewGemini(GeminiConfig{Endpoint: server.URL, Key: secretKey, Model: "gemini-2.5-flash", HTTP: server.Client(), PriceIn: 0.30, PriceOut: 2.50})
	require.NoError(t, err)
	return g
}

func TestGeminiSpeaksTheDocumentedAPI(t *testing.T) {
	t.Parallel()
	var got struct {
		method, path, query, key, contentType string
		body                                  []byte
	}
	g := gemini(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
		got.method, got.path, got.query, got.key, got.contentType = r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("x-goog-api-key"), r.Header.Get("Content-Type")
		got.body = body
		_, _ = io.WriteString(w, answerWith(goodVerdict, "STOP"))
	})
	out, err := g.Complete(context.Background(), signIn)
	require.NoError(t, err)

	require.Equal(t, http.MethodPost, got.method)
	require.Equal(t, "/v1beta/models/gemini-2.5-flash:generateContent", got.path)
	require.Equal(t, secretKey, got.key)
	require.Equal(t, "application/json", got.contentType)
	require.NotContains(t, got.query, "key")
	require.NotContains(t, string(got.body), secretKey)
	var sent struct {
		SystemInstruction struct {
			Parts []struct{ Text string }
		}
		Contents []struct {
			Role  string
			Parts []struct{ Text string }
		}
		GenerationConfig struct {
			ResponseMimeType string
			ResponseSchema   struct {
				Type       int
				Required   []string
				Properties map[string]struct {
					Type int
					Enum []string
				}
			}
			MaxOutputTokens int
			Temperature     *float64
			CandidateCount  int
		}
		SafetySettings []any
	}
	require.NoError(t, json.Unmarshal(got.body, &sent))
	require.Len(t, sent.Contents, 1)
	require.Equal(t, "user", sent.Contents[0].Role)
	require.Equal(t, out.Prompt, sent.Contents[0].Parts[0].Text)
	require.Equal(t, out.System, sent.SystemInstruction.Parts[0].Text)
	require.NotContains(t, out.System, "185.220.101.34", "evidence never stands among the instructions")
	require.Equal(t, "application/json", sent.GenerationConfig.ResponseMimeType)
	require.Equal(t, 6, sent.GenerationConfig.ResponseSchema.Type) // OBJECT
	require.ElementsMatch(t, []string{"verdict", "summary", "indicators", "findings"}, sent.GenerationConfig.ResponseSchema.Required)
	require.Equal(t, []string{"malicious", "suspicious", "benign", "inconclusive"}, sent.GenerationConfig.ResponseSchema.Properties["verdict"].Enum)
	require.Equal(t, geminiMaxTokens, sent.GenerationConfig.MaxOutputTokens)
	require.Zero(t, *sent.GenerationConfig.Temperature)
	require.Equal(t, 1, sent.GenerationConfig.CandidateCount)
	require.Len(t, sent.SafetySettings, 4)

	require.Equal(t, string(got.body), string(out.Request), "the request is kept byte for byte")
	require.Equal(t, goodVerdict, out.Text)
	require.JSONEq(t, goodVerdict, string(out.Output))
	require.Equal(t, "gemini-2.5-flash-001", out.Model)
	require.Equal(t, 1200, out.TokensIn)
	require.Equal(t, 350, out.TokensOut)
	require.InDelta(t, 0.001235, out.CostUSD, 1e-9)
	require.Len(t, out.PromptDigest, 64)

	v, err := CompleteVerdict(out.Output, signIn, soc.Provenance{Provider: "gemini", Model: out.Model})
	require.NoError(t, err)
	require.Equal(t, "malicious", v.Verdict)
	require.True(t, v.Findings[0].Citations[0].Resolved)
}

func TestGeminiAnswersASchemaOfTheStep(t *testing.T) {
	t.Parallel()
	req := Request{Prompt: "Count.", Returns: ReturnsSchema, Schema: json.RawMessage(`{"type":"object","required":["n"],"additionalProperties":false,"properties":{"n":{"type":"integer","minimum":0}}}`)}
	text := `{"n":3}`
	g := gemini(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		_, _ = io.WriteString(w, answerWith(text, "STOP"))
	})
	out, err := g.Complete(context.Background(), req)
	require.NoError(t, err)
	require.JSONEq(t, text, string(out.Output))

	text = `{"n":-3}`
	out, err = g.Complete(context.Background(), req)
	bad, ok := errors.AsType[*OutputError](err)
	require.True(t, ok, "%v", err)
	require.Contains(t, bad.Problem, "minimum")
	require.Equal(t, text, out.Text, "the ledger gets the answer that was no good")

	for _, schema := range []string{`{"$ref":"file:///etc/passwd"}`, `{"type":"objekt"}`, `{`} {
		req.Schema = json.RawMessage(schema)
		_, err = g.Complete(context.Background(), req)
		require.Equal(t, soc.Invalid, soc.KindOf(err), schema)
	}
}

func TestGeminiFailsByKind(t *testing.T) {
	t.Parallel()
	problem := func(code int, status, message string) string {
		text, _ := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": message, "status": status,
			"details": []any{map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}}}})
		return string(text)
	}
	for name, c := range map[string]struct {
		status int
		header string
		body   string
		kind   soc.Kind
		wait   time.Duration
		output bool // an *OutputError
	}{
		"too many requests, with a header":          {429, "42", problem(429, "RESOURCE_EXHAUSTED", "quota"), soc.Unavailable, 42 * time.Second, false},
		"too many requests, with a detail":          {429, "", problem(429, "RESOURCE_EXHAUSTED", "quota"), soc.Unavailable, 17 * time.Second, false},
		"overloaded":                                {503, "5", `<html>`, soc.Unavailable, 5 * time.Second, false},
		"an error of the server":                    {500, "", `{}`, soc.Unavailable, 0, false},
		"a strange header":                          {503, "-9", `{}`, soc.Unavailable, 0, false},
		"a wrong request":                           {400, "", problem(400, "INVALID_ARGUMENT", "bad schema"), soc.Invalid, 0, false},
		"a wrong key":                               {400, "", problem(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key: "+secretKey), soc.Denied, 0, false},
		"a key that may not":                        {403, "", problem(403, "PERMISSION_DENIED", "no"), soc.Denied, 0, false},
		"no key":                                    {401, "", problem(401, "UNAUTHENTICATED", "no"), soc.Denied, 0, false},
		"no such model":                             {404, "", problem(404, "NOT_FOUND", "no"), soc.NotFound, 0, false},
		"a redirect":                                {302, "", ``, soc.Invalid, 0, false},
		"a prompt that is blocked":                  {200, "", `{"promptFeedback":{"blockReason":"SAFETY"}}`, soc.Invalid, 0, false},
		"a prompt that is blocked for a new reason": {200, "", `{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}`, soc.Invalid, 0, false},
		"an answer that is blocked":                 {200, "", `{"candidates":[{"finishReason":"SAFETY","index":0}]}`, soc.Invalid, 0, false},
		"an answer that ended for a new reason":     {200, "", `{"candidates":[{"finishReason":"SPII","index":0}]}`, soc.Invalid, 0, false},
		"an answer that is cut off":                 {200, "", answerWith(`{"verdict":"ben`, "MAX_TOKENS"), soc.Invalid, 0, true},
		"an answer that is no JSON":                 {200, "", answerWith("I think it is benign.", "STOP"), soc.Invalid, 0, true},
		"no candidates":                             {200, "", `{}`, soc.Invalid, 0, true},
		"a candidate without text":                  {200, "", `{"candidates":[{"finishReason":"STOP"}]}`, soc.Invalid, 0, true},
		"no JSON at all":                            {200, "", `<html>`, soc.Invalid, 0, true},
		"an answer without an end":                  {200, "", strings.Repeat(" ", geminiMaxAnswer+10), soc.Invalid, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			g := gemini(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
				calls.Add(1)
				if c.header != "" {
					w.Header().Set("Retry-After", c.header)
				}
				if c.status == 302 {
					w.Header().Set("Location", "http://169.254.169.254/")
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			out, err := g.Complete(context.Background(), signIn)
			require.Equal(t, c.kind, soc.KindOf(err), "%v", err)
			require.Equal(t, int32(1), calls.Load(), "the library does not retry")
			require.NotContains(t, err.Error(), secretKey)
			require.NotEmpty(t, out.Request)
			_, isOutput := errors.AsType[*OutputError](err)
			require.Equal(t, c.output, isOutput, "%v", err)
			if call, ok := errors.AsType[*CallError](err); ok {
				require.Equal(t, c.wait, call.RetryAfter)
				require.Equal(t, c.status, call.Status)
			} else {
				require.Equal(t, 200, c.status)
			}
		})
	}
}

func TestGeminiStopsWhenItsContextDoes(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	g := gemini(t, func(http.ResponseWriter, *http.Request, []byte) {
		cancel()
		<-release
	})
	defer close(release)
	_, err := g.Complete(ctx, signIn)
	require.Equal(t, soc.Unavailable, soc.KindOf(err))
}

func TestGeminiThatIsNotThere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	client := server.Client()
	address := server.URL
	server.Close()
	g, err := NewGemini(GeminiConfig{Endpoint: address, Key: secretKey, HTTP: client})
	require.NoError(t, err)
	_, err = g.Complete(context.Background(), signIn)
	require.Equal(t, soc.Unavailable, soc.KindOf(err), "%v", err)
	require.NotContains(t, err.Error(), secretKey)
}

func TestGeminiIsConfiguredOrRefused(t *testing.T) {
	t.Parallel()
	guarded := &http.Client{Transport: http.NewFileTransport(http.Dir("."))}
	for name, c := range map[string]GeminiConfig{
		"no key":                  {HTTP: guarded},
		"a key with a line break": {Key: "a\nb", HTTP: guarded},
		"no client":               {Key: "k"},
		"an unguarded client":     {Key: "k", HTTP: &http.Client{}},
		"another scheme":          {Key: "k", HTTP: guarded, Endpoint: "ftp://x"},
		"a user in the endpoint":  {Key: "k", HTTP: guarded, Endpoint: "https://u:p@x"},
	} {
		_, err := NewGemini(c)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.NotContains(t, err.Error(), "a\nb")
	}
	g, err := NewGemini(GeminiConfig{Key: "k", HTTP: guarded})
	require.NoError(t, err)
	require.Equal(t, "gemini", g.Name())
	require.Equal(t, "https://generativelanguage.googleapis.com", g.config.Endpoint)
}
