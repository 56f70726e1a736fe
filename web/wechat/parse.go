package wechat

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxBody bounds a push, in bytes; the largest that WeChat sends is some 10 KiB.
	maxBody = 64 << 10
	// maxDepth bounds how deep elements or objects may be nested.
	maxDepth = 32
)

// Fields are the values of a push, by the names of their elements joined with dots. Values of
// names that occur several times are kept in order.
type Fields map[string][]string

// Get is the first value of a name, "" when there is none.
func (f Fields) Get(path string) string {
	if v := f[path]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Number is a value as a whole number, 0 when it is none.
func (f Fields) Number(path string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(f.Get(path)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Decimal is a value as a number, 0 when it is none.
func (f Fields) Decimal(path string) float64 {
	n, err := strconv.ParseFloat(strings.TrimSpace(f.Get(path)), 64)
	if err != nil {
		return 0
	}
	return n
}

// parse reads a body as XML or, when it begins with a brace, as JSON. Every fault of form is
// ErrFormat: it goes nowhere but into the log.
func parse(body []byte) (Fields, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(body) == 0 || len(body) > maxBody || !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 {
		return nil, ErrFormat
	}
	f := Fields{}
	var err error
	if body[0] == '{' {
		err = parseJSON(body, f)
	} else {
		err = parseXML(body, f)
	}
	if err != nil {
		return nil, ErrFormat
	}
	for _, once := range []string{"Encrypt", "ToUserName", "FromUserName", "MsgType", "MsgId"} {
		if len(f[once]) > 1 {
			return nil, ErrFormat
		}
	}
	return f, nil
}

// parseXML reads one element and what is in it. There is no DOCTYPE in the protocol, so there
// are no entities of a sender's own.
func parseXML(body []byte, f Fields) error {
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, ErrFormat }
	var path []string
	var texts []*strings.Builder
	roots := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if roots != 1 || len(texts) != 0 {
				return ErrFormat
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.Directive:
			return ErrFormat
		case xml.StartElement:
			if len(texts) == 0 {
				roots++
			} else {
				path = append(path, t.Name.Local)
			}
			texts = append(texts, &strings.Builder{})
			if roots > 1 || len(texts) > maxDepth {
				return ErrFormat
			}
		case xml.EndElement:
			text := texts[len(texts)-1].String()
			if texts = texts[:len(texts)-1]; len(texts) > 0 {
				name := strings.Join(path, ".")
				f[name] = append(f[name], text)
				path = path[:len(path)-1]
			}
		case xml.CharData:
			if len(texts) > 0 {
				texts[len(texts)-1].Write(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return ErrFormat
			}
		}
	}
}

// parseJSON reads one object; its values get the names that the same push has in XML.
func parseJSON(body []byte, f Fields) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return ErrFormat
	}
	if err := readObject(dec, "", 1, f); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return ErrFormat
	}
	return nil
}

func readObject(dec *json.Decoder, prefix string, depth int, f Fields) error {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok {
			return ErrFormat
		}
		if prefix != "" {
			name = prefix + "." + name
		}
		if err := readValue(dec, name, depth, f); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func readValue(dec *json.Decoder, name string, depth int, f Fields) error {
	if depth > maxDepth {
		return ErrFormat
	}
	t, err := dec.Token()
	if err != nil {
		return err
	}
	switch v := t.(type) {
	case json.Delim:
		if v == '{' {
			return readObject(dec, name, depth+1, f)
		}
		for dec.More() {
			if err := readValue(dec, name, depth+1, f); err != nil {
				return err
			}
		}
		_, err := dec.Token()
		return err
	case string:
		f[name] = append(f[name], v)
	case json.Number:
		f[name] = append(f[name], v.String())
	case bool:
		f[name] = append(f[name], strconv.FormatBool(v))
	case nil:
		f[name] = append(f[name], "")
	}
	return nil
}
