package studio

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/respond"
)

// maxEarlier is how many lines before the one at hand are played again.
const maxEarlier = 20

// tryTimeout bounds a try, the building of an engine for drafts included; it is less than the server gives an answer.
const tryTimeout = 35 * time.Second

type tryBody struct {
	Text string `json:"text"`
	// Choice is the key of a tapped option instead of Text.
	Choice string `json:"choice"`
	// Conversation are the lines before, the oldest first.
	Conversation []string `json:"conversation"`
	Draft        bool     `json:"draft"`
	Change       int64    `json:"change"`
	Channel      string   `json:"channel"`
}

type tried struct {
	Reply *bot.Reply `json:"reply"`
	Trace *bot.Trace `json:"trace"`
	// Shown are the channel's own messages, where it has its own way.
	Shown any `json:"shown,omitempty"`
}

type tryAnswer struct {
	Live  tried  `json:"live"`
	Draft *tried `json:"draft,omitempty"`
	// Same says that both give the same answer; Left why some drafts are not part of it.
	Same bool         `json:"same"`
	Left []kb.Problem `json:"left"`
}

// Try answers a line with the live engine and, beside it, with drafts.
func (h *Insight) Try(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func() (any, error) {
		var b tryBody
		if err := respond.Body(w, r, &b); err != nil {
			return nil, err
		}
		return h.try(r.Context(), b)
	})
}

func (h *Insight) try(ctx context.Context, b tryBody) (*tryAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	lines, err := b.lines()
	if err != nil {
		return nil, err
	}
	live, done, err := h.cfg.Trials.Live()
	if err != nil {
		return nil, err
	}
	defer done()
	out := &tryAnswer{Live: h.shape(play(ctx, live, lines), lines), Left: []kb.Problem{}}
	if !b.Draft && b.Change == 0 {
		return out, nil
	}
	draft, left, release, err := h.cfg.Trials.Candidate(ctx, Pick{Drafts: b.Draft && b.Change == 0, Change: b.Change})
	if err != nil {
		return nil, err
	}
	defer release()
	answer := h.shape(play(ctx, draft, lines), lines)
	out.Draft, out.Same = &answer, sameReply(out.Live.Reply, answer.Reply)
	out.Left = append(out.Left, left...)
	return out, nil
}

// lines are the messages to play, the one at hand last.
func (b tryBody) lines() ([]bot.Message, error) {
	channel := bot.Channel(b.Channel)
	switch channel {
	case "":
		channel = bot.Web
	case bot.Web, bot.H5, bot.Terminal, bot.API, "wechat", "wecom":
	default:
		return nil, fault.New(fault.BadRequest, "字段 channel 可以是 web、h5、terminal、api、wechat、wecom")
	}
	if len(b.Conversation) > maxEarlier {
		return nil, fault.New(fault.BadRequest, "前文最多 %d 句", maxEarlier)
	}
	if strings.TrimSpace(b.Text) == "" && b.Choice == "" {
		return nil, fault.New(fault.BadRequest, "请输入一句市民会说的话")
	}
	var all []bot.Message
	for _, text := range append(slices.Clone(b.Conversation), b.Text) {
		if utf8.RuneCountInString(text) > bot.MaxText {
			return nil, fault.New(fault.TooLarge, "一句最多 %d 个字", bot.MaxText)
		}
		all = append(all, bot.Message{Channel: channel, Text: strings.TrimSpace(text)})
	}
	all[len(all)-1].Choice = b.Choice
	return all, nil
}

// play says the lines one after the other and returns the last answer. It keeps nothing.
func play(ctx context.Context, e TrialEngine, lines []bot.Message) tried {
	var a bot.Answered
	var state bot.State
	for _, m := range lines {
		a = e.Answer(ctx, bot.Turn{Message: m, State: state, Owner: bot.OwnerBot})
		state = a.State
	}
	return tried{Reply: a.Reply, Trace: a.Trace}
}

// shape adds how the lines' channel shows the answer.
func (h *Insight) shape(t tried, lines []bot.Message) tried {
	if shape := h.cfg.Shapes[lines[0].Channel]; shape != nil {
		t.Shown = shape(t.Reply)
	}
	return t
}

func sameReply(a, b *bot.Reply) bool {
	return a.Action == b.Action && a.Item == b.Item && a.Article == b.Article && a.Text == b.Text
}
