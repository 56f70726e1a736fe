package bot

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"shenwei/internal/fault"
	"shenwei/kb"
)

var handingOver = Site{BaseURL: "https://a.example", Links: map[LinkKind]string{LinkWeb: "https://biz.example/{code}?ctx={ctx}", LinkTerminal: "https://term.example/{code}"}}

func TestAButtonWithContextLeadsThroughUs(t *testing.T) {
	it := &kb.Item{Code: "RK-050", Terminal: true}
	if err := handingOver.Check(); err != nil {
		t.Fatal(err)
	}
	got := handingOver.buttons(it, nil, Context{Channel: WeChat, Conditions: map[string]string{"huji": "非深户"}})
	u, err := url.Parse(got[0].URL)
	if err != nil || len(got) != 2 || u.Path != "/go/RK-050" || u.Query().Get("c.huji") != "非深户" || u.Query().Get("from") != "wechat" {
		t.Fatalf("%+v", got)
	}
	if c := ReadContext("RK-050", u.Query()); c.Item != "RK-050" || c.Channel != WeChat || c.Conditions["huji"] != "非深户" {
		t.Errorf("it is read back as %+v", c)
	}
	if got := handingOver.links(it); got[0].URL != "https://biz.example/RK-050?ctx=" {
		t.Errorf("what is checked is the target itself: %s", got[0].URL)
	}
	own := &kb.Item{Code: "RK-050", Links: map[string]string{"web": "https://own.example/a"}}
	if got := handingOver.buttons(own, nil, Context{}); got[0].URL != "https://own.example/a" {
		t.Errorf("an item's own address takes no code: %s", got[0].URL)
	}
	if to, ok := handingOver.Handover(it, "a/b?c"); !ok || to != "https://biz.example/RK-050?ctx=a%2Fb%3Fc" {
		t.Error(to)
	}
}

func TestADeadAddressDegradesToTheWrittenGuide(t *testing.T) {
	it := &kb.Item{Code: "RK-050", Terminal: true}
	dead := &Overrides{Dead: []string{"https://biz.example/RK-050?ctx=", "https://term.example/RK-050"}}
	got := handingOver.buttons(it, dead, Context{})
	if len(got) != 1 || got[0] != (Link{LinkWeb, "查看办事指南", "https://a.example/items/RK-050"}) {
		t.Errorf("%+v", got)
	}
	if got := handingOver.buttons(&kb.Item{Code: "RK-051"}, dead, Context{}); got[0].Label != "去办理" {
		t.Errorf("another item's: %+v", got)
	}
}

func TestWhatIsHandedOverIsShortAndNotPersonal(t *testing.T) {
	got := Conditions(map[string]string{
		"huji": "深户", "age": "34", "district": "南山区", "phone": "13800138000", "id": "440301199001011234", "long": strings.Repeat("长", 25), "empty": "",
		"UPPER": "x", "a b": "x", "line": "a\nb", "year": "1990", "plate": "粤B12345", "valid": "还有3个月",
	})
	if len(got) != 2 || got["huji"] != "深户" || got["valid"] != "还有3个月" {
		t.Errorf("%v", got)
	}
	many := map[string]string{}
	for _, c := range "abcdefghijklmnop" {
		many[string(c)] = "是"
	}
	if got := Conditions(many); len(got) != maxConditions {
		t.Errorf("%d answers", len(got))
	}
	if c := ReadContext("X", url.Values{"from": {"<script>"}}); c.Channel != Web || c.Conditions == nil {
		t.Errorf("%+v", c)
	}
}

func TestTemplatesWithAContextAreChecked(t *testing.T) {
	for tmpl, sound := range map[string]bool{
		"https://biz.example/{code}?ctx={ctx}": true, "/do/{code}?{ctx}": false, "{base_url}/do/{code}?{ctx}": false, "https://biz.example/?{ctx}": false,
	} {
		if err := (Site{Links: map[LinkKind]string{LinkWeb: tmpl}}).Check(); (err == nil) != sound {
			t.Errorf("%s: %v", tmpl, err)
		}
	}
	if err := (Site{Links: map[LinkKind]string{LinkMini: "weixin://dl/{code}?{ctx}"}}).Check(); err == nil {
		t.Error("a mini-program takes no code")
	}
	if err := (Site{Maps: []string{"amap", "mars"}}).Check(); !fault.Is(err, fault.BadRequest) {
		t.Error(err)
	}
}

func TestWhyACodeOpensNothingIsTyped(t *testing.T) {
	for reason, code := range map[string]fault.Code{CodeUnknown: fault.NotFound, CodeExpired: fault.NotFound, CodeUsed: fault.Conflict} {
		var err error = &CodeError{reason}
		var typed *CodeError
		if !errors.As(err, &typed) || fault.CodeOf(err) != code || fault.MessageOf(err) == "" || err.Error() == "" {
			t.Errorf("%s: %v", reason, err)
		}
	}
}
