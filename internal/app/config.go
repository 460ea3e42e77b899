package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"picket/internal/ingest"
	"picket/internal/soc"
)

// Config is the file picket.yaml: what an operator says about the outside. Unknown keys are errors. Every secret has a
// twin ending in _file that names a file to read it from.
type Config struct {
	Sources     map[string]SourceConfig `yaml:"sources"`
	Connections []ConnectionConfig      `yaml:"connections"`
	Models      ModelsConfig            `yaml:"models"`
	Intel       IntelConfig             `yaml:"intel"`
	Floors      []FloorConfig           `yaml:"floors"`
	Closing     []ClosingConfig         `yaml:"closing"`
	MCP         []MCPConfig             `yaml:"mcp"`
}

// SourceConfig is one hook: POST /v1/hooks/{name}.
type SourceConfig struct {
	Kind           ingest.Kind     `yaml:"kind"` // generic | wazuh | defender | guardduty
	Token          string          `yaml:"token"`
	TokenFile      string          `yaml:"token_file"`
	HMACSecret     string          `yaml:"hmac_secret"`
	HMACSecretFile string          `yaml:"hmac_secret_file"`
	ReplayWindow   time.Duration   `yaml:"replay_window"`   // of HMAC timestamps; 5m unless said
	RatePerSecond  float64         `yaml:"rate_per_second"` // 1000 unless said
	Mapping        *ingest.Mapping `yaml:"mapping"`         // generic: where the facts stand in the body
}

// ConnectionConfig is one configured account of a connector.
type ConnectionConfig struct {
	Name         string            `yaml:"name"`
	Connector    string            `yaml:"connector"`
	BaseURL      string            `yaml:"base_url"`
	Settings     map[string]string `yaml:"settings"`
	Secrets      map[string]string `yaml:"secrets"`
	SecretFiles  map[string]string `yaml:"secrets_file"`
	AllowPrivate bool              `yaml:"allow_private"` // the vendor stands at a private address
}

// IntelConfig names the files that enrichment reads.
type IntelConfig struct {
	Lists  []string `yaml:"lists"`  // files or directories: text, CSV, MISP warning lists
	KEV    string   `yaml:"kev"`    // CISA's known_exploited_vulnerabilities.json, instead of the built-in one
	Clouds []string `yaml:"clouds"` // cloud ranges: MISP warning lists, AWS's or Google's range files
	GeoIP  string   `yaml:"geoip"`  // an MMDB file of countries, instead of the built-in one
}

// LoadConfig reads a configuration file and the files of its secrets.
func LoadConfig(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, soc.Errorf(soc.Invalid, "the configuration can't be read: %v", err)
	}
	var c Config
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, soc.Errorf(soc.Invalid, "%s: %v", path, err)
	}
	if err := c.resolve(); err != nil {
		return Config{}, soc.Errorf(soc.Invalid, "%s: %v", path, err)
	}
	return c, nil
}

// resolve reads the secrets' files and checks what can be checked before anything starts.
func (c *Config) resolve() error {
	for name, s := range c.Sources {
		if err := secretFile(&s.Token, s.TokenFile, "sources."+name+".token"); err != nil {
			return err
		}
		if err := secretFile(&s.HMACSecret, s.HMACSecretFile, "sources."+name+".hmac_secret"); err != nil {
			return err
		}
		if s.Token == "" && s.HMACSecret == "" {
			return fmt.Errorf("sources.%s has neither token nor hmac_secret: anybody could post alerts", name)
		}
		c.Sources[name] = s
	}
	for i := range c.Connections {
		conn := &c.Connections[i]
		for field, path := range conn.SecretFiles {
			value := conn.Secrets[field]
			if err := secretFile(&value, path, "connections."+conn.Name+".secrets."+field); err != nil {
				return err
			}
			if conn.Secrets == nil {
				conn.Secrets = map[string]string{}
			}
			conn.Secrets[field] = value
		}
	}
	for i := range c.MCP {
		m := &c.MCP[i]
		if m.Name == "" || m.URL == "" {
			return fmt.Errorf("mcp[%d] needs a name and a url", i)
		}
		if err := secretFile(&m.Token, m.TokenFile, "mcp."+m.Name+".token"); err != nil {
			return err
		}
	}
	for _, f := range c.Floors {
		if err := f.check(); err != nil {
			return err
		}
	}
	for _, p := range c.Closing {
		if err := p.check(time.Now()); err != nil {
			return err
		}
	}
	if len(c.Closing) > 0 && !c.Models.MaskBenign {
		return errors.New("closing: set models.mask_benign, so that no alert closes because of what stands in it")
	}
	return c.Models.resolve()
}

// secretFile fills a secret from its file; giving both is a mistake.
func secretFile(secret *string, path, what string) error {
	if path == "" {
		return nil
	}
	if *secret != "" {
		return fmt.Errorf("at most one of %s and %s_file", what, what)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s_file: %w", what, err)
	}
	*secret = strings.TrimSpace(string(text))
	return nil
}
