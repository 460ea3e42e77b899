package app

import (
	"picket/internal/connector"
	"picket/internal/model"
	"picket/internal/soc"
)

// modelProviders names the providers that the configuration gives.
type modelProviders struct {
	byName   map[string]model.Provider
	standard string
}

func newModels(c ModelsConfig) (*modelProviders, error) {
	builtin := model.NewBuiltin()
	m := &modelProviders{byName: map[string]model.Provider{builtin.Name(): builtin}, standard: builtin.Name()}
	if g := c.Gemini; g != nil {
		gemini, err := model.NewGemini(model.GeminiConfig{
			Endpoint: g.Endpoint, Key: g.Key, Model: g.Model,
			HTTP: connector.NewHTTPClient(connector.ClientOptions{AllowPrivate: g.AllowPrivate}),
		})
		if err != nil {
			return nil, err
		}
		m.byName[gemini.Name()] = gemini
	}
	if c.Default != "" {
		if _, ok := m.byName[c.Default]; !ok {
			return nil, soc.Errorf(soc.Invalid, "models.default is %q, which is not configured", c.Default)
		}
		m.standard = c.Default
	}
	return m, nil
}

// Provider finds a provider by name; "" is the default.
func (m *modelProviders) Provider(name string) (model.Provider, error) {
	if name == "" {
		name = m.standard
	}
	if p, ok := m.byName[name]; ok {
		return p, nil
	}
	return nil, soc.Errorf(soc.Invalid, "the model provider %q is not configured; add it to models in picket.yaml", name)
}
