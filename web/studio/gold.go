package studio

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"shenwei/bot"
	"shenwei/bot/insight"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// goldPrefix begins the ids of gold questions that are added here.
const goldPrefix = "studio"

// kindForm is how a kind of gold question is called: its file is KIND.tsv. What is of kind
// emergency, fraud or privacy can never be overridden at the gate.
var kindForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

type goldQuestion struct {
	kb.GoldRow
	// Kind is the file that it stands in; Draft is set for one that is not published.
	Kind  string `json:"kind"`
	Draft bool   `json:"draft"`
}

type goldList struct {
	Total int            `json:"total"`
	Rows  []goldQuestion `json:"rows"`
	// Kinds lists every kind there is.
	Kinds []string `json:"kinds"`
}

// Gold lists gold questions by kind, action, code and words.
func (h *Insight) Gold(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func() (any, error) {
		offset, limit, err := page(r)
		if err != nil {
			return nil, err
		}
		versions, err := h.cfg.Drafts.Versions(r.Context(), kb.KindGold)
		if err != nil {
			return nil, err
		}
		list := goldList{Rows: []goldQuestion{}, Kinds: []string{}}
		keep := goldFilter(r)
		for _, v := range versions {
			kind, isTable := strings.CutSuffix(v.ID, ".tsv")
			if !isTable {
				continue
			}
			list.Kinds = append(list.Kinds, kind)
			live := map[string]bool{}
			for _, row := range kb.GoldRows(kb.Document{Kind: v.Kind, ID: v.ID, Body: v.Live}) {
				live[row.ID] = true
			}
			for _, row := range kb.GoldRows(v.Document) {
				if q := (goldQuestion{row, kind, !live[row.ID]}); keep(q) {
					list.Rows = append(list.Rows, q)
				}
			}
		}
		list.Total = len(list.Rows)
		list.Rows = list.Rows[min(offset, list.Total):min(offset+limit, list.Total)]
		return list, nil
	})
}

func goldFilter(r *http.Request) func(goldQuestion) bool {
	q := r.URL.Query()
	kind, action, code, words := q.Get("kind"), q.Get("action"), q.Get("code"), kb.AskKey(q.Get("q"))
	draft := q.Get("draft") == "true"
	return func(g goldQuestion) bool {
		return (kind == "" || g.Kind == kind) && (action == "" || g.Action == action) &&
			(code == "" || slices.Contains(g.Codes, code)) && (!draft || g.Draft) &&
			(words == "" || strings.Contains(kb.AskKey(g.Question+g.ID+g.Comment), words))
	}
}

type goldBody struct {
	Question string   `json:"question"`
	Action   string   `json:"action"`
	Codes    []string `json:"codes"`
	Facet    kb.Facet `json:"facet"`
	Kind     string   `json:"kind"`
	Sure     string   `json:"sure"`
	Comment  string   `json:"comment"`
}

type goldAnswer struct {
	Key string       `json:"key"`
	Row goldQuestion `json:"row"`
	// FollowUp says that the line went on with what was said before: by itself it may not
	// be understood.
	FollowUp bool `json:"follow_up"`
}

// AddGold adds a gold question to the draft of its file.
func (h *Insight) AddGold(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func() (any, error) {
		var b goldBody
		if err := respond.Body(w, r, &b); err != nil {
			return nil, err
		}
		by, err := who(r)
		if err != nil {
			return nil, err
		}
		return h.addGold(r.Context(), b, by)
	})
}

