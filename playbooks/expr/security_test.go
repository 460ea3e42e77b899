package expr_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/expr"
)

func TestIndicators(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:           `[]`,
		`10.0.0.1`:   `[{"type":"ip","value":"10.0.0.1"}]`,
		`10.0.0.1.2`: `[]`,
		`999.0.0.1`:  `[]`,
		`12:30:45`:   `[]`,
		`version 1.2.3 of setup.exe and README.md, e.g. this`: `[]`,
		`[2001:DB8::5]:443`:                                   `[{"type":"ip","value":"2001:db8::5"}]`,
		`See hxxps://evil[.]com/a?b=1).`:                      `[{"type":"url","value":"https://evil.com/a?b=1"},{"type":"domain","value":"evil.com"}]`,
		`http://10.0.0.9:8080/x and http://[2001:db8::1]:80/`: `[{"type":"url","value":"http://10.0.0.9:8080/x"},{"type":"ip","value":"10.0.0.9"},{"type":"url","value":"http://[2001:db8::1]:80/"},{"type":"ip","value":"2001:db8::1"}]`,
		`From Eve@Evil.Example.COM to bob@corp.example.com`:   `[{"type":"email","value":"eve@evil.example.com"},{"type":"domain","value":"evil.example.com"},{"type":"email","value":"bob@corp.example.com"},{"type":"domain","value":"corp.example.com"}]`,
		`eve[@]evil[.]sh beside run.sh`:                       `[{"type":"email","value":"eve@evil.sh"},{"type":"domain","value":"evil.sh"}]`,
		`evil[.]sh beside run.sh`:                             `[{"type":"domain","value":"evil.sh"}]`,
		`cve-2024-3094 D41D8CD98F00B204E9800998ECF8427E`:      `[{"type":"cve","value":"CVE-2024-3094"},{"type":"hash","value":"d41d8cd98f00b204e9800998ecf8427e"}]`,
		`abc d41d8cd98f00b204e9800998ecf8427e0`:               `[]`,
		`evil.com evil.com EVIL.com`:                          `[{"type":"domain","value":"evil.com"}]`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			document, err := json.Marshal(map[string]any{"text": text})
			require.NoError(t, err)
			s := expr.NewScope(expr.Vars{"x": document}, noon)
			got, err := expr.Eval(`iocs(x.text)`, s)
			require.NoError(t, err)
			require.Equal(t, want, string(got))
			nested, err := expr.Eval(`iocs([x])`, s)
			require.NoError(t, err)
			require.Equal(t, want, string(nested))
		})
	}
}

func TestSecurityFunctions(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`defang("https://a.b.c.evil.com/x?u=bob@x.com 10.0.0.1. End.")`:             `"hxxps://a[.]b[.]c[.]evil[.]com/x?u=bob[@]x[.]com 10[.]0[.]0[.]1. End."`,
		`defang(defang("ftp://evil.com bob@x.com"))`:                                `"fxp://evil[.]com bob[@]x[.]com"`,
		`refang("hxxp://evil[.]com hXXps[:]//evil(dot)com fxp://a[.]b x[at]y{.}z")`: `"http://evil.com https://evil.com ftp://a.b x@y.z"`,
		`refang("nothing [here] (to) {do}")`:                                        `"nothing [here] (to) {do}"`,
		`domain("https://User:p@Mail.Evil.co.uk:8443/x?y#z")`:                       `"mail.evil.co.uk"`,
		`domain("Bob <bob@corp.example.com>")`:                                      `"corp.example.com"`,
		`domain("hxxps://evil[.]com")`:                                              `"evil.com"`,
		`domain("evil.com:443/x")`:                                                  `"evil.com"`,
		`domain("http://10.0.0.1/")`:                                                `null`,
		`domain("localhost")`:                                                       `null`,
		`is_private_ip("10.1.2.3") && is_private_ip("fd00::1")`:                     `true`,
		`is_private_ip("::ffff:192.168.0.1")`:                                       `true`,
		`is_private_ip("169.254.169.254") && is_private_ip("::1")`:                  `true`,
		`is_private_ip("100.64.0.1")`:                                               `true`,
		`is_private_ip("8.8.8.8") || is_private_ip("2606:4700::1")`:                 `false`,
		`is_private_ip("localhost") || is_private_ip(alert.nope)`:                   `false`,
		`is_ip("8.8.8.8") && !is_ip("8.8.8") && !is_ip("x")`:                        `true`,
		`cidr_contains("203.0.113.0/24", alert.src_ip)`:                             `true`,
		`cidr_contains(["10.0.0.0/8", "2001:db8::/32"], "2001:db8::7")`:             `true`,
		`cidr_contains("10.0.0.7", "10.0.0.7")`:                                     `true`,
		`cidr_contains("10.0.0.0/8", "::ffff:10.0.0.1")`:                            `true`,
		`cidr_contains("10.0.0.0/8", "not an address")`:                             `false`,
		`url_encode("a b&c")`:                                                       `"a+b%26c"`,
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			got, err := expr.Eval(source, scope())
			require.NoError(t, err)
			require.Equal(t, want, string(got))
		})
	}
}
