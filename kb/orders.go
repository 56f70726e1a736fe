package kb

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Knowledge is what a language model may be given to re-word. Text in it that talks to a model instead
// of to people was put there by somebody who wants something of the model; our checks hold all the
// same, but a person should look.

// orders are ways to talk to a model, each with what an editor reads.
var orders = []struct {
	form *regexp.Regexp
	says string
}{
	{regexp.MustCompile(`(?i)(?:忽略|无视|忘记|忘掉|不要理会|不用管|丢弃|覆盖)[^。\n]{0,8}(?:以上|上面|上述|之前|前面|先前|此前|所有)[^。\n]{0,8}(?:指令|规则|要求|提示|设定|说明|内容)`), "tells somebody to ignore instructions"},
	{regexp.MustCompile(`(?i)(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|your\s+)*(?:previous|prior|above|earlier|preceding|system)\s+(?:instruction|prompt|rule|message|text)`), "tells somebody to ignore instructions"},
	{regexp.MustCompile(`(?i)系统提示词|提示词|system\s*prompt|developer\s+mode|开发者模式|越狱模式|jailbreak`), "speaks of a model's prompt"},
	{regexp.MustCompile(`(?i)(?:从现在起|从现在开始|现在开始)[^。\n]{0,6}你(?:是|就是|要|必须|扮演)|你现在(?:是|扮演)|请?(?:你)?扮演[^。\n]{0,12}(?:角色|助手|模型|AI)|you\s+are\s+now\s+|pretend\s+(?:to\s+be|you\s+are)|act\s+as\s+(?:an?|if)\s`), "gives somebody a role"},
	{regexp.MustCompile(`(?i)<\|?(?:im_start|im_end|system|assistant|endoftext)\|?>|\[/?INST\]|<</?SYS>>|</?think>|"role"\s*:\s*"(?:system|assistant)"`), "holds signs of a model's protocol"},
	{regexp.MustCompile(`⟦|⟧`), "holds ⟦ or ⟧, which mark facts that a model may not touch"},
	{regexp.MustCompile(`(?:你是|作为|身为)(?:一个|一名)?(?:人工智能|AI|语言模型|大模型|智能助手)`), "speaks to a model"},
	{regexp.MustCompile(`(?i)(?:只|仅)(?:回复|输出|回答)[“"「]|(?:respond|reply|answer)\s+only\s+with|repeat\s+after\s+me|一字不差地(?:重复|输出)`), "tells somebody what to say"},
	{regexp.MustCompile(`[A-Za-z0-9+/]{80,}={0,2}`), "holds a long run of letters that nobody can read"},
}

// Orders tells where documents that people read hold text that talks to a language model, or signs
// that cannot be seen. It refuses nothing: whoever takes knowledge in shows it as a warning.
func Orders(docs []Document) Problems {
	var out Problems
	for _, d := range docs {
		if d.Kind == KindGold || d.Kind == KindWeights || d.Kind == KindLexicon {
			continue // questions of citizens, and what no model is given
		}
		n := 0
		for line := range strings.Lines(d.Body) {
			n++
			for _, o := range orders {
				if o.form.MatchString(line) {
					out = append(out, Problem{Path: d.Path(), Line: n, Reason: o.says})
				}
			}
			if r, ok := unseen(line); ok {
				out = append(out, Problem{Path: d.Path(), Line: n, Reason: "holds the sign " + r + ", which cannot be seen"})
			}
		}
	}
	return out
}

// unseen finds a sign that hides text from whoever reads it: of no width, or turning the direction.
func unseen(line string) (string, bool) {
	for i, r := range line {
		if unicode.Is(unicode.Cf, r) && !(i == 0 && r == '\ufeff') || unicode.Is(unicode.Co, r) {
			return fmt.Sprintf("%U", r), true
		}
	}
	return "", false
}
