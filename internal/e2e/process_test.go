// Package e2e drives the real binary from outside, as its users and its accidents do.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const adminToken = "pk_e2e-admin-0123456789abcdefghijklmnopqrstuvwxyz"

// binary is the program under test: PICKET_BIN, or one built now.
func binary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("PICKET_BIN"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "picket")
	out, err := exec.Command("go", "build", "-o", path, "picket/cmd/picket").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// instance is one data directory and the process that serves it, which may be killed and started again.
type instance struct {
	bin, dir, listen string
	args             []string
	mu               sync.Mutex
	cmd              *exec.Cmd
	ended            chan struct{} // closed when the process is gone
	log              bytes.Buffer
}

func newInstance(t *testing.T, args ...string) *instance {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listen := l.Addr().String()
	require.NoError(t, l.Close())
	in := &instance{bin: binary(t), dir: t.TempDir(), listen: listen, args: args}
	t.Cleanup(func() {
		in.kill()
		if t.Failed() {
			text := in.log.Bytes()
			t.Logf("the process said:\n%s", text[max(0, len(text)-8000):])
		}
	})
	return in
}

// start starts the process and waits until it is ready.
func (in *instance) start(t *testing.T) {
	t.Helper()
	cmd := exec.Command(in.bin, append([]string{"serve", "--data", in.dir, "--listen", in.listen}, in.args...)...)
	cmd.Env = append(os.Environ(), "PICKET_ADMIN_TOKEN="+adminToken)
	cmd.Stdout, cmd.Stderr = &in.log, &in.log
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	in.mu.Lock()
	in.cmd, in.ended = cmd, ended
	in.mu.Unlock()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get(in.url("/healthz"))
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ended:
			t.Fatal("the process ended before it was ready")
		default:
			require.True(t, time.Now().Before(deadline), "the process is not ready")
		}
	}
}

// kill ends the process at once, as kill -9 does, and waits until it is gone.
func (in *instance) kill() {
	in.mu.Lock()
	cmd, ended := in.cmd, in.ended
	in.cmd = nil
	in.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Kill()
	<-ended
}

func (in *instance) url(path string) string { return "http://" + in.listen + path }

// call makes one request as the admin; a transport error is answered, not fatal: the process may just have been killed.
func (in *instance) call(ctx context.Context, method, path string, header map[string]string, body, answer any) (int, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, method, in.url(path), bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+adminToken)
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err = io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	if answer != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(text, answer); err != nil {
			return res.StatusCode, fmt.Errorf("%s %s: %w: %s", method, path, err, text)
		}
	}
	return res.StatusCode, nil
}
