package format

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/tools/txtar"
	"gopkg.in/yaml.v3"

	"picket/playbooks/library"
)

// FuzzFormat formats whatever comes: no panic, twice is once, the same document, the same comments, and no text that
// the compiler reads is refused.
func FuzzFormat(f *testing.F) {
	for _, source := range library.Files() {
		f.Add(source)
	}
	for _, pattern := range []string{"testdata/golden/*.txtar", "../testdata/golden/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds in %s: %v", pattern, err)
		}
		for _, file := range files {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				f.Fatal(err)
			}
			for _, part := range archive.Files {
				if filepath.Ext(part.Name) == ".yaml" {
					f.Add(part.Data)
				}
			}
		}
	}
	for _, found := range []string{
		"!", "?", " ---", " --- a: b", "0:\n1: [! ] ", "a: {b: !!str , c}", "|+\n ", "0: [{0,#\n1},{}]", "- {0: 0:, a}", "- ? a\n  : - b # c\n",
	} {
		f.Add([]byte(found))
	}
	f.Fuzz(func(t *testing.T, text []byte) { formats(t, text) })
}

// failer is a test, of Go or of rapid.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// formats checks what must hold of any text, and tells whether it could be formatted.
func formats(t failer, text []byte) (out []byte, ok bool) {
	t.Helper()
	out, err := Source(text)
	if unkept := (*UnkeptError)(nil); errors.As(err, &unkept) {
		t.Fatalf("%v\n%s", err, text)
	}
	if err != nil {
		return nil, false
	}
	again, err := Source(out)
	if err != nil {
		t.Fatalf("the second time: %v\n%s", err, out)
	}
	if !bytes.Equal(out, again) {
		t.Fatalf("the second time changes it\n%s---\n%s---\n%s", text, out, again)
	}
	before, err := read(bytes.TrimPrefix(text, []byte("\ufeff")))
	if err != nil {
		t.Fatal(err)
	}
	after, err := read(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := kept(before, after); err != nil {
		t.Fatal(err)
	}
	var x, y any
	if yaml.Unmarshal(text, &x) == nil { // bombs and merges of nothing are refused there
		if err := yaml.Unmarshal(out, &y); err != nil || !reflect.DeepEqual(x, y) {
			t.Fatalf("it decodes otherwise: %v\n%s---\n%s", err, text, out)
		}
	}
	return out, true
}
