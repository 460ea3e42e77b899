// Package connector calls the systems around Picket. A connector is a YAML manifest wherever HTTP will do; what it
// says (schemas, effects, error classes) feeds the compiler, the editor and the agent's tool list alike.
package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"sort"
	"sync"
	"time"

	"picket/internal/connector/geoip"
	"picket/internal/connector/intel"
	"picket/internal/connector/kev"
	"picket/internal/connector/netclass"
	"picket/internal/secret"
	"picket/internal/soc"
)

// Secret is a value of a connection that never surfaces.
type Secret = secret.Secret

// Options say which connectors there are and where their data is. The zero value has the built-in ones.
type Options struct {
	Dirs      []string         // directories of further manifests
	Manifests []fs.FS          // the same, in memory
	GeoIP     string           // MMDB file instead of the built-in country data
	Intel     intel.Options    // indicator lists
	Clouds    []string         // files of cloud ranges: MISP warning lists, AWS or Google range files
	KEV       string           // CISA KEV catalogue (JSON) instead of the built-in one
	HTTP      ClientOptions    // proxy, bounds; AllowPrivate and Fresh are the connection's and the call's
	Memory    Memory           // what the organisation knows; nil is nothing
	Alerts    Alerts           // the queue; nil is none
	Now       func() time.Time // nil is time.Now
}

// Registry holds connectors and connections, and makes calls. It is safe for concurrent use.
type Registry struct {
	connectors map[string]*connectorEntry
	operations map[string]*operationEntry
	intel      *intel.Database
	now        func() time.Time

	mu          sync.RWMutex
	connections map[string]map[string]*connection // connector, name

	httpOptions ClientOptions
	clients     map[clientKey]clientOnce
}

type connectorEntry struct {
	manifest *manifest
	message  []pointer
	refused  *refusal
}

// refusal is a refusedSpec made ready.
type refusal struct {
	at, word pointer
	equals   any
	kinds    map[string]string
}

// Connection is one configured account of a connector.
type Connection struct {
	Name         string
	Connector    string
	Title        string // what people see; the name unless given
	BaseURL      string // "" is the manifest's default
	Settings     map[string]string
	Secrets      map[string]Secret
	AllowPrivate bool // the address may be private or loopback, and plain HTTP
}

// ConnectionInfo is what may be shown of a connection.
type ConnectionInfo struct {
	Name      string `json:"name"`
	Connector string `json:"connector"`
	Title     string `json:"title"`
	Vendor    string `json:"vendor"`
	BaseURL   string `json:"base_url,omitempty"`
}

// Operation is what the compiler, the editor and a model need to know of a call.
type Operation struct {
	Name        string          `json:"name"` // connector.operation
	Title       string          `json:"title"`
	Description string          `json:"description,omitempty"`
	Connector   string          `json:"connector"`
	Vendor      string          `json:"vendor"`
	Effect      string          `json:"effect"`
	Local       bool            `json:"local"`
	Input       json.RawMessage `json:"input"`
	Output      json.RawMessage `json:"output"`
	Timeout     time.Duration   `json:"-"`
	TimeoutMS   int64           `json:"timeout_ms"`
	Untrusted   bool            `json:"untrusted"`         // the output may hold text of an attacker
	Confirm     string          `json:"confirm,omitempty"` // the read operation that tells whether it took effect
	Example     Example         `json:"example"`
}

// Example is a recorded exchange of an operation. Request, Body and Response are absent for native operations.
type Example struct {
	Arguments json.RawMessage `json:"arguments"`
	Request   string          `json:"request,omitempty"` // METHOD and request URI
	Body      json.RawMessage `json:"body,omitempty"`
	Response  json.RawMessage `json:"response,omitempty"`
	Output    json.RawMessage `json:"output"`
}

// Info is what a settings page needs to know of a connector.
type Info struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Vendor  string  `json:"vendor"`
	Docs    string  `json:"docs,omitempty"`
	Native  bool    `json:"native"` // needs no connection of its own
	BaseURL string  `json:"base_url,omitempty"`
	Auth    string  `json:"auth"` // how calls prove who makes them
	Fields  []Field `json:"fields"`
}

// Field is one field of a connector's connections.
type Field struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Secret   bool   `json:"secret"`
	Required bool   `json:"required"`
	Instead  bool   `json:"instead,omitempty"` // a ready access token, in place of the client's id and secret
}

// New loads the manifests and the data of the native connectors.
func New(opts Options) (*Registry, error) {
	r := &Registry{
		connectors: map[string]*connectorEntry{}, operations: map[string]*operationEntry{},
		connections: map[string]map[string]*connection{}, httpOptions: opts.HTTP, now: opts.Now,
	}
	if r.now == nil {
		r.now = time.Now
	}
	r.clients = newClients(opts.HTTP)
	natives, err := r.openNatives(opts)
	if err != nil {
		return nil, err
	}
	dirs, labels := slices.Clone(opts.Manifests), make([]string, len(opts.Manifests))
	for _, dir := range opts.Dirs {
		dirs, labels = append(dirs, os.DirFS(dir)), append(labels, dir)
	}
	manifests, err := loadManifests(dirs, labels)
	if err != nil {
		return nil, err
	}
	for _, m := range manifests {
		if err := r.addManifest(m, natives); err != nil {
			return nil, soc.Errorf(soc.Invalid, "connector %s: %w", m.Name, err)
		}
	}
	return r, nil
}

