package intel

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// list is one indicator list, indexed. It does not change once loaded.
type list struct {
	name     string
	kind     Kind
	types    map[string]bool     // types of values it applies to; nil is all
	exact    map[string]struct{} // hashes, addresses of mail, URLs, other text; lower case where case means nothing
	domains  map[string]struct{} // with everything below them
	prefixes map[netip.Prefix]struct{}
	bits4    []int // lengths that prefixes has, longest first
	bits6    []int
	parts    []string // substrings, lower case
	patterns []*regexp.Regexp
}

func newList(name string, kind Kind) *list {
	return &list{
		name: name, kind: kind, exact: map[string]struct{}{}, domains: map[string]struct{}{}, prefixes: map[netip.Prefix]struct{}{},
	}
}

// match tells the first entry that the value hits. A URL or a mail address is also matched by its host, where the
// list is a block list or applies to hosts of URLs by its own word.
func (l *list) match(v value) (how, entry string, hit bool) {
	whole := l.types == nil || l.types[v.typ]
	host := v.typ != typeDomain && v.typ != typeIP && (whole || l.kind == Block && (l.types[typeDomain] || l.types[typeIP]))
	if !whole && !host {
		return "", "", false
	}
	if whole {
		if how, entry, hit = l.matchText(v); hit {
			return how, entry, true
		}
	}
	if v.addr.IsValid() {
		if prefix, ok := l.matchAddress(v.addr); ok {
			return "cidr", prefix, true
		}
	}
	if v.host != "" && (whole || host) {
		if domain, ok := l.matchDomain(v.host); ok {
			return "domain", domain, true
		}
	}
	return "", "", false
}

func (l *list) matchText(v value) (how, entry string, hit bool) {
	if _, ok := l.exact[v.text]; ok {
		return "exact", v.text, true
	}
	if v.typ == typeURL {
		if _, after, found := strings.Cut(v.text, "://"); found { // lists often leave the scheme out
			if _, ok := l.exact[after]; ok {
				return "exact", after, true
			}
		}
	}
	if len(l.parts) > 0 {
		lower := strings.ToLower(v.text)
		for _, part := range l.parts {
			if strings.Contains(lower, part) {
				return "substring", part, true
			}
		}
	}
	for _, pattern := range l.patterns {
		if pattern.MatchString(v.text) {
			return "regex", pattern.String(), true
		}
	}
	return "", "", false
}

func (l *list) matchAddress(addr netip.Addr) (string, bool) {
	bits := l.bits4
	if addr.Is6() {
		bits = l.bits6
	}
	for _, n := range bits {
		prefix, err := addr.Prefix(n)
		if err != nil {
			continue
		}
		if _, ok := l.prefixes[prefix]; ok {
			if prefix.IsSingleIP() {
				return prefix.Addr().String(), true
			}
			return prefix.String(), true
		}
	}
	return "", false
}

// matchDomain looks for the name and for each name above it.
func (l *list) matchDomain(host string) (string, bool) {
	if len(l.domains) == 0 && len(l.exact) == 0 {
		return "", false
	}
	if _, ok := l.exact[host]; ok {
		return host, true
	}
	for name := host; name != ""; {
		if _, ok := l.domains[name]; ok {
			return name, true
		}
		_, above, found := strings.Cut(name, ".")
		if !found {
			break
		}
		name = above
	}
	return "", false
}

func (l *list) addPrefix(prefix netip.Prefix) {
	l.prefixes[prefix.Masked()] = struct{}{}
}

func (l *list) addAddress(addr netip.Addr) {
	addr = addr.WithZone("").Unmap()
	l.prefixes[netip.PrefixFrom(addr, addr.BitLen())] = struct{}{}
}

// finish builds the indexes.
func (l *list) finish() {
	lengths := map[bool]map[int]bool{true: {}, false: {}}
	for prefix := range l.prefixes {
		lengths[prefix.Addr().Is4()][prefix.Bits()] = true
	}
	collect := func(set map[int]bool) (out []int) {
		for n := range set {
			out = append(out, n)
		}
		slices.Sort(out)
		slices.Reverse(out)
		return out
	}
	l.bits4, l.bits6 = collect(lengths[true]), collect(lengths[false])
}
