package intel

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Bounds of a list's file.
const (
	maxFile    = 128 << 20
	maxEntries = 5_000_000
	maxParts   = 20_000 // substrings and patterns are tried one by one
)

func loadFile(f file) (*list, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %d bytes are more than %d", f.path, info.Size(), int64(maxFile))
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	return parseList(f.path, text, f.kind, f.name)
}

// parseList reads a list by the ending of its name. A file of the wrong form is an error that names the place; a
// single entry that is nothing of what the list holds is kept as plain text, as feeds are never quite clean.
func parseList(path string, text []byte, kind Kind, name string) (*list, error) {
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	l := newList(name, kind)
	var err error
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json":
		err = l.readMISP(text)
	case ".csv":
		err = l.readCSV(text)
	default:
		err = l.readText(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if l.kind == "" {
		l.kind = Block
	}
	if n := len(l.exact) + len(l.domains) + len(l.prefixes); n > maxEntries {
		return nil, fmt.Errorf("%s: %d entries are more than %d", path, n, maxEntries)
	}
	if n := len(l.parts) + len(l.patterns); n > maxParts {
		return nil, fmt.Errorf("%s: %d substrings and patterns are more than %d", path, n, maxParts)
	}
	l.finish()
	return l, nil
}

// readText takes one entry a line: the first word, so that "1.2.3.4<tab>7" is an address with a count. # and ;
// begin a comment; a hosts file's "0.0.0.0 name" is the name.
func (l *list) readText(text []byte) error {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if len(line) > maxValue {
			return fmt.Errorf("line %d: longer than %d bytes", number, maxValue)
		}
		words := strings.Fields(string(line))
		if len(words) == 0 || strings.HasPrefix(words[0], "#") || strings.HasPrefix(words[0], ";") {
			continue
		}
		word := words[0]
		if (word == "0.0.0.0" || word == "127.0.0.1") && len(words) > 1 && detect(words[1]) == typeDomain {
			word = words[1]
		}
		l.add(word)
	}
	return nil
}

// columns are the names under which feeds keep the indicator, best first.
var columns = []string{
	"indicator", "ioc", "ioc_value", "value", "ip", "ip_address", "ipaddr", "ipaddress", "src_ip", "dst_ip", "cidr", "network",
	"domain", "hostname", "host", "fqdn", "url", "sha256", "sha256_hash", "sha1", "sha1_hash", "md5", "md5_hash", "hash", "email", "address",
}

// readCSV takes the column whose name says that it holds the indicator. The header may be a comment, as in the
// feeds of abuse.ch.
func (l *list) readCSV(text []byte) error {
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	reader.LazyQuotes = true
	column := -1
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		comment := strings.HasPrefix(record[0], "#")
		if column < 0 || comment {
			if found := findColumn(record); found >= 0 && column < 0 {
				column = found
				continue
			}
			if comment {
				continue
			}
			line, _ := reader.FieldPos(0)
			return fmt.Errorf("line %d: no column named like an indicator (%s)", line, strings.Join(columns[:9], ", "))
		}
		if column < len(record) {
			l.add(strings.TrimSpace(record[column]))
		}
	}
	return nil
}

func findColumn(header []string) int {
	best, bestRank := -1, len(columns)
	for i, name := range header {
		name = strings.ToLower(strings.Trim(strings.TrimSpace(strings.TrimLeft(name, "# ")), `"`))
		if rank := slices.Index(columns, name); rank >= 0 && rank < bestRank {
			best, bestRank = i, rank
		}
	}
	return best
}

// add takes an entry by its form.
func (l *list) add(entry string) {
	entry = refang.Replace(entry)
	if entry == "" {
		return
	}
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		l.addPrefix(prefix)
		return
	}
	switch detect(entry) {
	case typeIP:
		if addr, err := netip.ParseAddr(entry); err == nil {
			l.addAddress(addr)
		}
	case typeURL:
		l.exact[normalURL(entry)] = struct{}{}
	case typeDomain:
		l.domains[normalHost(strings.TrimPrefix(strings.TrimPrefix(entry, "*"), "."))] = struct{}{}
	case typeHash, typeEmail:
		l.exact[strings.ToLower(entry)] = struct{}{}
	default:
		l.exact[entry] = struct{}{}
	}
}

// misp is a MISP warning list.
type misp struct {
	Name       string   `json:"name"`
	Type       string   `json:"type"`
	List       []string `json:"list"`
	Attributes []string `json:"matching_attributes"`
}

func (l *list) readMISP(text []byte) error {
	var m misp
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	if m.List == nil || m.Type == "" {
		return errors.New("it is no MISP warning list: name, type and list are needed")
	}
	if m.Name != "" {
		l.name = m.Name
	}
	if l.kind == "" {
		l.kind = Suppress
	}
	l.types = typesOf(m.Attributes)
	for i, entry := range m.List {
		if err := l.addMISP(m.Type, strings.TrimSpace(entry)); err != nil {
			return fmt.Errorf("list entry %d: %w", i+1, err)
		}
	}
	return nil
}

// addMISP follows MISP: string is the value itself, hostname the name and all below it, substring any place.
func (l *list) addMISP(typ, entry string) error {
	if entry == "" {
		return nil
	}
	switch typ {
	case "string":
		if strings.HasPrefix(entry, ".") { // ".google.com": such lists mean the names below
			l.domains[normalHost(entry[1:])] = struct{}{}
			return nil
		}
		l.exact[canonical(entry)] = struct{}{}
		if l.types[typeDomain] && !strings.ContainsAny(entry, "/@ ") {
			l.exact[normalHost(entry)] = struct{}{}
		}
	case "hostname":
		l.domains[normalHost(strings.TrimPrefix(entry, "."))] = struct{}{}
	case "substring":
		l.parts = append(l.parts, strings.ToLower(entry))
	case "cidr":
		if prefix, err := netip.ParsePrefix(entry); err == nil {
			l.addPrefix(prefix)
		} else if addr, err := netip.ParseAddr(entry); err == nil {
			l.addAddress(addr)
		} else {
			return fmt.Errorf("%.60q is no range", entry)
		}
	case "regex":
		pattern := entry
		if flags := strings.LastIndex(entry, "/"); strings.HasPrefix(entry, "/") && flags > 0 { // /pattern/i
			pattern = entry[1:flags]
			if strings.Contains(entry[flags:], "i") {
				pattern = "(?i)" + pattern
			}
		}
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return err
		}
		l.patterns = append(l.patterns, compiled)
	default:
		return fmt.Errorf("unknown type of list %q; known are string, hostname, substring, cidr, regex", typ)
	}
	return nil
}

// canonical gives an exact entry the form in which values are looked up.
func canonical(entry string) string {
	if v, err := parseValue(entry, ""); err == nil {
		return v.text
	}
	return entry
}

// typesOf turns MISP's attribute types into ours; nil means that the list applies to everything.
func typesOf(attributes []string) map[string]bool {
	if len(attributes) == 0 {
		return nil
	}
	out := map[string]bool{}
	for _, attribute := range attributes {
		for part := range strings.SplitSeq(attribute, "|") {
			switch {
			case part == "ip-src", part == "ip-dst", part == "ip":
				out[typeIP] = true
			case part == "domain", part == "hostname":
				out[typeDomain] = true
			case part == "url", part == "uri", part == "link":
				out[typeURL] = true
			case strings.HasPrefix(part, "email"):
				out[typeEmail] = true
			case strings.HasPrefix(part, "md5"), strings.HasPrefix(part, "sha"), part == "ssdeep", part == "imphash":
				out[typeHash] = true
			default:
				out[typeText] = true
			}
		}
	}
	return out
}
