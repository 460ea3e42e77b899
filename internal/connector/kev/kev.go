// Package kev tells whether a vulnerability is in CISA's catalogue of known exploited vulnerabilities.
package kev

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	"picket/internal/soc"
)

// builtin is the catalogue with the columns that Lookup answers with, trimmed by ./trim from
// https://github.com/cisagov/kev-data (CC0 1.0), CISA's own copy of the feed.
// Its first line holds the catalogue's date.
//
//go:generate go run ./trim -in known_exploited_vulnerabilities.json -out catalogue.tsv
//go:embed catalogue.tsv
var builtin []byte

// maxFile bounds a configured catalogue; CISA's is 1.3 MB.
const maxFile = 64 << 20

// Catalogue answers lookups.
type Catalogue struct {
	date    string
	origin  string
	entries map[string]Entry
}

// Entry is one vulnerability.
type Entry struct {
	CVE        string `json:"cve"`
	Listed     bool   `json:"listed"`
	Vendor     string `json:"vendor"`
	Product    string `json:"product"`
	Name       string `json:"name"`
	Added      string `json:"added"`      // date, YYYY-MM-DD
	Due        string `json:"due"`        // date by which US agencies must act
	Ransomware bool   `json:"ransomware"` // known to be used by ransomware campaigns
	Date       string `json:"catalogue_date"`
	Origin     string `json:"catalogue"` // builtin, or file
}

// Open loads CISA's JSON file, or the catalogue built into the program when path is empty.
func Open(path string) (*Catalogue, error) {
	if path == "" {
		return parseTSV(builtin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "KEV catalogue: %w", err)
	}
	if info.Size() > maxFile {
		return nil, soc.Errorf(soc.Invalid, "KEV catalogue %s: %d bytes are more than %d", path, info.Size(), int64(maxFile))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "KEV catalogue: %w", err)
	}
	c, err := Parse(text)
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "KEV catalogue %s: %w", path, err)
	}
	return c, nil
}

// Parse reads CISA's JSON catalogue.
func Parse(text []byte) (*Catalogue, error) {
	var document struct {
		DateReleased    string `json:"dateReleased"`
		Vulnerabilities []struct {
			CVE        string `json:"cveID"`
			Vendor     string `json:"vendorProject"`
			Product    string `json:"product"`
			Name       string `json:"vulnerabilityName"`
			Added      string `json:"dateAdded"`
			Due        string `json:"dueDate"`
			Ransomware string `json:"knownRansomwareCampaignUse"`
		} `json:"vulnerabilities"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if len(document.Vulnerabilities) == 0 {
		return nil, soc.Errorf(soc.Invalid, "it lists no vulnerabilities")
	}
	c := &Catalogue{origin: "file", entries: make(map[string]Entry, len(document.Vulnerabilities))}
	c.date, _, _ = strings.Cut(document.DateReleased, "T")
	for _, v := range document.Vulnerabilities {
		cve := strings.ToUpper(strings.TrimSpace(v.CVE))
		c.entries[cve] = Entry{
			CVE: cve, Listed: true, Vendor: v.Vendor, Product: v.Product, Name: v.Name, Added: v.Added, Due: v.Due,
			Ransomware: strings.EqualFold(v.Ransomware, "Known"),
		}
	}
	return c, nil
}

func parseTSV(text []byte) (*Catalogue, error) {
	c := &Catalogue{origin: "builtin", entries: map[string]Entry{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if date, ok := strings.CutPrefix(line, "# date: "); ok {
			c.date = date
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 7 {
			return nil, soc.Errorf(soc.Internal, "built-in KEV catalogue: broken line for %.20s", line)
		}
		c.entries[f[0]] = Entry{CVE: f[0], Listed: true, Vendor: f[1], Product: f[2], Name: f[3], Added: f[4], Due: f[5], Ransomware: f[6] == "known"}
	}
	return c, lines.Err()
}

// WriteTSV gives the trimmed form that is built into the program, in the order of the ids.
func (c *Catalogue) WriteTSV(source string) []byte {
	var b bytes.Buffer
	b.WriteString("# CISA Known Exploited Vulnerabilities, trimmed; CC0 1.0\n# source: " + source + "\n# date: " + c.date + "\n")
	clean := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	for _, id := range c.ids() {
		e := c.entries[id]
		use := ""
		if e.Ransomware {
			use = "known"
		}
		fields := []string{e.CVE, e.Vendor, e.Product, e.Name, e.Added, e.Due, use}
		for i := range fields {
			fields[i] = strings.TrimSpace(clean.Replace(fields[i]))
		}
		b.WriteString(strings.Join(fields, "\t") + "\n")
	}
	return b.Bytes()
}

// Lookup tells what the catalogue has on a CVE id, in any case of letters.
func (c *Catalogue) Lookup(cve string) Entry {
	cve = strings.ToUpper(strings.TrimSpace(cve))
	e, ok := c.entries[cve]
	if !ok {
		e = Entry{CVE: cve}
	}
	e.Date, e.Origin = c.date, c.origin
	return e
}

func (c *Catalogue) ids() []string { return slices.Sorted(maps.Keys(c.entries)) }
