package model

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	eventStream = "text/event-stream"
	jsonType    = "application/json"
	maxEvent    = 2 << 20 // bytes of one event: a whole answer fits, for servers that do not cut it up
)

var errEventTooLong = fmt.Errorf("an event has more than %d bytes", maxEvent)

// errStop ends a stream before its end, without an error.
var errStop = errors.New("stop")

// events reads server-sent events (WHATWG HTML, 9.2.6) and hands over each one's name and data. A last event without
// the empty line that ends it is dropped, as the standard says: it may be cut off.
func events(r io.Reader, each func(name string, data []byte) error) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	if bom, _ := lines.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = lines.Discard(3)
	}
	var name string
	var data bytes.Buffer
	has := false
	for {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(line) == 0 {
			if has {
				if err := each(name, bytes.TrimSuffix(data.Bytes(), []byte("\n"))); errors.Is(err, errStop) {
					return nil
				} else if err != nil {
					return err
				}
			}
			name, has = "", false
			data.Reset()
			continue
		}
		field, value, _ := strings.Cut(string(line), ":") // a line that starts with a colon is a comment: its field is empty
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "data":
			if data.Len()+len(value) > maxEvent {
				return errEventTooLong
			}
			has = true
			data.WriteString(value)
			data.WriteByte('\n')
		}
	}
}

// readLine reads up to LF, CRLF or CR, which it leaves out. A line that is not ended is an io.EOF.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		c, err := r.ReadByte()
		if err != nil {
			return nil, err
		}
		switch c {
		case '\n':
			return line, nil
		case '\r':
			// The LF of a CRLF is taken if it is there already; if it comes later it is an empty line between two events,
			// which would end one: so wait for it.
			if next, err := r.Peek(1); err == nil && next[0] == '\n' {
				_, _ = r.Discard(1)
			}
			return line, nil
		}
		if len(line) >= maxEvent {
			return nil, errEventTooLong
		}
		line = append(line, c)
	}
}
