package intel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

// corpus holds real lists, kept beside the repository.
const corpus = "../../../../shared/corpora/intel"

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func open(t *testing.T, opts Options) *Database {
	t.Helper()
	d, err := Open(opts)
	require.NoError(t, err)
	return d
}

func lookup(t *testing.T, d *Database, value, typ string) Result {
	t.Helper()
	r, err := d.Lookup(value, typ)
	require.NoError(t, err)
	return r
}

func TestValuesAreFoundHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "block/mixed.txt", strings.Join([]string{
		"# comment", "; comment", "", "203.0.113.5\t7", "198.51.100.0/24", "2001:db8::/32", "Evil.Example", "*.wild.example", ".dot.example",
		"hxxps://bad[.]example/Path?q=1", "http://bare.example/", "44D88612FEA8A8F36DE82E1278ABB02F", "Phisher@Mail.Example", "0.0.0.0 hosts.example", "some text",
	}, "\r\n"))
	d := open(t, Options{Sources: []Source{{Path: dir}}})
	for value, how := range map[string]string{
		"203.0.113.5":                      "cidr",
		"::ffff:203.0.113.5":               "cidr",
		"203.0.113[.]5":                    "cidr",
		"198.51.100.255":                   "cidr",
		"2001:db8:ffff::1":                 "cidr",
		"evil.example":                     "domain",
		"EVIL.EXAMPLE.":                    "domain",
		"www.evil.example":                 "domain",
		"a.wild.example":                   "domain",
		"a.dot.example":                    "domain",
		"hosts.example":                    "domain",
		"https://bad.example/Path?q=1":     "exact",
		"HTTPS://BAD.example/Path?q=1#top": "exact",
		"http://bare.example":              "exact",
		"https://www.evil.example:8443/x":  "domain",
		"http://203.0.113.5/stage2":        "cidr",
		"http://user@evil.example/":        "domain",
		"44d88612fea8a8f36de82e1278abb02f": "exact",
		"phisher@mail.example":             "exact",
		"someone@evil.example":             "domain",
		"some":                             "exact", // the first word is the entry
		"text":                             "",
		"notevil.example":                  "",
		"example":                          "",
		"203.0.113.6":                      "",
		"https://bad.example/other":        "",
		"https://evil.example.org/":        "",
	} {
		r := lookup(t, d, value, "")
		require.Equal(t, how != "", r.Listed, value)
		if how != "" {
			require.Equal(t, how, r.Matches[0].How, value)
			require.Equal(t, "mixed", r.Matches[0].List)
		}
		require.False(t, r.Suppressed)
	}
}

func TestTheColumnOfACSVIsFoundByItsName(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a plain header":         "first_seen,ip_address,port\n2024-01-01,203.0.113.9,443\n",
		"a header with spaces":   "fingerprint, ipaddr, port\nAB, 203.0.113.9, 444\n",
		"a header as a comment":  "# Feed of today\n# \"first_seen\",\"ioc_value\"\n\"2024\",\"203.0.113.9\"\n",
		"a header in capitals":   "\xef\xbb\xbfIndicator;x,IP\nz,203.0.113.9\n",
		"a short row among them": "ip,note\n\n203.0.113.9\n",
	} {
		d := open(t, Options{Sources: []Source{{Path: write(t, t.TempDir(), "feed.csv", text), Name: "feed"}}})
		require.True(t, lookup(t, d, "203.0.113.9", "ip").Listed, name)
	}
	_, err := Open(Options{Sources: []Source{{Path: write(t, t.TempDir(), "feed.csv", "a,b\n1,2\n")}}})
	require.Equal(t, soc.Invalid, soc.KindOf(err))
	require.Contains(t, err.Error(), "feed.csv: line 1")
}

func TestWarningListsMatchAsMISPDoes(t *testing.T) {
	t.Parallel()
	list := func(typ, attributes, entries string) *Database {
		text := fmt.Sprintf(`{"name":"L","type":%q,"matching_attributes":[%s],"list":[%s]}`, typ, attributes, entries)
		return open(t, Options{Sources: []Source{{Path: write(t, t.TempDir(), "list.json", text)}}})
	}
	for name, test := range map[string]struct {
		d     *Database
		value string
		hit   bool
	}{
		"a string is the value itself":             {list("string", `"domain"`, `"a.example"`), "a.example", true},
		"a string is not what is below it":         {list("string", `"domain"`, `"a.example"`), "b.a.example", false},
		"a string with a dot is what is below it":  {list("string", `"domain"`, `".a.example"`), "b.a.example", true},
		"a hostname is all below it":               {list("hostname", `"hostname"`, `"a.example"`), "b.a.example", true},
		"a hostname is not what only ends like it": {list("hostname", `"hostname"`, `"a.example"`), "ba.example", false},
		"a substring is anywhere":                  {list("substring", `"url"`, `"Malware.Example"`), "https://x.malware.example/a", true},
		"a range holds its addresses":              {list("cidr", `"ip-dst"`, `"198.51.100.0/24"`), "198.51.100.9", true},
		"an address stands in a list of ranges":    {list("cidr", `"ip-dst"`, `"198.51.100.9"`), "198.51.100.9", true},
		"a pattern with flags":                     {list("regex", `"domain"`, `"/^cdn\\d+\\.example$/i"`), "CDN7.example", true},
		"a list is asked for its own types only":   {list("hostname", `"domain"`, `"a.example"`), "https://a.example/x", false},
		"a list that says url is asked for URLs":   {list("hostname", `"domain","url"`, `"a.example"`), "https://a.example/x", true},
		"a list without types is asked for all":    {list("string", ``, `"D41D8CD98F00B204E9800998ECF8427E"`), "d41d8cd98f00b204e9800998ecf8427e", true},
		"a list of mail is not asked for a hash":   {list("string", `"email-src"`, `"d41d8cd98f00b204e9800998ecf8427e"`), "d41d8cd98f00b204e9800998ecf8427e", false},
	} {
		r := lookup(t, test.d, test.value, "")
		require.Equal(t, test.hit, r.Suppressed, name)
		require.False(t, r.Listed, "%s: a warning list never blocks", name)
	}
	for name, text := range map[string]string{
		"no list":          `{"name":"x"}`,
		"an unknown type":  `{"name":"x","type":"magic","list":["a"]}`,
		"no range":         `{"name":"x","type":"cidr","list":["999.1.1.1"]}`,
		"a broken pattern": `{"name":"x","type":"regex","list":["("]}`,
		"broken JSON":      `{`,
	} {
		path := write(t, t.TempDir(), "broken.json", text)
		_, err := Open(Options{Sources: []Source{{Path: path}}})
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.Contains(t, err.Error(), path, name)
	}
}

