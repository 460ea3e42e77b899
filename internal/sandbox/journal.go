package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"picket/internal/soc"
)

// journal is an append-only file of calls, one JSON document a line. The state is what comes of the sample data
// and the calls in order, so one synced line makes a call durable before it is answered.
type journal struct {
	file *os.File
	end  int64
}

// maxLine bounds a line that is read back; what is written stays far below.
const maxLine = 1 << 20

// openJournal reads the calls and hands them to replay. A last line without its end was never answered, since the
// process died while writing it: it is cut off.
func openJournal(path string, replay func(Call)) (*journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, soc.Errorf(soc.Unavailable, "sandbox state: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, soc.Errorf(soc.Unavailable, "sandbox state: %w", err)
	}
	end, err := replayLines(file, replay)
	if err == nil {
		err = file.Truncate(end)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		_ = file.Close()
		return nil, soc.Errorf(soc.Unavailable, "sandbox state %s: %w", path, err)
	}
	return &journal{file: file, end: end}, nil
}

func replayLines(file *os.File, replay func(Call)) (end int64, err error) {
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i], nil
		}
		return 0, nil, nil // wait for the rest; at the end of the file there is none
	})
	for number := 1; lines.Scan(); number++ {
		var c Call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return 0, fmt.Errorf("line %d: %w", number, err)
		}
		replay(c)
		end += int64(len(lines.Bytes())) + 1
	}
	return end, lines.Err()
}

// append returns once the call is on disk.
func (j *journal) append(c Call) error {
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	_, err = j.file.WriteAt(line, j.end)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil { // half a line must not stand before the next call's
		return errors.Join(err, j.file.Truncate(j.end))
	}
	j.end += int64(len(line))
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if closeErr := dir.Close(); err == nil {
		err = closeErr
	}
	return err
}
