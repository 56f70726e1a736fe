package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"shenwei/bot/phrase"
	"shenwei/data"
	"shenwei/internal/fault"
	"shenwei/kb"
)

// phraseCmd is what an operator does with a language model beside serving.
type phraseCmd struct {
	Check phraseCheckCmd `cmd:"" help:"Try a model's server the way answers do, and tell what to do about what it finds."`
}

// phraseCheckCmd tries a server. What no flag says comes from llm.* of the configuration.
type phraseCheckCmd struct {
	BaseURL string `name:"base-url" help:"The server's base, all that stands before /chat/completions." placeholder:"URL"`
	Model   string `name:"model" help:"The model's name." placeholder:"NAME"`
	KeyFile string `name:"key-file" help:"A file with the key; else llm.api_key, SHENWEI_LLM_API_KEY or …_FILE." type:"path" placeholder:"FILE"`
	Body    string `name:"extra-body" help:"Fields for every request, a JSON object." placeholder:"JSON"`
	CAFile  string `name:"ca-file" help:"Authorities beside the system's, PEM." type:"path" placeholder:"FILE"`
	JSON    bool   `name:"json" help:"Print the findings as JSON."`
}

// Run prints each finding as it comes and ends with code 1 when citizens would get nothing from the
// model.
func (k *phraseCheckCmd) Run(ctx context.Context, c *cli) error {
	server, err := k.server(c)
	if err != nil {
		return err
	}
	know, err := shippedKnowledge()
	if err != nil {
		return err
	}
	var all []phrase.Finding
	phrase.Probe(ctx, server, know, false, func(f phrase.Finding) {
		all = append(all, f)
		if !k.JSON {
			fmt.Printf("%-4s  %-14s %s\n", mark(f.Grade), f.Name, f.Says)
		}
	})
	if k.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(map[string]any{"ok": !failed(all), "findings": all}); err != nil {
			return err
		}
	}
	if failed(all) {
		return exitError(1)
	}
	return nil
}

// over lays the flags over the configuration. Another server than the configured one gets neither
// its key nor its fields: only what the environment or a flag says.
func (k *phraseCheckCmd) over(l *llmConfig) {
	if k.BaseURL != "" && k.BaseURL != l.BaseURL {
		model := l.Model
		*l = defaultLLM()
		l.BaseURL, l.Model, l.APIKey = k.BaseURL, model, os.Getenv("SHENWEI_LLM_API_KEY")
	}
	if k.Model != "" {
		l.Model = k.Model
	}
	if k.CAFile != "" {
		l.CAFile = k.CAFile
	}
}

// server is the one of the configuration, with what the flags say over it.
func (k *phraseCheckCmd) server(c *cli) (phrase.Server, error) {
	cfg, err := c.loadConfig()
	if err != nil {
		return phrase.Server{}, err
	}
	l := cfg.LLM
	if !l.on() {
		return phrase.Server{}, fault.New(fault.BadRequest, "no server to try: say --base-url, or configure llm.base_url")
	}
	if k.KeyFile != "" {
		if l.APIKey, err = readKey(k.KeyFile); err != nil {
			return phrase.Server{}, err
		}
	}
	if k.Body != "" {
		if err := json.Unmarshal([]byte(k.Body), &l.ExtraBody); err != nil {
			return phrase.Server{}, fault.Wrap(fault.BadRequest, err, "--extra-body: write a JSON object, for example {\"enable_thinking\":false}")
		}
	}
	return l.server()
}

// readKey reads a key from a file, without the line's end.
func readKey(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fault.Wrap(fault.BadRequest, err, "--key-file: %s cannot be read", file)
	}
	return strings.TrimSpace(string(b)), nil
}

// shippedKnowledge is what the binary holds: enough to know names and organs by.
func shippedKnowledge() (*kb.Knowledge, error) {
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		return nil, err
	}
	return kb.Parse(docs)
}

func mark(g phrase.Grade) string {
	if g == phrase.Fail {
		return "FAIL"
	}
	return string(g)
}

func failed(all []phrase.Finding) bool {
	for _, f := range all {
		if f.Grade == phrase.Fail {
			return true
		}
	}
	return false
}

// modelWithin bounds what check spends on the model.
const modelWithin = 15 * time.Second

// checkModel tells in one finding what is wrong with the configured model, or that nothing is.
func (a *app) checkModel(ctx context.Context) (says string, err error) {
	if !a.cfg.LLM.on() {
		return "not configured: citizens read the published words", nil
	}
	server, err := a.cfg.LLM.server()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, modelWithin)
	defer cancel()
	var bad, good []string
	phrase.Probe(ctx, server, a.live.Current().Knowledge(), true, func(f phrase.Finding) {
		line := f.Name + ": " + f.Says
		if f.Grade == phrase.Good {
			good = append(good, line)
		} else {
			bad = append(bad, line)
		}
		if f.Grade == phrase.Fail && err == nil {
			err = fmt.Errorf("%s\nCitizens do not notice: they read the published words. See shenwei phrase check", line)
		}
	})
	return server.Model + "; " + strings.Join(append(bad, good...), "; "), err
}
