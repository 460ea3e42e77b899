package model

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestEventsAreReadAsTheStandardSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"two":                       {"data: a\n\nevent: x\ndata: b\n\n", []string{":a", "x:b"}},
		"several lines of data":     {"data: a\ndata:b\ndata\ndata:  c\n\n", []string{":a\nb\n\n c"}},
		"CRLF and CR":               {"data: a\r\n\r\ndata: b\r\rdata: c\n\r\n", []string{":a", ":b", ":c"}},
		"comments and other fields": {": hello\nid: 7\nretry: 5\nfoo: bar\ndata: a\n\n:\n\n", []string{":a"}},
		"an event without data":     {"event: ping\n\ndata: a\n\n", []string{":a"}},
		"a last one without an end": {"data: a\n\ndata: b\n", []string{":a"}},
		"a byte order mark":         {"\ufeffdata: a\n\n", []string{":a"}},
		"no space, and a colon":     {"data:a: b\n\n", []string{":a: b"}},
		"nothing":                   {"", nil},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			var got []string
			require.NoError(t, events(r, func(name string, data []byte) error {
				got = append(got, name+":"+string(data))
				return nil
			}), name)
			require.Equal(t, c.want, got, name)
		}
	}
	long := strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", maxEvent/1000+1)
	require.ErrorIs(t, events(strings.NewReader(long), func(string, []byte) error { return nil }), errEventTooLong)
}

func FuzzEventsDoNotDependOnChunks(f *testing.F) {
	f.Add("data: a\r\n\r\nevent: x\rdata: b\n\n")
	f.Add("\ufeff:c\n\ndata\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		read := func(r io.Reader) (got []string) {
			err := events(r, func(name string, data []byte) error {
				got = append(got, name+":"+string(data))
				return nil
			})
			require.NoError(t, err)
			return got
		}
		require.Equal(t, read(strings.NewReader(text)), read(iotest.OneByteReader(strings.NewReader(text))))
	})
}
