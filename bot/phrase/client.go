package phrase

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"shenwei/internal/fault"
	"shenwei/internal/outward"
)

// The bounds of one request to a model server.
const (
	connectWithin = 250 * time.Millisecond  // what a dead server costs the one who finds it
	firstWithin   = 1500 * time.Millisecond // until the first piece, thoughts included
	gapWithin     = 1000 * time.Millisecond // between two pieces
	refusedWithin = 200 * time.Millisecond  // a refusal this quick is tried once more

	maxResponse = 256 << 10 // bytes of a response
	maxLine     = 64 << 10  // bytes of one line of it
	maxText     = 16 << 10  // bytes of words
	maxTokens   = 400
)

// Server is a model's server as an operator configures it.
type Server struct {
	// BaseURL is all that stands before /chat/completions; nothing is added to it.
	BaseURL string
	Key     string
	Model   string
	// ExtraBody is merged into every request, over what we write; ExtraHeaders are sent with it.
	ExtraBody    map[string]any
	ExtraHeaders map[string]string
	// MaxCompletionTokens sends the limit under that name instead of max_tokens.
	MaxCompletionTokens bool
	// Temperature is from 0 to 0.3.
	Temperature float32
	// Proxy, when set, is the only proxy that is used; the environment's is not.
	Proxy string
	// Roots are authorities beside the system's; nil for none.
	Roots *x509.CertPool
	// FirstWithin, when positive, replaces how long the first piece may take.
	FirstWithin time.Duration
	// Wrap stands around what carries requests out; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// named is the server as it is connected to.
func (s Server) named() outward.Named {
	return outward.Named{Section: "llm", BaseURL: s.BaseURL, Proxy: s.Proxy, Roots: s.Roots, ConnectWithin: connectWithin, Wrap: s.Wrap}
}

// Check returns a fault that says which key is wrong, without any value of it that is secret.
func (s Server) Check() error {
	if err := s.named().Check(); err != nil {
		return err
	}
	switch {
	case s.Model == "":
		return fault.New(fault.BadRequest, "llm.model: name the model, for example qwen-plus")
	case s.Temperature < 0 || s.Temperature > 0.3:
		return fault.New(fault.BadRequest, "llm.temperature: write 0 to 0.3")
	}
	for _, reserved := range []string{"messages", "stream", "model", "tools", "functions"} {
		if _, ok := s.ExtraBody[reserved]; ok {
			return fault.New(fault.BadRequest, "llm.extra_body: %s may not be set there", reserved)
		}
	}
	return nil
}

// Client asks a model's server. It follows no redirects, verifies certificates and reads no more
// than it must. It is safe for concurrent use.
type Client struct {
	server Server
	http   *http.Client
}

// NewClient returns a client of a server that Check has passed.
func NewClient(s Server) (*Client, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	client, err := s.named().Client()
	if err != nil {
		return nil, err
	}
	if s.FirstWithin <= 0 {
		s.FirstWithin = firstWithin
	}
	return &Client{server: s, http: client}, nil
}

// Model is the name of the model that is asked.
func (c *Client) Model() string { return c.server.Model }

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Said is what a model answered.
type Said struct {
	Text string
	// Tokens is what the request cost, as the server counts or, where it doesn't, as estimated.
	Tokens int
}

// ServerError is what a model's server did wrong. Its words are our own: a server's may hold what
// it was sent.
type ServerError struct {
	Status int // 0: no HTTP answer
	What   string
	// Dead says that nobody answers at all, or nobody who ever will without an operator.
	Dead  bool
	cause error
}

func (e *ServerError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("model server: %s (HTTP %d)", e.What, e.Status)
	}
	return "model server: " + e.What
}

func (e *ServerError) Unwrap() error { return e.cause }

// Ask sends messages and reads the answer as it comes; each piece of words goes to piece, which
// may be nil, until reset says that all before was thought, not word. An answer that is not whole is
// an error.
func (c *Client) Ask(ctx context.Context, messages []openai.ChatCompletionMessage, limit int, piece func(text string), reset func()) (Said, error) {
	body, err := c.body(messages, limit)
	if err != nil {
		return Said{}, err
	}
	begun := time.Now()
	said, err := c.once(ctx, body, piece, reset)
	if errors.Is(err, syscall.ECONNREFUSED) && time.Since(begun) < refusedWithin && ctx.Err() == nil {
		said, err = c.once(ctx, body, piece, reset)
	}
	if said.Tokens == 0 && err == nil {
		said.Tokens = estimate(messages, said.Text)
	}
	return said, err
}

