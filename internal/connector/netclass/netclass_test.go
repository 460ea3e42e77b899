package netclass

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

const corpus = "../../../../shared/corpora/intel/misp-warninglists"

func TestAddressesAreClassified(t *testing.T) {
	t.Parallel()
	table, err := Open(nil)
	require.NoError(t, err)
	for address, scope := range map[string]string{
		"8.8.8.8": "public", "10.0.0.1": "private", "172.16.0.1": "private", "172.32.0.1": "public", "192.168.255.255": "private",
		"127.0.0.1": "loopback", "169.254.10.1": "link_local", "100.64.0.1": "cgnat", "100.128.0.1": "public", "224.0.0.251": "multicast",
		"192.0.2.1": "documentation", "198.51.100.1": "documentation", "203.0.113.1": "documentation", "198.18.0.1": "benchmark",
		"0.0.0.0": "unspecified", "0.1.2.3": "reserved", "255.255.255.255": "broadcast", "250.0.0.1": "reserved", "192.0.0.1": "reserved",
		"::": "unspecified", "::1": "loopback", "fe80::1": "link_local", "fd00::1": "private", "ff02::1": "multicast",
		"2001:db8::1": "documentation", "3fff::1": "documentation", "2001:4860::1": "public", "2002::1": "translation", "64:ff9b::1": "translation",
		"4000::1": "reserved", "::ffff:10.0.0.1": "private", "2001::1": "translation",
	} {
		c := table.Classify(netip.MustParseAddr(address))
		require.Equal(t, scope, c.Scope, address)
		require.Contains(t, Scopes, c.Scope)
		require.Equal(t, scope == "public", c.Public, address)
		if !c.Public {
			require.NotEmpty(t, c.Reference, address)
		}
	}
}

func TestCloudsAreKnownByTheirPublishedRanges(t *testing.T) {
	t.Parallel()
	builtIn, err := Open(nil)
	require.NoError(t, err)
	c := builtIn.Classify(netip.MustParseAddr("104.16.0.1"))
	require.Equal(t, "Cloudflare", c.Cloud)
	require.Equal(t, "104.16.0.0/13", c.CloudNet)
	require.Equal(t, "Cloudflare", builtIn.Classify(netip.MustParseAddr("2606:4700::1111")).Cloud)
	require.Empty(t, builtIn.Classify(netip.MustParseAddr("8.8.8.8")).Cloud)

	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	table, err := Open([]string{
		filepath.Join(corpus, "google-gcp.json"), filepath.Join(corpus, "cloudflare.json"), filepath.Join(corpus, "microsoft-office365-ip.json"),
		write("aws.json", `{"syncToken":"1","prefixes":[{"ip_prefix":"3.5.140.0/22","region":"ap-northeast-2","service":"S3"}],"ipv6_prefixes":[{"ipv6_prefix":"2600:1f00::/24"}]}`),
		write("goog.json", `{"prefixes":[{"ipv4Prefix":"34.80.0.0/15"},{"ipv6Prefix":"2600:1900:4030::/44"}]}`),
		write("azure.json", `{"values":[{"name":"AzureCloud.westeurope","properties":{"addressPrefixes":["13.69.0.0/17"]}}]}`),
	})
	require.NoError(t, err)
	for address, provider := range map[string]string{
		"104.154.113.9": "Google Cloud", "34.81.1.1": "Google Cloud", "2600:1900:4030::1": "Google Cloud", "104.47.0.1": "Microsoft 365",
		"3.5.140.1": "Amazon Web Services", "2600:1f00::5": "Amazon Web Services", "13.69.1.1": "Microsoft Azure", "172.64.0.1": "Cloudflare",
	} {
		require.Equal(t, provider, table.Classify(netip.MustParseAddr(address)).Cloud, address)
	}
	for name, text := range map[string]string{
		"no ranges": `{}`, "broken": `{`, "a list of names": `{"name":"x","type":"hostname","list":["a"]}`,
		"no range": `{"name":"x","type":"cidr","list":["a"]}`, "the whole internet": `{"name":"x","type":"cidr","list":["0.0.0.0/0"]}`,
	} {
		_, err := Open([]string{write("broken.json", text)})
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.Contains(t, err.Error(), "broken.json", name)
	}
}

func TestTheBuiltInRangesAreThoseOfTheWarningList(t *testing.T) {
	t.Parallel()
	builtIn, err := Open(nil)
	require.NoError(t, err)
	withList, err := Open([]string{filepath.Join(corpus, "cloudflare.json")})
	require.NoError(t, err)
	require.Equal(t, withList.clouds, builtIn.clouds)
}
