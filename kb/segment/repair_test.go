package segment

import (
	"slices"
	"testing"
)

func TestRepairerMendsWhatPeopleMistype(t *testing.T) {
	r := repairer()
	for _, c := range []struct {
		in, want string
		pinyin   bool
	}{
		{"护罩到期了", "护照到期了", false},
		{"互照丢了", "护照丢了", false},
		{"身分证到期", "身份证到期", false},
		{"身份正丢了", "身份证丢了", false},
		{"港澳通形证过期", "港澳通行证过期", false},
		{"居主证续", "居住证续", false},
		{"违张怎么交", "违章怎么交", false},
		{"sfz丢了", "身份证丢了", false},
		{"我的hz丢了", "我的护照丢了", false},
		{"hz是赫兹", "hz是赫兹", false},
		{"唔见咗证", "不见了证", false},
		{"huzhao diule", "护照丢了", true},
		{"hu zhao diu le zen me ban", "护照丢了怎么办", true},
		{"shenfenzheng daoqi", "身份证到期", true},
		{"the lost and found", "the 丢失 and found", false},
		// what must stay
		{"这个不办了", "这个不办了", false},
		{"护着孩子", "护着孩子", false},
		{"我前住深圳", "我前住深圳", false},
		{"钱住在银行", "钱住在银行", false},
		{"佳找到了", "佳找到了", false},
		{"户口不办", "户口不办", false},
		{"lostandfound", "lostandfound", false},
		{"how do i renew a licence in shenzhen", "how do i renew a licence in shenzhen", false},
		{"", "", false},
		{"123456", "123456", false},
	} {
		got, pinyin := r.Text(c.in)
		if got != c.want || pinyin != c.pinyin {
			t.Errorf("%q became %q (pinyin %v), want %q (%v)", c.in, got, pinyin, c.want, c.pinyin)
		}
	}
}

func TestRepairingAgainChangesNothing(t *testing.T) {
	r := repairer()
	for _, in := range []string{"护罩到期", "sfz diule", "huzhao", "身分证和护罩", "我要办港澳通形证签住"} {
		once, _ := r.Text(in)
		if twice, _ := r.Text(once); twice != once {
			t.Errorf("%q became %q and then %q", in, once, twice)
		}
	}
}

func FuzzRepairerKeepsLengthSane(f *testing.F) {
	for _, s := range []string{"护罩", "huzhao", "sfz", "唔见咗", "\x00", "a'b"} {
		f.Add(s)
	}
	r := repairer()
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 4096 {
			t.Skip()
		}
		text := shared().norm.Text(in)
		got, _ := r.Text(text)
		if len(got) > 8*len(text)+8 {
			t.Fatalf("%q grew to %q", text, got)
		}
	})
}

func TestTrieFindsTheLongestWordAndEveryWord(t *testing.T) {
	var trie Trie
	for i, w := range []string{"身份", "身份证", "身份证明", "证明", "身份"} {
		trie.Add(w, i)
	}
	if v, n, ok := trie.Longest([]rune("身份证明材料")); !ok || v != 2 || n != 4 {
		t.Errorf("value %d, %d runes, %v", v, n, ok)
	}
	if v, n, ok := trie.Longest([]rune("身份不明")); !ok || v != 0 || n != 2 {
		t.Errorf("a word added again must keep its first value: %d, %d runes, %v", v, n, ok)
	}
	if _, _, ok := trie.Longest([]rune("明白")); ok {
		t.Error("found a word that is not there")
	}
	var lengths []int
	trie.Each([]rune("身份证明"), func(_, n int) { lengths = append(lengths, n) })
	if len(lengths) != 3 || lengths[0] != 2 || lengths[2] != 4 {
		t.Errorf("every word, shortest first: %v", lengths)
	}
}

func TestRepairerTellsWhatItMended(t *testing.T) {
	r := repairer()
	for text, want := range map[string][]Mended{
		"护罩到期了":       {{"护罩", "护照", true}},
		"我的hz丢了，身份正也": {{"hz", "护照", false}, {"身份正", "身份证", true}},
		"唔见咗证":        {{"唔见咗", "不见了", false}},
		"护照到期了":       nil,
		"":            nil,
	} {
		if got := r.Mended(text); !slices.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
