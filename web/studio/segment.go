package studio

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"shenwei/bot"
	"shenwei/intents"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/respond"
)

const (
	// maxLine is the longest line that is cut to look at, in characters.
	maxLine = 500
	// compareTime bounds how long citizens' questions are asked again; maxChanged how many
	// changed answers are listed.
	compareTime = 1500 * time.Millisecond
	maxChanged  = 50
)

type segmentBody struct {
	Text    string `json:"text"`
	Lexicon *struct {
		ID   string `json:"id"`
		Body string `json:"body"`
	} `json:"lexicon"`
}

// cut is how one engine reads a line. Offsets are in characters of text.
type cut struct {
	Text     string       `json:"text"`
	Tokens   []cutToken   `json:"tokens"`
	Concepts []cutConcept `json:"concepts"`
	Rewrites []cutRewrite `json:"rewrites"`
	Pinyin   bool         `json:"pinyin"`
}

type cutToken struct {
	Text  string `json:"text"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

type cutConcept struct {
	ID    string         `json:"id"`
	Name  string         `json:"name"`
	Kind  kb.ConceptKind `json:"kind"`
	Word  string         `json:"word"`
	Start int            `json:"start"`
	End   int            `json:"end"`
}

type cutRewrite struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Sound is set where no rewrite is listed: a word of the same sound was meant.
	Sound bool `json:"sound"`
}

type segmentAnswer struct {
	Live  cut  `json:"live"`
	Draft *cut `json:"draft,omitempty"`
	comparison
}

// comparison is which of citizens' questions another lexicon answers otherwise.
type comparison struct {
	Changed []changedAnswer `json:"changed"`
	// Of is how many questions were asked; More counts changed ones that are not listed.
	Of   int `json:"of"`
	More int `json:"more"`
}

type changedAnswer struct {
	Question string  `json:"question"`
	Was      outcome `json:"was"`
	Now      outcome `json:"now"`
}

type outcome struct {
	Action  bot.Action `json:"action"`
	Item    string     `json:"item,omitempty"`
	Article string     `json:"article,omitempty"`
	Label   string     `json:"label,omitempty"`
}

// Segment shows how a line is cut, with and without a draft of the lexicon, and which of
// citizens' latest questions the draft would answer otherwise.
func (h *Insight) Segment(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func() (any, error) {
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2*kb.MaxDocument))
		if err != nil {
			return nil, fault.Wrap(fault.TooLarge, err, "词典最大 %d KiB，请拆成两份", kb.MaxDocument>>10)
		}
		var b segmentBody
		if err := respond.Decode(data, &b); err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(b.Text) > maxLine {
			return nil, fault.New(fault.BadRequest, "试切的句子最多 %d 个字", maxLine)
		}
		return h.segment(r.Context(), b)
	})
}

func (h *Insight) segment(ctx context.Context, b segmentBody) (*segmentAnswer, error) {
	live, done, err := h.cfg.Trials.Live()
	if err != nil {
		return nil, err
	}
	defer done()
	out := &segmentAnswer{Live: explain(live, b.Text), comparison: comparison{Changed: []changedAnswer{}}}
	if b.Lexicon == nil {
		return out, nil
	}
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	doc := kb.Document{Kind: kb.KindLexicon, ID: b.Lexicon.ID, Body: b.Lexicon.Body}
	if !kb.IsArticleID(doc.ID) {
		return nil, fault.New(fault.BadRequest, "词典编号 %q 不对：只用小写字母、数字和连字符", doc.ID)
	}
	if _, ps := kb.ParseLexicon(doc); ps != nil {
		return nil, fault.New(fault.BadRequest, "词典第 %d 行：%s", ps[0].Line, ps[0].Reason)
	}
	draft, left, release, err := h.cfg.Trials.Candidate(ctx, Pick{Document: &doc})
	if err != nil {
		return nil, err
	}
	defer release()
	if len(left) > 0 {
		return nil, fault.New(fault.BadRequest, "词典有问题：%s", left[0].Reason)
	}
	read := explain(draft, b.Text)
	out.Draft = &read
	out.comparison, err = h.compare(ctx, live, draft, doc.Key()+" "+doc.Hash())
	return out, err
}

func explain(e TrialEngine, text string) cut {
	x := e.Understander().Explain(text)
	c := cut{Text: x.Text, Tokens: []cutToken{}, Concepts: []cutConcept{}, Rewrites: []cutRewrite{}, Pinyin: x.Pinyin}
	for _, t := range x.Tokens {
		c.Tokens = append(c.Tokens, cutToken{t.Text, t.Start, t.End})
	}
	for _, k := range x.Concepts {
		c.Concepts = append(c.Concepts, cutConcept{k.ID, k.Name, k.Kind, k.Word, k.Start, k.End})
	}
	for _, m := range x.Rewrites {
		c.Rewrites = append(c.Rewrites, cutRewrite{m.From, m.To, m.Sound})
	}
	return c
}

// compare asks citizens' latest questions of both engines, as many as the time allows. What
// was found for the same pair is kept.
func (h *Insight) compare(ctx context.Context, live, draft TrialEngine, draftKey string) (comparison, error) {
	questions, err := h.cfg.Store.Latest(ctx, h.cfg.Real)
	if err != nil {
		return comparison{}, err
	}
	key := keyOf(live.Release(), draftKey, questions)
	if c, ok := h.compared.Get(key); ok {
		return c, nil
	}
	c := comparison{Changed: []changedAnswer{}}
	end := h.cfg.Now().Add(compareTime)
	for _, q := range questions {
		if ctx.Err() != nil || h.cfg.Now().After(end) {
			return c, nil // not kept: the next one may come further
		}
		was, now := answerOf(ctx, live, q), answerOf(ctx, draft, q)
		c.Of++
		switch {
		case was == now:
		case len(c.Changed) < maxChanged:
			c.Changed = append(c.Changed, changedAnswer{q, was, now})
		default:
			c.More++
		}
	}
	h.compared.Add(key, c)
	return c, nil
}

func keyOf(release int64, draft string, questions []string) string {
	newest := ""
	if len(questions) > 0 {
		newest = questions[0]
	}
	return draft + "\x00" + strconv.FormatInt(release, 10) + "\x00" + newest
}

func answerOf(ctx context.Context, e TrialEngine, question string) outcome {
	r := e.Answer(ctx, bot.Turn{Message: bot.Message{Channel: bot.Web, Text: question}, Owner: bot.OwnerBot}).Reply
	o := outcome{Action: r.Action, Item: r.Item, Article: r.Article}
	switch {
	case r.Item != "":
		o.Label = e.Label(r.Item)
	case r.Article != "":
		o.Label = e.Label(r.Article)
	}
	return o
}

// nearest lists what a question may mean.
func nearest(e TrialEngine, text string, n int) []intents.Scored {
	if text == "" {
		return nil
	}
	return e.Nearest(text, n)
}
