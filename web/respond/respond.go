// Package respond turns results and faults into HTTP answers, once for all handlers. Start
// reading at Responder.Error: a fault's code becomes a status and its message is shown; what
// is no fault gets a short id, which is logged with the cause and never shown.
package respond

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"shenwei/internal/fault"
)

// Problem is what a caller reads of a failure.
type Problem struct {
	Code    fault.Code `json:"code"`
	Message string     `json:"message"`
	// ID is set for internal errors: the caller reads it to an operator, who finds it in the log.
	ID string `json:"id,omitempty"`
	// RetryAfter is after how many seconds to try again; 0 when the server names no time.
	RetryAfter int `json:"retry_after,omitempty"`
	// Detail is what a page needs to go on from here.
	Detail any `json:"detail,omitempty"`
}

type envelope struct {
	Error Problem `json:"error"`
}

var statuses = map[fault.Code]int{
	fault.BadRequest:   http.StatusBadRequest,
	fault.Unauthorized: http.StatusUnauthorized,
	fault.Forbidden:    http.StatusForbidden,
	fault.NotFound:     http.StatusNotFound,
	fault.Conflict:     http.StatusConflict,
	fault.TooLarge:     http.StatusRequestEntityTooLarge,
	fault.RateLimited:  http.StatusTooManyRequests,
	fault.Unavailable:  http.StatusServiceUnavailable,
}

// Status is the HTTP status of a code.
func Status(code fault.Code) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// What a caller reads where the fault has no words of its own.
const (
	internalMessage    = "服务出了点问题，我们已经记录。请稍后再试；急事请拨打 110，咨询可拨打 12345。"
	unavailableMessage = "服务暂时不可用，请稍后再试。急事请拨打 110，咨询可拨打 12345。"
)

// limited is a fault that says when to come back.
type limited struct {
	error
	after time.Duration
}

func (l limited) Unwrap() error             { return l.error }
func (l limited) RetryAfter() time.Duration { return l.after }

// detailed is a fault with what a page needs to go on.
type detailed struct {
	error
	detail any
}

func (d detailed) Unwrap() error { return d.error }

// Detailed adds to a fault what the page that asked needs to go on. It is encoded as JSON.
func Detailed(err error, detail any) error { return detailed{err, detail} }

// Limited returns a rate_limited fault that says after which time to try again.
func Limited(after time.Duration) error {
	seconds := max(1, int((after+time.Second-1)/time.Second))
	return limited{fault.New(fault.RateLimited, "发送太快了，请 %d 秒后再试", seconds), time.Duration(seconds) * time.Second}
}

// unavailableRetry is the Retry-After of an unavailable service.
const unavailableRetry = 2 * time.Second

// Responder writes answers. It is safe for concurrent use.
type Responder struct {
	log   *slog.Logger
	count func(code string)
}

// New returns a responder that logs internal errors. Count, which may be nil, is told the
// code of every problem that is shown to somebody.
func New(log *slog.Logger, count func(code string)) *Responder {
	if count == nil {
		count = func(string) {}
	}
	return &Responder{log, count}
}

// Problem describes err for its reader, counts it, and logs what the reader must not see.
// Where says what was asked, without a citizen's words.
func (rs *Responder) Problem(where string, err error) Problem {
	p := Problem{Code: fault.CodeOf(err), Message: fault.MessageOf(err)}
	var later interface{ RetryAfter() time.Duration }
	if errors.As(err, &later) {
		p.RetryAfter = int(later.RetryAfter() / time.Second)
	}
	var d detailed
	if errors.As(err, &d) {
		p.Detail = d.detail
	}
	switch p.Code {
	case fault.Internal:
		p.ID, p.Message = ShortID(), internalMessage
		rs.log.Error("internal error", "id", p.ID, "where", where, "err", err)
	case fault.Unavailable:
		p.RetryAfter = max(p.RetryAfter, int(unavailableRetry/time.Second))
		rs.log.Warn("unavailable", "where", where, "err", err)
		if !isForPeople(p.Message) { // what the database says is for the operator
			p.Message = unavailableMessage
		}
	case fault.RateLimited:
		p.RetryAfter = max(p.RetryAfter, 1)
	}
	if p.Message == "" {
		p.Message = unavailableMessage
	}
	rs.count(string(p.Code))
	return p
}

// isForPeople tells words for the screen from those for operators, which are English.
func isForPeople(message string) bool {
	return strings.ContainsFunc(message, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// Error answers with err.
func (rs *Responder) Error(w http.ResponseWriter, r *http.Request, err error) {
	p := rs.Problem(r.Method+" "+r.Pattern, err)
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	rs.write(w, Status(p.Code), envelope{p})
}

// JSON answers with v as JSON.
func (rs *Responder) JSON(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		rs.Error(w, r, fmt.Errorf("encode the answer: %w", err))
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)+1))
	_, _ = w.Write(append(body, '\n')) // the reader may have left
}

// MethodNotAllowed answers a known path that was asked in the wrong way.
func (rs *Responder) MethodNotAllowed(w http.ResponseWriter, allow string) {
	w.Header().Set("Allow", allow)
	rs.count(string(fault.BadRequest))
	rs.write(w, http.StatusMethodNotAllowed, envelope{Problem{Code: fault.BadRequest, Message: "这个地址只接受 " + allow}})
}

func (rs *Responder) write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a detail that cannot be encoded; strings and numbers always can
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":"`+internalMessage+`"}}`)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the reader may have left
}

// ShortID returns an id that a person can read out: eight hexadecimal digits.
func ShortID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}
