package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	temporallog "go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLogger passes the server's log on, one level quieter: what it calls information is of use only to those
// who develop it. Its Fatal must not end our process: while the server starts it ends the start with an error.
type serverLogger struct {
	to    *slog.Logger
	fatal *fatalities
}

// fatalities collects what the server called fatal while it was starting.
type fatalities struct {
	mu      sync.Mutex
	running bool
	errs    []error
}

var (
	_ temporallog.Logger      = serverLogger{}
	_ temporallog.WithLogger  = serverLogger{}
	_ temporallog.SLogWrapper = serverLogger{}
)

func newServerLogger(to *slog.Logger) serverLogger {
	return serverLogger{to: to.With("component", "temporal"), fatal: &fatalities{}}
}

func (l serverLogger) log(level slog.Level, msg string, tags []tag.Tag) {
	if !l.to.Enabled(context.Background(), level) {
		return
	}
	l.to.LogAttrs(context.Background(), level, msg, attrs(tags)...)
}

func attrs(tags []tag.Tag) []slog.Attr {
	list := make([]slog.Attr, 0, len(tags))
	for _, t := range tags {
		list = append(list, slog.Any(t.Key(), t.Value()))
	}
	return list
}

func (l serverLogger) Debug(string, ...tag.Tag) {}

func (l serverLogger) Info(msg string, tags ...tag.Tag)  { l.log(slog.LevelDebug, msg, tags) }
func (l serverLogger) Warn(msg string, tags ...tag.Tag)  { l.log(slog.LevelDebug, msg, tags) }
func (l serverLogger) Error(msg string, tags ...tag.Tag) { l.log(slog.LevelWarn, msg, tags) }

func (l serverLogger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

func (l serverLogger) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal never returns, as the server expects. A server that runs and can't go on takes the process with it.
func (l serverLogger) Fatal(msg string, tags ...tag.Tag) {
	if l.fatal.add(msg, tags) {
		runtime.Goexit()
	}
	l.log(slog.LevelError, msg, tags)
	panic("temporal can't go on: " + msg)
}

// SLog gives the server's parts that speak slog a logger as quiet as this one.
func (l serverLogger) SLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// With returns a logger that adds the tags to every line.
func (l serverLogger) With(tags ...tag.Tag) temporallog.Logger {
	if !l.to.Enabled(context.Background(), slog.LevelError) {
		return l
	}
	args := make([]any, 0, len(tags))
	for _, a := range attrs(tags) {
		args = append(args, a)
	}
	return serverLogger{to: l.to.With(args...), fatal: l.fatal}
}

func (f *fatalities) add(msg string, tags []tag.Tag) (starting bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running {
		return false
	}
	err := errors.New(msg)
	for _, t := range tags {
		err = fmt.Errorf("%w; %s %v", err, t.Key(), t.Value())
	}
	f.errs = append(f.errs, err)
	return true
}

// started ends the time in which what is fatal is collected, and returns what was.
func (f *fatalities) started() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = len(f.errs) == 0
	return errors.Join(f.errs...)
}
