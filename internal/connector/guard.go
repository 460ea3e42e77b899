package connector

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// errRefusedAddress is in the chain of a dial that the guard refused: nothing was sent.
var errRefusedAddress = errors.New("the address is refused")

// never are addresses that no vendor's API has: they are refused even where private ones are allowed.
var never = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("169.254.169.254/32"), // metadata: AWS, Azure, GCP and others
	netip.MustParsePrefix("169.254.170.2/32"),   // metadata: AWS ECS credentials
	netip.MustParsePrefix("169.254.170.23/32"),  // metadata: AWS EKS credentials
	netip.MustParsePrefix("100.100.100.200/32"), // metadata: Alibaba Cloud
	netip.MustParsePrefix("168.63.129.16/32"),   // metadata: Azure wire server
	netip.MustParsePrefix("fd00:ec2::/32"),      // metadata: AWS over IPv6
	netip.MustParsePrefix("fd20:ce::254/128"),   // metadata: GCP over IPv6
	netip.MustParsePrefix("::/128"),
	netip.MustParsePrefix("224.0.0.0/4"),
	netip.MustParsePrefix("ff00::/8"),
}

// private are addresses that a connection must ask for: our own networks, not the vendor's.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::1/128"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("5f00::/16"),
	netip.MustParsePrefix("fc00::/7"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("fec0::/10"),
}

// checkAddress refuses where a call may not go. It looks through the forms that wrap an IPv4 address in an IPv6
// one, since the network or the kernel unwraps them.
func checkAddress(addr netip.Addr, allowPrivate bool) error {
	for _, a := range unwrapped(addr) {
		for _, prefix := range never {
			if prefix.Contains(a) {
				return fmt.Errorf("%w: %s is never called (metadata, multicast or unspecified)", errRefusedAddress, addr)
			}
		}
		if allowPrivate {
			continue
		}
		for _, prefix := range private {
			if prefix.Contains(a) {
				return fmt.Errorf("%w: %s is private or reserved; set allow_private on the connection if it is meant", errRefusedAddress, addr)
			}
		}
	}
	return nil
}

var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96")
	nat64l = netip.MustParsePrefix("64:ff9b:1::/48")
	sixTo4 = netip.MustParsePrefix("2002::/16")
)

func unwrapped(addr netip.Addr) []netip.Addr {
	addr = addr.WithZone("").Unmap()
	out := []netip.Addr{addr}
	if !addr.Is6() {
		return out
	}
	b := addr.As16()
	switch {
	case nat64.Contains(addr), nat64l.Contains(addr):
		out = append(out, netip.AddrFrom4([4]byte(b[12:16])))
	case sixTo4.Contains(addr):
		out = append(out, netip.AddrFrom4([4]byte(b[2:6])))
	case [12]byte(b[:12]) == [12]byte{} && addr != netip.IPv6Loopback() && addr != netip.IPv6Unspecified():
		out = append(out, netip.AddrFrom4([4]byte(b[12:16]))) // IPv4-compatible, deprecated
	}
	return out
}

// guardDial is a net.Dialer's Control: it sees each address after the name was resolved, so that a name that
// changes its answer between a check and the call gains nothing.
func guardDial(allowPrivate bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return fmt.Errorf("%w: %s", errRefusedAddress, address)
		}
		addr, err := netip.ParseAddr(host)
		if err != nil {
			return fmt.Errorf("%w: %s is no IP address", errRefusedAddress, host)
		}
		return checkAddress(addr, allowPrivate)
	}
}
