package markdown

import (
	"regexp"
	"strings"
	"testing"
)

var (
	tags  = regexp.MustCompile(`<[^>]*>?`)
	plain = regexp.MustCompile(`^<(/?[a-z]+[0-9]?( start="[0-9]+")?/?|a href="(#|/[^/"]|/"|tel:[0-9+-])[^"]*"?)>$`)
)

func FuzzHTML(f *testing.F) {
	for _, seed := range []string{
		"# a\n\n- b\n- c", "[x](javascript:alert(1))", "<script>alert(1)</script>", "[x](tel:110)", "![x](data:text/html;base64,x)",
		"<a href='java\nscript:x'>", "| a |\n|---|\n| <img onerror=x> |", "[a]: data:x\n[a]", "[x](//evil.example)", "[x](/\\\\evil.example)", "[x](https://evil.example)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		html := strings.ToLower(string(HTML(body)))
		for _, tag := range tags.FindAllString(html, -1) {
			if !plain.MatchString(tag) {
				t.Errorf("%q became %q with the tag %s", body, html, tag)
			}
		}
	})
}

func TestAnArticleKeepsWhatItNeedsAndRunsNothing(t *testing.T) {
	got := string(HTML("## 怎么办\n\n1. 先**报警**\n2. 打 [110](tel:110)\n\n| 项目 | 钱 |\n|---|---|\n| 换证 | 10元 |\n\n<script>alert(1)</script><b onclick=x>看</b>[外](https://evil.example)"))
	for _, want := range []string{"<h2>怎么办</h2>", "<strong>报警</strong>", `<a href="tel:110">110</a>`, "<td>10元</td>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	for _, not := range []string{"<script", "onclick", "evil.example", "<b"} {
		if strings.Contains(got, not) {
			t.Errorf("%s stands in %s", not, got)
		}
	}
}
