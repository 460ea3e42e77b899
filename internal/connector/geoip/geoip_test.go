package geoip

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func lookup(t *testing.T, d *Database, address string) Country {
	t.Helper()
	c, err := d.Lookup(netip.MustParseAddr(address))
	require.NoError(t, err, "run make data first")
	return c
}

func TestTheBuiltInDataKnowsThePublicInternetAndNothingElse(t *testing.T) {
	t.Parallel()
	d, err := Open("")
	require.NoError(t, err)
	for address, country := range map[string]string{
		"8.8.8.8": "US", "2001:4860:4860::8888": "US", "193.0.6.139": "NL", "2001:67c:2e8:22::c100:68b": "NL",
		"10.0.0.1": "", "127.0.0.1": "", "203.0.113.5": "", "::1": "", "2001:db8::1": "",
	} {
		c := lookup(t, d, address)
		require.Equal(t, country, c.Country, address)
		require.Equal(t, country != "", c.Found, address)
	}
}

func TestFlatAndNestedRecordsAreBothRead(t *testing.T) {
	t.Parallel()
	text := func(s string) []byte { return append([]byte{2<<5 | byte(len(s))}, s...) }
	object := func(pairs ...[]byte) []byte {
		out := []byte{7<<5 | byte(len(pairs)/2)}
		for _, p := range pairs {
			out = append(out, p...)
		}
		return out
	}
	for name, record := range map[string][]byte{
		"flat":                       object(text("country_code"), text("se")),
		"nested":                     object(text("country"), object(text("iso_code"), text("SE"))),
		"of the registration":        object(text("registered_country"), object(text("iso_code"), text("SE"))),
		"nested before registration": object(text("registered_country"), object(text("iso_code"), text("DE")), text("country"), object(text("iso_code"), text("SE"))),
	} {
		path := filepath.Join(t.TempDir(), "test.mmdb")
		require.NoError(t, os.WriteFile(path, mmdb(record), 0o600))
		d, err := Open(path)
		require.NoError(t, err, name)
		c := lookup(t, d, "1.2.3.4") // first bit 0: has the record
		require.Equal(t, Country{IP: "1.2.3.4", Found: true, Country: "SE", Network: "0.0.0.0/1"}, c, name)
		require.False(t, lookup(t, d, "200.2.3.4").Found, "first bit 1: has none")
		require.False(t, lookup(t, d, "2001:4860::1").Found, "the data has no IPv6")
	}
}

// mmdb writes the smallest database there can be: one node, whose left side is the record and whose right is empty.
func mmdb(record []byte) []byte {
	const nodes = 1
	left, right := uint32(nodes+16), uint32(nodes) // the data section begins 16 after the tree; right: not found
	tree := []byte{byte(left >> 16), byte(left >> 8), byte(left), byte(right >> 16), byte(right >> 8), byte(right)}
	out := append(tree, make([]byte, 16)...)
	out = append(out, record...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	text := func(s string) []byte { return append([]byte{2<<5 | byte(len(s))}, s...) }
	u16 := func(n byte) []byte { return []byte{5<<5 | 1, n} }
	u32 := func(n byte) []byte { return []byte{6<<5 | 1, n} }
	u64 := func(n byte) []byte { return []byte{1, 2, n} } // extended type 9
	fields := [][]byte{
		text("node_count"), u32(nodes), text("record_size"), u16(24), text("ip_version"), u16(4), text("database_type"), text("Test"),
		text("languages"), {0, 4}, text("binary_format_major_version"), u16(2), text("binary_format_minor_version"), u16(0),
		text("build_epoch"), u64(1), text("description"), {7 << 5},
	}
	out = append(out, 7<<5|byte(len(fields)/2))
	for _, f := range fields {
		out = append(out, f...)
	}
	return out
}

func TestAFileThatIsNoDatabaseIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broken.mmdb")
	require.NoError(t, os.WriteFile(path, []byte("no database"), 0o600))
	for _, path := range []string{path, path + ".gone"} {
		_, err := Open(path)
		require.Equal(t, soc.Invalid, soc.KindOf(err))
		require.Contains(t, err.Error(), path)
	}
}
