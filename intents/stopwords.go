package intents

// stopWords carry no meaning for retrieval. They are words of the language, not of the
// domain; the lexicon's stop phrases are for editors.
var stopWords = setOf("的", "了", "吗", "呢", "啊", "吧", "呀", "么", "嘛", "哦", "是", "在", "我", "你", "他", "她", "它", "我们", "你们", "他们", "您", "咱",
	"和", "跟", "与", "及", "就", "都", "也", "又", "还", "很", "太", "被", "把", "给", "让", "对", "对于", "关于", "从", "到", "向", "去", "来",
	"这", "那", "这个", "那个", "这样", "那样", "这种", "那种", "哪", "什么", "怎么", "怎样", "如何", "咋", "怎么办", "怎么弄", "请问", "请", "你好", "您好", "想", "问", "一下", "问下", "想问", "麻烦", "谢谢", "咨询",
	"一个", "一", "个", "有", "没", "不", "会", "能", "要", "可以", "可", "需要", "应该", "现在", "已经", "因为", "所以", "但是", "但", "如果", "还是", "或者", "或", "并", "而", "而且", "然后", "之后", "以后", "之前", "时候", "的话", "为什么",
	"做", "弄", "搞", "说", "看", "知道", "觉得", "人", "们", "里", "上", "下", "中", "等", "之", "其", "此", "所", "以", "于", "用", "自己", "本人", "情况", "问题", "事情", "事宜", "一直", "多", "少", "好", "年", "月", "日", "号", "市", "县", "区", "省",
	"a", "an", "the", "i", "my", "to", "is", "are", "do", "in", "of", "for", "how", "can", "what", "and", "it", "at", "on", "need", "me", "or", "if", "be", "by", "with", "have", "has", "had", "was", "were", "will", "would", "should", "could", "does", "did", "you", "your", "we", "our", "us", "they", "their", "he", "his", "she", "her", "this", "that", "there", "here", "from", "as", "so", "but", "not", "no", "any", "some", "get", "got", "go", "want", "like", "please", "just", "now", "still", "also", "then", "than", "who", "which", "when", "am", "im", "m", "s", "t", "re", "ve", "ll", "d", "one", "new", "own", "into", "out", "up", "after", "before", "already")

func setOf(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}
