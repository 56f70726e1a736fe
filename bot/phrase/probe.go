package phrase

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"shenwei/internal/fault"
	"shenwei/internal/outward"
	"shenwei/kb"
)

// Grade is how bad a finding is.
type Grade string

// The grades.
const (
	Good Grade = "ok"
	Warn Grade = "warn" // it works, and something should be better
	Fail Grade = "fail" // citizens would read the published words
)

// Finding is one thing that Probe looked at, in words for an operator.
type Finding struct {
	Name  string `json:"name"`
	Grade Grade  `json:"grade"`
	Says  string `json:"says"`
}

// samples are the texts that Probe has re-worded: facts of every kind, and nothing of anybody.
var samples = []struct{ title, text string }{
	{"普通护照首次申请", "本人到任一出入境窗口办理，收费120元，一般7个工作日内办好。未满16周岁的须由监护人陪同。"},
	{"居民身份证丢失补领", "- 带户口簿到派出所户籍窗口补领\n- 收费40元，法定60日内领证\n- 咨询电话12345"},
	{"机动车驾驶证期满换证", "有效期满前90日内可以换证，工本费10元，1个工作日办结。超过一年未换证的，驾驶证会被注销。"},
}

const (
	// sampleRounds is how often each sample is asked for.
	sampleRounds = 2
	// probeWithin bounds one request of a probe: longer than a citizen waits, so that a slow server is
	// told from one that hangs.
	probeWithin = 20 * time.Second
)

// Probe tries a server the way answers do, and tells what an operator can do about what it finds. It
// stops at the first thing without which the rest makes no sense. quick leaves out what only costs
// time and tokens: the list of models, the answer without stream, and all samples but one.
func Probe(ctx context.Context, s Server, know *kb.Knowledge, quick bool, found func(Finding)) {
	p := &prober{server: s, dict: NewDictionary(know), found: found}
	if err := s.Check(); err != nil {
		p.fail("address", "%s", fault.MessageOf(err))
		return
	}
	client, err := NewClient(s)
	if err != nil {
		p.fail("address", "%s", fault.MessageOf(err))
		return
	}
	defer client.Close()
	p.client = client
	if s.Key == "" && !outward.Near(hostOf(s.BaseURL)) {
		p.say(Warn, "key", "llm.api_key is empty; servers on the internet ask for one")
	}
	if !p.reach(ctx) || (!quick && !p.models(ctx)) {
		return
	}
	if !quick {
		p.whole(ctx)
	}
	if p.stream(ctx) {
		p.samples(ctx, quick)
	}
}

type prober struct {
	server Server
	client *Client
	dict   *Dictionary
	found  func(Finding)
}

func (p *prober) say(g Grade, name, format string, args ...any) {
	p.found(Finding{name, g, fmt.Sprintf(format, args...)})
}

func (p *prober) fail(name, format string, args ...any) { p.say(Fail, name, format, args...) }

// reach asks for anything at all, to see the network, the certificate and whether there is HTTP.
func (p *prober) reach(ctx context.Context) bool {
	begun := time.Now()
	got, err := p.get(ctx, "/models")
	if err != nil {
		p.fail("connection", "%s", unreachable(p.server.BaseURL, err))
		return false
	}
	says := "reached in " + time.Since(begun).Round(time.Millisecond).String()
	if got.tls != nil && len(got.tls.PeerCertificates) > 0 {
		until := got.tls.PeerCertificates[0].NotAfter
		says += ", its certificate is valid until " + until.Format(time.DateOnly)
		if time.Until(until) < 14*24*time.Hour {
			p.say(Warn, "connection", "%s: that is soon", says)
			return true
		}
	}
	p.say(Good, "connection", "%s", says)
	return true
}

// models looks the model up in the server's list, where it has one.
func (p *prober) models(ctx context.Context) bool {
	got, err := p.get(ctx, "/models")
	switch {
	case err != nil:
		p.fail("model", "%s", unreachable(p.server.BaseURL, err))
		return false
	case got.status == http.StatusUnauthorized || got.status == http.StatusForbidden:
		p.fail("key", "%s", refused(got))
		return false
	case got.status >= 300 && got.status < 400:
		p.fail("address", "it redirects to %q, which is never followed: configure that address if you trust it", got.location)
		return false
	case got.status != http.StatusOK:
		p.say(Good, "model", "the server has no list of models; whether it has %s the next request tells", p.server.Model)
		return true
	case got.html():
		p.fail("address", "%s is a web page, not a model server; the base often ends in /v1 or the like", p.server.BaseURL)
		return false
	}
	list := got.models()
	switch {
	case len(list) == 0:
		p.say(Warn, "model", "the server's list of models is empty or of an unknown form")
	case !slices.Contains(list, p.server.Model):
		p.fail("model", "the server does not list %q; it has %s", p.server.Model, some(list))
		return false
	default:
		p.say(Good, "model", "%s is there", p.server.Model)
	}
	return true
}

