package app

import "picket/internal/model"

// ModelProvider builds one of the configured providers, outside of a running Picket; "" is the default.
func ModelProvider(c ModelsConfig, name string) (model.Provider, error) {
	models, err := newModels(c)
	if err != nil {
		return nil, err
	}
	return models.Provider(name)
}
