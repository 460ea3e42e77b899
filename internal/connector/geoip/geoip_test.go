package geoip

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProbe(t *testing.T) {
	d, err := Open("")
	require.NoError(t, err)
	for _, a := range []string{"10.0.0.1", "203.0.113.5", "1.1.1.1", "2001:4860:4860::8888", "127.0.0.1", "255.255.255.255", "::1", "240.1.1.1", "185.220.101.4"} {
		c, err := d.Lookup(netip.MustParseAddr(a))
		t.Logf("%+v %v", c, err)
	}
}
