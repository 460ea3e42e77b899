// Package mcptools makes the tools of MCP servers operations of a connector: https://modelcontextprotocol.io. A server is
// somebody else's: what a tool is called, what it says of itself and what it takes are pinned when they are first seen, and
// a tool that has changed since is not called. A tool counts as consequential unless the operator has called it a read.
package mcptools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"picket/internal/connector"
	"picket/internal/contract"
	"picket/internal/secret"
	"picket/internal/soc"
)

// Bounds of what a server can say.
const (
	MaxTools       = 64
	maxSchema      = 32 << 10 // bytes of a tool's schema
	maxDescription = 1000     // characters of what a tool says of itself
	maxText        = 256 << 10
	callTimeout    = time.Minute
	listTimeout    = 10 * time.Second
)

// Config is one server, spoken to over streamable HTTP.
type Config struct {
	Name    string // of the connector
	URL     string
	Token   secret.Secret // sent as a bearer token; empty is none
	Tools   []string      // those that are taken; none is all
	Reads   []string      // those that the operator has called reads
	Client  *http.Client
	Version string // of Picket
}

// Tool is a tool as it was pinned.
type Tool struct {
	Operation   string          `json:"operation"` // without the connector
	Name        string          `json:"name"`      // as the server calls it
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Input       json.RawMessage `json:"input"`
	Digest      string          `json:"digest"` // SHA-256 over what the server says of it, hex
}

// Server is a server whose tools can be called.
type Server struct{ config Config }

// New returns a server; nothing is asked yet.
func New(c Config) *Server { return &Server{c} }

// List asks a server for its tools, those that are taken. What can't be an operation is an error that names it.
func (s *Server) List(ctx context.Context) ([]Tool, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	session, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = session.Close() }()
	said, err := s.said(ctx, session)
	if err != nil {
		return nil, err
	}
	var tools []Tool
	taken := map[string]string{}
	for _, t := range said {
		if len(s.config.Tools) > 0 && !slices.Contains(s.config.Tools, t.Name) {
			continue
		}
		tool, err := pinned(t)
		if err != nil {
			return nil, soc.Errorf(soc.Invalid, "the MCP server %s: %w", s.config.Name, err)
		}
		if other, twice := taken[tool.Operation]; twice {
			return nil, soc.Errorf(soc.Invalid, "the MCP server %s: its tools %q and %q would both be %s; name one of them in tools", s.config.Name, other, t.Name, tool.Operation)
		}
		taken[tool.Operation] = t.Name
		if tools = append(tools, tool); len(tools) > MaxTools {
			return nil, soc.Errorf(soc.Invalid, "the MCP server %s has more than %d tools; name those you need in tools", s.config.Name, MaxTools)
		}
	}
	for _, wanted := range slices.Concat(s.config.Tools, s.config.Reads) {
		if !slices.ContainsFunc(tools, func(t Tool) bool { return t.Name == wanted }) {
			return nil, soc.Errorf(soc.Invalid, "the MCP server %s has no tool %q", s.config.Name, wanted)
		}
	}
	return tools, nil
}

// said is the list of tools as the server gives it.
func (s *Server) said(ctx context.Context, session *mcp.ClientSession) ([]*mcp.Tool, error) {
	var all []*mcp.Tool
	for t, err := range session.Tools(ctx, nil) {
		if err != nil {
			return nil, s.failed(err)
		}
		if all = append(all, t); len(all) > 4*MaxTools {
			break
		}
	}
	return all, nil
}

var unnamed = regexp.MustCompile(`[^a-z0-9_]+`)

