package respond

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// MaxBody is the largest body accepted, in bytes.
const MaxBody = 64 << 10

// Body reads one JSON object of at most MaxBody bytes into v. A body of another shape is a
// fault that names the field.
func Body(w http.ResponseWriter, r *http.Request, v any) error { return BodyUpTo(w, r, v, MaxBody) }

// BodyUpTo is Body for at most so many bytes.
func BodyUpTo(w http.ResponseWriter, r *http.Request, v any, most int64) error {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind != "" {
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded": // curl -d sends the last
		default:
			return fault.New(fault.BadRequest, "Content-Type 应为 application/json")
		}
	}
	tooLarge := fault.New(fault.TooLarge, "内容太长，一次最多 %d KiB；请去掉多余的部分，或分几次保存", most>>10)
	if r.ContentLength > most {
		discard(r)
		return tooLarge
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		discard(r)
		return tooLarge
	case err != nil:
		return fault.Wrap(fault.BadRequest, err, "请求内容没有传完")
	}
	return Decode(data, v)
}

// maxDiscard is how much of a body that is too large is read and dropped, so that a sender
// that writes before it reads gets the answer and no broken connection.
const maxDiscard = 16 << 20

func discard(r *http.Request) { _, _ = io.CopyN(io.Discard, r.Body, maxDiscard) }

// Decode reads exactly one JSON object with no unknown fields into v.
func Decode(data []byte, v any) error {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return fault.New(fault.BadRequest, "请求内容为空，应为一个 JSON 对象")
	case !utf8.Valid(data):
		return fault.New(fault.BadRequest, "文字编码有误，请以 UTF-8 发送")
	case bytes.TrimSpace(data)[0] != '{':
		return fault.New(fault.BadRequest, "请求内容应为一个 JSON 对象")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return Malformed(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.BadRequest, "JSON 对象之后还有多余的内容")
	}
	return nil
}

// Malformed returns the fault for an error of package json; it names the field.
func Malformed(err error) error {
	var shape *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &shape) && shape.Field != "":
		return fault.Wrap(fault.BadRequest, err, "字段 %s 的类型不对：收到 %s，应为 %s", shape.Field, shape.Value, typeNames[shape.Type.Kind()])
	case errors.As(err, &shape):
		return fault.Wrap(fault.BadRequest, err, "请求内容应为一个 JSON 对象，收到 %s", shape.Value)
	case errors.As(err, &syntax):
		return fault.Wrap(fault.BadRequest, err, "第 %d 个字节处不是合法的 JSON", syntax.Offset)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fault.Wrap(fault.BadRequest, err, "没有名为 %s 的字段", clip(field))
	}
	return fault.Wrap(fault.BadRequest, err, "不是完整的 JSON")
}

// clip bounds what is repeated to a sender.
func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}
