// Package markdown renders an article's Markdown as HTML that is safe to show: the one way
// for pages and previews.
package markdown

import (
	"bytes"
	"html/template"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

var (
	writer = goldmark.New(goldmark.WithExtensions(extension.Table)) // raw HTML is left out
	policy = articlePolicy()
)

// ownLink is a path of ours, a place in the page or a telephone number. Two slashes would
// begin another host.
var ownLink = regexp.MustCompile(`^(/|/[A-Za-z0-9._~%?=&#-][A-Za-z0-9._~%?=&#/-]*|#[A-Za-z0-9_-]*|tel:[0-9+-]+)$`)

// articlePolicy lets through what an article needs. Links go to our own pages or dial.
func articlePolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "blockquote", "code", "pre",
		"table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^\d{1,4}$`)).OnElements("ol")
	p.AllowAttrs("href").Matching(ownLink).OnElements("a")
	p.AllowURLSchemes("tel")
	p.AllowRelativeURLs(true)
	p.RequireNoFollowOnLinks(false)
	return p
}

// HTML renders an article's body.
func HTML(body string) template.HTML {
	var buf bytes.Buffer
	if err := writer.Convert([]byte(body), &buf); err != nil {
		return template.HTML(template.HTMLEscapeString(body)) //nolint:gosec // escaped
	}
	return template.HTML(policy.SanitizeBytes(buf.Bytes())) //nolint:gosec // sanitised
}
