// Package langserver speaks the Language Server Protocol for playbooks over a stream, usually stdin and stdout: what the
// web editor offers, in any other editor.
package langserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/sourcegraph/jsonrpc2"

	"picket/playbooks/editor"
	"picket/playbooks/format"
)

// maxDocument bounds a document's text, in bytes; it is above what the compiler reads, so that one too large is reported.
const maxDocument = 4 << 20

// Serve answers until the stream ends or the client says exit.
func Serve(ctx context.Context, stream io.ReadWriteCloser, e editor.Editor, version string) error {
	s := &server{editor: e, version: version, open: map[string]text{}}
	conn := jsonrpc2.NewConn(ctx, jsonrpc2.NewBufferedStream(stream, jsonrpc2.VSCodeObjectCodec{}), jsonrpc2.HandlerWithError(s.handle))
	select {
	case <-ctx.Done():
		return conn.Close()
	case <-conn.DisconnectNotify():
		return nil
	}
}

type server struct {
	editor  editor.Editor
	version string

	mu   sync.Mutex
	open map[string]text
}

func (s *server) handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
	switch req.Method {
	case "initialize":
		return s.initialize(), nil
	case "initialized", "$/setTrace", "$/cancelRequest", "workspace/didChangeConfiguration", "textDocument/didSave":
		return nil, nil
	case "shutdown":
		return nil, nil
	case "exit":
		return nil, conn.Close()
	case "textDocument/didOpen", "textDocument/didChange", "textDocument/didClose":
		return nil, s.edited(ctx, conn, req)
	}
	var p documentPosition
	if req.Params == nil || json.Unmarshal(*req.Params, &p) != nil {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: "the parameters can't be read"}
	}
	s.mu.Lock()
	t, known := s.open[p.TextDocument.URI]
	s.mu.Unlock()
	if !known {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: "the document is not open"}
	}
	return s.answer(req.Method, p, t)
}

func (s *server) initialize() any {
	return map[string]any{
		"serverInfo": map[string]string{"name": "picket", "version": s.version},
		"capabilities": map[string]any{
			"textDocumentSync":           map[string]any{"openClose": true, "change": 2},
			"completionProvider":         map[string]any{"triggerCharacters": []string{".", " ", ":", "{", "["}},
			"hoverProvider":              true,
			"definitionProvider":         true,
			"referencesProvider":         true,
			"renameProvider":             true,
			"documentSymbolProvider":     true,
			"codeActionProvider":         map[string]any{"codeActionKinds": []string{"quickfix"}},
			"documentFormattingProvider": true,
		},
	}
}

// edited keeps a document's text and tells what is wrong with it.
func (s *server) edited(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) error {
	var p struct {
		TextDocument   document `json:"textDocument"`
		ContentChanges []change `json:"contentChanges"`
	}
	if req.Params == nil || json.Unmarshal(*req.Params, &p) != nil {
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: "the parameters can't be read"}
	}
	uri := p.TextDocument.URI
	s.mu.Lock()
	t := s.open[uri]
	if req.Method == "textDocument/didOpen" {
		t = newText(p.TextDocument.Text)
	}
	for _, c := range p.ContentChanges {
		t = t.changed(c)
	}
	if len(t.whole) > maxDocument {
		t = newText(t.whole[:maxDocument])
	}
	found := []diagnostic{}
	if req.Method == "textDocument/didClose" {
		delete(s.open, uri)
	} else {
		s.open[uri] = t
		found = t.diagnostics(s.editor.Diagnostics(uri, t.whole))
	}
	s.mu.Unlock()
	return conn.Notify(ctx, "textDocument/publishDiagnostics", map[string]any{"uri": uri, "diagnostics": found})
}

func (s *server) answer(method string, p documentPosition, t text) (any, error) {
	line, column := t.ours(p.Position)
	uri := p.TextDocument.URI
	switch method {
	case "textDocument/completion":
		return s.complete(t, line, column), nil
	case "textDocument/hover":
		h := s.editor.Hover(t.whole, line, column)
		if h == nil {
			return nil, nil
		}
		return hover{Contents: markup{"markdown", h.Text}, Range: t.span(h.Range)}, nil
	case "textDocument/definition":
		at, _ := s.editor.Definition(t.whole, line, column)
		if at == nil {
			return nil, nil
		}
		return location{uri, t.span(*at)}, nil
	case "textDocument/references":
		locations := []location{}
		for _, r := range s.editor.References(t.whole, line, column) {
			locations = append(locations, location{uri, t.span(r)})
		}
		return locations, nil
	case "textDocument/rename":
		edits, err := s.editor.Rename(t.whole, line, column, p.NewName)
		if err != nil {
			return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: err.Error()}
		}
		return workspaceEdit{map[string][]textEdit{uri: t.edits(edits)}}, nil
	case "textDocument/documentSymbol":
		return outline(t, s.editor.Symbols(t.whole)), nil
	case "textDocument/codeAction":
		return s.actions(uri, p, t), nil
	case "textDocument/formatting":
		return formatted(t)
	}
	return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: fmt.Sprintf("%s is not spoken here", method)}
}

func (s *server) complete(t text, line, column int) []completionItem {
	items := []completionItem{}
	for i, c := range s.editor.Complete(t.whole, line, column) {
		items = append(items, completionItem{
			Label: c.Label, Kind: completionKinds[c.Kind], Detail: c.Detail, Documentation: c.Doc, SortText: fmt.Sprintf("%04d", i),
			TextEdit: textEdit{Range: t.span(c.Range), NewText: c.Insert},
		})
	}
	return items
}

func (s *server) actions(uri string, p documentPosition, t text) []codeAction {
	fromLine, fromColumn := t.ours(p.Range.Start)
	toLine, toColumn := t.ours(p.Range.End)
	actions := []codeAction{}
	for _, f := range s.editor.Actions(uri, t.whole, editor.Range{Line: fromLine, Column: fromColumn, EndLine: toLine, EndColumn: toColumn}) {
		actions = append(actions, codeAction{Title: f.Title, Kind: "quickfix", Edit: workspaceEdit{map[string][]textEdit{uri: t.edits(f.Edits)}}})
	}
	return actions
}

func outline(t text, symbols []editor.Symbol) []documentSymbol {
	list := []documentSymbol{}
	for _, s := range symbols {
		list = append(list, documentSymbol{
			Name: s.Name, Detail: s.Detail, Kind: symbolFunction, Range: t.span(s.Range), SelectionRange: t.span(s.Range),
			Children: outline(t, s.Children),
		})
	}
	return list
}

func formatted(t text) (any, error) {
	after, err := format.Source([]byte(t.whole))
	if err != nil {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: err.Error()}
	}
	if string(after) == t.whole {
		return []textEdit{}, nil
	}
	last := len(t.lines) - 1
	end := t.theirs(last+1, len([]rune(t.lines[last]))+1)
	return []textEdit{{Range: span{End: end}, NewText: string(after)}}, nil
}
