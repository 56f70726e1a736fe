package segment

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNormaliserBringsTextToOneForm(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"full width becomes half", "ＡＢＣ１２３", "abc123"},
		{"full width signs become half", "护照？！", "护照?"},
		{"traditional becomes simplified", "護照過期點換領", "护照过期点换领"},
		{"a traditional phrase is converted whole", "身份證遺失", "身份证遗失"},
		{"Cantonese characters survive", "回鄉證唔見咗點算呀 喺邊度攞", "回乡证唔见咗点算呀,喺边度攞"},
		{"capitals become small", "CRJ-011 Passport", "crj-011 passport"},
		{"all commas are one", "甲、乙：丙～丁|戊", "甲,乙,丙,丁,戊"},
		{"all stops are one", "甲；乙\n丙。丁", "甲。乙。丙。丁"},
		{"an ellipsis is a pause", "你好……在吗", "你好,在吗"},
		{"dots at the end are a stop", "你好...", "你好。"},
		{"a full stop between English sentences is a stop", "lost passport. what now", "lost passport。what now"},
		{"a decimal point stays", "费用12.5元", "费用12.5元"},
		{"an address keeps its dots", "www.a.com", "www.a.com"},
		{"an item's code keeps its hyphen", "crj-011", "crj-011"},
		{"signs in a row are one", "真的吗？？？！！", "真的吗?"},
		{"a sign outlives the space before it", "能办吗 ？可以", "能办吗?可以"},
		{"brackets and quotes are pauses", "「护照」（普通）", "护照,普通"},
		{"emoji are pauses", "护照😀丢了👨‍👩‍👧", "护照,丢了"},
		{"only emoji is nothing", "😀😭🙏🏻", ""},
		{"invisible characters vanish", "护\u200b照\ufeff丢\u00ad了", "护照丢了"},
		{"bidi characters vanish", "\u202e护照\u2066丢了\u2069", "护照丢了"},
		{"control characters are no words", "护照\x00\x07丢了", "护照,丢了"},
		{"a character is said three times at most", "急急急急急急急", "急急急"},
		{"capital and small count as one character", "AaAaAaAa", "aaa"},
		{"digits are not shortened", "13800000000", "13800000000"},
		{"broken UTF-8 is a pause", "护照\xff\xfe丢了", "护照,丢了"},
		{"a space between Chinese words is a pause", "身份证 丢了", "身份证,丢了"},
		{"a space between Latin words stays", "lost  my   passport", "lost my passport"},
		{"a space between Chinese and Latin goes", "我的 passport 丢了", "我的passport丢了"},
		{"leading and trailing signs of a pause go", " ，护照， ", "护照"},
		{"circled digits are digits", "选①", "选1"},
		{"nothing stays nothing", "", ""},
		{"a script tag is words", "<script>alert(1)</script>", "script alert 1,script"},
		{"SQL is words", "'; DROP TABLE items;--", "。drop table items。--"},
	} {
		if got := shared().norm.Text(c.in); got != c.want {
			t.Errorf("%s: %q became %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestNormalisingAMillionCharactersIsShort(t *testing.T) {
	if got := shared().norm.Text(strings.Repeat("啊", 1_000_000)); got != "啊啊啊" {
		t.Errorf("%d bytes left", len(got))
	}
}

func TestTraditionalWritingIsSeen(t *testing.T) {
	for text, want := range map[string]bool{"護照": true, "回鄉證": true, "护照": false, "passport": false, "": false, "点": false, "我係": true} {
		if got := shared().norm.Traditional(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func checkNormal(t *testing.T, in string) {
	t.Helper()
	n := shared().norm
	once := n.Text(in)
	if !utf8.ValidString(once) {
		t.Fatalf("%q became invalid UTF-8 %q", in, once)
	}
	if twice := n.Text(once); twice != once {
		t.Fatalf("%q became %q and then %q", in, once, twice)
	}
	if strings.ContainsAny(once, "，？！；：\n\t\x00") || strings.Contains(once, "  ") {
		t.Fatalf("%q kept a sign: %q", in, once)
	}
}

func FuzzNormaliserIsIdempotent(f *testing.F) {
	for _, s := range []string{
		"身份證丟了……怎麼辦？", "ＡaAaＡ", "a . b", "甲 . 乙", "e\u200d\u0301", "ᄀ\u200bᅡ", "İ", "ẞ", "㌔", "ǅ", "…。.", "1.2.3. 4", "著乾後裏", "\xff甲\xff", "a,,b ,。", "ﬃ", "K", "- - -", "甲.乙", ".a.", "臺灣 颱風",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 4096 {
			t.Skip()
		}
		checkNormal(t, in)
	})
}

func TestEveryCharacterNormalisesOnce(t *testing.T) {
	for r := rune(1); r < 0x2fa20; r++ {
		if r >= 0xd800 && r <= 0xdfff || r >= 0x17000 && r < 0x1f000 || r >= 0x1fb00 {
			continue
		}
		checkNormal(t, "a"+string(r)+"b 甲"+string(r)+string(r)+"乙")
	}
}
