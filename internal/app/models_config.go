package app

import (
	"errors"
	"fmt"

	"gopkg.in/yaml.v3"

	"picket/internal/model"
)

// ModelsConfig names the providers of model steps.
type ModelsConfig struct {
	Default   Names                  `yaml:"default"` // one provider, or several in the order in which they are asked; builtin unless said
	Gemini    *GeminiConfig          `yaml:"gemini"`
	OpenAI    []OpenAIConfig         `yaml:"openai"` // servers that speak OpenAI's Chat Completions API
	Anthropic *AnthropicConfig       `yaml:"anthropic"`
	Recorded  *RecordedConfig        `yaml:"recorded"`
	Committee map[string][]string    `yaml:"committee"` // by its name: providers that have to agree
	Fallback  map[string][]string    `yaml:"fallback"`  // by its name: providers or committees in the order in which they are asked
	Prices    map[string]PriceConfig `yaml:"prices"`    // by the model's name, US dollars for a million tokens; what is not here has no known cost
	Budgets   BudgetsConfig          `yaml:"budgets"`
	// MaskBenign asks a model for a benign verdict again, with the texts masked that an attacker can have written.
	MaskBenign bool `yaml:"mask_benign"`
}

// Names is one name or a list of them.
type Names []string

// UnmarshalYAML reads a text or a list of texts.
func (n *Names) UnmarshalYAML(node *yaml.Node) error {
	var one string
	if node.Decode(&one) == nil {
		if *n = nil; one != "" {
			*n = Names{one}
		}
		return nil
	}
	return node.Decode((*[]string)(n))
}

// GeminiConfig is Google's Gemini.
type GeminiConfig struct {
	Endpoint     string `yaml:"endpoint"`
	Key          string `yaml:"key"`
	KeyFile      string `yaml:"key_file"`
	Model        string `yaml:"model"`
	MaxTokens    int    `yaml:"max_tokens"` // of an answer; 8192 unless said
	AllowPrivate bool   `yaml:"allow_private"`
}

// OpenAIConfig is one server that speaks OpenAI's Chat Completions API.
type OpenAIConfig struct {
	Name         string         `yaml:"name"`
	BaseURL      string         `yaml:"base_url"` // with /v1; OpenAI's own unless said
	Key          string         `yaml:"key"`
	KeyFile      string         `yaml:"key_file"`
	Model        string         `yaml:"model"`
	MaxTokens    int            `yaml:"max_tokens"`
	Structured   string         `yaml:"structured"` // json_schema unless said, json_object or text
	Stream       *bool          `yaml:"stream"`     // true unless said
	Extra        map[string]any `yaml:"extra"`      // members of the request that this server knows
	AllowPrivate bool           `yaml:"allow_private"`
}

// AnthropicConfig is Anthropic's Claude.
type AnthropicConfig struct {
	BaseURL      string `yaml:"base_url"`
	Key          string `yaml:"key"`
	KeyFile      string `yaml:"key_file"`
	Model        string `yaml:"model"`
	MaxTokens    int    `yaml:"max_tokens"`
	Stream       *bool  `yaml:"stream"`
	AllowPrivate bool   `yaml:"allow_private"`
}

// RecordedConfig is where transcripts are kept, and whose answers become one.
type RecordedConfig struct {
	Dir    string   `yaml:"dir"`
	Record []string `yaml:"record"` // providers whose answers are recorded
}

// PriceConfig is what a model costs; both are needed, and 0 is a price.
type PriceConfig struct {
	In  *float64 `yaml:"in"`
	Out *float64 `yaml:"out"`
}

func (c ModelsConfig) prices() model.Prices {
	prices := model.Prices{}
	for name, p := range c.Prices {
		prices[name] = model.Price{In: *p.In, Out: *p.Out}
	}
	return prices
}

// BudgetsConfig is what may be used in a day, in UTC.
type BudgetsConfig struct {
	LimitConfig `yaml:",inline"`       // of all playbooks together
	Playbooks   map[string]LimitConfig `yaml:"playbooks"` // by name; "*" is each that has none of its own
}

// LimitConfig is a day's limit; 0 is none.
type LimitConfig struct {
	DayUSD    float64 `yaml:"day_usd"`
	DayTokens int64   `yaml:"day_tokens"`
}

func (l LimitConfig) limit() model.Limit { return model.Limit{USD: l.DayUSD, Tokens: l.DayTokens} }

func (b BudgetsConfig) budgets() model.Budgets {
	all := model.Budgets{Day: b.limit(), Playbooks: map[string]model.Limit{}}
	for name, l := range b.Playbooks {
		all.Playbooks[name] = l.limit()
	}
	return all
}

// inMoney tells whether a budget counts money.
func (b BudgetsConfig) inMoney() bool {
	money := b.DayUSD > 0
	for _, l := range b.Playbooks {
		money = money || l.DayUSD > 0
	}
	return money
}

// resolve reads the keys' files and checks what needs no provider.
func (c *ModelsConfig) resolve() error {
	if g := c.Gemini; g != nil {
		if err := secretFile(&g.Key, g.KeyFile, "models.gemini.key"); err != nil {
			return err
		}
	}
	for i := range c.OpenAI {
		o := &c.OpenAI[i]
		if err := secretFile(&o.Key, o.KeyFile, fmt.Sprintf("models.openai[%d].key", i)); err != nil {
			return err
		}
	}
	if a := c.Anthropic; a != nil {
		if err := secretFile(&a.Key, a.KeyFile, "models.anthropic.key"); err != nil {
			return err
		}
	}
	for name, p := range c.Prices {
		if p.In == nil || p.Out == nil || *p.In < 0 || *p.Out < 0 {
			return fmt.Errorf("models.prices.%s needs in and out, which are not below 0", name)
		}
	}
	limits := []LimitConfig{c.Budgets.LimitConfig}
	for _, l := range c.Budgets.Playbooks {
		limits = append(limits, l)
	}
	for _, l := range limits {
		if l.DayUSD < 0 || l.DayTokens < 0 {
			return errors.New("models.budgets: a limit is below 0")
		}
	}
	return nil
}
