package intents

import "testing"

func TestWhatStandsBesideAQuestionIsLeftOut(t *testing.T) {
	for in, want := range map[string]string{
		"民警同志,身份证丢了怎么补":   ",身份证丢了怎么补",
		"你好,小姑娘,驾照到期了去哪换": ",驾照到期了去哪换",
		"帮我舅舅问一下,行驶证怎么补":  ",行驶证怎么补",
		"老板让我问,公章丢了怎么备案":  ",公章丢了怎么备案",
		"帮我台湾姐夫问,居住证怎么办":  "帮我台湾姐夫问,居住证怎么办", // where he is from matters
		"我不会弄手机,居住证在哪里办":  ",居住证在哪里办",
		"户口本丢了,我眼睛花,去哪里补": "户口本丢了,,去哪里补",
		"同志,":         "同志,", // nothing else is said
		"孩子的户口怎么上":    "孩子的户口怎么上",
		"我闺女的护照在哪办":   "我闺女的护照在哪办",
		"领导签字的表在哪下载":  "领导签字的表在哪下载",
		"能代替我妈领身份证吗":  "能代替我妈领身份证吗",
		"帮老人办身份证要带什么": "帮老人办身份证要带什么",
	} {
		if got := plainly(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestALatinWordIsAsLongAsTwoCharacters(t *testing.T) {
	for in, want := range map[string]int{"": 0, "护照丢了": 4, "my passport": 4, "a2驾照": 4, "u盘": 2, "passport丢了": 4} {
		if got := signs([]rune(in)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}
