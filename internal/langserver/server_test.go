package langserver

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"
	"github.com/stretchr/testify/require"

	"picket/playbooks"
	"picket/playbooks/editor"
)

const uri = "file:///x.yaml"

// client is an editor at the other end of the stream.
type client struct {
	t         *testing.T
	conn      *jsonrpc2.Conn
	published chan []diagnostic
}

func (c *client) Handle(_ context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) {
	var p struct {
		Diagnostics []diagnostic `json:"diagnostics"`
	}
	if req.Method == "textDocument/publishDiagnostics" && json.Unmarshal(*req.Params, &p) == nil {
		c.published <- p.Diagnostics
	}
}

func (c *client) call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	return c.conn.Call(ctx, method, params, result)
}

func (c *client) notify(method string, params any) {
	require.NoError(c.t, c.conn.Notify(c.t.Context(), method, params))
}

func connect(t *testing.T) *client {
	t.Helper()
	here, there := net.Pipe()
	catalog := &playbooks.Catalog{Operations: map[string]playbooks.Operation{
		"notes.add": {Name: "notes.add", Title: "Add a note", Effect: "write", Input: json.RawMessage(`{"type":"object","properties":{"text":{"type":"string"}},"required":["text"],"additionalProperties":false}`)},
	}}
	ended := make(chan error, 1)
	go func() { ended <- Serve(context.Background(), there, editor.Editor{Catalog: catalog}, "test") }()
	c := &client{t: t, published: make(chan []diagnostic, 10)}
	c.conn = jsonrpc2.NewConn(t.Context(), jsonrpc2.NewBufferedStream(here, jsonrpc2.VSCodeObjectCodec{}), c)
	t.Cleanup(func() {
		_ = c.conn.Close()
		require.NoError(t, <-ended)
	})
	var answer struct {
		Capabilities map[string]any `json:"capabilities"`
	}
	require.NoError(t, c.call("initialize", map[string]any{}, &answer))
	require.Contains(t, answer.Capabilities, "renameProvider")
	c.notify("initialized", map[string]any{})
	return c
}

const source = "name: x\nowner: y\non: {alert: {}}\nsteps:\n  - {id: näme😀, set: {x: 1}}\n  - {id: a, titel: 'ü😀', set: {x: 1}}\n  - {id: b, set: {x: '${{ steps.a.output.x }}'}}\n"

func TestAnEditorIsServed(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.notify("textDocument/didOpen", map[string]any{"textDocument": document{URI: uri, Text: source}})
	found := <-c.published
	require.Len(t, found, 2)
	require.Equal(t, "P010", found[0].Code)
	require.Equal(t, span{position{4, 9}, position{4, 15}}, found[0].Range, "an emoji is two code units")
	require.Equal(t, "P005", found[1].Code)

	var actions []codeAction
	require.NoError(t, c.call("textDocument/codeAction", documentPosition{TextDocument: document{URI: uri}, Range: found[1].Range}, &actions))
	require.Len(t, actions, 1)
	require.Equal(t, "title", actions[0].Edit.Changes[uri][0].NewText)

	fix := actions[0].Edit.Changes[uri][0]
	name := span{position{4, 9}, position{4, 15}}
	c.notify("textDocument/didChange", map[string]any{"textDocument": document{URI: uri}, "contentChanges": []change{
		{Range: &fix.Range, Text: fix.NewText}, {Range: &name, Text: "name"},
	}})
	require.Empty(t, <-c.published)

	at := documentPosition{TextDocument: document{URI: uri}, Position: position{6, 32}}
	var where location
	require.NoError(t, c.call("textDocument/definition", at, &where))
	require.Equal(t, span{position{5, 9}, position{5, 10}}, where.Range)
	var all []location
	require.NoError(t, c.call("textDocument/references", at, &all))
	require.Len(t, all, 2)
	at.NewName = "renamed"
	var edit workspaceEdit
	require.NoError(t, c.call("textDocument/rename", at, &edit))
	require.Len(t, edit.Changes[uri], 2)
	at.NewName = "b"
	require.ErrorContains(t, c.call("textDocument/rename", at, &edit), "there is a step b")

	var items []completionItem
	require.NoError(t, c.call("textDocument/completion", documentPosition{TextDocument: document{URI: uri}, Position: position{5, 13}}, &items))
	require.NotEmpty(t, items)
	var symbols []documentSymbol
	require.NoError(t, c.call("textDocument/documentSymbol", at, &symbols))
	require.Len(t, symbols, 3)
	var told hover
	require.NoError(t, c.call("textDocument/hover", documentPosition{TextDocument: document{URI: uri}, Position: position{1, 2}}, &told))
	require.Contains(t, told.Contents.Value, "answers for it")
	var formatted []textEdit
	require.NoError(t, c.call("textDocument/formatting", at, &formatted))

	c.notify("textDocument/didClose", map[string]any{"textDocument": document{URI: uri}})
	require.Empty(t, <-c.published)
	require.ErrorContains(t, c.call("textDocument/hover", at, &told), "not open")
}

func TestWhatIsNotSpokenIsRefused(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.notify("textDocument/didOpen", map[string]any{"textDocument": document{URI: uri, Text: "a"}})
	<-c.published
	require.ErrorContains(t, c.call("textDocument/foldingRange", documentPosition{TextDocument: document{URI: uri}}, nil), "not spoken here")
	require.ErrorContains(t, c.call("textDocument/hover", []int{1}, nil), "can't be read")
}

func TestPlacesOutsideOfTheTextAreItsEnd(t *testing.T) {
	t.Parallel()
	x := newText("ab\ncd")
	require.Equal(t, "ab\ncdX", x.changed(change{Range: &span{position{9, 9}, position{9, 9}}, Text: "X"}).whole)
	require.Equal(t, "X", x.changed(change{Range: &span{End: position{9, 9}}, Text: "X"}).whole)
	require.Equal(t, "ab\nXcd", x.changed(change{Range: &span{position{1, 0}, position{0, 0}}, Text: "X"}).whole)
	require.Equal(t, 1, strings.Count(x.whole, "\n"))
}
