package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// directory speaks the part of Okta's documented Users API that the probe needs. It outlives the process that is
// killed, so a call may have taken effect though nobody was left to hear the answer.
type directory struct {
	mu        sync.Mutex
	suspended map[string]int // user -> how many suspensions took effect
	asked     map[string]int // user -> how many were asked for
}

func (d *directory) handler() http.Handler {
	mux := http.NewServeMux()
	user := func(w http.ResponseWriter, name string) {
		status := "ACTIVE"
		if d.suspended[name] > 0 {
			status = "SUSPENDED"
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"id": name, "status": status, "created": "2024-01-01T00:00:00.000Z", "lastLogin": nil,
			"profile": map[string]any{"login": name, "email": name, "firstName": "Probe", "lastName": "User"},
		})
	}
	mux.HandleFunc("GET /api/v1/users/{user}", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		user(w, r.PathValue("user"))
	})
	mux.HandleFunc("POST /api/v1/users/{user}/lifecycle/suspend", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("user")
		d.mu.Lock()
		d.asked[name]++
		d.suspended[name]++
		d.mu.Unlock()
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond) // so that some are killed in between
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
	})
	return mux
}

const probePlaybook = `name: kill-probe
title: Kill probe
owner: tests
on:
  alert: {source: probe}
steps:
  - id: address
    action: net.classify
    with: {ip: '${{ alert.src_ip }}'}
  - id: account
    action: okta.get_user
    retry: {attempts: 20, backoff: 200ms}
    with: {user: '${{ alert.user.name }}'}
  - id: gate
    approve:
      title: 'Suspend ${{ alert.user.name }}?'
      by: {role: responder}
      covers: [contain]
      within: 2h
  - id: contain
    action: okta.suspend_user
    with: {user: '${{ steps.account.output.id }}'}
`

const (
	kills    = 20
	inFlight = 50
)

func TestKilledAtRandomMomentsNothingIsLostAndNothingHappensTwice(t *testing.T) {
	t.Parallel()
	dir := &directory{suspended: map[string]int{}, asked: map[string]int{}}
	vendor := httptest.NewServer(dir.handler())
	t.Cleanup(vendor.Close)

	playbooks := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(playbooks, "kill-probe.yaml"), []byte(probePlaybook), 0o600))
	in := newInstance(t, "--playbooks", playbooks, "--no-library")
	require.NoError(t, os.WriteFile(filepath.Join(in.dir, "picket.yaml"), []byte(`
sources:
  probe: {kind: generic, token: probe-token-0123456789, rate_per_second: 1000}
connections:
  - {name: okta, connector: okta, base_url: `+vendor.URL+`, secrets: {token: probe}, allow_private: true}
`), 0o600))

	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	defer cancel()
	in.start(t)
	approving, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { approveAll(approving, in) })
	defer background.Wait()
	defer stop()

	accepted := map[string]string{} // alert id -> user
	posted := 0
	for round := range kills {
		target := inFlight + round*5
		for posted < target {
			var answer struct {
				AlertID string `json:"alert_id"`
			}
			user := fmt.Sprintf("user-%04d", posted)
			code, err := in.call(ctx, http.MethodPost, "/v1/hooks/probe",
				map[string]string{"Authorization": "Bearer probe-token-0123456789", "Idempotency-Key": user},
				map[string]any{"alert_id": user, "title": "Probe", "severity": "high", "src_ip": "198.51.100.7", "user": user}, &answer)
			if err != nil {
				break // killed meanwhile: the same request id is tried again
			}
			require.Equal(t, http.StatusAccepted, code)
			accepted[answer.AlertID] = user
			posted++
		}
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
		in.kill()
		in.start(t)
	}
	require.Len(t, accepted, posted)

	unknown := 0
	for alert, user := range accepted {
		unknown += settled(ctx, t, in, dir, alert, user)
	}
	t.Logf("%d alerts, %d kills, %d calls of unknown outcome", len(accepted), kills, unknown)

	stop()
	background.Wait()
	var report struct {
		OK bool `json:"ok"`
	}
	code, err := in.call(ctx, http.MethodPost, "/v1/audit/verify", nil, map[string]any{}, &report)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
	require.True(t, report.OK, "the chain holds")
}

// settled waits until an alert's one run has ended, and checks its one suspension. It answers 1 for an unknown outcome.
func settled(ctx context.Context, t *testing.T, in *instance, dir *directory, alert, user string) int {
	t.Helper()
	type run struct {
		ID, Status, Reason string
	}
	var runs struct {
		Items []run `json:"items"`
	}
	require.Eventually(t, func() bool {
		code, err := in.call(ctx, http.MethodGet, "/v1/runs?playbook=kill-probe&alert_id="+alert, nil, nil, &runs)
		return err == nil && code == http.StatusOK && len(runs.Items) == 1 && slices.Contains([]string{"completed", "failed"}, runs.Items[0].Status)
	}, 4*time.Minute, 100*time.Millisecond, "alert %s has no ended run: %+v", alert, &runs) // as they are then

	dir.mu.Lock()
	defer dir.mu.Unlock()
	effects := dir.suspended[user]
	if runs.Items[0].Status == "failed" {
		require.Contains(t, runs.Items[0].Reason, "not known", "a run may only fail because an outcome is unknown")
		require.LessOrEqual(t, effects, 1)
		return 1
	}
	require.Equal(t, 1, effects, "user %q was suspended %d times", user, effects)
	return 0
}

// approveAll decides every approval that waits, as an attentive person would, until ctx ends.
func approveAll(ctx context.Context, in *instance) {
	for ctx.Err() == nil {
		var waiting struct {
			Items []struct{ ID, Digest string } `json:"items"`
		}
		_, _ = in.call(ctx, http.MethodGet, "/v1/approvals?status=pending&limit=50", nil, nil, &waiting)
		for _, a := range waiting.Items {
			_, _ = in.call(ctx, http.MethodPost, "/v1/approvals/"+a.ID+"/decision", nil,
				map[string]string{"outcome": "approved", "reason": "probe", "digest": a.Digest}, nil)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}
