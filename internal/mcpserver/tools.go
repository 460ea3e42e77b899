package mcpserver

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// add adds a tool that reads. What it answers is text between marks, not structured content: clients hand that to a model bare.
func add[In any](s *server, to *mcp.Server, name, title, description string, call func(ctx context.Context, caller http.Header, in In) ([]byte, error)) {
	no := false
	tool := &mcp.Tool{
		Name: name, Title: title, Description: description,
		Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &no, OpenWorldHint: &no, Title: title},
	}
	mcp.AddTool(to, tool, func(ctx context.Context, req *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		var caller http.Header
		if req.Extra != nil {
			caller = req.Extra.Header
		}
		answer, err := call(ctx, caller, in)
		if err != nil {
			return nil, nil, err
		}
		result, err := shown(answer)
		return result, nil, err
	})
}

// page is which part of a list is wanted.
type page struct {
	Limit  int    `json:"limit,omitempty" jsonschema:"how many, 1 to 100; 20 unless said"`
	Cursor string `json:"cursor,omitempty" jsonschema:"the next of the page before"`
}

func (p page) query(filters map[string]string) url.Values {
	if p.Limit < 1 || p.Limit > 100 {
		p.Limit = 20
	}
	q := url.Values{"limit": {strconv.Itoa(p.Limit)}}
	filters["cursor"] = p.Cursor
	for name, value := range filters {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

type byID struct {
	ID string `json:"id" jsonschema:"its id"`
}

type nothing struct{}

// at is the path of one thing of a kind.
func at(parts ...string) string {
	path := "/v1"
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func (s *server) get(ctx context.Context, caller http.Header, path string, query url.Values) ([]byte, error) {
	return s.ask(ctx, caller, http.MethodGet, path, query, nil)
}

func (s *server) tools(to *mcp.Server) {
	type alerts struct {
		page
		Q        string `json:"q,omitempty" jsonschema:"text in the title, user, host, addresses, rule or source id"`
		Severity string `json:"severity,omitempty" jsonschema:"unknown, informational, low, medium, high, critical or fatal"`
		Source   string `json:"source,omitempty" jsonschema:"the name of the source that sent it"`
		Since    string `json:"since,omitempty" jsonschema:"received at or after this time, as in 2026-01-31T12:00:00Z"`
	}
	add(s, to, "list_alerts", "List alerts", "Alerts, the newest first, without the documents of their sources.", func(ctx context.Context, caller http.Header, in alerts) ([]byte, error) {
		return s.get(ctx, caller, "/v1/alerts", in.query(map[string]string{"q": in.Q, "severity": in.Severity, "source": in.Source, "since": in.Since}))
	})
	add(s, to, "get_alert", "Show an alert", "An alert with its observables, the source's own document, and its runs.", func(ctx context.Context, caller http.Header, in byID) ([]byte, error) {
		return s.get(ctx, caller, at("alerts", in.ID), nil)
	})

	type runs struct {
		page
		Status   string `json:"status,omitempty" jsonschema:"queued, running, waiting, completed, failed, cancelled, timed_out, skipped or joined"`
		Playbook string `json:"playbook,omitempty"`
		AlertID  string `json:"alert_id,omitempty"`
	}
	add(s, to, "list_runs", "List runs", "Runs of playbooks, the newest first.", func(ctx context.Context, caller http.Header, in runs) ([]byte, error) {
		return s.get(ctx, caller, "/v1/runs", in.query(map[string]string{"status": in.Status, "playbook": in.Playbook, "alert_id": in.AlertID}))
	})
	add(s, to, "get_run", "Show a run", "How a run stands or ended, its verdict and its outputs.", func(ctx context.Context, caller http.Header, in byID) ([]byte, error) {
		return s.get(ctx, caller, at("runs", in.ID), nil)
	})
	add(s, to, "get_run_steps", "Show the steps of a run", "Each step with its inputs, outputs, attempts, errors and decisions.", func(ctx context.Context, caller http.Header, in byID) ([]byte, error) {
		return s.get(ctx, caller, at("runs", in.ID, "steps"), nil)
	})
	add(s, to, "get_verdicts", "Show the verdicts of a run", "The verdicts that steps of a run have given, with evidence and citations, and what people say of them.", s.verdicts)

	type by struct {
		By string `json:"by,omitempty" jsonschema:"model, rule or playbook"`
	}
	add(s, to, "get_accuracy", "Show how often verdicts are right", "How often judged verdicts were right, by model, rule or playbook, with intervals.", func(ctx context.Context, caller http.Header, in by) ([]byte, error) {
		return s.get(ctx, caller, "/v1/verdicts/accuracy", url.Values{"by": {in.By}})
	})

	type approvals struct {
		page
		Status string `json:"status,omitempty" jsonschema:"pending, approved, denied or expired"`
	}
	add(s, to, "list_approvals", "List approvals", "Questions to people, and how they were decided. They are decided in Picket, by people.", func(ctx context.Context, caller http.Header, in approvals) ([]byte, error) {
		return s.get(ctx, caller, "/v1/approvals", in.query(map[string]string{"status": in.Status}))
	})
	s.authoring(to)
}

// authoring adds the tools on playbooks.
func (s *server) authoring(to *mcp.Server) {
	type named struct {
		Name string `json:"name" jsonschema:"the playbook's name"`
	}
	add(s, to, "list_playbooks", "List playbooks", "The playbooks of this Picket.", func(ctx context.Context, caller http.Header, _ nothing) ([]byte, error) {
		return s.get(ctx, caller, "/v1/playbooks", nil)
	})
	add(s, to, "get_playbook", "Show a playbook", "A playbook's text, its plan, and what the compiler says of it.", func(ctx context.Context, caller http.Header, in named) ([]byte, error) {
		return s.get(ctx, caller, at("playbooks", in.Name), nil)
	})
	add(s, to, "list_operations", "List operations", "What playbooks can call, with effects and schemas of arguments and answers.", func(ctx context.Context, caller http.Header, _ nothing) ([]byte, error) {
		return s.get(ctx, caller, "/v1/operations", nil)
	})
	add(s, to, "get_language", "Show the language of playbooks", "The JSON Schema of playbooks.", func(ctx context.Context, caller http.Header, _ nothing) ([]byte, error) {
		return s.get(ctx, caller, "/v1/schemas/playbook", nil)
	})

	type text struct {
		Source string `json:"source" jsonschema:"the text of a playbook, YAML"`
	}
	add(s, to, "check_playbook", "Check a playbook's text", "What the compiler says of a text, with places and fixes. Nothing is kept.", func(ctx context.Context, caller http.Header, in text) ([]byte, error) {
		return s.ask(ctx, caller, http.MethodPost, "/v1/playbooks/check", nil, in)
	})
	type proposal struct {
		Source string `json:"source" jsonschema:"the text of the playbook, YAML"`
		Tests  string `json:"tests,omitempty" jsonschema:"the text of its test file, YAML"`
		Of     string `json:"of,omitempty" jsonschema:"the name of the playbook that it would change; empty for a new one"`
	}
	add(s, to, "propose_playbook", "Propose a playbook", "Checks a text, runs its tests (nothing outside is called), and says what it does otherwise than the playbook "+
		"that it would change. Nothing is kept: show the person the text, the tests and the differences, and let them save it.", func(ctx context.Context, caller http.Header, in proposal) ([]byte, error) {
		var out struct {
			Check json.RawMessage `json:"check"`
			Tests json.RawMessage `json:"tests,omitempty"`
			Diff  json.RawMessage `json:"diff,omitempty"`
		}
		var err error
		if out.Check, err = s.ask(ctx, caller, http.MethodPost, "/v1/playbooks/check", nil, map[string]string{"source": in.Source}); err != nil {
			return nil, err
		}
		if in.Tests != "" {
			if out.Tests, err = s.ask(ctx, caller, http.MethodPost, "/v1/playbooks/test", nil, map[string]string{"source": in.Source, "tests": in.Tests}); err != nil {
				return nil, err
			}
		}
		if in.Of != "" {
			compared := map[string]any{"old": map[string]string{"playbook": in.Of}, "new": map[string]string{"source": in.Source}}
			if out.Diff, err = s.ask(ctx, caller, http.MethodPost, "/v1/playbooks/diff", nil, compared); err != nil {
				return nil, err
			}
		}
		return json.Marshal(out)
	})
}

// verdicts are those of a run's steps, without what was sent to models for them.
func (s *server) verdicts(ctx context.Context, caller http.Header, in byID) ([]byte, error) {
	text, err := s.get(ctx, caller, at("runs", in.ID, "steps"), nil)
	if err != nil {
		return nil, err
	}
	var steps struct {
		Items []struct {
			Path   string          `json:"path"`
			Title  string          `json:"title"`
			Output json.RawMessage `json:"output"`
		} `json:"items"`
	}
	if err := json.Unmarshal(text, &steps); err != nil {
		return nil, err
	}
	type verdict struct {
		Step    string          `json:"step"`
		Title   string          `json:"title,omitempty"`
		Verdict json.RawMessage `json:"verdict"`
	}
	var out struct {
		Verdicts []verdict       `json:"verdicts"`
		Judged   json.RawMessage `json:"judged"`
	}
	out.Verdicts = []verdict{}
	for _, step := range steps.Items {
		var is struct {
			Verdict    string          `json:"verdict"`
			Provenance json.RawMessage `json:"provenance"`
		}
		if json.Unmarshal(step.Output, &is) == nil && is.Verdict != "" && len(is.Provenance) > 0 {
			out.Verdicts = append(out.Verdicts, verdict{step.Path, step.Title, step.Output})
		}
	}
	if out.Judged, err = s.get(ctx, caller, at("runs", in.ID, "feedback"), nil); err != nil {
		return nil, err
	}
	return json.Marshal(out)
}