// whole asks once without a stream. We never do; that it fails is only worth knowing.
func (p *prober) whole(ctx context.Context) {
	got, err := p.ask(ctx, "请用一句中文问好。")
	switch {
	case err != nil:
		p.say(Warn, "without stream", "%s; answers use streams, so this may be of no matter", unreachable(p.server.BaseURL, err))
	case got.status != http.StatusOK:
		p.say(Warn, "without stream", "%s; answers use streams, so this may be of no matter", refused(got))
	default:
		text, thinks, ok := got.message()
		switch {
		case !ok:
			p.say(Warn, "without stream", "the answer is no chat completion: %s", got.head())
		case thinks:
			p.say(Warn, "thinking", "the model thinks before it speaks, which costs seconds and tokens; turn it off in llm.extra_body: %s", thinkingOff(p.server.BaseURL))
		default:
			p.say(Good, "without stream", "%d characters", utf8.RuneCountInString(text))
		}
	}
}

// stream asks as answers do.
func (p *prober) stream(ctx context.Context) bool {
	patient := p.server
	patient.FirstWithin = probeWithin
	client, err := NewClient(patient)
	if err != nil {
		p.fail("stream", "%s", fault.MessageOf(err))
		return false
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	var first time.Duration
	begun := time.Now()
	said, err := client.Ask(ctx, messages("你是一个中文助手。", map[string]string{"问题": "请用一句中文问好。"}), maxTokens, func(string) {
		if first == 0 {
			first = time.Since(begun)
		}
	}, nil)
	whole := time.Since(begun)
	var server *ServerError
	switch {
	case errors.As(err, &server) && server.Status != 0:
		p.fail("stream", "%s", p.why(ctx, server))
		return false
	case err != nil:
		p.fail("stream", "%s", strings.TrimPrefix(err.Error(), "model server: "))
		return false
	case !chinese(said.Text):
		p.say(Warn, "language", "asked in Chinese it does not answer in Chinese: answers like this are never used")
	}
	switch says := fmt.Sprintf("first words after %v, all after %v", first.Round(time.Millisecond), whole.Round(time.Millisecond)); {
	case first > firstWithin:
		p.fail("stream", "%s: citizens are given %v for the first words, so every wording would be given up", says, firstWithin)
		return false
	case whole > webWithin/2:
		p.say(Warn, "stream", "%s: longer answers may not be ready in %v", says, webWithin)
	default:
		p.say(Good, "stream", "%s, %d tokens", says, said.Tokens)
	}
	return true
}

// why asks once more to hear what a server says of its refusal: there is nobody's words in it.
func (p *prober) why(ctx context.Context, e *ServerError) string {
	got, err := p.askStream(ctx, "请用一句中文问好。")
	if err != nil || got.status == http.StatusOK {
		return strings.TrimPrefix(e.Error(), "model server: ")
	}
	return refused(got)
}

// samples has texts re-worded and verifies them as answers are.
func (p *prober) samples(ctx context.Context, quick bool) {
	used, asked := 0, 0
	why := map[string]int{}
	var took []time.Duration
	list, rounds := samples, sampleRounds
	if quick {
		list, rounds = list[:1], 1
	}
	for range rounds {
		for _, sample := range list {
			asked++
			begun := time.Now()
			if err := p.sample(ctx, sample.title, sample.text); err != nil {
				why[strings.TrimPrefix(err.Error(), "wording blocked: ")]++
				continue
			}
			used++
			took = append(took, time.Since(begun))
		}
	}
	slices.Sort(took)
	reasons := make([]string, 0, len(why))
	for r, n := range why {
		reasons = append(reasons, fmt.Sprintf("%d × %s", n, r))
	}
	slices.Sort(reasons)
	switch {
	case used == 0:
		p.fail("wordings", "none of %d could be verified (%s): with this model citizens read the published words", asked, strings.Join(reasons, "; "))
	case used*3 < asked*2:
		p.say(Warn, "wordings", "%d of %d were verified; the rest: %s", used, asked, strings.Join(reasons, "; "))
	default:
		says := fmt.Sprintf("%d of %d were verified, in %v", used, asked, took[len(took)/2].Round(time.Millisecond))
		if len(reasons) > 0 {
			says += "; the rest: " + strings.Join(reasons, "; ")
		}
		p.say(Good, "wordings", "%s", says)
	}
}

func (p *prober) sample(ctx context.Context, title, text string) error {
	ctx, cancel := context.WithTimeout(ctx, webWithin)
	defer cancel()
	src := p.dict.NewSource(text, title)
	canary := NewCanary()
	said, err := p.client.Ask(ctx, wordingPrompt(src, title, "", canary), outputLimit(src), nil, nil)
	if err != nil {
		return err
	}
	if canary.in(said.Text) {
		return errLeak
	}
	out, err := src.Restore(said.Text, false)
	if err != nil {
		return err
	}
	return src.Verify(trimmed(out))
}

// chinese tells whether at least half of the letters are Chinese characters.
func chinese(s string) bool {
	letters, han := 0, 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
			if unicode.Is(unicode.Han, r) {
				han++
			}
		}
	}
	return han > 0 && han*2 >= letters
}
