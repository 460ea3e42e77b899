// Package intel looks values up in indicator lists: block lists say that a value is bad, suppress lists (such as
// MISP's warning lists) say that a hit on it means little.
package intel

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"picket/internal/soc"
)

//go:embed sample
var sample embed.FS

// Kind says what a hit on a list means.
type Kind string

// The kinds of lists.
const (
	Block    Kind = "block"
	Suppress Kind = "suppress"
)

// Source names a file, or a directory, of lists.
type Source struct {
	Path string
	Kind Kind   // "" is decided by the place: a file in a folder named block or suppress; a MISP list is suppress, others block
	Name string // of a single file; "" is the file's own name
}

// Options say which lists there are.
type Options struct {
	Sources []Source
	Sample  bool // load the built-in sample lists of test values
}

// Match is one hit.
type Match struct {
	List  string `json:"list"`
	Kind  Kind   `json:"kind"`
	How   string `json:"how"`   // exact, domain, cidr, substring, regex
	Entry string `json:"entry"` // the list's entry that hit
}

// Result is the answer to a lookup.
type Result struct {
	Value      string  `json:"value"` // as it was looked up: refanged, lower case where case means nothing
	Type       string  `json:"type"`
	Listed     bool    `json:"listed"`     // on a block list
	Suppressed bool    `json:"suppressed"` // on a suppress list
	Matches    []Match `json:"matches"`
	Lists      int     `json:"lists"` // how many lists were asked
}

// maxMatches bounds an answer.
const maxMatches = 20

// Database holds the lists. It is safe for concurrent use; Refresh swaps all lists at once.
type Database struct {
	opts  Options
	lists atomic.Pointer[[]*list]
	mu    sync.Mutex // one refresh at a time
	stamp string
}

// Open loads the lists; a broken file is an error that names the line.
func Open(opts Options) (*Database, error) {
	d := &Database{opts: opts}
	if _, err := d.Refresh(); err != nil {
		return nil, err
	}
	return d, nil
}

// Refresh loads all lists again if a file has come, gone or changed. After an error the old lists stand.
func (d *Database) Refresh() (changed bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	files, err := d.files()
	if err != nil {
		return false, err
	}
	stamp := stampOf(files)
	if d.lists.Load() != nil && stamp == d.stamp {
		return false, nil
	}
	var lists []*list
	if d.opts.Sample {
		if lists, err = sampleLists(); err != nil {
			return false, err
		}
	}
	for _, f := range files {
		l, err := loadFile(f)
		if err != nil {
			return false, soc.Errorf(soc.Invalid, "indicator list %w", err)
		}
		lists = append(lists, l)
	}
	d.lists.Store(&lists)
	d.stamp = stamp
	return true, nil
}

// Lookup tells what the lists have on a value. typ is an observable's type (ip, domain, host, url, hash, email);
// empty, or one that is none of these, is decided by the value's form.
func (d *Database) Lookup(value, typ string) (Result, error) {
	v, err := parseValue(value, typ)
	if err != nil {
		return Result{}, err
	}
	lists := *d.lists.Load()
	r := Result{Value: v.text, Type: v.typ, Matches: []Match{}, Lists: len(lists)}
	for _, l := range lists {
		how, entry, hit := l.match(v)
		if !hit {
			continue
		}
		r.Listed = r.Listed || l.kind == Block
		r.Suppressed = r.Suppressed || l.kind == Suppress
		if len(r.Matches) < maxMatches {
			r.Matches = append(r.Matches, Match{List: l.name, Kind: l.kind, How: how, Entry: entry})
		}
	}
	return r, nil
}

// file is a list's file with what Refresh compares.
type file struct {
	path  string
	kind  Kind
	name  string
	stamp string
}

func (d *Database) files() ([]file, error) {
	var out []file
	for _, s := range d.opts.Sources {
		info, err := os.Stat(s.Path)
		if err != nil {
			return nil, soc.Errorf(soc.Invalid, "indicator lists: %w", err)
		}
		if !info.IsDir() {
			out = append(out, fileOf(s.Path, s.Kind, s.Name, info))
			continue
		}
		err = filepath.WalkDir(s.Path, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if strings.HasPrefix(entry.Name(), ".") && path != s.Path {
				if entry.IsDir() {
					return filepath.SkipDir
				}
				return nil
			}
			if entry.IsDir() || !known(path) {
				return nil
			}
			info, err := entry.Info()
			if err == nil {
				out = append(out, fileOf(path, s.Kind, "", info))
			}
			return err
		})
		if err != nil {
			return nil, soc.Errorf(soc.Invalid, "indicator lists in %s: %w", s.Path, err)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].path < out[j].path })
	return out, nil
}

func known(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".txt", ".list", ".csv", ".json":
		return true
	}
	return false
}

func fileOf(path string, kind Kind, name string, info fs.FileInfo) file {
	if kind == "" {
		switch strings.ToLower(filepath.Base(filepath.Dir(path))) {
		case "block":
			kind = Block
		case "suppress":
			kind = Suppress
		}
	}
	return file{path: path, kind: kind, name: name, stamp: info.ModTime().UTC().String() + "/" + itoa(info.Size())}
}

func stampOf(files []file) string {
	var b strings.Builder
	for _, f := range files {
		b.WriteString(f.path + "\x00" + f.stamp + "\n")
	}
	return b.String()
}

func sampleLists() ([]*list, error) {
	var out []*list
	err := fs.WalkDir(sample, "sample", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := sample.ReadFile(path)
		if err != nil {
			return err
		}
		kind := Block
		if strings.Contains(path, "/suppress/") {
			kind = Suppress
		}
		name := "Picket sample: " + strings.TrimSuffix(entry.Name(), filepath.Ext(path))
		l, err := parseList(path, text, kind, name)
		out = append(out, l)
		return err
	})
	return out, err
}
