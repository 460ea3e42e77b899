package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/app"
	"picket/internal/blob"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

const (
	bulkSteps  = 100
	bulkAnswer = 1_000_000 // bytes of one answer
)

// bulk answers a megabyte that does not compress well, another for each path.
func bulk(w http.ResponseWriter, r *http.Request) {
	var seed [32]byte
	copy(seed[:], r.URL.Path)
	random := rand.NewChaCha8(seed)
	text := make([]byte, bulkAnswer-40)
	_, _ = random.Read(text)
	for i, b := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[b%64]
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"page": r.URL.Path, "text": string(text)})
}

// bulkPlaybook reads a hundred pages. Each step looks at the page before; every tenth sends it on whole.
func bulkPlaybook() string {
	var b strings.Builder
	b.WriteString("name: bulk\ntitle: Bulk\nowner: soc\non:\n  alert: {source: bulk}\nsteps:\n")
	for i := range bulkSteps {
		fmt.Fprintf(&b, "  - id: p%d\n", i)
		switch {
		case i == 0:
			b.WriteString("    action: http.get_json\n    with: {path: first}\n")
		case i%10 == 0:
			fmt.Fprintf(&b, "    action: http.post_json\n    with: {path: sent/%d, body: '${{ steps.p%d.output.body }}'}\n", i, i-1)
		default:
			fmt.Fprintf(&b, "    action: http.get_json\n    with: {path: 'page/%d/${{ len(steps.p%d.output.body.text) }}'}\n", i, i-1)
		}
	}
	fmt.Fprintf(&b, "outputs:\n  first: '${{ steps.p0.output.body.page }}'\n  last: '${{ steps.p%d.output.body.page }}'\n", bulkSteps-1)
	return b.String()
}

func TestAHundredStepsOfAMegabyteEachRunAndReplay(t *testing.T) {
	t.Parallel()
	vendor := httptest.NewServer(http.HandlerFunc(bulk))
	t.Cleanup(vendor.Close)
	o := options(t)
	o.NoLibrary, o.PlaybooksDir, o.ConfigFile = true, t.TempDir(), filepath.Join(t.TempDir(), "picket.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(o.PlaybooksDir, "bulk.yaml"), []byte(bulkPlaybook()), 0o600))
	require.NoError(t, os.WriteFile(o.ConfigFile, fmt.Appendf(nil, `
sources:
  bulk: {kind: generic, token: a-hook-token-of-the-test}
connections:
  - {name: vendor, connector: http, base_url: %q, allow_private: true, secrets: {secret: none}}
`, vendor.URL), 0o600))
	a, err := app.Start(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(a.Stop)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.Addr()+"/v1/hooks/bulk",
		strings.NewReader(`{"id":"1","title":"many pages","severity":"high"}`))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer a-hook-token-of-the-test")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusAccepted, response.StatusCode)

	run, body := awaitArchive(t, o.Data)
	require.Equal(t, soc.RunCompleted, run.Status, run.Reason)
	require.JSONEq(t, fmt.Sprintf(`{"first":"/first","last":"/page/%d/%d"}`, bulkSteps-1, bulkAnswer-40), string(run.Outputs))
	require.Less(t, body.Bytes, 1<<20, "the history of %d MB", bulkSteps)
	a.Stop()

	_, err = app.ReplayRun(t.Context(), o.Data, run.ID)
	require.NoError(t, err)
	report, err := app.VerifyLedger(t.Context(), o.Data)
	require.NoError(t, err)
	require.True(t, report.OK, report.Why)
	require.Greater(t, report.Archived, int64(bulkSteps))

	blobs, err := blob.Open(filepath.Join(o.Data, "blobs"))
	require.NoError(t, err)
	text, err := blobs.Get(t.Context(), body.Index)
	require.NoError(t, err)
	var index struct {
		Payloads []struct{ Digest string } `json:"payloads"`
	}
	require.NoError(t, json.Unmarshal(text, &index))
	lost := index.Payloads[bulkSteps/2].Digest
	require.NoError(t, os.Remove(filepath.Join(o.Data, "blobs", lost[:2], lost[2:6], lost+".zst")))
	_, err = app.ReplayRun(t.Context(), o.Data, run.ID)
	require.ErrorContains(t, err, lost)
	report, err = app.VerifyLedger(t.Context(), o.Data)
	require.NoError(t, err)
	require.False(t, report.OK)
	require.Contains(t, report.Why, lost)
	require.Equal(t, run.ID, report.RunID)
}

type archiveBody struct {
	Bytes int    `json:"bytes"`
	Index string `json:"index"`
}

// awaitArchive waits for the one run to be over and archived.
func awaitArchive(t *testing.T, dir string) (soc.Run, archiveBody) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "picket.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	var body archiveBody
	require.Eventually(t, func() bool {
		entries, err := s.Entries(t.Context(), store.Filter{Kinds: []string{contract.KindHistoryArchived}})
		return err == nil && len(entries) == 1 && json.Unmarshal(entries[0].Body, &body) == nil
	}, 5*time.Minute, 200*time.Millisecond)
	runs, _, err := s.Runs(t.Context(), store.RunFilter{})
	require.NoError(t, err)
	require.Len(t, runs, 1)
	return runs[0], body
}
