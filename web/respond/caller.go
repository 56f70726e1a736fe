package respond

import (
	"context"
	"net/http"
)

// Caller is what the server knows of who asks, beside the request itself.
type Caller struct {
	// Request is the id of the request, for the log.
	Request string
	// Turn is the id of the turn that the request began, for the log; "" for none.
	Turn string
	// Addr is the caller's address, as far as the configured proxies can be believed.
	Addr string
	// Secure is set when the caller came by https, at least to our proxy.
	Secure bool
	// Foreign is set when the request names another site as its origin, be it an allowed one.
	Foreign bool
}

type callerKey struct{}

// WithCaller returns a context that carries c.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns who asks; never nil.
func CallerOf(r *http.Request) *Caller {
	if c, ok := r.Context().Value(callerKey{}).(*Caller); ok {
		return c
	}
	return &Caller{Addr: r.RemoteAddr, Secure: r.TLS != nil}
}
