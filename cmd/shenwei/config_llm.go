package main

import (
	"shenwei/bot/phrase"
	"shenwei/internal/fault"
)

// llmConfig is the language model that may choose the words of answers; without base_url there is
// none.
type llmConfig struct {
	BaseURL string `yaml:"base_url"`
	APIKey  string `yaml:"api_key"`
	Model   string `yaml:"model"`
	// ExtraBody is merged into every request, ExtraHeaders are sent with it; as environment variables
	// they are JSON objects.
	ExtraBody           map[string]any    `yaml:"extra_body"`
	ExtraHeaders        map[string]string `yaml:"extra_headers"`
	Temperature         float64           `yaml:"temperature"`
	MaxCompletionTokens bool              `yaml:"max_completion_tokens"`
	Proxy               string            `yaml:"proxy"`
	CAFile              string            `yaml:"ca_file"`
	// Phrase re-words answers; Understand is the second use. Warm makes wordings when a release goes
	// live.
	Phrase       bool `yaml:"phrase"`
	Understand   bool `yaml:"understand"`
	Warm         bool `yaml:"warm"`
	SendQuestion bool `yaml:"send_question"`
	DailyTokens  int  `yaml:"daily_tokens"`
	PerCitizen   int  `yaml:"per_citizen"`
	WarmPercent  int  `yaml:"warm_percent"`
}

func defaultLLM() llmConfig {
	return llmConfig{Phrase: true, Warm: true, DailyTokens: 2_000_000, PerCitizen: 20, WarmPercent: 50, Temperature: 0.2}
}

func (l llmConfig) on() bool { return l.BaseURL != "" }

func (l llmConfig) server() (phrase.Server, error) {
	roots, err := rootsOf("llm.ca_file", l.CAFile)
	return phrase.Server{
		BaseURL: l.BaseURL, Key: l.APIKey, Model: l.Model, ExtraBody: l.ExtraBody, ExtraHeaders: l.ExtraHeaders,
		MaxCompletionTokens: l.MaxCompletionTokens, Temperature: float32(l.Temperature), Proxy: l.Proxy, Roots: roots,
	}, err
}

func (l llmConfig) budget() phrase.Budget {
	return phrase.Budget{DailyTokens: l.DailyTokens, PerCitizen: l.PerCitizen, WarmShare: float64(l.WarmPercent) / 100}
}

func (l llmConfig) check() error {
	if !l.on() {
		if l.APIKey != "" || l.Model != "" || l.Understand {
			return fault.New(fault.BadRequest, "llm.base_url: it is empty, and other keys of llm are set; write the server's whole base, or take the others away")
		}
		return nil
	}
	switch {
	case l.DailyTokens < 0 || l.PerCitizen < 0:
		return fault.New(fault.BadRequest, "llm: daily_tokens and per_citizen must not be negative; 0 is no limit")
	case l.WarmPercent < 0 || l.WarmPercent > 100:
		return fault.New(fault.BadRequest, "llm.warm_percent: write 0 to 100")
	}
	server, err := l.server()
	if err != nil {
		return err
	}
	return server.Check()
}
