package phrase

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shenwei/bot/phrase/scripted"
)

// honest is a model that says what it was given to re-word.
func honest(r scripted.Request) string {
	if text := scripted.Source(r); text != "" {
		return text
	}
	return "您好，很高兴为您服务。"
}

func TestAProbeTellsAnOperatorWhatIsWrong(t *testing.T) {
	say := scripted.Answer{From: honest}
	broken := func(f scripted.Fault) scripted.Answer {
		return scripted.Answer{From: honest, Fault: f, After: 1, Gap: 10 * time.Millisecond, Size: 3 << 20}
	}
	cases := []struct {
		name   string
		server scripted.Config
		answer scripted.Answer
		body   map[string]any
		code   int
		says   []string
		// trusted has the authority's certificate known.
		trusted bool
	}{
		{"all is well", scripted.Config{}, say, nil, 0, []string{"ok connection:", "ok model:", "scripted is there", "ok stream:", "6 of 6 were verified"}, false},
		{"a model that thinks", scripted.Config{Dialect: scripted.VLLM}, say, nil, 0, []string{"warn thinking:", `{"chat_template_kwargs":{"enable_thinking":false}}`, "6 of 6"}, false},
		{"thoughts turned off", scripted.Config{Dialect: scripted.VLLM}, say, map[string]any{"chat_template_kwargs": map[string]any{"enable_thinking": false}}, 0, []string{"ok without stream:", "6 of 6"}, false},
		{"only streams", scripted.Config{Dialect: scripted.DashScopeStreamOnly}, say, nil, 0, []string{"warn without stream:", "may be of no matter", "6 of 6"}, false},
		{"another key", scripted.Config{Key: "another"}, say, nil, 1, []string{"fail key:", "llm.api_key", "Incorrect API key"}, false},
		{"no balance", scripted.Config{Dialect: scripted.DeepSeek}, scripted.Refuse(scripted.NoMoney), nil, 1, []string{"fail stream:", "top it up", "Insufficient Balance"}, false},
		{"too many requests", scripted.Config{}, scripted.Refuse(scripted.Limited), nil, 1, []string{"fail stream:", "limits of the account"}, false},
		{"a filter", scripted.Config{Dialect: scripted.DashScope}, scripted.Refuse(scripted.Filtered), nil, 1, []string{"fail stream:", "its filter stopped it", "inappropriate content"}, false},
		{"no such model", scripted.Config{Models: []string{"qwen-plus", "qwen-max"}}, say, nil, 1, []string{"fail model:", "it has qwen-plus, qwen-max"}, false},
		{"an old field", scripted.Config{Dialect: scripted.Newer}, say, nil, 1, []string{"fail stream:", "llm.max_completion_tokens"}, false},
		{"no model server", scripted.Config{}, broken(scripted.HTML), nil, 1, []string{"fail stream:"}, false},
		{"English", scripted.Config{}, scripted.Say("Hello! I am happy to help you with your application today."), nil, 1, []string{"warn language:", "fail wordings:", "none of 6"}, false},
		{"free with facts", scripted.Config{}, scripted.Say("您好，办理只要1元，打13900000000。"), nil, 1, []string{"fail wordings:", "none of 6"}, false},
		{"a 50 MB stream", scripted.Config{}, scripted.Answer{Text: "好", Fault: scripted.Huge}, nil, 1, []string{"fail stream:", "too long"}, false},
		{"garbage", scripted.Config{}, broken(scripted.Garbage), nil, 1, []string{"fail stream:"}, false},
		{"an error object", scripted.Config{}, broken(scripted.ErrorIn200), nil, 1, []string{"fail stream:"}, false},
		{"cut off", scripted.Config{}, broken(scripted.Cut), nil, 1, []string{"fail stream:"}, false},
		{"hanging", scripted.Config{}, broken(scripted.Hang), nil, 1, []string{"fail stream:", "too slow"}, false},
		{"dripping", scripted.Config{}, scripted.Answer{Text: "好", Fault: scripted.Drip, Gap: 1200 * time.Millisecond}, nil, 1, []string{"fail stream:"}, false},
		{"only thoughts", scripted.Config{}, broken(scripted.OnlyThought), nil, 1, []string{"fail stream:", "no words"}, false},
		{"half characters", scripted.Config{}, broken(scripted.HalfRune), nil, 1, []string{"fail stream:"}, false},
		{"a redirect", scripted.Config{Moved: "http://127.0.0.1:9/"}, broken(scripted.Redirect), nil, 1, []string{"fail stream:", "redirects", "never followed"}, false},
		{"slow first words", scripted.Config{}, scripted.Answer{From: honest, Wait: 1800 * time.Millisecond}, nil, 1, []string{"fail stream:", "every wording would be given up"}, false},
		{"an unknown authority", scripted.Config{TLS: scripted.Good}, say, nil, 1, []string{"fail connection:", "llm.ca_file"}, false},
		{"a known authority", scripted.Config{TLS: scripted.Good}, say, nil, 0, []string{"certificate is valid until", "6 of 6"}, true},
		{"an expired certificate", scripted.Config{TLS: scripted.Expired}, say, nil, 1, []string{"fail connection:", "has expired"}, true},
		{"another host's certificate", scripted.Config{TLS: scripted.WrongHost}, say, nil, 1, []string{"fail connection:", "not for 127.0.0.1"}, true},
	}
	know := knowledge(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := scripted.New(t, c.server)
			s.Script(c.answer)
			own := Server{BaseURL: s.URL, Model: scripted.Model, Key: "the-key", ExtraBody: c.body, Temperature: 0.2}
			if c.trusted {
				own.Roots = s.Roots()
			}
			var said strings.Builder
			code := 0
			Probe(t.Context(), own, know, false, func(f Finding) {
				fmt.Fprintf(&said, "%s %s: %s\n", f.Grade, f.Name, f.Says)
				if f.Grade == Fail {
					code = 1
				}
			})
			if code != c.code {
				t.Errorf("grade %d, want %d", code, c.code)
			}
			for _, w := range append(c.says, ": ") {
				if !strings.Contains(said.String(), w) {
					t.Errorf("it does not say %q", w)
				}
			}
			if strings.Contains(said.String(), "the-key") {
				t.Error("it prints the key")
			}
			if t.Failed() {
				t.Log(said.String())
			}
		})
	}
}
