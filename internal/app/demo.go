package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"picket/internal/connector"
	"picket/internal/ingest"
	"picket/internal/ingest/sample"
	"picket/internal/sandbox"
)

// startSandbox starts the sandbox and connects it.
func (a *App) startSandbox(ctx context.Context) error {
	hook, err := a.keptToken("demo-hook.token")
	if err != nil {
		return err
	}
	token, err := a.keptToken("sandbox.token")
	if err != nil {
		return err
	}
	server, err := sandbox.Start(context.WithoutCancel(ctx), sandbox.Options{Dir: a.paths.sandbox(), Token: token})
	if err != nil {
		return err
	}
	a.deferred(func() { a.complain("stop the sandbox", server.Stop()) })
	a.token, a.sandbox = hook, "http://"+server.Addr()
	for _, c := range connector.DemoConnections(a.sandbox, token) {
		if err := a.registry.AddConnection(c); err != nil {
			return err
		}
	}
	return nil
}

// keptToken is a random token that stays the same for a data directory.
func (a *App) keptToken(name string) (string, error) {
	path := filepath.Join(a.paths.keys(), name)
	text, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	token := rand.Text()
	return token, os.WriteFile(path, []byte(token+"\n"), 0o600)
}

// postSamples posts the sample alerts; those that are there already are the same alerts.
func (a *App) postSamples(ctx context.Context) error {
	for _, s := range sample.Alerts() {
		alerts, err := ingest.Normalise(ingest.Source{Name: s.Source, Kind: ingest.Kind(s.Source)}, s.Body, time.Now())
		if err != nil {
			return fmt.Errorf("sample %s: %w", s.Name, err)
		}
		digest := sha256.Sum256(s.Body)
		if _, err := a.intake.Accept(ctx, s.Source, alerts, "sample/"+s.Name, hex.EncodeToString(digest[:])); err != nil {
			return fmt.Errorf("sample %s: %w", s.Name, err)
		}
	}
	return nil
}

// greet tells people where it is and what to try.
func (a *App) greet(ctx context.Context) error {
	base := "http://" + a.Addr()
	code, err := a.auth.FirstCode(ctx)
	if err != nil {
		return err
	}
	out := a.options.Out
	fmt.Fprintf(out, "\nPicket is ready: %s\n", base)
	if code != "" {
		fmt.Fprintf(out, "first login, valid once: %s/setup?code=%s\n", base, code)
	}
	if a.options.Demo {
		fmt.Fprintf(out, `
This is the demo. Two of its connections lead to a sandbox on this machine, which acts on nothing else.
sandbox: %s
hook token: %s

To try:
  1. open the first login above, then Approvals: a containment waits for your decision
  2. approve it, and look at what changed: %s/state
  3. post an alert of your own:
     curl -X POST %s/v1/hooks/wazuh -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d @alert.json
`, a.sandbox, a.token, a.sandbox, base, a.token)
	}
	fmt.Fprintln(out, "\nCtrl-C stops it; open runs go on at the next start.")
	return nil
}
