// Package netclass says what kind of address an IP address is, without asking anyone.
package netclass

import (
	"net/netip"

	"picket/internal/soc"
)

// Class is what is known of an address by its number alone.
type Class struct {
	IP        string `json:"ip"`
	Version   int    `json:"version"`
	Scope     string `json:"scope"`  // public, or the kind of special-purpose block, see Scopes
	Public    bool   `json:"public"` // an address that may stand on the internet
	Block     string `json:"block"`  // the special-purpose block, empty for a public address
	Reference string `json:"reference"`
	Cloud     string `json:"cloud"`       // the provider whose published range holds it, empty when none does
	CloudNet  string `json:"cloud_range"` // that range
}

// Scopes lists the values of Class.Scope.
var Scopes = []string{
	"public", "private", "loopback", "link_local", "multicast", "documentation", "cgnat",
	"unspecified", "broadcast", "benchmark", "translation", "reserved",
}

// block is an entry of IANA's special-purpose address registries (RFC 6890).
type block struct {
	prefix    netip.Prefix
	scope     string
	reference string
}

// special has the narrower block first where two overlap.
var special = []block{
	entry("0.0.0.0/32", "unspecified", "RFC 1122"),
	entry("0.0.0.0/8", "reserved", "RFC 791, this network"),
	entry("10.0.0.0/8", "private", "RFC 1918"),
	entry("100.64.0.0/10", "cgnat", "RFC 6598"),
	entry("127.0.0.0/8", "loopback", "RFC 1122"),
	entry("169.254.0.0/16", "link_local", "RFC 3927"),
	entry("172.16.0.0/12", "private", "RFC 1918"),
	entry("192.0.0.0/24", "reserved", "RFC 6890, IETF protocol assignments"),
	entry("192.0.2.0/24", "documentation", "RFC 5737"),
	entry("192.88.99.0/24", "reserved", "RFC 7526, 6to4 relay anycast"),
	entry("192.168.0.0/16", "private", "RFC 1918"),
	entry("198.18.0.0/15", "benchmark", "RFC 2544"),
	entry("198.51.100.0/24", "documentation", "RFC 5737"),
	entry("203.0.113.0/24", "documentation", "RFC 5737"),
	entry("224.0.0.0/4", "multicast", "RFC 5771"),
	entry("255.255.255.255/32", "broadcast", "RFC 8190"),
	entry("240.0.0.0/4", "reserved", "RFC 1112"),
	entry("::/128", "unspecified", "RFC 4291"),
	entry("::1/128", "loopback", "RFC 4291"),
	entry("64:ff9b::/96", "translation", "RFC 6052, IPv4 inside IPv6"),
	entry("64:ff9b:1::/48", "translation", "RFC 8215, IPv4 inside IPv6"),
	entry("100::/64", "reserved", "RFC 6666, discard only"),
	entry("2001:db8::/32", "documentation", "RFC 3849"),
	entry("3fff::/20", "documentation", "RFC 9637"),
	entry("2001:2::/48", "benchmark", "RFC 5180"),
	entry("2001::/32", "translation", "RFC 4380, Teredo"),
	entry("2002::/16", "translation", "RFC 3056, 6to4"),
	entry("5f00::/16", "reserved", "RFC 9602, segment routing"),
	entry("fc00::/7", "private", "RFC 4193"),
	entry("fe80::/10", "link_local", "RFC 4291"),
	entry("ff00::/8", "multicast", "RFC 4291"),
}

func entry(prefix, scope, reference string) block {
	return block{prefix: netip.MustParsePrefix(prefix), scope: scope, reference: reference}
}

// global is what IANA has given out for unicast IPv6; the rest is reserved.
var global = netip.MustParsePrefix("2000::/3")

// Table classifies addresses. It is safe for concurrent use.
type Table struct {
	clouds map[netip.Prefix]string
	bits4  []int // prefix lengths in use, longest first
	bits6  []int
}

// Classify tells the kind of an address, and the provider whose published range it is in.
func (t *Table) Classify(addr netip.Addr) Class {
	addr = addr.WithZone("").Unmap()
	c := Class{IP: addr.String(), Version: 4, Scope: "public", Public: true}
	if addr.Is6() {
		c.Version = 6
	}
	for _, b := range special {
		if b.prefix.Contains(addr) {
			c.Scope, c.Public, c.Block, c.Reference = b.scope, false, b.prefix.String(), b.reference
			return c
		}
	}
	if addr.Is6() && !global.Contains(addr) {
		c.Scope, c.Public, c.Reference = "reserved", false, "IANA, not allocated"
		return c
	}
	bits := t.bits4
	if addr.Is6() {
		bits = t.bits6
	}
	for _, n := range bits {
		prefix, err := addr.Prefix(n)
		if err != nil {
			continue
		}
		if provider, ok := t.clouds[prefix]; ok {
			c.Cloud, c.CloudNet = provider, prefix.String()
			break
		}
	}
	return c
}

// Open loads files of cloud ranges beside the built-in ones.
func Open(files []string) (*Table, error) {
	t := &Table{clouds: map[netip.Prefix]string{}}
	for _, provider := range builtin {
		for _, text := range provider.ranges {
			t.clouds[netip.MustParsePrefix(text)] = provider.name
		}
	}
	for _, file := range files {
		if err := t.load(file); err != nil {
			return nil, soc.Errorf(soc.Invalid, "cloud ranges %s: %w", file, err)
		}
	}
	t.index()
	return t, nil
}
