package connector

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"picket/internal/soc"
)

// authSpec says how a call proves who makes it. Every secret is a field of the connection.
type authSpec struct {
	Kind        string `yaml:"kind"`         // none | header | bearer | basic | query | body | oauth2 | sigv4
	Header      string `yaml:"header"`       // header: its name
	HeaderField string `yaml:"header_field"` // header: the field that may hold another name
	Prefix      string `yaml:"prefix"`       // header: what stands before the secret
	Parameter   string `yaml:"parameter"`    // query: the parameter; body: the member of the JSON body
	Secret      string `yaml:"secret"`       // field of the secret; basic: the password, oauth2: the client's, sigv4: the secret access key
	Username    string `yaml:"username"`     // basic: field of the user name; oauth2: of the client id; sigv4: of the access key id
	TokenURL    string `yaml:"token_url"`    // oauth2: where tokens are had; {field} is a setting of the connection
	Scope       string `yaml:"scope"`        // oauth2
	Token       string `yaml:"token"`        // oauth2: field that may hold a ready access token instead; sigv4: of the session token
	Service     string `yaml:"service"`      // sigv4
	Region      string `yaml:"region"`       // sigv4
}

// settingTokenURL is a setting that every connection with OAuth 2 has: the token endpoint in place of the
// manifest's, as a national cloud has its own.
const settingTokenURL = "token_url"

// proof is a connection's authSpec made ready for calls. One of its members is set, or none.
type proof struct {
	header, value string // a header that never changes
	parameter     string // a query parameter with value
	member        string // a member of the JSON body with value
	tokens        *tokenSource
	signer        *signer
}

var headerForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

func (m *manifest) checkAuth() error {
	a := &m.Auth
	need := func(what, value string) error {
		if value == "" {
			return fmt.Errorf("auth: kind %s needs a %s", a.Kind, what)
		}
		return nil
	}
	var err error
	switch a.Kind {
	case "", "none":
		a.Kind = "none"
		return nil
	case "header":
		err = errors.Join(need("header", a.Header), m.optionalField(a.HeaderField))
	case "bearer":
	case "basic":
		err = m.field(a.Username)
	case "query", "body":
		err = need("parameter", a.Parameter)
	case "oauth2":
		err = errors.Join(need("token_url", a.TokenURL), m.field(a.Username))
		if err == nil {
			_, err = parseTemplate(a.TokenURL, m.fieldNames())
		}
		if a.Token != "" {
			err = errors.Join(err, m.secretField(a.Token))
		}
	case "sigv4":
		err = errors.Join(need("service", a.Service), need("region", a.Region), m.field(a.Username))
		if a.Token != "" {
			err = errors.Join(err, m.secretField(a.Token))
		}
	default:
		return fmt.Errorf("auth: unknown kind %q; known are none, header, bearer, basic, query, body, oauth2, sigv4", a.Kind)
	}
	return errors.Join(err, m.secretField(a.Secret))
}

func (m *manifest) field(name string) error {
	if _, ok := m.Connection.Fields[name]; !ok {
		return fmt.Errorf("auth: %q is no field of the connection", name)
	}
	return nil
}

func (m *manifest) optionalField(name string) error {
	if name == "" {
		return nil
	}
	return m.field(name)
}

func (m *manifest) secretField(name string) error {
	if field, ok := m.Connection.Fields[name]; !ok || !field.Secret {
		return fmt.Errorf("auth: %q is no secret field of the connection", name)
	}
	return nil
}

func (m *manifest) fieldNames() []string {
	var names []string
	for name := range m.Connection.Fields {
		names = append(names, name)
	}
	return names
}

// prove makes the proof of a connection. values are its settings and secrets, secrets the latter alone.
func (r *Registry) prove(auth authSpec, c Connection, values map[string]string, secrets []string) (proof, error) {
	secret := values[auth.Secret]
	switch auth.Kind {
	case "header":
		name := auth.Header
		if own := values[auth.HeaderField]; own != "" {
			name = own
		}
		if !headerForm.MatchString(name) {
			return proof{}, fmt.Errorf("%q is no name of a header", oneLine(name, 80))
		}
		if secret == "" { // the field is not required: the service asks for none
			return proof{}, nil
		}
		return proof{header: http.CanonicalHeaderKey(name), value: auth.Prefix + secret}, nil
	case "bearer":
		return proof{header: "Authorization", value: "Bearer " + secret}, nil
	case "basic":
		pair := values[auth.Username] + ":" + secret
		return proof{header: "Authorization", value: "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}, nil
	case "query":
		return proof{parameter: auth.Parameter, value: secret}, nil
	case "body":
		return proof{member: auth.Parameter, value: secret}, nil
	case "sigv4":
		return proof{signer: &signer{service: auth.Service, region: auth.Region, id: values[auth.Username], secret: secret, session: values[auth.Token]}}, nil
	case "oauth2":
		if ready := values[auth.Token]; ready != "" {
			return proof{header: "Authorization", value: "Bearer " + ready}, nil
		}
		endpoint, err := tokenEndpoint(auth, c, values)
		if err != nil {
			return proof{}, err
		}
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {values[auth.Username]}, "client_secret": {secret}}
		if auth.Scope != "" {
			form.Set("scope", auth.Scope)
		}
		return proof{tokens: &tokenSource{
			endpoint: endpoint, form: form, client: r.clients[clientKey{c.AllowPrivate, false}], now: r.now, secrets: secrets, busy: make(chan struct{}, 1),
		}}, nil
	}
	return proof{}, nil
}

func tokenEndpoint(auth authSpec, c Connection, values map[string]string) (*url.URL, error) {
	alternative := ""
	if auth.Token != "" {
		alternative = ", or " + auth.Token + " in their place"
	}
	for _, name := range []string{auth.Username, auth.Secret} {
		if values[name] == "" {
			return nil, fmt.Errorf("%s is required%s", name, alternative)
		}
	}
	text := values[settingTokenURL]
	if text == "" {
		arguments := map[string]any{}
		var names []string
		for name, value := range values {
			if names = append(names, name); value != "" {
				arguments[name] = value
			}
		}
		t, err := parseTemplate(auth.TokenURL, names)
		present := err == nil
		if present {
			text, present, err = t.render(arguments, escapeSegment)
		}
		if err != nil || !present {
			return nil, fmt.Errorf("what the token endpoint %s needs is required%s", auth.TokenURL, alternative)
		}
	}
	endpoint, err := parseBaseURL(text, c.AllowPrivate, true)
	if err != nil {
		return nil, fmt.Errorf("token endpoint: %w", err)
	}
	return endpoint, nil
}

// authorise puts the proof on a request whose URL, headers and body are final.
func (p proof) authorise(req *http.Request, body []byte, token *accessToken, now time.Time) {
	switch {
	case token != nil:
		req.Header.Set("Authorization", "Bearer "+token.value)
	case p.signer != nil:
		p.signer.sign(req, body, now)
	case p.header != "":
		req.Header[p.header] = []string{p.value}
	case p.parameter != "":
		pair := url.QueryEscape(p.parameter) + "=" + url.QueryEscape(p.value)
		req.URL.RawQuery = strings.TrimPrefix(req.URL.RawQuery+"&"+pair, "&")
	}
}

// inBody puts a secret into the JSON body where the vendor wants it there.
func (p proof) inBody(body any) (any, error) {
	if p.member == "" {
		return body, nil
	}
	object, ok := body.(map[string]any)
	if !ok {
		return nil, soc.Errorf(soc.Invalid, "the body is no object that could carry %s", p.member)
	}
	object[p.member] = p.value
	return object, nil
}
