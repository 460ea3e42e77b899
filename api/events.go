package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/store"
)

const (
	defaultBeat  = 15 * time.Second
	writeTimeout = 20 * time.Second // a reader that takes nothing for so long is gone
	mostBehind   = 5000             // entries that a stream catches up with; further behind, one reads anew
	mostStreams  = 512
)

// streams counts the open streams.
var streams atomic.Int64

// events streams what is appended to the ledger until the client leaves, the session ends or the server stops.
func (s *Server) events(c *gin.Context) {
	after, resumed, ok := s.resume(c)
	if !ok {
		return
	}
	if streams.Add(1); streams.Load() > mostStreams {
		streams.Add(-1)
		retryAfter(c, 10)
		s.problem(c, http.StatusServiceUnavailable, "too many streams are open")
		return
	}
	defer streams.Add(-1)
	ctx := c.Request.Context()
	head, err := s.tail.join(ctx)
	if err != nil {
		s.fail(c, err)
		return
	}
	defer s.tail.leave()

	c.Header("Content-Type", "text/event-stream")
	c.Header("X-Accel-Buffering", "no")
	out := &stream{out: c.Writer, control: http.NewResponseController(c.Writer), run: c.Query("run_id"), after: head}
	c.Status(http.StatusOK)
	// A stream outlives the server's time to read a request.
	if err := out.control.SetReadDeadline(time.Time{}); err != nil {
		s.fail(c, err)
		return
	}
	hello := "retry: 2000\n: picket\n\n"
	if resumed && (after > head || head-after > mostBehind) {
		hello += fmt.Sprintf("id: %d\nevent: reset\ndata: {\"seq\":%d}\n\n", head, head)
	} else if resumed {
		out.after = after
	}
	if out.write(hello) != nil {
		return
	}
	s.feed(ctx, c, out)
}

// resume reads where a stream goes on from.
func (s *Server) resume(c *gin.Context) (after int64, resumed, ok bool) {
	text := c.GetHeader("Last-Event-ID")
	if text == "" {
		text = c.Query("after")
	}
	if text == "" {
		return 0, false, true
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil || after < 0 {
		s.problem(c, http.StatusUnprocessableEntity, "Last-Event-ID and after are numbers of ledger entries")
		return 0, false, false
	}
	return after, true, true
}

// feed writes events as they come.
func (s *Server) feed(ctx context.Context, c *gin.Context, out *stream) {
	beat := time.NewTicker(s.Heartbeat)
	defer beat.Stop()
	for {
		events, gap, grown := s.tail.since(out.after)
		if gap {
			var err error
			if events, err = s.older(ctx, out.after); err != nil {
				return // the client comes back and says where it was
			}
		}
		if out.send(events) != nil {
			return
		}
		if len(events) > 0 {
			continue
		}
		select {
		case <-grown:
		case <-beat.C:
			if _, err := s.recognise(c, false); err != nil || out.write(": still here\n\n") != nil {
				return
			}
		case <-ctx.Done():
			return
		case <-s.done:
			return
		}
	}
}

// older reads events that are not in memory any more.
func (s *Server) older(ctx context.Context, after int64) ([]event, error) {
	entries, err := s.Ledger.Entries(ctx, store.Filter{AfterSeq: after, Limit: tailRead})
	if err != nil {
		return nil, err
	}
	events := make([]event, len(entries))
	for i := range entries {
		events[i] = eventOf(&entries[i])
	}
	return events, nil
}

// stream writes events to one client.
type stream struct {
	out     http.ResponseWriter
	control *http.ResponseController
	run     string // only this run's events
	after   int64
}

func (w *stream) send(events []event) error {
	var text []byte
	for _, e := range events {
		w.after = e.Seq
		if w.run != "" && e.RunID != w.run {
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		text = fmt.Appendf(text, "id: %d\nevent: ledger\ndata: %s\n\n", e.Seq, data)
	}
	if text == nil {
		return nil
	}
	return w.write(string(text))
}

func (w *stream) write(text string) error {
	if err := w.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := w.out.Write([]byte(text)); err != nil {
		return err
	}
	return w.control.Flush()
}
