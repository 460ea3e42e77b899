package intel

import (
	"encoding/hex"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"picket/internal/soc"
)

// The types a value can have here.
const (
	typeIP     = "ip"
	typeDomain = "domain"
	typeURL    = "url"
	typeHash   = "hash"
	typeEmail  = "email"
	typeText   = "text"
)

// maxValue bounds what is looked up, in bytes: a URL of 8 KB is longer than browsers and servers take.
const maxValue = 8 << 10

// value is what is looked up, taken apart once for all lists.
type value struct {
	text string
	typ  string
	addr netip.Addr // of an address, or of a URL's host
	host string     // of a domain, a URL or a mail address
}

var refang = strings.NewReplacer("[.]", ".", "(.)", ".", "[:]", ":", "[@]", "@", "[://]", "://", "hxxp", "http", "hXXp", "http")

func parseValue(text, typ string) (value, error) {
	if len(text) > maxValue {
		return value{}, soc.Errorf(soc.Invalid, "the value has %d bytes; at most %d are looked up", len(text), maxValue)
	}
	text = refang.Replace(strings.TrimSpace(text))
	if text == "" {
		return value{}, soc.Errorf(soc.Invalid, "the value is empty")
	}
	switch typ {
	case "host", "hostname":
		typ = typeDomain
	case typeIP, typeDomain, typeURL, typeHash, typeEmail:
	default:
		typ = detect(text)
	}
	v := value{text: text, typ: typ}
	switch typ {
	case typeIP:
		addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
		if err != nil {
			return v, soc.Errorf(soc.Invalid, "%.80q is no IP address", text)
		}
		v.addr = addr.WithZone("").Unmap()
		v.text = v.addr.String()
	case typeDomain:
		v.host = normalHost(text)
		v.text = v.host
	case typeHash:
		v.text = strings.ToLower(text)
	case typeEmail:
		v.text = strings.ToLower(text)
		_, host, _ := strings.Cut(v.text, "@")
		v.host = normalHost(host)
	case typeURL:
		v.host = normalHost(hostOf(text))
		if addr, err := netip.ParseAddr(v.host); err == nil {
			v.addr, v.host = addr.Unmap(), ""
		}
		v.text = normalURL(text)
	}
	return v, nil
}

func detect(text string) string {
	if _, err := netip.ParseAddr(text); err == nil {
		return typeIP
	}
	if strings.Contains(text, "://") {
		return typeURL
	}
	if isHash(text) {
		return typeHash
	}
	if strings.Count(text, "@") == 1 && !strings.ContainsAny(text, " /") {
		return typeEmail
	}
	if strings.Contains(text, "/") && strings.Contains(text[:strings.Index(text, "/")], ".") && !strings.Contains(text, " ") {
		return typeURL
	}
	if strings.Contains(text, ".") && !strings.ContainsAny(text, " \\/:") {
		return typeDomain
	}
	return typeText
}

func isHash(text string) bool {
	switch len(text) {
	case 32, 40, 56, 64, 96, 128:
		_, err := hex.DecodeString(text)
		return err == nil
	}
	return false
}

func normalHost(text string) string { return strings.ToLower(strings.TrimSuffix(text, ".")) }

func hostOf(text string) string {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	if u, err := url.Parse(text); err == nil {
		return u.Hostname()
	}
	_, rest, _ := strings.Cut(text, "://") // broken URLs are common in mails: take what stands where the host does
	rest, _, _ = strings.Cut(rest, "/")
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		rest = rest[i+1:]
	}
	host, _, _ := strings.Cut(rest, ":")
	return host
}

// normalURL lowers scheme and host, whose case means nothing, and drops a lone final slash and the fragment.
func normalURL(text string) string {
	text, _, _ = strings.Cut(text, "#")
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", text
	}
	host, path, hasPath := strings.Cut(rest, "/")
	out := strings.ToLower(host)
	if hasPath && path != "" {
		out += "/" + path
	}
	if scheme != "" {
		out = strings.ToLower(scheme) + "://" + out
	}
	return out
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
