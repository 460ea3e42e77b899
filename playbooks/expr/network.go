package expr

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

var networkFunctions = map[string]function{
	"is_ip": {params: []param{aText}, null: false, result: always(Bool()), call: func(c call) any {
		_, err := address(c.text(0))
		return err == nil
	}},
	"is_private_ip": {params: []param{aText}, null: false, result: always(Bool()), call: func(c call) any {
		ip, err := address(c.text(0))
		return err == nil && isPrivate(ip)
	}},
	"cidr_contains": {params: []param{{kinds: kString | kList, valid: validNetwork}, aText}, null: false, result: always(Bool()), call: cidrContains},
	"domain":        {params: []param{aText}, result: always(Optional(String())), call: func(c call) any { return domain(c.text(0)) }},
}

// address reads an IP address, in brackets or with a zone too. An IPv4 address in IPv6 counts as IPv4.
func address(text string) (netip.Addr, error) {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text = strings.TrimSuffix(inner, "]")
	}
	if len(text) > 100 {
		return netip.Addr{}, errors.New("not an IP address")
	}
	ip, err := netip.ParseAddr(text)
	return ip.WithZone("").Unmap(), err
}

// notPublic are the networks that no host on the public Internet has (IANA special-purpose registries), beside those
// that net/netip knows.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), // documentation
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("100::/64"),
}

func isPrivate(ip netip.Addr) bool {
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
		return true
	}
	for _, network := range notPublic {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}

func validNetwork(text string) error {
	_, err := network(text)
	return err
}

// network reads a network, or an address as the network of itself.
func network(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if ip, err := address(text); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil || len(text) > 100 {
		return netip.Prefix{}, errors.New(`must be a network such as "10.0.0.0/8"`)
	}
	return prefix.Masked(), nil
}

// cidrContains tells whether a network, or one of a list of networks, holds an address. What is no address is in
// no network; what is no network is an error.
func cidrContains(c call) any {
	networks, ok := c.args[0].([]any)
	if !ok {
		networks = c.args[:1]
	}
	ip, err := address(c.text(1))
	for _, item := range networks {
		c.r.spend(c.n, 4)
		text, ok := textOf(item)
		if !ok {
			c.fail("the networks must be strings, not %s", article(item))
		}
		prefix, wrong := network(text)
		if wrong != nil {
			c.fail("argument 1 %s", wrong.Error())
		}
		if err == nil && prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// domain is the host name in a URL, a mail address or a host with a port, in lower case; null when there is none, as
// with an IP address. Defanged forms are understood.
func domain(text string) any {
	if len(text) > 4096 {
		return nil
	}
	text = refang(strings.TrimSpace(text))
	host := text
	if strings.Contains(text, "://") {
		parsed, err := url.Parse(text)
		if err != nil {
			return nil
		}
		host = parsed.Hostname()
	} else {
		if i := strings.LastIndexByte(host, '@'); i >= 0 {
			host = strings.TrimRight(host[i+1:], "> ")
		}
		if i := strings.IndexAny(host, "/?#"); i >= 0 {
			host = host[:i]
		}
		if i := strings.LastIndexByte(host, ':'); i >= 0 {
			host = host[:i]
		}
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if !isHost(host) {
		return nil
	}
	return host
}

// isHost tells whether a text has the form of a host name with at least two labels that is no IP address.
func isHost(host string) bool {
	if len(host) > 253 || !strings.Contains(host, ".") {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if c < 0x80 && !isLetter(c) && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
		last = label
	}
	return strings.ContainsFunc(last, func(c rune) bool { return isLetter(c) || c >= 0x80 })
}

func isLetter(c rune) bool { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') }
