package intents

import "testing"

func TestNamesOfOtherPlacesSayNothingButThatSomebodyMovesThere(t *testing.T) {
	u := &Understander{others: newOthers([]string{"武汉", "湖北"})}
	for in, want := range map[string]string{
		"湖北武汉市的身份证丢了": "的身份证丢了",
		"户口迁到武汉":      "户口迁到外地",
		"户口从湖北省迁到深圳":  "户口从迁到深圳",
		"咨询a7县落户问题":   "咨询落户问题",
		"某市户口":        "户口",
		"深圳身份证":       "深圳身份证",
		"a2驾照降级":      "a2驾照降级",
	} {
		if got := u.elsewhere(in); got != want {
			t.Errorf("%s → %s, want %s", in, got, want)
		}
	}
}
