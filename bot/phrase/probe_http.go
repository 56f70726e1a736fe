package phrase

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"unicode"

	openai "github.com/sashabaranov/go-openai"

	"shenwei/internal/mask"
)

// answered is what a server said to a probe, cut to what is looked at.
type answered struct {
	status   int
	kind     string // Content-Type
	location string
	body     []byte
	tls      *tls.ConnectionState
}

func (p *prober) get(ctx context.Context, path string) (answered, error) {
	return p.send(ctx, http.MethodGet, path, nil)
}

// ask asks for an answer without a stream.
func (p *prober) ask(ctx context.Context, question string) (answered, error) {
	return p.chat(ctx, question, false)
}

func (p *prober) askStream(ctx context.Context, question string) (answered, error) {
	return p.chat(ctx, question, true)
}

func (p *prober) chat(ctx context.Context, question string, stream bool) (answered, error) {
	body, err := p.client.body([]openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleUser, Content: question}}, maxTokens)
	if err != nil {
		return answered{}, err
	}
	if !stream {
		var fields map[string]any
		if err := json.Unmarshal(body, &fields); err != nil {
			return answered{}, err
		}
		delete(fields, "stream")
		delete(fields, "stream_options")
		if body, err = json.Marshal(fields); err != nil {
			return answered{}, err
		}
	}
	return p.send(ctx, http.MethodPost, "/chat/completions", body)
}

func (p *prober) send(ctx context.Context, method, path string, body []byte) (answered, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(p.server.BaseURL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.server.Key != "" {
		req.Header.Set("Authorization", "Bearer "+p.server.Key)
	}
	for name, value := range p.server.ExtraHeaders {
		req.Header.Set(name, value)
	}
	resp, err := p.client.http.Do(req)
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	got := answered{status: resp.StatusCode, kind: resp.Header.Get("Content-Type"), location: resp.Header.Get("Location"), tls: resp.TLS}
	got.body, err = io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	return got, err
}

func (a answered) html() bool {
	return strings.Contains(a.kind, "html") || bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<"))
}

// models are the names of a list of models, in either of the forms that servers have.
func (a answered) models() []string {
	var list struct {
		Data, Models []struct{ ID, Name string }
	}
	if json.Unmarshal(a.body, &list) != nil {
		return nil
	}
	var out []string
	for _, m := range append(list.Data, list.Models...) {
		if m.ID == "" {
			m.ID = m.Name
		}
		out = append(out, m.ID)
	}
	return out
}

// message is the answer's text and whether there are thoughts beside it.
func (a answered) message() (text string, thinks, ok bool) {
	var got struct {
		Choices []struct {
			Message struct {
				Content          string
				Reasoning        string `json:"reasoning"`
				ReasoningContent string `json:"reasoning_content"`
			}
		}
	}
	if json.Unmarshal(bytes.TrimSpace(bytes.TrimPrefix(a.body, []byte("\ufeff"))), &got) != nil || len(got.Choices) == 0 {
		return "", false, false
	}
	m := got.Choices[0].Message
	thinks = m.Reasoning != "" || m.ReasoningContent != "" || strings.Contains(m.Content, "</think>")
	return m.Content, thinks, m.Content != "" || thinks
}

// head is the beginning of what a server said, for an operator's eyes: one line of it, without what
// a terminal would obey.
func (a answered) head() string {
	var wrapped struct {
		Error json.RawMessage `json:"error"`
	}
	said := string(a.body)
	if json.Unmarshal(a.body, &wrapped) == nil && len(wrapped.Error) > 0 {
		said = string(wrapped.Error)
		var e struct{ Message string }
		if json.Unmarshal(wrapped.Error, &e) == nil && e.Message != "" {
			said = e.Message
		}
	}
	said = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, said)
	said = strings.Join(strings.Fields(said), " ")
	if r := []rune(said); len(r) > 160 {
		said = string(r[:160]) + "…"
	}
	return mask.Text(said)
}

// refused explains a status that is not 200.
func refused(a answered) string {
	what := map[int]string{
		http.StatusUnauthorized:    "the key is not accepted: look at llm.api_key",
		http.StatusForbidden:       "the key may not use this model: look at the rights of llm.api_key",
		http.StatusPaymentRequired: "the account has no balance left: top it up",
		http.StatusNotFound:        "there is no such address or model: look at llm.base_url (it often ends in /v1) and llm.model",
		http.StatusTooManyRequests: "it takes no more requests for now: look at the limits of the account",
	}[a.status]
	switch {
	case what != "":
	case a.status >= 500:
		what = "it has a problem of its own: look at its log, or try again later"
	case a.status >= 300 && a.status < 400:
		what = fmt.Sprintf("it redirects to %q, which is never followed: configure that address if you trust it", a.location)
	default:
		what = "it refused the request: a field may be unknown to it (llm.extra_body, llm.max_completion_tokens), or its filter stopped it"
	}
	return fmt.Sprintf("HTTP %d, %s; it says: %s", a.status, what, a.head())
}

// unreachable explains why there is no answer at all.
func unreachable(base string, err error) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %s is not known here: look at llm.base_url and at this machine's DNS", hostOf(base))
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: is the server running, and is the port right?"
	case errors.As(err, &unknown):
		return "its certificate is of an authority that this machine does not know: put the authority's certificate into a file and name it in llm.ca_file"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired, or this machine's clock is wrong"
	case errors.As(err, &host):
		return fmt.Sprintf("its certificate is not for %s: use the name that it is for", hostOf(base))
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it speaks plain http, not https: look at llm.base_url"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), strings.Contains(err.Error(), "i/o timeout"):
		return "it does not answer in time: is it reachable from here, is a model being loaded, is there a proxy (llm.proxy)?"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		return "it closed the connection without an answer"
	case strings.Contains(err.Error(), "malformed HTTP"):
		return "what listens there does not speak HTTP"
	}
	var u *url.Error
	if errors.As(err, &u) { // without the address, which may hold a secret
		err = u.Err
	}
	return err.Error()
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// thinkingOff is what turns thoughts off, by the server that an address looks like.
func thinkingOff(base string) string {
	host := hostOf(base)
	switch {
	case strings.Contains(host, "deepseek"), strings.Contains(host, "bigmodel"), strings.Contains(host, "volces"):
		return `{"thinking":{"type":"disabled"}}`
	case strings.Contains(host, "dashscope"):
		return `{"enable_thinking":false}`
	}
	return `{"chat_template_kwargs":{"enable_thinking":false}} for vLLM, {"reasoning_effort":"none"} for Ollama, {"thinking":{"type":"disabled"}} for DeepSeek, GLM and Ark, {"enable_thinking":false} for DashScope`
}

func some(list []string) string {
	const most = 8
	if len(list) > most {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
	}
	return strings.Join(list, ", ")
}