// body is a request as the library writes it, with the operator's fields over it.
func (c *Client) body(messages []openai.ChatCompletionMessage, limit int) ([]byte, error) {
	if limit <= 0 || limit > maxTokens {
		limit = maxTokens
	}
	req := openai.ChatCompletionRequest{Model: c.server.Model, Messages: messages, Stream: true, Temperature: c.server.Temperature}
	if c.server.MaxCompletionTokens {
		req.MaxCompletionTokens = limit
	} else {
		req.MaxTokens = limit //nolint:staticcheck // most servers know only this name
	}
	plain, err := json.Marshal(req)
	if err != nil || len(c.server.ExtraBody) == 0 {
		return plain, err
	}
	var fields map[string]any
	if err := json.Unmarshal(plain, &fields); err != nil {
		return nil, err
	}
	maps.Copy(fields, c.server.ExtraBody)
	return json.Marshal(fields)
}

// once makes one request.
func (c *Client) once(ctx context.Context, body []byte, piece func(string), reset func()) (Said, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(c.server.FirstWithin, func() { cancel(errSlow) })
	defer alarm.Stop()
	address := strings.TrimRight(c.server.BaseURL, "/") + "/chat/completions"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Said{}, &ServerError{What: "the address is not valid", cause: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Cache-Control", "no-store")
	if c.server.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.server.Key)
	}
	for name, value := range c.server.ExtraHeaders {
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Said{}, failed(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return Said{}, refusal(resp)
	}
	r := newStream(resp.Body, func() { alarm.Reset(gapWithin) }, piece, reset)
	said, err := r.read()
	if err != nil {
		return said, failed(ctx, err)
	}
	return said, nil
}

var errSlow = errors.New("phrase: the model server is too slow")

// failed names an error of the way without the words of the other side.
func failed(ctx context.Context, err error) error {
	var own *ServerError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.Is(context.Cause(ctx), errSlow):
		return &ServerError{What: "too slow", cause: errSlow}
	case ctx.Err() != nil:
		return &ServerError{What: "given up", cause: context.Cause(ctx)}
	case errors.As(err, &own):
		return own
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &host):
		return &ServerError{What: "its certificate is not trusted", Dead: true, cause: err}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &ServerError{What: "the connection is refused", Dead: true, cause: err}
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return &ServerError{What: "no connection is made", Dead: true, cause: err}
	}
	return &ServerError{What: "the connection failed", cause: err}
}

// refusal reads why a server answers no 200. What it says is looked at, never kept.
func refusal(resp *http.Response) error {
	head, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	what := map[int]string{
		http.StatusUnauthorized: "the key is not accepted", http.StatusForbidden: "the key may not use this", http.StatusPaymentRequired: "no balance is left",
		http.StatusNotFound: "there is no such address or model", http.StatusTooManyRequests: "too many requests",
	}[resp.StatusCode]
	switch {
	case what != "":
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		what = "it redirects, which is not followed; configure the address that it redirects to"
	case resp.StatusCode >= 500:
		what = "it has a problem of its own"
	case bytes.Contains(bytes.ToLower(head), []byte("inspection")) || bytes.Contains(bytes.ToLower(head), []byte("contentfilter")) || bytes.Contains(head, []byte("content_filter")):
		what = "its filter refused the text"
	default:
		what = "it refused the request; a field may be unknown to it"
	}
	dead := what != "" && resp.StatusCode < 500 && resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusTooManyRequests
	return &ServerError{Status: resp.StatusCode, What: what, Dead: dead}
}

// runesPerToken is how many Chinese characters a token has, about.
const runesPerToken = 1.7

func estimate(messages []openai.ChatCompletionMessage, said string) int {
	n := len([]rune(said))
	for _, m := range messages {
		n += len([]rune(m.Content))
	}
	return int(float64(n)/runesPerToken) + 1
}
