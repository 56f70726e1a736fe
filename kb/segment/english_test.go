package segment

import "testing"

func TestEnglishPhrasesAreFoundInAnyInflection(t *testing.T) {
	r := NewRepairer(shared().dict, []Rewrite{
		{From: "residence permit", To: "居留许可"},
		{From: "residence permit", To: "never, the first applies"},
		{From: "id", To: "证"},
		{From: "renew", To: "换发"},
		{From: "expire", To: "到期"},
		{From: "expired", To: "过期"},
		{From: "hong kong", To: "香港"},
		{From: "endorsement", To: "签注"},
		{From: "plate", To: "门牌", When: []string{"house", "building"}},
		{From: "plate", To: "车牌"},
	}, nil, nil)
	for _, c := range []struct{ name, in, want string }{
		{"plural", "two residence permits", "two 居留许可"},
		{"another form of the verb", "renewing my permit", "换发 my permit"},
		{"the form itself before its stem", "it expired", "it 过期"},
		{"a form without a line of its own", "it expires", "it 到期"},
		{"words side by side make a compound", "hong kong endorsements", "香港签注"},
		{"no part of a word", "on a plateau", "on a plateau"},
		{"no phrase across a pause", "residence, permit", "residence, permit"},
		{"the first line that applies", "the plates of my house", "the 门牌 of my house"},
		{"else the next", "the plates of my car", "the 车牌 of my car"},
	} {
		if got, _ := r.Text(c.in); got != c.want {
			t.Errorf("%s: %q became %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestEnglishIsNoPinyin(t *testing.T) {
	for text, want := range map[string]bool{
		"how do i renew it": true, "where is my card": true, "do you open on weekends": true,
		"wo de huzhao diu le": false, "shenfenzheng dao qi le zen me ban": false, "hz diu le": false, "": false,
	} {
		if got := isEnglish(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
