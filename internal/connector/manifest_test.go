package connector

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"picket/internal/secret"
	"picket/internal/soc"
)

const goodManifest = `
name: acme
title: Acme
vendor: Acme
connection:
  base_url: {default: https://api.acme.test}
  fields:
    token: {title: Token, secret: true, required: true}
    user: {title: User}
auth: {kind: bearer, secret: token}
operations:
  get:
    title: Get a thing
    effect: read
    input: {type: object, additionalProperties: false, required: [id], properties: {id: {type: string}}}
    output: {type: object, required: [name], properties: {name: {type: string}}}
    request: {method: GET, path: "/things/{id}"}
    response: {fields: {name: /name}}
    example: {arguments: {id: a}, output: {name: n}}
`

func TestABrokenManifestIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ old, new, says string }{
		"an unknown key":                           {"vendor: Acme", "vendor: Acme\nvendro: x", "vendro"},
		"an unknown key of an operation":           {"effect: read", "effect: read\n    efect: read", "efect"},
		"a key that stands twice":                  {"title: Acme", "title: Acme\ntitle: Again", "title"},
		"an effect that is none":                   {"effect: read", "effect: look", "effect"},
		"a consequential local operation":          {"effect: read", "effect: consequential\n    local: true", "local"},
		"a secret that is no secret field":         {"secret: token}", "secret: user}", "secret field"},
		"an unknown kind of auth":                  {"kind: bearer", "kind: magic", "magic"},
		"a hole without an argument":               {"/things/{id}", "/things/{idd}", "idd"},
		"a hole that is not closed":                {"/things/{id}", "/things/{id", "not closed"},
		"an unknown filter":                        {"/things/{id}", "/things/{id|shout}", "shout"},
		"a path that is no path":                   {"/things/{id}", "things/{id}", "path"},
		"a method that is none":                    {"method: GET", "method: FETCH", "FETCH"},
		"a mapping that is no pointer":             {"{name: /name}", "{name: name}", "pointer"},
		"a mapping with an unknown key":            {"{name: /name}", "{name: {from: /name, dflt: x}}", "dflt"},
		"a mapping with two sources":               {"{name: /name}", "{name: {from: /name, value: x}}", "exactly one"},
		"a schema that is none":                    {"{type: string}}}\n    output", "{type: sting}}}\n    output", "schema"},
		"a schema from elsewhere":                  {"required: [name]", "$ref: 'https://evil.test/schema'", "evil.test"},
		"an example that breaks its own schema":    {"arguments: {id: a}", "arguments: {id: 7}", "example"},
		"no example":                               {"example: {arguments: {id: a}, output: {name: n}}", "untrusted: true", "example"},
		"a confirm by an operation that is absent": {"example:", "confirm: {operation: gone, equals: {/a: b}}\n    example:", "confirm"},
		"an error class that is none":              {"example:", "errors: {418: teapot}\n    example:", "teapot"},
		"a rate of nothing":                        {"auth:", "rate: {calls: 0, per: 1m}\nauth:", "rate"},
		"a native connector from outside":          {"vendor: Acme", "vendor: Acme\nnative: true", "native"},
		"a name that is taken":                     {"name: acme", "name: okta", "taken"},
		"two documents":                            {"auth:", "---\nauth:", "acme.yaml"},
		"auth in a query without its name":         {"kind: bearer", "kind: query", "parameter"},
		"OAuth without an endpoint":                {"kind: bearer", "kind: oauth2, username: user", "token_url"},
		"an endpoint of unknown fields":            {"kind: bearer", "kind: oauth2, username: user, token_url: 'https://a.test/{realm}'", "realm"},
		"a signature without a region":             {"kind: bearer", "kind: sigv4, username: user, service: iam", "region"},
		"a secret for a body that there is not":    {"kind: bearer", "kind: body, parameter: key", "body"},
		"a form beside a body":                     {"method: GET", "method: POST, form: {a: b}, body: {}", "exclude"},
		"an unknown format of answers":             {"response: {", "response: {format: csv, ", "csv"},
		"a refusal of no error class":              {"auth:", "refused: {word: /error, kinds: {x: teapot}}\nauth:", "teapot"},
		"a sink that nobody watches":               {"{id: {type: string}}", "{id: {type: string, x-picket-sink: file}}", "x-picket-sink"},
		"a sink within an argument":                {"{id: {type: string}}", "{id: {type: object, properties: {url: {x-picket-sink: host}}}}", "not within one"},
		"query parameters of an unknown argument":  {"method: GET", "method: GET, query_from: more", "more"},
		"an unknown conversion":                    {"{name: /name}", "{name: {from: /name, as: upper}}", "upper"},
		"a query that is no template":              {"method: GET", "method: GET, query: {a: [7]}", "template"},
	} {
		require.Contains(t, goodManifest, test.old, name)
		_, err := loadText(strings.Replace(goodManifest, test.old, test.new, 1))
		require.Error(t, err, name)
		require.Contains(t, err.Error(), test.says, name)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
	}
	_, err := loadText(goodManifest)
	require.NoError(t, err)
}

