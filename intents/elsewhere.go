package intents

import (
	"regexp"
	"strings"

	"shenwei/kb/segment"
)

// anonymised are places whose name was taken out of a question.
var anonymised = regexp.MustCompile(`(?:[a-z]\d{0,2}|x{1,3}|\*{1,3}|某|我)(?:市|县|区|省|镇|乡)(?:县|区)?`)

// away are the verbs after which another place means moving there.
var away = []string{"迁到", "迁往", "迁去", "迁至", "转到", "转往", "转去", "迁回", "转回", "迁入", "落到", "落户到"}

// being are the words before which 「武汉的户口」 says who somebody is.
var being = []string{"是", "我", "他", "她", "本人"}

// belongs reports whether what follows a place's name makes it somebody's home.
func belongs(rest []rune) bool {
	text := strings.TrimPrefix(string(rest[:min(4, len(rest))]), "的")
	return strings.HasPrefix(text, "户口") || strings.HasPrefix(text, "户籍") || strings.HasPrefix(text, "人")
}

// elsewhere takes the names of other places out of a text: what is asked is what counts, and
// two questions are not alike because both name Wuhan. After a verb of moving, and where
// somebody says whose household she belongs to, 「外地」 stays.
func (u *Understander) elsewhere(text string) string {
	text = plainly(text)
	if strings.ContainsAny(text, "市县区省镇乡") {
		text = anonymised.ReplaceAllString(text, "")
	}
	runes := []rune(text)
	var b strings.Builder
	found := false
	for i := 0; i < len(runes); {
		_, n, ok := u.others.Longest(runes[i:])
		if !ok {
			b.WriteRune(runes[i])
			i++
			continue
		}
		found = true
		i += n
		if i < len(runes) && strings.ContainsRune("省市县", runes[i]) {
			i++
		}
		if endsWithAny(b.String(), away) || endsWithAny(b.String(), being) && belongs(runes[i:]) {
			b.WriteString("外地")
			if i+1 < len(runes) && runes[i] == '的' && belongs(runes[i:]) {
				i++
			}
		}
	}
	if !found {
		return text
	}
	return b.String()
}

func endsWithAny(s string, ends []string) bool {
	for _, e := range ends {
		if strings.HasSuffix(s, e) {
			return true
		}
	}
	return false
}

func newOthers(places []string) *segment.Trie {
	t := &segment.Trie{}
	for i, p := range places {
		t.Add(p, i)
	}
	return t
}
