// Package scripted is a language-model server for tests: it speaks the OpenAI-compatible protocol
// over real sockets as each of the servers does that an operator may configure, and breaks in the
// ways they break. Nothing in it thinks: it says what a test scripted.
//
// Start at New; Script says what the next requests get, Dialect how the server speaks, Fault how it
// breaks, Requests and Next what arrived.
package scripted

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Model is the name of the model that a server has when its configuration names none.
const Model = "scripted"

// Config is what a server needs; the zero value is a plain server without a key.
type Config struct {
	// Dialect is how the server speaks; Plain when it has no name.
	Dialect Dialect
	// Key is the one that requests must bear; empty: none is asked for.
	Key string
	// Models are the names it knows; Model alone when empty. The same ones embed.
	Models []string
	// Dimensions of its vectors unless a request asks for fewer; 64 when 0.
	Dimensions int
	// TLS has it serve https with such a certificate.
	TLS Certificate
	// Moved is where a Redirect points to, e.g. the URL of another server.
	Moved string
}

// Server is a running one. It is safe for concurrent use.
type Server struct {
	// URL is the base to configure a client with: all that stands before /chat/completions.
	URL string

	cfg     Config
	address string
	roots   *x509.CertPool
	tls     *tls.Config

	mu       sync.Mutex
	http     *http.Server
	served   sync.WaitGroup
	script   []Answer
	vectors  []Answer
	requests []Request
	arrived  chan Request
	closing  chan struct{}
}

// New starts a server and stops it when the test ends.
func New(tb testing.TB, cfg Config) *Server {
	tb.Helper()
	s, err := Start(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server on a free port of the loopback interface.
func Start(cfg Config) (*Server, error) {
	if cfg.Dialect.Name == "" {
		cfg.Dialect = Plain
	}
	if len(cfg.Models) == 0 {
		cfg.Models = []string{Model}
	}
	if cfg.Dimensions == 0 {
		cfg.Dimensions = 64
	}
	s := &Server{cfg: cfg, address: "127.0.0.1:0", arrived: make(chan Request, 1<<16), closing: make(chan struct{})}
	scheme := "http"
	if cfg.TLS != "" {
		var err error
		if s.tls, s.roots, err = cfg.TLS.issue(time.Now()); err != nil {
			return nil, err
		}
		scheme = "https"
	}
	if err := s.Up(); err != nil {
		return nil, err
	}
	s.URL = scheme + "://" + s.address + cfg.Dialect.Path
	return s, nil
}

// Up has a server that went Down listen again, at the same address.
func (s *Server) Up() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return nil
	}
	ln, err := net.Listen("tcp", s.address)
	if err != nil {
		return fmt.Errorf("scripted: %w", err)
	}
	s.address = ln.Addr().String()
	if s.tls != nil {
		ln = tls.NewListener(ln, s.tls)
	}
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet()}
	s.http = server
	s.served.Go(func() { _ = server.Serve(ln) })
	return nil
}

// Down cuts every connection and has new ones refused, until Up.
func (s *Server) Down() {
	s.mu.Lock()
	server := s.http
	s.http = nil
	s.mu.Unlock()
	if server != nil {
		_ = server.Close()
		s.served.Wait()
	}
}

// Close stops the server for good. Answers that hang end.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.closing:
	default:
		close(s.closing)
	}
	s.mu.Unlock()
	s.Down()
}

// Roots are the authorities of a server with a Good certificate; nil without TLS. A client that
// does not have them sees a certificate of an unknown authority.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// Authority is the certificate of that authority, DER; nil without TLS.
func (s *Server) Authority() []byte {
	if s.tls == nil {
		return nil
	}
	return s.tls.Certificates[0].Certificate[1]
}

// Script says what chat requests get from now on: each the next answer, and when only one is left
// that one for ever. Without a script the server says a sentence that rests on nothing.
func (s *Server) Script(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append([]Answer(nil), answers...)
}

// ScriptVectors does the same for requests of vectors. Without a script they get Vector.
func (s *Server) ScriptVectors(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vectors = append([]Answer(nil), answers...)
}

// Requests returns what arrived until now, refused requests too, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Next waits for a request that no call of Next returned yet.
func (s *Server) Next(ctx context.Context) (Request, error) {
	select {
	case r := <-s.arrived:
		return r, nil
	case <-ctx.Done():
		return Request{}, errors.New("scripted: no request arrived")
	}
}

// take returns the next answer of a script.
func (s *Server) take(script *[]Answer, empty Answer) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(*script) == 0 {
		return empty
	}
	a := (*script)[0]
	if len(*script) > 1 {
		*script = (*script)[1:]
	}
	return a
}

// note keeps a request for the test to look at.
func (s *Server) note(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	select {
	case s.arrived <- r:
	default: // nobody has called Next for a long time
	}
}
