package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shenwei/bot/phrase"
	"shenwei/bot/phrase/scripted"
)

// honest is a model that says what it was given to re-word.
func honest(r scripted.Request) string {
	if text := scripted.Source(r); text != "" {
		return text
	}
	return "您好，很高兴为您服务。"
}

func TestPhraseCheckPrintsWhatItFinds(t *testing.T) {
	s := scripted.New(t, scripted.Config{TLS: scripted.Good})
	s.Script(scripted.Answer{From: honest})
	p := newProgram(t)
	p.env = []string{"SHENWEI_LLM_API_KEY=the-key"}
	args := []string{"phrase", "check", "--base-url", s.URL, "--model", scripted.Model}
	r := p.run(t, "", args...)
	if r.code != 1 || !strings.Contains(r.out, "FAIL  connection") || !strings.Contains(r.out, "llm.ca_file") {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
	}
	r = p.run(t, "", append(args, "--ca-file", writeCA(t, s), "--json")...)
	var said struct {
		OK       bool
		Findings []phrase.Finding
	}
	if err := json.Unmarshal([]byte(r.out), &said); err != nil || r.code != 0 || !said.OK || len(said.Findings) < 5 {
		t.Errorf("exit %d, %v: %s%s", r.code, err, r.out, r.err)
	}
	if strings.Contains(r.out+r.err, "the-key") {
		t.Error("it prints the key")
	}
	if got := s.Requests()[0].Header.Get("Authorization"); got != "Bearer the-key" {
		t.Errorf("the key of the environment is not used: %q", got)
	}
}

func writeCA(t *testing.T, s *scripted.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Authority()}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPhraseCheckSaysWhatItCannotTry(t *testing.T) {
	down := scripted.New(t, scripted.Config{})
	down.Down()
	cases := []struct {
		args []string
		code int
		says string
	}{
		{nil, 1, "say --base-url"},
		{[]string{"--base-url", down.URL, "--model", "m"}, 1, "nothing listens there"},
		{[]string{"--base-url", "http://no-such-host.invalid:1/v1", "--model", "m"}, 1, "plain http"},
		{[]string{"--base-url", "https://no-such-host.invalid/v1", "--model", "m"}, 1, "is not known here"},
		{[]string{"--base-url", down.URL}, 1, "llm.model"},
		{[]string{"--base-url", "ollama", "--model", "m"}, 1, "llm.base_url"},
		{[]string{"--base-url", down.URL, "--model", "m", "--extra-body", "x"}, 1, "JSON object"},
		{[]string{"--base-url", down.URL, "--model", "m", "--key-file", "/no/such"}, 1, "cannot be read"},
	}
	for _, c := range cases {
		r := newProgram(t).run(t, "", append([]string{"phrase", "check"}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.out+r.err, c.says) {
			t.Errorf("%v: exit %d, want %q in\n%s%s", c.args, r.code, c.says, r.out, r.err)
		}
	}
}

// What is configured for one server never reaches another that an operator tries.
func TestPhraseCheckSendsAKeyOnlyWhereItBelongs(t *testing.T) {
	own, other := scripted.New(t, scripted.Config{}), scripted.New(t, scripted.Config{})
	for _, s := range []*scripted.Server{own, other} {
		s.Script(scripted.Answer{From: honest})
	}
	file := filepath.Join(t.TempDir(), "shenwei.yaml")
	body := fmt.Sprintf("llm:\n  base_url: %s\n  model: scripted\n  api_key: secret-of-own\n", own.URL)
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newProgram(t)
	if r := p.run(t, "", "--config", file, "phrase", "check"); r.code != 0 {
		t.Fatalf("%s%s", r.out, r.err)
	}
	if r := p.run(t, "", "--config", file, "phrase", "check", "--base-url", other.URL); r.code != 0 {
		t.Fatalf("%s%s", r.out, r.err)
	}
	for s, want := range map[*scripted.Server]string{own: "Bearer secret-of-own", other: ""} {
		for _, r := range s.Requests() {
			if got := r.Header.Get("Authorization"); got != want {
				t.Errorf("%s got %q", r.Path, got)
			}
		}
	}
}

// shenwei check says in one line what is wrong with a configured model, and citizens never notice.
func TestCheckTellsOfTheModelAndCitizensNeverNotice(t *testing.T) {
	cases := map[string]struct {
		server scripted.Config
		answer scripted.Answer
		ok     bool
		says   string
	}{
		"fine":          {scripted.Config{}, scripted.Answer{From: honest}, true, "1 of 1 were verified"},
		"English":       {scripted.Config{}, scripted.Say("Please bring your passport to the office."), false, "none of 1"},
		"a certificate": {scripted.Config{TLS: scripted.Good}, scripted.Answer{From: honest}, false, "llm.ca_file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted.New(t, c.server)
			s.Script(c.answer)
			p := newProgram(t)
			p.env = []string{"SHENWEI_LLM_BASE_URL=" + s.URL, "SHENWEI_LLM_MODEL=" + scripted.Model}
			r := p.run(t, "", "check")
			line := ""
			for l := range strings.Lines(r.out) {
				if strings.Contains(l, "  model ") || line != "" && strings.HasPrefix(l, "      ") {
					line += l
				}
			}
			if (r.code == 0) != c.ok || strings.HasPrefix(line, "ok") != c.ok || !strings.Contains(line, c.says) {
				t.Errorf("exit %d, want %q in\n%s", r.code, c.says, r.out)
			}
			if c.ok {
				return
			}
			if answer := p.run(t, "", "ask", "护照快到期了怎么换"); answer.code != 0 || !strings.Contains(answer.out, "普通护照换发") {
				t.Errorf("a citizen notices: %s%s", answer.out, answer.err)
			}
		})
	}
}
