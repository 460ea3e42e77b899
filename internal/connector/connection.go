package connector

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"picket/internal/soc"
)

// settingRate is a setting that every connection of a connector with a rate limit has: calls per minute in place
// of the manifest's figure, 0 for no limit.
const settingRate = "rate_per_minute"

// connection is a Connection made ready for calls.
type connection struct {
	info         ConnectionInfo
	base         *url.URL
	prefix       string // escaped path of base, without a final slash
	proof        proof
	limiter      *rate.Limiter
	mask         masker
	allowPrivate bool
}

// AddConnection configures an account of a connector. A name may stand once for each connector.
func (r *Registry) AddConnection(c Connection) error {
	entry, ok := r.connectors[c.Connector]
	if !ok {
		return soc.Errorf(soc.NotFound, "connection %s: there is no connector %q", c.Name, c.Connector)
	}
	if !nameForm.MatchString(strings.ReplaceAll(c.Name, "-", "_")) {
		return soc.Errorf(soc.Invalid, "connection name %q: lower-case letters, digits, - and _ are allowed", oneLine(c.Name, 80))
	}
	made, err := r.makeConnection(entry.manifest, c)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.connections[c.Connector] == nil {
		r.connections[c.Connector] = map[string]*connection{}
	}
	if _, taken := r.connections[c.Connector][c.Name]; taken {
		return soc.Errorf(soc.Conflict, "connector %s already has a connection %s", c.Connector, c.Name)
	}
	r.connections[c.Connector][c.Name] = made
	return nil
}

func (r *Registry) makeConnection(m *manifest, c Connection) (*connection, error) {
	place := "connection " + c.Name + " of " + m.Name
	values := map[string]string{}
	var secrets []string
	for name, value := range c.Secrets {
		if field, ok := m.Connection.Fields[name]; !ok || !field.Secret {
			return nil, soc.Errorf(soc.Invalid, "%s: %q is no secret field of this connector", place, name)
		}
		if strings.ContainsAny(value.Reveal(), "\r\n\x00") {
			return nil, soc.Errorf(soc.Invalid, "%s: secret %s holds a line break", place, name)
		}
		values[name] = value.Reveal()
		secrets = append(secrets, value.Reveal())
	}
	for name, value := range c.Settings {
		if name == settingRate {
			continue
		}
		if name == settingTokenURL && m.Auth.Kind == "oauth2" {
			values[name] = value
			continue
		}
		field, ok := m.Connection.Fields[name]
		if !ok {
			return nil, soc.Errorf(soc.Invalid, "%s: unknown setting %q", place, name)
		}
		if field.Secret {
			return nil, soc.Errorf(soc.Invalid, "%s: %s is a secret and does not belong into the settings", place, name)
		}
		values[name] = value
	}
	for name, field := range m.Connection.Fields {
		if field.Required && values[name] == "" {
			return nil, soc.Errorf(soc.Invalid, "%s: %s is required", place, name)
		}
	}
	title := c.Title
	if title == "" {
		title = c.Name
	}
	made := &connection{
		info:         ConnectionInfo{Name: c.Name, Connector: m.Name, Title: title, Vendor: m.Vendor},
		mask:         newMasker(secrets, values[m.Auth.Username]),
		allowPrivate: c.AllowPrivate,
	}
	if m.Native {
		return made, nil
	}
	text := c.BaseURL
	if text == "" {
		text = m.Connection.BaseURL.Default
	}
	if text == "" {
		return nil, soc.Errorf(soc.Invalid, "%s: the base URL is required, such as %s", place, m.Connection.BaseURL.Example)
	}
	base, err := parseBaseURL(text, c.AllowPrivate, len(secrets) > 0)
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "%s: %w", place, err)
	}
	made.base, made.prefix = base, strings.TrimRight(base.EscapedPath(), "/")
	made.info.BaseURL = base.String()
	if made.proof, err = r.prove(m.Auth, c, values, secrets); err != nil {
		return nil, soc.Errorf(soc.Invalid, "%s: %w", place, err)
	}
	made.limiter, err = limiterOf(m, c.Settings[settingRate])
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "%s: %w", place, err)
	}
	return made, nil
}

func limiterOf(m *manifest, setting string) (*rate.Limiter, error) {
	calls, per := 0, time.Minute
	if m.Rate != nil {
		calls, per = m.Rate.Calls, m.Rate.Per
	}
	if setting != "" {
		n, err := strconv.Atoi(setting)
		if err != nil || n < 0 {
			return nil, soc.Errorf(soc.Invalid, "%s %q is no number of calls", settingRate, oneLine(setting, 20))
		}
		calls, per = n, time.Minute
	}
	if calls == 0 {
		return nil, nil
	}
	return rate.NewLimiter(rate.Limit(float64(calls)/per.Seconds()), calls), nil
}

// find gives a connection by name; "" is the connector's default: the one named like the connector, or "default",
// or the only one.
func (r *Registry) find(connectorName, name string) (*connection, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := r.connections[connectorName]
	if name != "" {
		if c, ok := all[name]; ok {
			return c, nil
		}
		return nil, soc.Errorf(soc.NotFound, "connector %s has no connection %q", connectorName, oneLine(name, 80))
	}
	for _, candidate := range []string{connectorName, "default"} {
		if c, ok := all[candidate]; ok {
			return c, nil
		}
	}
	if len(all) == 1 {
		for _, c := range all {
			return c, nil
		}
	}
	if len(all) == 0 {
		return nil, soc.Errorf(soc.NotFound, "connector %s has no connection; add one in the settings", connectorName)
	}
	return nil, soc.Errorf(soc.Invalid, "connector %s has %d connections; name one of them", connectorName, len(all))
}

type clientKey struct{ allowPrivate, fresh bool }

type clientOnce = func() *http.Client

// newClients keeps private and public calls in pools of their own, so that a connection to a private address is
// never picked up by a call that may not make one.
func newClients(base ClientOptions) map[clientKey]clientOnce {
	out := map[clientKey]clientOnce{}
	for _, key := range []clientKey{{false, false}, {false, true}, {true, false}, {true, true}} {
		opts := base
		opts.AllowPrivate, opts.Fresh = key.allowPrivate, key.fresh
		opts.Timeout = -1 // the operation's timeout is the context's
		out[key] = sync.OnceValue(func() *http.Client { return NewHTTPClient(opts) })
	}
	return out
}
