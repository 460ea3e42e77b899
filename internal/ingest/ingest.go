// Package ingest turns what a source posts to its webhook into alerts. Everything it reads was written by strangers:
// bodies are bounded before they are parsed, fields before they are kept, and nothing in them is ever executed.
package ingest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"picket/internal/soc"
)

// The bounds on what a source may post. Real alerts stay far below; what is above is an attack or a mistake.
const (
	MaxBody   = 1 << 20 // bytes
	MaxDepth  = 64      // nested arrays and objects
	MaxNodes  = 50_000  // values, keys included
	MaxAlerts = 100     // alerts in one body
)

// Kind is a kind of source: the format of its alerts.
type Kind string

// The kinds of sources.
const (
	Generic   Kind = "generic"   // any JSON, read by a Mapping
	Wazuh     Kind = "wazuh"     // Wazuh alerts, bare or as an integration sends them
	Defender  Kind = "defender"  // Microsoft XDR and Sentinel alerts and incidents
	GuardDuty Kind = "guardduty" // AWS GuardDuty findings, bare or from EventBridge, SNS or the API
)

// Source is a configured webhook: Name stands in its URL, Kind is the format, Mapping is for Generic only.
type Source struct {
	Name    string
	Kind    Kind
	Mapping *Mapping
}

// Normalised is an alert without its id, and the key by which the same alert sent twice is one alert.
type Normalised struct {
	Alert    soc.Alert
	DedupKey string
}

// adapter reads one alert out of one document.
type adapter interface {
	// documents finds the alerts in a posted document.
	documents(d doc) ([]doc, error)
	// alert fills in what the document says. Source, Raw and the times of receipt are set by the caller.
	alert(d doc, b *builder) error
	// volatile names the members that differ between two deliveries of the same alert.
	volatile() []string
}

// Validate reports what is wrong with a source's configuration.
func (s Source) Validate() error {
	if s.Name == "" {
		return soc.Errorf(soc.Invalid, "a source needs a name")
	}
	if _, err := s.adapter(); err != nil {
		return err
	}
	if s.Mapping != nil && s.Kind != Generic {
		return soc.Errorf(soc.Invalid, "source %q: only sources of kind generic take a mapping", s.Name)
	}
	return s.Mapping.Validate()
}

func (s Source) adapter() (adapter, error) {
	switch s.Kind {
	case Generic:
		return generic{s.Mapping}, nil
	case Wazuh:
		return wazuh{}, nil
	case Defender:
		return defender{}, nil
	case GuardDuty:
		return guardduty{}, nil
	}
	return nil, soc.Errorf(soc.Invalid, "source %q: no kind %q; there are generic, wazuh, defender and guardduty", s.Name, s.Kind)
}

// Normalise reads a body that a source posted. All of its alerts are returned, or an error: an *Error when the body is at
// fault, and a *soc.Error of kind Invalid when the source's configuration is.
func Normalise(src Source, body []byte, receivedAt time.Time) ([]Normalised, error) {
	ad, err := src.adapter()
	if err != nil {
		return nil, err
	}
	root, err := decode(body)
	if err != nil {
		return nil, err
	}
	posted := []doc{root}
	if items, ok := root.v.([]any); ok {
		var raw []json.RawMessage
		if err := json.Unmarshal(root.raw, &raw); err != nil || len(raw) != len(items) {
			return nil, fail(Unprocessable, "", "the body is not valid JSON")
		}
		posted = posted[:0]
		for i := range items {
			item := root.index(i)
			item.raw = raw[i]
			posted = append(posted, item)
		}
	}
	var found []doc
	for _, d := range posted {
		docs, err := ad.documents(d)
		if err != nil {
			return nil, err
		}
		if found = append(found, docs...); len(found) > MaxAlerts {
			return nil, fail(TooLarge, "", "more than %d alerts in one request; send them in several", MaxAlerts)
		}
	}
	if len(found) == 0 {
		return nil, fail(Unprocessable, root.at, "no alert in the body")
	}
	out := make([]Normalised, 0, len(found))
	for _, d := range found {
		b := newBuilder(src, receivedAt)
		if err := ad.alert(d, b); err != nil {
			return nil, err
		}
		out = append(out, b.finish(d, ad.volatile()))
	}
	return out, nil
}

// CheckContentType refuses, as an *Error of class UnsupportedType, a Content-Type that is not JSON in UTF-8. A missing
// header passes: many senders leave it out, and the body is checked in any case.
func CheckContentType(header string) error {
	if header == "" {
		return nil
	}
	mediaType, params, _ := strings.Cut(strings.ToLower(header), ";")
	mediaType = strings.TrimSpace(mediaType)
	if mediaType != "application/json" && mediaType != "text/json" &&
		(!strings.HasPrefix(mediaType, "application/") || !strings.HasSuffix(mediaType, "+json")) &&
		mediaType != "text/plain" { // SNS sends its notifications as text/plain
		return fail(UnsupportedType, "", "content type %q is not JSON; send application/json", clip(mediaType, 80))
	}
	if _, charset, ok := strings.Cut(params, "charset="); ok {
		charset, _, _ = strings.Cut(charset, ";")
		if charset = strings.Trim(charset, ` "`); charset != "utf-8" && charset != "utf8" && charset != "us-ascii" {
			return fail(UnsupportedType, "", "charset %q is not supported; send UTF-8", clip(charset, 40))
		}
	}
	return nil
}

// Class tells what is wrong with a request, as the API answers it.
type Class int

// The classes, by their HTTP status.
const (
	TooLarge        Class = http.StatusRequestEntityTooLarge
	UnsupportedType Class = http.StatusUnsupportedMediaType
	Unprocessable   Class = http.StatusUnprocessableEntity
)

// Error is a body that was refused. Pointer is the RFC 6901 pointer of what is wrong or missing, "" for the body as a
// whole. Its chain holds a *soc.Error of kind Invalid.
type Error struct {
	Class   Class
	Pointer string
	cause   *soc.Error
}

func (e *Error) Error() string {
	if e.Pointer == "" {
		return e.cause.Message
	}
	return clip(e.Pointer, 200) + ": " + e.cause.Message
}

func (e *Error) Unwrap() error { return e.cause }

func fail(class Class, pointer, format string, args ...any) *Error {
	return &Error{Class: class, Pointer: pointer, cause: soc.Errorf(soc.Invalid, format, args...)}
}