func TestTheRealListsLoadAndAnswer(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Sources: []Source{
		{Path: filepath.Join(corpus, "misp-warninglists")}, {Path: filepath.Join(corpus, "tor-exits.csv"), Name: "Tor exits"},
		{Path: filepath.Join(corpus, "ipsum-level5.txt"), Kind: Block},
	}})
	for value, want := range map[string]struct {
		listed, suppressed bool
		list               string
	}{
		"77.90.185.20":                          {true, false, "ipsum-level5"},
		"204.8.96.141":                          {true, false, "Tor exits"},
		"2620:7:6003::141":                      {true, false, "Tor exits"},
		"10.9.8.7":                              {false, true, "List of RFC 1918 CIDR blocks"},
		"104.16.1.1":                            {false, true, "List of known Cloudflare IP ranges"},
		"d41d8cd98f00b204e9800998ecf8427e":      {false, true, "List of known hashes for empty files"},
		"bit.ly":                                {false, true, "List of known URL Shorteners domains"},
		"https://analyze.intezer.com/files/abc": {false, true, ""},
		"something-quite-unknown.example":       {false, false, ""},
	} {
		r := lookup(t, d, value, "")
		require.Equal(t, want.listed, r.Listed, "%s: %+v", value, r.Matches)
		require.Equal(t, want.suppressed, r.Suppressed, "%s: %+v", value, r.Matches)
		if want.list != "" {
			var names []string
			for _, m := range r.Matches {
				names = append(names, m.List)
			}
			require.Contains(t, names, want.list)
		}
		require.Equal(t, 23, r.Lists)
	}
}

func TestChangedFilesAreLoadedAgainAndABrokenOneLeavesTheOldLists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "block/a.txt", "203.0.113.1\n")
	d := open(t, Options{Sources: []Source{{Path: dir}}})
	changed, err := d.Refresh()
	require.NoError(t, err)
	require.False(t, changed)

	write(t, dir, "block/a.txt", "203.0.113.2\n203.0.113.3\n")
	require.NoError(t, os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)))
	changed, err = d.Refresh()
	require.NoError(t, err)
	require.True(t, changed)
	require.False(t, lookup(t, d, "203.0.113.1", "ip").Listed)
	require.True(t, lookup(t, d, "203.0.113.2", "ip").Listed)

	broken := write(t, dir, "suppress/b.json", "{")
	_, err = d.Refresh()
	require.Error(t, err)
	require.True(t, lookup(t, d, "203.0.113.2", "ip").Listed)
	require.NoError(t, os.Remove(broken))
	require.NoError(t, os.Remove(path))
	_, err = d.Refresh()
	require.NoError(t, err)
	require.False(t, lookup(t, d, "203.0.113.2", "ip").Listed)
}

func TestHostileValuesGetAnAnswerOrAnError(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Sample: true, Sources: []Source{{Path: filepath.Join(corpus, "misp-warninglists")}}})
	for _, value := range []string{
		strings.Repeat("a.", 4000), "http://[::1", "http://%zz/", "\x00\x01", "://", "@", "a@", "@b", "[", strings.Repeat("/", 8000), "http://" + strings.Repeat("a", 8000), "1.2.3.4.5", "::::", "𝒆.example",
	} {
		for _, typ := range []string{"", "ip", "domain", "url", "hash", "email", "file"} {
			require.NotPanics(t, func() { _, _ = d.Lookup(value, typ) }, "%.40q as %s", value, typ)
		}
	}
	_, err := d.Lookup(strings.Repeat("a", maxValue+1), "")
	require.Equal(t, soc.Invalid, soc.KindOf(err))
	_, err = d.Lookup(" ", "")
	require.Equal(t, soc.Invalid, soc.KindOf(err))
	_, err = d.Lookup("no-address", "ip")
	require.Equal(t, soc.Invalid, soc.KindOf(err))
}

func FuzzParseList(f *testing.F) {
	f.Add("a.json", `{"name":"x","type":"cidr","list":["10.0.0.0/8"]}`)
	f.Add("a.csv", "# \"ioc\"\n\"a\nb\",c\n")
	f.Add("a.txt", "http://a.test/\n1.2.3.4/0\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		l, err := parseList(name, []byte(text), "", "")
		if err != nil {
			return
		}
		v, err := parseValue("http://a.test/x", "")
		require.NoError(t, err)
		l.match(v)
	})
}
