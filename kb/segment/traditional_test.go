package segment

import (
	"encoding/json"
	"os"
	"testing"
)

func TestSimplifiedTextIsWrittenAsInHongKong(t *testing.T) {
	tr := NewTraditional()
	for in, want := range map[string]string{
		"外地户口凭有效的深圳居住证办理":     "外地戶口憑有效的深圳居住證辦理",
		"一签多行签注，在线里面排队":       "一簽多行簽注，在線裡面排隊",
		"头发、皇后、干净、关系、两只\n第二行": "頭髮、皇后、乾淨、關係、兩隻\n第二行",
		"CNY 80 / 110": "CNY 80 / 110",
		"":             "",
	} {
		for range 2 { // also from what is remembered
			if got := tr.Text(in); got != want {
				t.Errorf("%q became %q, want %q", in, got, want)
			}
		}
	}
}

func TestCharactersTellTheWriting(t *testing.T) {
	n, err := NewNormalizer()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text                    string
		traditional, simplified bool
	}{
		{"護照過期點換領", true, false},
		{"护照过期怎么换", false, true},
		{"我要人工", false, false},
		{"出面表示同周", false, false},
		{"護照怎么換", true, true},
		{"passport 110", false, false},
	} {
		if tr, s := n.Traditional(c.text), n.Simplified(c.text); tr != c.traditional || s != c.simplified {
			t.Errorf("%s: traditional %v, simplified %v", c.text, tr, s)
		}
	}
}

func BenchmarkTraditional(b *testing.B) {
	tr := NewTraditional()
	text := "外地户口凭有效的深圳居住证办：80元，一年内不限次数去香港，每次不超7天。\n港澳通行证也没过期，就可以申请。"
	for b.Loop() {
		tr.Text(text)
	}
}

// The pages' words in traditional characters are the converted ones: whoever adds a text adds both.
func TestThePagesWordsAreConvertedTheSameWay(t *testing.T) {
	raw, err := os.ReadFile("../../web/ui/src/shared/words/zh-Hant.json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]string
	if err := json.Unmarshal(raw, &words); err != nil {
		t.Fatal(err)
	}
	if len(words) < 100 {
		t.Fatalf("%d words", len(words))
	}
	tr := NewTraditional()
	for text, said := range words {
		if want := tr.Text(text); said != want {
			t.Errorf("%q reads %q, converted it is %q", text, said, want)
		}
	}
}
