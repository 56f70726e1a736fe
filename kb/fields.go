package kb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"shenwei/internal/fault"
)

// A form edits the fields of a document, and a file is text that a person wrote. Fields reads
// the one from the other; SetFields puts changed fields back into the text and leaves every
// other line as it is, comments and order included (yamledit.go).

// Fields is the document as a form edits it: *Item, *Article, or what a file of another kind
// holds; nil for a kind that is edited as text.
func Fields(doc Document) (any, []Problem) {
	v := formOf(doc.Kind)
	if v == nil {
		return nil, nil
	}
	if a, ok := v.(*Article); ok {
		parsed, ps := ParseArticle(doc)
		if ps != nil {
			return nil, ps
		}
		*a = *parsed
		return a, nil
	}
	if ps := decode(doc, doc.Body, 0, v); ps != nil {
		return nil, ps
	}
	trimFacets(v)
	return v, nil
}

type listForm struct {
	Lists []List `yaml:"lists" json:"lists"`
}

type outletForm struct {
	Outlets []Outlet `yaml:"outlets" json:"outlets"`
}

// formOf is an empty form of a kind, nil for a kind that has none.
func formOf(kind Kind) any {
	switch kind {
	case KindItem:
		return &Item{}
	case KindArticle:
		return &Article{}
	case KindLexicon:
		return &Lexicon{}
	case KindOutlet:
		return &outletForm{}
	case KindList:
		return &listForm{}
	case KindFacts:
		return &Facts{}
	}
	return nil
}

func trimFacets(v any) {
	if it, ok := v.(*Item); ok {
		for f, text := range it.Facets {
			it.Facets[f] = strings.TrimRight(text, "\n")
		}
		it.English.trim()
	}
}

// SetFields returns the document's text with the fields of a form. Fields that are not named
// in the form keep their value; a name that no field has is refused. Setting what Fields
// returned gives back the same text to the byte.
func SetFields(doc Document, form json.RawMessage) (string, error) {
	if doc.Body == "" {
		return newText(doc, form)
	}
	was, ps := Fields(doc)
	if ps != nil {
		return "", fault.Wrap(fault.BadRequest, Problems(ps), "原文有语法错误（第 %d 行），请先在「原文」里改好", ps[0].Line)
	}
	if was == nil {
		return "", fault.New(fault.BadRequest, "这类内容没有表单，请直接编辑原文")
	}
	is, _ := Fields(doc) // a second copy, which the form then changes
	if err := fill(is, form); err != nil {
		return "", err
	}
	text, err := putFields(doc.Body, was, is)
	if err != nil {
		return "", err
	}
	check, ps := Fields(Document{Kind: doc.Kind, ID: doc.ID, Body: text})
	if ps != nil || !same(check, is) {
		return "", fault.New(fault.BadRequest, "这些改动没法放回原文的写法里，请改用「原文」编辑")
	}
	return text, nil
}

// newText is the canonical text of a document that is all new.
func newText(doc Document, form json.RawMessage) (string, error) {
	v := formOf(doc.Kind)
	if v == nil {
		return "", fault.New(fault.BadRequest, "这类内容没有表单，请直接编辑原文")
	}
	if err := fill(v, form); err != nil {
		return "", err
	}
	switch f := v.(type) {
	case *Item:
		if f.Code == "" {
			f.Code = doc.ID
		}
	case *Article:
		if f.ID == "" {
			f.ID = doc.ID
		}
		front, err := render(reflect.ValueOf(*f))
		return "---\n" + front + "---\n" + strings.TrimSpace(f.Body) + "\n", err
	}
	return render(reflect.ValueOf(v).Elem())
}

// fill reads a form strictly over v.
func fill(v any, form json.RawMessage) error {
	// What a form sends replaces the old value whole: maps and lists do not mix.
	fresh := reflect.New(reflect.TypeOf(v).Elem())
	if err := strict(form, fresh.Interface()); err != nil {
		return err
	}
	var named map[string]json.RawMessage
	if err := json.Unmarshal(form, &named); err != nil {
		return fault.Wrap(fault.BadRequest, err, "fields 应为一个对象")
	}
	to, from := reflect.ValueOf(v).Elem(), fresh.Elem()
	for i := range to.NumField() {
		name, _, _ := strings.Cut(to.Type().Field(i).Tag.Get("json"), ",")
		if _, ok := named[name]; ok {
			to.Field(i).Set(from.Field(i))
		}
	}
	if it, ok := v.(*Item); ok {
		for f, text := range it.Facets {
			if text = strings.TrimRight(text, "\n"); text == "" {
				delete(it.Facets, f)
			} else {
				it.Facets[f] = text
			}
		}
		it.English.trim()
	}
	if a, ok := v.(*Article); ok {
		a.Body = strings.TrimSpace(strings.ReplaceAll(a.Body, "\r\n", "\n"))
	}
	return nil
}

func strict(form json.RawMessage, v any) error {
	dec := json.NewDecoder(bytes.NewReader(form))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	var shape *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &shape):
		return fault.Wrap(fault.BadRequest, err, "字段 %s 的类型不对", shape.Field)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fault.Wrap(fault.BadRequest, err, "没有名为 %s 的字段", field)
	}
	return fault.Wrap(fault.BadRequest, err, "fields 不是合法的 JSON 对象")
}

// same compares forms; an empty list is as none.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	normal := func(b []byte) string {
		return strings.NewReplacer(":null", ":[]").Replace(string(b))
	}
	return errX == nil && errY == nil && normal(x) == normal(y)
}

// putFields puts the change from was to is into a file's text.
func putFields(body string, was, is any) (string, error) {
	a, isArticle := is.(*Article)
	if !isArticle {
		return editYAML(body, reflect.ValueOf(was).Elem(), reflect.ValueOf(is).Elem())
	}
	head, front, closing, rest, ok := cutArticle(body)
	if !ok {
		return "", fmt.Errorf("an article that was parsed has no front matter")
	}
	text, err := editYAML(front, reflect.ValueOf(was).Elem(), reflect.ValueOf(a).Elem())
	if err != nil {
		return "", err
	}
	if a.Body != was.(*Article).Body {
		rest = a.Body + "\n"
		if strings.Contains(head, "\r\n") {
			rest = strings.ReplaceAll(rest, "\n", "\r\n")
		}
	}
	return head + text + closing + rest, nil
}

// cutArticle cuts an article's file into its opening line, the front matter, the closing line
// and the rest.
func cutArticle(body string) (head, front, closing, rest string, ok bool) {
	n := strings.Index(body, "---")
	end := strings.Index(body, "\n")
	if n < 0 || end < 0 {
		return "", "", "", "", false
	}
	head, tail := body[:end+1], body[end+1:]
	for at := 0; ; {
		i := strings.Index(tail[at:], "\n---")
		if i < 0 {
			return "", "", "", "", false
		}
		at += i + 1
		line, after, _ := strings.Cut(tail[at:], "\n")
		if strings.TrimRight(line, "\r") == "---" {
			return head, tail[:at], tail[at : len(tail)-len(after)], after, true
		}
	}
}

// render is the canonical YAML of a value.
func render(v reflect.Value) (string, error) {
	node, err := nodeOf(v)
	if err != nil {
		return "", err
	}
	return encodeNode(node)
}

func encodeNode(node *yaml.Node) (string, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(node); err != nil {
		return "", fmt.Errorf("render YAML: %w", err)
	}
	return b.String(), enc.Close()
}
