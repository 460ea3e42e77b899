// Package eval measures how well a model provider judges labelled alerts: what it gets right, where it abstains, whether
// its confidence and its citations hold, and how it compares with doing nothing clever. It stores nothing.
package eval

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"time"

	"picket/internal/ingest"
	"picket/internal/soc"
)

// The bounds on a data set. Every line is one alert with what the analyst said, so a line may be longer than a posted body.
const (
	MaxLine  = 4 << 20 // bytes
	MaxCases = 50_000
	maxNamed = 20 // bad lines that an error names
)

// The two sides of a label. A true positive that was harmless counts as benign: nobody has to act on it.
const (
	Malicious = "malicious"
	Benign    = "benign"
)

var sides = map[string]string{
	"malicious": Malicious, "true_positive": Malicious,
	"benign": Benign, "benign_true_positive": Benign, "false_positive": Benign,
}

// Case is one labelled alert.
type Case struct {
	Line   int    // in the data set, from 1
	Label  string // Malicious or Benign
	Stated string // the label as written
	Group  string // what must not be on both sides of a split: a host, an incident
	Source string
	Alert  soc.Alert
	// Evidence is what a playbook had gathered beside the alert, when the data set has it.
	Evidence []soc.Evidence
	Missing  []string // what the playbook asked for and did not get
	document json.RawMessage
}

// row is a line of a data set: written by hand, or exported from analysts' decisions.
type row struct {
	Alert    json.RawMessage `json:"alert"`
	Source   string          `json:"source"`
	Label    string          `json:"label"`
	Group    string          `json:"group"`
	Evidence []exhibit       `json:"evidence,omitempty"`
	Missing  []string        `json:"missing,omitempty"`
}

// exhibit is an evidence of a line.
type exhibit struct {
	ID        string          `json:"id"`
	Title     string          `json:"title"`
	Data      json.RawMessage `json:"data"`
	Untrusted bool            `json:"untrusted"`
}

//go:embed sample/wazuh.jsonl
var sample []byte

// Sample is the data set that comes with Picket: Wazuh alerts of our own writing, half of them attacks.
func Sample() []byte { return slices.Clone(sample) }

// Read reads a data set in JSON Lines: {"alert", "source", "label", "group"} and, in exports of decisions, "evidence" and
// "missing"; other members are left alone. An alert is raw, and goes through the adapter of its source as a posted one
// does, or one of ours already. Source is taken for lines that name none. Lines that are no good are named in the error,
// a *soc.Error of kind Invalid; there is no data set then, because a measure over the rest would be over another set.
func Read(r io.Reader, source string) ([]Case, error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	var cases []Case
	var bad []string
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, soc.Errorf(soc.Invalid, "line %d: %v", number, err)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			c, problem := parse(text, source)
			if problem != nil {
				bad = append(bad, fmt.Sprintf("line %d: %v", number, problem))
			}
			c.Line = number
			cases = append(cases, c)
		}
		if len(cases) > MaxCases {
			return nil, soc.Errorf(soc.Invalid, "line %d: more than %d alerts; measure on a sample of them", number, MaxCases)
		}
		if err != nil {
			break
		}
	}
	if len(bad) > 0 {
		more := ""
		if len(bad) > maxNamed {
			more = fmt.Sprintf("\nand %d more", len(bad)-maxNamed)
			bad = bad[:maxNamed]
		}
		return nil, soc.Errorf(soc.Invalid, "%s%s", strings.Join(bad, "\n"), more)
	}
	if len(cases) == 0 {
		return nil, soc.Errorf(soc.Invalid, `the data set is empty; each line is {"alert": {...}, "source": "wazuh", "label": "false_positive", "group": "host"}`)
	}
	return cases, nil
}

// readLine reads one line of at most MaxLine bytes, with io.EOF on the last.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > MaxLine {
			return nil, fmt.Errorf("longer than %d bytes", MaxLine)
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

