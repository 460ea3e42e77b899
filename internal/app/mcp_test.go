package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/app"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

const asksWiki = `name: ask-wiki
owner: soc
on: {manual: {}}
steps:
  - id: look
    action: wiki.search
    with: {query: vpn}
outputs: {text: '${{ steps.look.output.text }}'}
`

func TestAPlaybookCallsAToolOfAnMCPServer(t *testing.T) {
	t.Parallel()
	type query struct {
		Query string `json:"query"`
	}
	wiki := mcp.NewServer(&mcp.Implementation{Name: "wiki", Version: "1"}, nil)
	mcp.AddTool(wiki, &mcp.Tool{Name: "search", Description: "Looks for pages."}, func(_ context.Context, _ *mcp.CallToolRequest, in query) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "about " + in.Query}}}, nil, nil
	})
	web := httptest.NewServer(mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return wiki }, nil))
	t.Cleanup(web.Close)
	o := options(t)
	o.ConfigFile = filepath.Join(t.TempDir(), "picket.yaml")
	write := func(more string) {
		t.Helper()
		require.NoError(t, os.WriteFile(o.ConfigFile, []byte(fmt.Sprintf("mcp:\n  - {name: wiki, url: %q, allow_private: true, reads: [search]%s}\n", web.URL, more)), 0o600))
	}
	write("")
	files := map[string]string{"ask-wiki.yaml": asksWiki}
	a := instance(t, o, files)
	run, err := a.StartRun(t.Context(), api.StartRequest{Playbook: "ask-wiki", By: "ana"})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		run, err = a.Store().GetRun(t.Context(), run.ID)
		return err == nil && run.Status.Final()
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, soc.RunCompleted, run.Status, run.Reason)
	require.JSONEq(t, `{"text":"about vpn"}`, string(run.Outputs))
	entries, err := a.Store().Entries(t.Context(), store.Filter{Kinds: []string{contract.KindToolsPinned}})
	require.NoError(t, err)
	require.Len(t, entries, 1)
	a.Stop()

	web.Close() // what is pinned is known without the server
	a = instance(t, o, files)
	require.Len(t, a.Playbooks(), 1)
	a.Stop()
	write(", tools: [search, other]")
	_, err = app.Start(context.Background(), o)
	require.ErrorContains(t, err, "picket mcp repin wiki")
	require.NoError(t, app.RepinMCP(t.Context(), o.Data, "wiki"))
	require.Equal(t, soc.NotFound, soc.KindOf(app.RepinMCP(t.Context(), o.Data, "wiki")))
	_, err = app.Start(context.Background(), o)
	require.Equal(t, soc.Unavailable, soc.KindOf(err), "%v", err)
}