func (r *Registry) openNatives(opts Options) (map[string]nativeFunc, error) {
	countries, err := geoip.Open(opts.GeoIP)
	if err != nil {
		return nil, err
	}
	lists, err := intel.Open(opts.Intel)
	if err != nil {
		return nil, err
	}
	r.intel = lists
	networks, err := netclass.Open(opts.Clouds)
	if err != nil {
		return nil, err
	}
	catalogue, err := kev.Open(opts.KEV)
	if err != nil {
		return nil, err
	}
	natives := nativeFuncs(countries, lists, networks, catalogue, opts.Memory)
	maps.Copy(natives, alertFuncs(opts.Alerts))
	return natives, nil
}

func (r *Registry) addManifest(m *manifest, natives map[string]nativeFunc) error {
	entry := &connectorEntry{manifest: m}
	for _, text := range m.Message {
		p, err := parsePointer(text)
		if err != nil {
			return fmt.Errorf("message: %w", err)
		}
		entry.message = append(entry.message, p)
	}
	if s := m.Refused; s != nil {
		entry.refused = &refusal{equals: s.Equals, kinds: s.Kinds}
		var err error
		if entry.refused.at, err = parsePointer(s.At); err != nil {
			return fmt.Errorf("refused: %w", err)
		}
		if entry.refused.word, err = parsePointer(s.Word); err != nil {
			return fmt.Errorf("refused: %w", err)
		}
	}
	r.connectors[m.Name] = entry
	for name, spec := range m.Operations {
		op, err := compileOperation(entry, name, spec)
		if err != nil {
			return fmt.Errorf("operation %s: %w", name, err)
		}
		if m.Native {
			if op.native = natives[op.info.Name]; op.native == nil {
				return fmt.Errorf("operation %s: there is no such native operation", name)
			}
		}
		r.operations[op.info.Name] = op
	}
	if m.Native { // needs no configuration, so it has its one connection from the start
		return r.AddConnection(Connection{Name: m.Name, Connector: m.Name, Title: m.Title})
	}
	return nil
}

// Operations lists every operation, sorted by name.
func (r *Registry) Operations() []Operation {
	out := make([]Operation, 0, len(r.operations))
	for _, op := range r.operations {
		out = append(out, op.info)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Connectors lists every connector, sorted by name.
func (r *Registry) Connectors() []Info {
	out := make([]Info, 0, len(r.connectors))
	for _, c := range r.connectors {
		m := c.manifest
		info := Info{Name: m.Name, Title: m.Title, Vendor: m.Vendor, Docs: m.Docs, Native: m.Native, BaseURL: m.Connection.BaseURL.Default, Auth: m.Auth.Kind, Fields: []Field{}}
		for name, f := range m.Connection.Fields {
			info.Fields = append(info.Fields, Field{Name: name, Title: f.Title, Secret: f.Secret, Required: f.Required, Instead: m.Auth.Kind == "oauth2" && name == m.Auth.Token})
		}
		sort.Slice(info.Fields, func(i, j int) bool { return info.Fields[i].Name < info.Fields[j].Name })
		out = append(out, info)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Connections lists every connection, sorted by connector and name.
func (r *Registry) Connections() []ConnectionInfo {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var out []ConnectionInfo
	for _, byName := range r.connections {
		for _, c := range byName {
			out = append(out, c.info)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Connector != out[j].Connector {
			return out[i].Connector < out[j].Connector
		}
		return out[i].Name < out[j].Name
	})
	return out
}

// ConnectionNames gives the names of each connector's connections, sorted; a connector without one has none.
func (r *Registry) ConnectionNames() map[string][]string {
	out := map[string][]string{}
	for name := range r.connectors {
		out[name] = []string{}
	}
	for _, c := range r.Connections() {
		out[c.Connector] = append(out[c.Connector], c.Name)
	}
	return out
}

// Refresh loads indicator lists again whose files have changed. An error leaves the lists as they were.
func (r *Registry) Refresh() (changed bool, err error) { return r.intel.Refresh() }

// Watch calls Refresh every interval until ctx ends, and hands its errors to report.
func (r *Registry) Watch(ctx context.Context, interval time.Duration, report func(error)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := r.Refresh(); err != nil {
				report(err)
			}
		}
	}
}

func parseBaseURL(text string, allowPrivate, hasSecrets bool) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, fmt.Errorf("base URL %q is not https://HOST[/PATH]", oneLine(text, 100))
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("base URL of %s: user names, queries and fragments do not belong there", base.Host)
	}
	if base.Scheme == "http" && hasSecrets && !allowPrivate {
		return nil, fmt.Errorf("base URL %s: secrets are not sent over plain HTTP; use https, or allow_private for a local service", text)
	}
	return base, nil
}
