package meaning

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/outward"
)

// Server is an OpenAI-compatible server of embeddings, as an operator configures it.
type Server struct {
	// BaseURL is all that stands before /embeddings.
	BaseURL string
	Key     string
	Model   string
	// Dimensions is asked for where it is not 0; every vector must have as many.
	Dimensions int
	// Proxy is the address of an HTTP proxy; none when empty. Roots are authorities instead of the
	// system's.
	Proxy string
	Roots *x509.CertPool
	// Wrap stands around what carries requests out; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// MaxDimensions bounds a vector.
const MaxDimensions = 4096

// named is the server as it is connected to.
func (s Server) named() outward.Named {
	return outward.Named{Section: "embeddings", BaseURL: s.BaseURL, Proxy: s.Proxy, Roots: s.Roots, ConnectWithin: 500 * time.Millisecond, Wrap: s.Wrap}
}

// Check explains what is wrong with the configuration, by its key.
func (s Server) Check() error {
	if err := s.named().Check(); err != nil {
		return err
	}
	switch {
	case s.Model == "":
		return fault.New(fault.BadRequest, "embeddings.model: name the model, for example bge-m3")
	case s.Dimensions < 0 || s.Dimensions > MaxDimensions:
		return fault.New(fault.BadRequest, "embeddings.dimensions: write 1 to %d, or 0 for as many as the model has", MaxDimensions)
	}
	return nil
}

// Client asks a server for vectors. It follows no redirects, verifies certificates and reads no more
// than the vectors can need. It is safe for concurrent use.
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
	return &Client{server: s, http: client}, nil
}

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// answer is what a server says.
type answer struct {
	Data []struct {
		Index     int       `json:"index"`
		Embedding []float64 `json:"embedding"`
	} `json:"data"`
}

// Embed returns the vector of each text, of length one. Its errors hold no text.
func (c *Client) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	fields := map[string]any{"model": c.server.Model, "input": texts, "encoding_format": "float"}
	if c.server.Dimensions > 0 {
		fields["dimensions"] = c.server.Dimensions
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(c.server.BaseURL, "/")+"/embeddings", bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("embeddings: the address is not valid")
	}
	req.Header.Set("Content-Type", "application/json")
	if c.server.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.server.Key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, fmt.Errorf("embeddings: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("embeddings: HTTP %d", resp.StatusCode)
	}
	most := int64(len(texts))*MaxDimensions*26 + 64<<10 // a number takes 25 characters at most
	read := &io.LimitedReader{R: resp.Body, N: most}
	var a answer
	if err := json.NewDecoder(read).Decode(&a); err != nil {
		switch {
		case read.N <= 0:
			return nil, errors.New("embeddings: the answer is too long")
		case ctx.Err() != nil:
			return nil, fmt.Errorf("embeddings: %w", context.Cause(ctx))
		}
		return nil, errors.New("embeddings: the answer is no list of vectors")
	}
	return c.vectors(a, len(texts))
}

// vectors checks an answer and puts it in order.
func (c *Client) vectors(a answer, n int) ([][]float32, error) {
	if len(a.Data) != n {
		return nil, fmt.Errorf("embeddings: %d vectors for %d texts", len(a.Data), n)
	}
	out := make([][]float32, n)
	size := c.server.Dimensions
	for _, d := range a.Data {
		if d.Index < 0 || d.Index >= n || out[d.Index] != nil {
			return nil, errors.New("embeddings: the vectors are not numbered from 0")
		}
		if size == 0 {
			size = len(d.Embedding)
		}
		if len(d.Embedding) != size || size == 0 || size > MaxDimensions {
			return nil, fmt.Errorf("embeddings: a vector has %d dimensions, want %d", len(d.Embedding), size)
		}
		v, err := unit(d.Embedding)
		if err != nil {
			return nil, err
		}
		out[d.Index] = v
	}
	return out, nil
}

// unit is a vector of length one in the same direction.
func unit(v []float64) ([]float32, error) {
	var sum float64
	for _, x := range v {
		sum += x * x
	}
	if sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return nil, errors.New("embeddings: a vector has no direction")
	}
	norm := math.Sqrt(sum)
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x / norm)
	}
	return out, nil
}