func parse(text []byte, source string) (Case, error) {
	var r row
	if err := json.Unmarshal(text, &r); err != nil {
		return Case{}, fmt.Errorf("not a line of a data set: %w", err)
	}
	c := Case{Label: sides[r.Label], Stated: r.Label, Group: r.Group, Source: r.Source, Missing: r.Missing, document: r.Alert}
	if c.Source == "" {
		c.Source = source
	}
	if c.Label == "" {
		return c, fmt.Errorf("label %q is none of true_positive, benign_true_positive, false_positive, malicious and benign", clip(r.Label))
	}
	var err error
	if c.Alert, err = normalise(r.Alert, c.Source); err != nil {
		return c, err
	}
	for _, e := range r.Evidence {
		if e.ID == "" || e.ID == "alert" || !json.Valid(e.Data) {
			return c, errors.New(`each evidence has an id of its own, which is not "alert", and data`)
		}
		c.Evidence = append(c.Evidence, soc.Evidence{ID: e.ID, Title: e.Title, Data: e.Data, Untrusted: e.Untrusted})
	}
	if c.Group == "" {
		c.Group = standingGroup(c.Alert, text)
	}
	return c, nil
}

// standingGroup is the group of a line that names none: its host, or its user, or else itself.
func standingGroup(a soc.Alert, line []byte) string {
	switch {
	case a.Host.Name != "":
		return a.Host.Name
	case a.User.Name != "":
		return a.User.Name
	}
	return fmt.Sprintf("%x", sha256.Sum256(line))[:12]
}

// clip bounds what an error quotes of a data set.
func clip(text string) string {
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + "..."
	}
	return text
}

// received is when every alert of a data set came in: the same data set always gives the same prompts.
var received = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// normalise reads an alert as a hook would. One of ours is taken as it is.
func normalise(document json.RawMessage, source string) (soc.Alert, error) {
	if bytes.Equal(bytes.TrimSpace(document), []byte("null")) || len(document) == 0 {
		return soc.Alert{}, errors.New("there is no alert in it")
	}
	var ours struct {
		ClassUID    int              `json:"class_uid"`
		Observables *json.RawMessage `json:"observables"`
		Raw         json.RawMessage  `json:"raw"`
	}
	if json.Unmarshal(document, &ours) == nil && ours.ClassUID == 2004 && ours.Observables != nil && ours.Raw != nil {
		var a soc.Alert
		if err := json.Unmarshal(document, &a); err != nil {
			return a, fmt.Errorf("an alert that is not in our form: %w", err)
		}
		return a, nil
	}
	kind := ingest.Kind(source)
	found, err := ingest.Normalise(ingest.Source{Name: source, Kind: kind}, document, received)
	if err != nil {
		return soc.Alert{}, fmt.Errorf("the alert is refused: %w", err)
	}
	if len(found) != 1 {
		return soc.Alert{}, fmt.Errorf("%d alerts in one line, which has one label", len(found))
	}
	return found[0].Alert, nil
}

// Split parts the cases by group into train and held, so that no group is on both sides; share (0 to 1) is how much of
// the cases train gets, as near as groups allow. The same seed always gives the same split. Share 0 holds all of them.
func Split(cases []Case, share float64, seed uint64) (train, held []Case) {
	size := map[string]int{}
	for _, c := range cases {
		size[c.Group]++
	}
	type keyed struct{ group, key string }
	groups := make([]keyed, 0, len(size))
	for g := range size {
		groups = append(groups, keyed{g, fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", seed, g)))})
	}
	sort.Slice(groups, func(i, j int) bool { return groups[i].key < groups[j].key })
	want, got := share*float64(len(cases)), 0
	training := map[string]bool{}
	for _, g := range groups {
		if n := size[g.group]; float64(got)+float64(n)/2 <= want {
			training[g.group] = true
			got += n
		}
	}
	for _, c := range cases {
		if training[c.Group] {
			train = append(train, c)
		} else {
			held = append(held, c)
		}
	}
	return train, held
}