func TestAnArgumentThatDecidesTheHostIsMarkedInTheSchemaThatTheCompilerSees(t *testing.T) {
	t.Parallel()
	r, err := loadText(strings.Replace(goodManifest, "{id: {type: string}}", "{id: {type: string, x-picket-sink: host}}", 1))
	require.NoError(t, err)
	for _, op := range r.Operations() {
		if op.Name == "acme.get" {
			require.Contains(t, string(op.Input), `"`+SinkKeyword+`":"`+SinkHost+`"`)
			return
		}
	}
	t.Fatal("acme.get is gone")
}

func loadText(text string) (*Registry, error) {
	return New(Options{Manifests: []fs.FS{fstest.MapFS{"acme.yaml": {Data: []byte(text)}}}})
}

func TestAConnectionIsCheckedWhenItIsAdded(t *testing.T) {
	t.Parallel()
	token := map[string]Secret{"token": secret.New("tok-123456")}
	for name, test := range map[string]struct {
		connection Connection
		kind       soc.Kind
		says       string
	}{
		"a connector that is absent":  {Connection{Name: "a", Connector: "gone", Secrets: token}, soc.NotFound, "gone"},
		"a name that is none":         {Connection{Name: "A b", Connector: "acme", Secrets: token}, soc.Invalid, "name"},
		"no secret":                   {Connection{Name: "a", Connector: "acme"}, soc.Invalid, "token is required"},
		"an unknown secret":           {Connection{Name: "a", Connector: "acme", Secrets: map[string]Secret{"key": secret.New("x")}}, soc.Invalid, "key"},
		"an unknown setting":          {Connection{Name: "a", Connector: "acme", Secrets: token, Settings: map[string]string{"usr": "x"}}, soc.Invalid, "usr"},
		"a secret among the settings": {Connection{Name: "a", Connector: "acme", Settings: map[string]string{"token": "tok-123456"}}, soc.Invalid, "secret"},
		"a secret with a line break":  {Connection{Name: "a", Connector: "acme", Secrets: map[string]Secret{"token": secret.New("a\r\nX: y")}}, soc.Invalid, "line break"},
		"plain HTTP with a secret":    {Connection{Name: "a", Connector: "acme", Secrets: token, BaseURL: "http://api.acme.test"}, soc.Invalid, "plain HTTP"},
		"another scheme":              {Connection{Name: "a", Connector: "acme", Secrets: token, BaseURL: "file:///etc/passwd"}, soc.Invalid, "https"},
		"a user name in the URL":      {Connection{Name: "a", Connector: "acme", Secrets: token, BaseURL: "https://u:tok-123456@api.acme.test"}, soc.Invalid, "user names"},
		"a rate that is no number":    {Connection{Name: "a", Connector: "acme", Secrets: token, Settings: map[string]string{"rate_per_minute": "-1"}}, soc.Invalid, "rate_per_minute"},
	} {
		r, err := loadText(goodManifest)
		require.NoError(t, err)
		err = r.AddConnection(test.connection)
		require.Error(t, err, name)
		require.Equal(t, test.kind, soc.KindOf(err), name)
		require.Contains(t, err.Error(), test.says, name)
		require.NotContains(t, err.Error(), "tok-123456", name)
	}
}

func TestTheDefaultConnectionIsNeverAGuess(t *testing.T) {
	t.Parallel()
	add := func(r *Registry, names ...string) {
		for _, name := range names {
			require.NoError(t, r.AddConnection(Connection{Name: name, Connector: "acme", Secrets: map[string]Secret{"token": secret.New("t")}}))
		}
	}
	for name, test := range map[string]struct {
		have []string
		ask  string
		want string
		kind soc.Kind
	}{
		"none":                       {nil, "", "", soc.NotFound},
		"the only one":               {[]string{"east"}, "", "east", ""},
		"the one named default":      {[]string{"east", "default"}, "", "default", ""},
		"the one named as connector": {[]string{"default", "acme"}, "", "acme", ""},
		"two without a default":      {[]string{"east", "west"}, "", "", soc.Invalid},
		"a named one":                {[]string{"east", "west"}, "west", "west", ""},
		"a name that is not there":   {[]string{"east"}, "west", "", soc.NotFound},
	} {
		r, err := loadText(goodManifest)
		require.NoError(t, err)
		add(r, test.have...)
		c, err := r.find("acme", test.ask)
		require.Equal(t, test.kind, soc.KindOf(err), name)
		if err == nil {
			require.Equal(t, test.want, c.info.Name, name)
		}
	}
	r, err := loadText(goodManifest)
	require.NoError(t, err)
	add(r, "east")
	err = r.AddConnection(Connection{Name: "east", Connector: "acme", Secrets: map[string]Secret{"token": secret.New("t")}})
	require.Equal(t, soc.Conflict, soc.KindOf(err))
	require.Equal(t, []string{"east"}, r.ConnectionNames()["acme"])
	require.Equal(t, []string{}, r.ConnectionNames()["okta"])
}
