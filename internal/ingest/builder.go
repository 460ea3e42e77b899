package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"picket/internal/soc"
)

// The bounds on lists in an alert.
const (
	maxObservables = 200
	maxTechniques  = 50
	maxLabels      = 50
	maxURLs        = 50
)

// builder collects what an adapter found out about an alert.
type builder struct {
	soc.Alert
	seen map[string]bool
	// identity is the alert's identity at the source where SourceID alone is not unique.
	identity string
}

func newBuilder(src Source, receivedAt time.Time) *builder {
	return &builder{
		Alert: soc.Alert{
			Source: clip(src.Name, shortText), ClassUID: 2004, Severity: soc.SeverityUnknown, ReceivedAt: receivedAt.UTC(),
			Attack: []string{}, Labels: []string{}, Observables: []soc.Observable{},
			Rule: soc.Rule{Groups: []string{}}, Mail: soc.Mail{To: []string{}, URLs: []string{}},
		},
		seen: map[string]bool{},
	}
}

var technique = regexp.MustCompile(`^T[0-9]{4}(\.[0-9]{3})?$`)

// attack adds ATT&CK technique ids; anything else in the list is dropped.
func (b *builder) attack(ids ...string) {
	for _, id := range ids {
		id = strings.ToUpper(strings.TrimSpace(id))
		if technique.MatchString(id) && !slices.Contains(b.Attack, id) && len(b.Attack) < maxTechniques {
			b.Attack = append(b.Attack, id)
		}
	}
}

func (b *builder) label(labels ...string) {
	for _, label := range labels {
		label = clip(strings.TrimSpace(label), 100)
		if label != "" && !slices.Contains(b.Labels, label) && len(b.Labels) < maxLabels {
			b.Labels = append(b.Labels, label)
		}
	}
}

func (b *builder) group(groups ...string) {
	for _, group := range groups {
		if group = clip(group, 100); group != "" && len(b.Rule.Groups) < maxLabels {
			b.Rule.Groups = append(b.Rule.Groups, group)
		}
	}
}

// hash keeps a hash of the alert's file by its length, and tells whether it was one.
func (b *builder) hash(text string) bool {
	text = hashValue(text)
	switch len(text) {
	case 64:
		b.File.SHA256 = text
	case 40:
		b.File.SHA1 = text
	case 32:
		b.File.MD5 = text
	default:
		return false
	}
	return true
}

// finish bounds and normalises the fields, lists the observables and derives the key.
func (b *builder) finish(d doc, volatile []string) Normalised {
	a := &b.Alert
	for _, field := range []*string{
		&a.Vendor, &a.Product, &a.Title, &a.Rule.ID, &a.Rule.Name, &a.User.Name, &a.User.Domain, &a.User.UID,
		&a.Host.Name, &a.Host.ID, &a.Host.OS, &a.File.Name, &a.Process.Name, &a.Mail.MessageID, &a.Mail.From, &a.Mail.ReplyTo,
		&a.Mail.SPF, &a.Mail.DKIM, &a.Mail.DMARC, &a.Cloud.Provider, &a.Cloud.Account, &a.Cloud.Region, &a.Cloud.Resource,
	} {
		*field = clip(strings.Join(strings.Fields(*field), " "), shortText)
	}
	for _, field := range []*string{&a.File.Path, &a.Process.Path, &a.Mail.Subject} {
		*field = clip(*field, urlText)
	}
	for _, field := range []*string{&a.Description, &a.Process.CommandLine, &a.Process.Parent} {
		*field = clip(*field, longText)
	}
	a.Mail.Body = clip(a.Mail.Body, bodyText)
	a.SrcIP, a.DstIP, a.Host.IP = address(a.SrcIP), address(a.DstIP), address(a.Host.IP)
	a.URL, a.User.Email = link(a.URL), mailAddress(a.User.Email)
	a.File.SHA256, a.File.SHA1, a.File.MD5 = sized(a.File.SHA256, 64), sized(a.File.SHA1, 40), sized(a.File.MD5, 32)
	if a.Process.Name == "" {
		a.Process.Name = clip(baseName(a.Process.Path), shortText)
	}
	if a.File.Name == "" {
		a.File.Name = clip(baseName(a.File.Path), shortText)
	}
	b.observeFields()
	a.Raw = d.raw
	if a.Raw == nil {
		a.Raw = canonical(d.v) // an alert inside of another document
	}
	n := Normalised{DedupKey: b.key(d, volatile)}
	a.SourceID = clip(a.SourceID, shortText)
	n.Alert = *a
	return n
}

// key is the id at the source if there is one, else a digest of the document without what changes between two
// deliveries. It holds the source's name: ids of two sources never meet.
func (b *builder) key(d doc, volatile []string) string {
	identity := b.identity
	if identity == "" {
		identity = b.SourceID
	}
	if identity != "" && len(identity) <= 200 && clip(identity, 200) == identity {
		return b.Source + "/id:" + identity
	}
	if identity != "" {
		sum := sha256.Sum256([]byte(identity))
		return b.Source + "/id-sha256:" + hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(canonical(without(d.v, volatile)))
	return b.Source + "/sha256:" + hex.EncodeToString(sum[:])
}

// canonical writes a decoded document with its keys in order and its numbers as they were.
func canonical(v any) []byte {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // what was decoded can be encoded
	return bytes.TrimRight(text.Bytes(), "\n")
}

// without copies a document and leaves out the members named, wherever they stand.
func without(v any, names []string) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			if !slices.Contains(names, key) {
				out[key] = without(item, names)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = without(item, names)
		}
		return out
	}
	return v
}
