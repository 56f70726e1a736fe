package bot

import (
	"strings"
	"testing"

	"shenwei/internal/fault"
	"shenwei/kb"
)

func TestBrokenLinkTemplatesAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name  string
		links map[LinkKind]string
		says  string // "" when the site is sound
	}{
		{"no links at all", nil, ""},
		{"an empty template makes no link", map[LinkKind]string{LinkMini: ""}, ""},
		{"https", map[LinkKind]string{LinkWeb: "https://example.org/item?code={code}"}, ""},
		{"below the base address", map[LinkKind]string{LinkWeb: "{base_url}/do/{code}"}, ""},
		{"a mini program", map[LinkKind]string{LinkMini: "weixin://dl/business/?t={code}", LinkTerminal: "/terminal/{code}"}, ""},
		{"an unknown kind", map[LinkKind]string{"fax": "https://example.org/{code}"}, "links.fax: unknown kind"},
		{"telephone is no template", map[LinkKind]string{LinkTel: "tel:{code}"}, "links.tel: unknown kind"},
		{"no code", map[LinkKind]string{LinkWeb: "https://example.org/"}, "links.web: \"https://example.org/\" has no {code}"},
		{"an unknown placeholder", map[LinkKind]string{LinkWeb: "https://example.org/{code}?lang={lang}"}, "unknown placeholder"},
		{"an open brace", map[LinkKind]string{LinkWeb: "https://example.org/{code}/{"}, "unknown placeholder"},
		{"a space", map[LinkKind]string{LinkWeb: "https://example.org/a b/{code}"}, "unknown placeholder"},
		{"a script", map[LinkKind]string{LinkWeb: "javascript:go('{code}')"}, "scheme \"javascript\" is not allowed"},
		{"data", map[LinkKind]string{LinkWeb: "data:text/html,{code}"}, "scheme \"data\""},
		{"no address", map[LinkKind]string{LinkWeb: "https://exa mple/{code}%zz"}, "links.web"},
		{"a broken escape", map[LinkKind]string{LinkWeb: "https://example.org/%zz/{code}"}, "is no address"},
	} {
		err := Site{BaseURL: "https://a.example", Links: c.links}.Check()
		if (err == nil) != (c.says == "") || err != nil && (!fault.Is(err, fault.BadRequest) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAnItemsFirstLinkIsTheOneToTap(t *testing.T) {
	it, onTerminal := &kb.Item{Code: "CRJ-002"}, &kb.Item{Code: "RK-050", Terminal: true}
	plain := Site{}
	if got := plain.links(it); len(got) != 1 || got[0] != (Link{LinkWeb, "去办理", "/items/CRJ-002"}) {
		t.Errorf("without configuration our own guide page: %+v", got)
	}
	full := Site{BaseURL: "https://a.example", Links: map[LinkKind]string{
		LinkWeb: "https://do.example/{code}", LinkMini: "weixin://{code}", LinkTerminal: "{base_url}/terminals?item={code}",
	}}
	if got := full.links(it); len(got) != 2 || got[0].URL != "https://do.example/CRJ-002" || got[1].Kind != LinkMini {
		t.Errorf("%+v", got)
	}
	if got := full.links(onTerminal); len(got) != 3 || got[2].URL != "https://a.example/terminals?item=RK-050" {
		t.Errorf("%+v", got)
	}
	if full.GuideURL("CRJ-002") != "https://a.example/items/CRJ-002" || full.ArticleURL("a-b") != "https://a.example/articles/a-b" {
		t.Error("our own pages")
	}
}

func TestTheHotlineCardShowsPublicNumbersUntilOneIsConfigured(t *testing.T) {
	var numbers []string
	for _, n := range (Site{}).hotlineNumbers() {
		numbers = append(numbers, n.Number)
		if n.For == "" || n.Label == "" {
			t.Errorf("%+v says not what it is for", n)
		}
	}
	if strings.Join(numbers, " ") != "12345 12367" {
		t.Errorf("%v", numbers)
	}
	got := (Site{Hotline: "0755-84465000", HotlineHours: "24小时"}).hotlineNumbers()
	if len(got) != 1 || got[0].Number != "0755-84465000" || got[0].Hours != "24小时" {
		t.Errorf("%+v", got)
	}
}

func TestEveryDangerCardCanBeActedOn(t *testing.T) {
	first := map[string]string{"fire": "119", "medical": "120"}
	for kind, card := range dangerCards {
		want := first[kind]
		if want == "" {
			want = "110"
		}
		if card.numbers[0].Number != want || len(card.advice) == 0 {
			t.Errorf("%s begins with %s, want %s; %d pieces of advice", kind, card.numbers[0].Number, want, len(card.advice))
		}
	}
	for kind, caution := range cautionKinds {
		if _, ok := cautions[caution]; caution != "" && !ok {
			t.Errorf("%s: unknown caution %q", kind, caution)
		}
		if _, ok := dangerCards[kind]; !ok {
			t.Errorf("caution for the unknown danger %q", kind)
		}
	}
	for kind, b := range cautions {
		if b.Type != BlockCaution || !strings.HasPrefix(b.Text, b.Title) || len(b.Links) == 0 || !strings.HasSuffix(b.Links[0].URL, b.Title) {
			t.Errorf("%s: the number comes first: %+v", kind, b)
		}
	}
}

func TestAnItemsOwnAddressGoesBeforeTheTemplate(t *testing.T) {
	site := Site{Links: map[LinkKind]string{LinkWeb: "https://do.example/{code}"}}
	it := &kb.Item{Code: "CRJ-001", Links: map[string]string{"miniprogram": "weixin://dl/own", "web": "https://own.example/a"}}
	got := site.links(it)
	if len(got) != 2 || got[0].URL != "https://own.example/a" || got[1].URL != "weixin://dl/own" {
		t.Errorf("%+v", got)
	}
	if got := site.links(&kb.Item{Code: "CRJ-001"}); len(got) != 1 || got[0].URL != "https://do.example/CRJ-001" {
		t.Errorf("%+v", got)
	}
}
