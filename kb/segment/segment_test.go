package segment

import (
	"sync"
	"testing"
)

// shared is what every test of the package reads with: the dictionary is unpacked once.
var shared = sync.OnceValue(func() parts {
	dict, err := Unpack(sharedDir())
	if err != nil {
		panic(err)
	}
	n, err := NewNormalizer()
	if err != nil {
		panic(err)
	}
	return parts{dict, n}
})

type parts struct {
	dict *Dictionary
	norm *Normalizer
}

var domainWords = []string{
	"护照", "身份证", "居民身份证", "往来港澳通行证", "港澳通行证", "通行证", "居住证", "签注", "驾驶证", "驾照", "无犯罪记录证明", "户口本", "违章", "前往港澳定居",
}

func segmenter(t testing.TB, words ...string) *Segmenter {
	t.Helper()
	s, err := NewSegmenter(shared().dict, words)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func repairer() *Repairer {
	rewrites := []Rewrite{
		{From: "sfz", To: "身份证"},
		{From: "身分证", To: "身份证"},
		{From: "hz", To: "护照", When: []string{"丢", "到期"}},
		{From: "唔见咗", To: "不见了"},
		{From: "lost", To: "丢失"},
	}
	return NewRepairer(shared().dict, rewrites, domainWords, []string{"丢了", "怎么办", "到期", "我", "想", "换"})
}
