// Package fault is the one error type of the product. A fault carries a code that
// adapters map to a status once (web/respond), a message that the reader can act on,
// and the internal cause, which is logged and never shown.
package fault

import (
	"errors"
	"fmt"
)

// Code names a class of failure. The set is closed: see DESIGN, "What the outside sees".
type Code string

// The codes that callers outside can meet.
const (
	BadRequest   Code = "bad_request"
	Unauthorized Code = "unauthorized"
	Forbidden    Code = "forbidden"
	NotFound     Code = "not_found"
	Conflict     Code = "conflict"
	TooLarge     Code = "too_large"
	RateLimited  Code = "rate_limited"
	Unavailable  Code = "unavailable"
	Internal     Code = "internal"
)

// Fault is an error with a code, a message for the reader and an optional cause.
type Fault struct {
	Code    Code
	Message string
	Cause   error
}

// Error returns the code and message, followed by the cause when there is one.
func (f *Fault) Error() string {
	if f.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", f.Code, f.Message, f.Cause)
	}
	return fmt.Sprintf("%s: %s", f.Code, f.Message)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// New returns a fault with a message that says what to do.
func New(code Code, format string, args ...any) error {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns a fault that keeps err as its cause. The message is what a reader may see.
func Wrap(code Code, err error, format string, args ...any) error {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...), Cause: err}
}

// CodeOf returns the code of the first fault in err's chain, Internal when there is
// none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var f *Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return Internal
}

// MessageOf returns what a reader may see of err; "" when err carries no fault.
func MessageOf(err error) string {
	var f *Fault
	if errors.As(err, &f) && f.Code != Internal {
		return f.Message
	}
	return ""
}

// Is reports whether err carries the given code.
func Is(err error, code Code) bool { return CodeOf(err) == code }
