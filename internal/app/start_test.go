package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/app"
)

func options(t *testing.T) app.Options {
	t.Helper()
	o := app.DefaultOptions()
	o.Data, o.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	o.Log, o.Out = slog.New(slog.DiscardHandler), &bytes.Buffer{}
	return o
}

func TestWhatStandsInTheWayIsSaidInOneSentence(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	occupied := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(occupied, nil, 0o600))
	for name, c := range map[string]struct {
		change func(*app.Options)
		says   string
	}{
		"a port that is taken": {
			change: func(o *app.Options) { o.Listen = taken.Addr().String() },
			says:   "is taken by another program; choose another port with --listen",
		},
		"an address that is none": {change: func(o *app.Options) { o.Listen = "nowhere" }, says: "choose HOST:PORT with --listen"},
		"a data directory that can't be one": {
			change: func(o *app.Options) { o.Data = filepath.Join(occupied, "data") }, says: "choose another with --data",
		},
		"a directory of playbooks that is not there": {
			change: func(o *app.Options) { o.PlaybooksDir = "/nonexistent" }, says: "--playbooks can't be read",
		},
		"a configuration with an unknown key": {
			change: func(o *app.Options) {
				o.ConfigFile = filepath.Join(t.TempDir(), "picket.yaml")
				require.NoError(t, os.WriteFile(o.ConfigFile, []byte("sources:\n  a: {kind: generic, tokn: x}\n"), 0o600))
			},
			says: "line 2: field tokn not found",
		},
		"a source that anybody could post to": {
			change: func(o *app.Options) {
				o.ConfigFile = filepath.Join(t.TempDir(), "picket.yaml")
				require.NoError(t, os.WriteFile(o.ConfigFile, []byte("sources:\n  a: {kind: generic}\n"), 0o600))
			},
			says: "anybody could post alerts",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			c.change(&o)
			_, err := app.Start(context.Background(), o)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestASecondInstanceOnTheSameDataIsRefused(t *testing.T) {
	t.Parallel()
	o := options(t)
	first, err := app.Start(context.Background(), o)
	require.NoError(t, err)
	_, err = app.Start(context.Background(), o)
	require.ErrorContains(t, err, "another picket")
	first.Stop()
	again, err := app.Start(context.Background(), o)
	require.NoError(t, err, "the directory is free again")
	again.Stop()
}