func (h *Insight) addGold(ctx context.Context, b goldBody, by auth.Principal) (*goldAnswer, error) {
	kind := b.Kind
	if kind == "" {
		kind = kindOf(b)
	}
	if !kindForm.MatchString(kind) {
		return nil, fault.New(fault.BadRequest, "类别 %q 不对：用小写字母、数字和连字符，例如 general、fraud", kind)
	}
	live, done, err := h.cfg.Trials.Live()
	if err != nil {
		return nil, err
	}
	defer done()
	know := live.Knowledge()
	doc := kb.Document{Kind: kb.KindGold, ID: kind + ".tsv"}
	seen, _, err := h.cfg.Drafts.Version(ctx, doc.Key())
	if err != nil {
		return nil, err
	}
	doc.Body = seen.Body
	row := kb.GoldRow{
		Question: mask.Text(b.Question), Action: b.Action, Codes: b.Codes, Facet: b.Facet, Sure: b.Sure, Comment: mask.Text(b.Comment),
	}
	doc, row, err = kb.AddGold(doc, goldPrefix, row, func(code string) bool { return know.Item(code) != nil })
	if err != nil {
		return nil, err
	}
	if row.Codes == nil {
		row.Codes = []string{}
	}
	if err := h.cfg.Drafts.Save(ctx, seen, doc, member(by), true); err != nil {
		return nil, err
	}
	return &goldAnswer{Key: doc.Key(), Row: goldQuestion{row, kind, true}}, nil
}

// kindOf is where a question belongs that names no kind: with those of its police type.
func kindOf(b goldBody) string {
	if len(b.Codes) > 0 && (b.Action == "answer" || b.Action == "clarify") {
		prefix, _, _ := strings.Cut(b.Codes[0], "-")
		return strings.ToLower(prefix)
	}
	switch b.Action {
	case "emergency", "oos":
		return b.Action
	}
	return "general"
}

type goldFromBody struct {
	Conversation string   `json:"conversation"`
	Seq          int64    `json:"seq"`
	Action       string   `json:"action"`
	Codes        []string `json:"codes"`
	Facet        kb.Facet `json:"facet"`
	Kind         string   `json:"kind"`
	Comment      string   `json:"comment"`
}

// GoldFrom adds a line of a conversation as a gold question, masked. Without an action it
// expects what the bot answered.
func (h *Insight) GoldFrom(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func() (any, error) {
		var b goldFromBody
		if err := respond.Body(w, r, &b); err != nil {
			return nil, err
		}
		by, err := who(r)
		if err != nil {
			return nil, err
		}
		return h.goldFrom(r.Context(), b, by)
	})
}

func (h *Insight) goldFrom(ctx context.Context, b goldFromBody, by auth.Principal) (*goldAnswer, error) {
	turn, err := h.cfg.Store.Turn(ctx, b.Conversation, b.Seq)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Wrap(fault.NotFound, err, "没有这句话，或者它还没有回答")
	}
	if err != nil {
		return nil, err
	}
	if turn.Tapped || strings.TrimSpace(turn.Text) == "" {
		return nil, fault.New(fault.BadRequest, "这一步是点选，不是一句话，不能作为金标问题")
	}
	detail, err := json.Marshal(map[string]int64{"seq": b.Seq})
	if err != nil {
		return nil, err
	}
	entry := audit.Entry{Actor: by.Name, Action: "conversation.look", Object: "conversation/" + b.Conversation, Detail: string(detail), At: h.cfg.Now()}
	if err := h.cfg.Audit(ctx, entry); err != nil {
		return nil, err
	}
	g := goldBody{Question: turn.Text, Action: b.Action, Codes: b.Codes, Facet: b.Facet, Kind: b.Kind, Comment: b.Comment}
	if g.Action == "" {
		g.Action, g.Codes = expected(turn)
	}
	answer, err := h.addGold(ctx, g, by)
	if err != nil {
		return nil, err
	}
	answer.FollowUp = turn.Line > 1
	return answer, nil
}

// expected is a label for what the bot did.
func expected(t insight.Turn) (action string, codes []string) {
	switch {
	case t.Action == bot.Answer && t.Item != "":
		return "answer", []string{t.Item}
	case t.Action == bot.Emergency:
		return "emergency", nil
	case t.Action == bot.Answer, t.Action == bot.Handoff:
		return "general", nil
	}
	return "oos", nil
}
