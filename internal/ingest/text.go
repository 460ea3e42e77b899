package ingest

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"picket/internal/soc"
)

// The bounds on texts, in bytes. What is cut ends in truncated; the whole is in the alert's raw document.
const (
	shortText = 512      // names, ids, addresses
	urlText   = 2048     // what browsers and proxies take
	longText  = 16 << 10 // command lines, descriptions
	bodyText  = 64 << 10 // mail bodies
	truncated = "…[truncated]"
)

// clip cuts a text at a rune's border and drops control characters, which no database and no terminal wants.
func clip(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if (r < ' ' && r != '\n' && r != '\t') || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if len(text) <= limit {
		return text
	}
	end := max(limit-len(truncated), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + truncated
}

// The forms of times that sources send; those without a zone are UTC, as their vendors document.
var timeForms = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700", // Wazuh
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999Z0700",
	"2006-01-02 15:04:05.999999999 Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006/01/02 15:04:05.999999999",
	"01/02/2006 15:04:05",
	"1/2/2006 3:04:05 PM",
	"2006 Jan 02 15:04:05",
	time.RFC1123Z, time.RFC1123,
	"2006-01-02T15:04Z07:00",
	"2006-01-02",
}

// when reads a time in any of the forms, or as seconds, milli-, micro- or nanoseconds since 1970. What is no time, or
// lies outside of 1970 to 2200, is the zero time.
func when(text string) time.Time {
	if text == "" || len(text) > 64 {
		return time.Time{}
	}
	var at time.Time
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		at = epoch(text, f)
	} else {
		for _, form := range timeForms {
			if t, err := time.Parse(form, text); err == nil {
				at = t
				break
			}
		}
	}
	if at = at.UTC(); at.Year() < 1970 || at.Year() > 2200 {
		return time.Time{}
	}
	return at
}

func epoch(text string, f float64) time.Time {
	if math.IsNaN(f) || f < 1e8 || f > 1e19 {
		return time.Time{}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case f < 1e11:
			return time.Unix(n, 0)
		case f < 1e14:
			return time.UnixMilli(n)
		case f < 1e17:
			return time.UnixMicro(n)
		}
		return time.Unix(0, n)
	}
	if f >= 1e11 {
		return time.Time{}
	}
	whole, part := math.Modf(f)
	return time.Unix(int64(whole), int64(math.Round(part*1e6))*1000)
}

// whenFirst is the first of the paths that holds a time.
func (d doc) whenFirst(paths ...string) time.Time {
	for _, path := range paths {
		if at := when(d.get(path).text()); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

var severityWords = map[string]soc.Severity{
	"informational": soc.SeverityInformational, "information": soc.SeverityInformational, "info": soc.SeverityInformational,
	"notice": soc.SeverityInformational, "debug": soc.SeverityInformational,
	"low": soc.SeverityLow, "minor": soc.SeverityLow, "warning": soc.SeverityLow, "warn": soc.SeverityLow,
	"medium": soc.SeverityMedium, "moderate": soc.SeverityMedium,
	"high": soc.SeverityHigh, "major": soc.SeverityHigh, "error": soc.SeverityHigh, "severe": soc.SeverityHigh,
	"critical": soc.SeverityCritical, "crit": soc.SeverityCritical, "urgent": soc.SeverityCritical,
	"fatal": soc.SeverityFatal, "emergency": soc.SeverityFatal,
}

// severity reads a word; a number says nothing without the source's scale, and is unknown.
func severity(text string) soc.Severity {
	if s, ok := severityWords[strings.ToLower(strings.TrimSpace(text))]; ok {
		return s
	}
	return soc.SeverityUnknown
}

// account takes DOMAIN\name apart, and name@domain.
func account(text string) soc.User {
	text = clip(text, shortText)
	if domain, name, ok := strings.Cut(text, `\`); ok && name != "" {
		return soc.User{Name: strings.TrimLeft(name, `\`), Domain: domain}
	}
	if email := mailAddress(text); email != "" {
		name, domain, _ := strings.Cut(email, "@")
		return soc.User{Name: name, Domain: domain, Email: email}
	}
	return soc.User{Name: text}
}

// baseName is the last part of a path of Windows or Unix.
func baseName(path string) string {
	if i := strings.LastIndexAny(path, `/\`); i >= 0 {
		return path[i+1:]
	}
	return path
}

func joinPath(directory, name string) string {
	switch {
	case directory == "":
		return name
	case name == "":
		return directory
	case strings.HasSuffix(directory, "/") || strings.HasSuffix(directory, `\`):
		return directory + name
	case strings.Contains(directory, `\`) || strings.HasSuffix(directory, ":"):
		return directory + `\` + name
	}
	return directory + "/" + name
}