// pinned is a tool as an operation.
func pinned(t *mcp.Tool) (Tool, error) {
	name := strings.Trim(unnamed.ReplaceAllString(strings.ToLower(t.Name), "_"), "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' || len(name) > 60 {
		return Tool{}, fmt.Errorf("the tool %.80q can't be an operation's name", t.Name)
	}
	input, err := json.Marshal(t.InputSchema)
	if err != nil || len(input) > maxSchema {
		return Tool{}, fmt.Errorf("the schema of the tool %q has more than %d bytes or is none", t.Name, maxSchema)
	}
	var schema map[string]any
	if json.Unmarshal(input, &schema) != nil || schema["type"] != "object" {
		return Tool{}, fmt.Errorf("the schema of the tool %q is not that of an object", t.Name)
	}
	delete(schema, "$schema")
	if input, err = json.Marshal(schema); err != nil {
		return Tool{}, err
	}
	title := t.Title
	if title == "" && t.Annotations != nil {
		title = t.Annotations.Title
	}
	if title == "" {
		title = t.Name
	}
	out := Tool{Operation: name, Name: t.Name, Title: cut(title, 100), Description: cut(t.Description, maxDescription), Input: input}
	text, err := json.Marshal(out)
	if err == nil {
		text, err = contract.Canonical(text)
	}
	sum := sha256.Sum256(text)
	out.Digest = hex.EncodeToString(sum[:])
	return out, err
}

// cut bounds a text of the server, without control characters.
func cut(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

var output = json.RawMessage(`{"type":"object","required":["text"],"properties":{"text":{"type":"string"},"data":{}}}`)

// Operations are pinned tools as operations. Each call asks the server first whether the tool is still what was pinned.
func (s *Server) Operations(tools []Tool) []connector.Native {
	var out []connector.Native
	for _, t := range tools {
		effect := connector.EffectConsequential
		if slices.Contains(s.config.Reads, t.Name) {
			effect = connector.EffectRead
		}
		out = append(out, connector.Native{
			Name: t.Operation, Title: t.Title, Description: t.Description, Effect: effect, Timeout: callTimeout,
			Input: t.Input, Output: output, Example: json.RawMessage(`{"text":"What the tool answers"}`),
			Call: func(ctx context.Context, arguments map[string]any) (any, error) { return s.call(ctx, t, arguments) },
		})
	}
	return out
}

// call calls a tool once.
func (s *Server) call(ctx context.Context, t Tool, arguments map[string]any) (any, error) {
	session, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = session.Close() }()
	said, err := s.said(ctx, session)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(said, func(is *mcp.Tool) bool { return is.Name == t.Name })
	if at < 0 {
		return nil, soc.Errorf(soc.NotFound, "the MCP server %s has no tool %q any more", s.config.Name, t.Name)
	}
	if now, err := pinned(said[at]); err != nil || now.Digest != t.Digest {
		return nil, soc.Errorf(soc.Invalid, "the tool %q of the MCP server %s has changed since it was pinned, and is not called; read what it is now, then run: picket mcp repin %s", t.Name, s.config.Name, s.config.Name)
	}
	got, err := session.CallTool(ctx, &mcp.CallToolParams{Name: t.Name, Arguments: arguments})
	if err != nil {
		return nil, s.failed(err)
	}
	var b strings.Builder
	for _, c := range got.Content {
		if text, ok := c.(*mcp.TextContent); ok {
			b.WriteString(text.Text)
		}
	}
	text := strings.ToValidUTF8(b.String(), "\uFFFD")
	if len(text) > maxText {
		return nil, soc.Errorf(soc.Invalid, "the tool %q answered with %d bytes; at most %d are taken", t.Name, len(text), maxText)
	}
	if got.IsError {
		return nil, soc.Errorf(soc.Invalid, "the tool %q failed: %s", t.Name, cut(text, 300))
	}
	out := map[string]any{"text": text}
	if got.StructuredContent != nil {
		out["data"] = got.StructuredContent
	}
	return out, nil
}

// open begins a session.
func (s *Server) open(ctx context.Context) (*mcp.ClientSession, error) {
	client := *s.config.Client
	if token := s.config.Token.Reveal(); token != "" {
		client.Transport = bearer{client.Transport, token}
	}
	c := mcp.NewClient(&mcp.Implementation{Name: "picket", Version: s.config.Version}, nil)
	session, err := c.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint: s.config.URL, HTTPClient: &client, MaxRetries: -1, DisableStandaloneSSE: true,
	}, nil)
	if err != nil {
		return nil, s.failed(err)
	}
	return session, nil
}

func (s *Server) failed(err error) error {
	return soc.Errorf(soc.Unavailable, "the MCP server %s: %s", s.config.Name, cut(err.Error(), 300))
}

// bearer sends a token with each request.
type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	return next.RoundTrip(r)
}
