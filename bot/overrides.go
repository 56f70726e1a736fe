package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// Overrides are what people set for the moment, beside the release: what is taken down,
// notices, and the switch that sends everything to people. They apply at once and touch no
// emergency. The zero value overrides nothing.
type Overrides struct {
	// Version changes with every change of the others.
	Version   int64      `json:"version"`
	Takedowns []Takedown `json:"takedowns"`
	Notices   []Notice   `json:"notices"`
	// Switch is set while every question goes to people.
	Switch *Switch `json:"switch,omitempty"`
	// Dead are the addresses behind buttons that have stopped answering: see Engine.Buttons.
	Dead []string `json:"dead,omitempty"`
	// Published is set while answers are said as published, whatever model is configured.
	Published *Switch `json:"published,omitempty"`
}

// Takedown 下架 hides one item, article or link. Exactly one of Key and Link is set.
type Takedown struct {
	ID   int64  `json:"id"`
	Key  string `json:"key,omitempty"`  // "item/CRJ-011", "article/…"
	Link string `json:"link,omitempty"` // the address as replies show it
	// Reason is for colleagues, not for citizens.
	Reason string    `json:"reason"`
	Author string    `json:"author"`
	At     time.Time `json:"at"`
}

// Notice heads what every channel says, from From until just before Until.
type Notice struct {
	ID     int64     `json:"id"`
	Text   string    `json:"text"`
	Level  string    `json:"level"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Author string    `json:"author,omitempty"`
}

// The levels of a notice.
const (
	NoticeInfo = "info"
	NoticeWarn = "warn"
)

// Switch is a switch that is set, and by whom: all to people, or published words only.
type Switch struct {
	ID     int64     `json:"id"`
	Reason string    `json:"reason"`
	Author string    `json:"author"`
	At     time.Time `json:"at"`
}

// The longest texts, in characters.
const (
	maxNotice = 300
	maxReason = 500
	maxURL    = 1000
)

// Check refuses a takedown that names nothing or says no reason.
func (t Takedown) Check() error {
	kind, id := kb.SplitKey(t.Key)
	switch {
	case (t.Key == "") == (t.Link == ""):
		return fault.New(fault.BadRequest, "请写明下架什么：一个事项、一篇条目，或一个链接")
	case t.Key != "" && (id == "" || kind != kb.KindItem && kind != kb.KindArticle):
		return fault.New(fault.BadRequest, "只能下架事项（item/编号）、条目（article/编号）或链接")
	case len(t.Link) > maxURL:
		return fault.New(fault.BadRequest, "链接最长 %d 字节", maxURL)
	case t.Link != "" && (utf8.RuneCountInString(t.Link) < 8 || !strings.Contains(t.Link, "/") && !strings.Contains(t.Link, ":")):
		return fault.New(fault.BadRequest, "请填写完整的链接，与回答里显示的一样")
	}
	return checkReason(t.Reason)
}

func checkReason(reason string) error {
	if strings.TrimSpace(reason) == "" || utf8.RuneCountInString(reason) > maxReason {
		return fault.New(fault.BadRequest, "请写明理由，最长 %d 个字", maxReason)
	}
	return nil
}

// Check refuses a switch without a reason.
func (s Switch) Check() error { return checkReason(s.Reason) }

// Check refuses a notice without text or with times that cannot be meant.
func (n Notice) Check(now time.Time) error {
	switch {
	case strings.TrimSpace(n.Text) == "" || utf8.RuneCountInString(n.Text) > maxNotice:
		return fault.New(fault.BadRequest, "请写公告内容，最长 %d 个字", maxNotice)
	case n.Level != NoticeInfo && n.Level != NoticeWarn:
		return fault.New(fault.BadRequest, "level 应为 info 或 warn")
	case n.Until.IsZero() || !n.From.Before(n.Until):
		return fault.New(fault.BadRequest, "请写明公告的起止时间，结束要晚于开始")
	case !now.Before(n.Until):
		return fault.New(fault.BadRequest, "公告的结束时间已经过去")
	}
	return nil
}

// Hides tells whether an item or article is taken down.
func (o *Overrides) Hides(key string) bool {
	return o != nil && slices.ContainsFunc(o.Takedowns, func(t Takedown) bool { return t.Key == key })
}

// HidesAny tells whether any item or article is taken down.
func (o *Overrides) HidesAny() bool {
	return o != nil && slices.ContainsFunc(o.Takedowns, func(t Takedown) bool { return t.Key != "" })
}

// HidesLink tells whether a link is taken down.
func (o *Overrides) HidesLink(url string) bool {
	return o != nil && slices.ContainsFunc(o.Takedowns, func(t Takedown) bool { return t.Link != "" && t.Link == url })
}

// IsDead tells whether the address behind a button has stopped answering.
func (o *Overrides) IsDead(url string) bool { return o != nil && slices.Contains(o.Dead, url) }

// Running are the notices that hold at the instant, warnings first.
func (o *Overrides) Running(at time.Time) []Notice {
	if o == nil {
		return nil
	}
	var list []Notice
	for _, n := range o.Notices {
		if !at.Before(n.From) && at.Before(n.Until) {
			list = append(list, n)
		}
	}
	slices.SortStableFunc(list, func(a, b Notice) int { return -cmp.Compare(a.Level, b.Level) })
	return list
}

// toPeople hands everything over while the switch is set.
func (e *Engine) toPeople(c *turnCase) (*draft, string) {
	o := c.turn.Overrides
	if o == nil || o.Switch == nil {
		return nil, "the switch is not set"
	}
	c.override("switch %d: everything goes to people", o.Switch.ID)
	return e.handOver(c, "switched"), "everything goes to people for the moment"
}

func (c *turnCase) override(format string, args ...any) {
	c.trace.Overrides = append(c.trace.Overrides, fmt.Sprintf(format, args...))
}

const takenDown = "这项内容正在核对更新，暂时不能在这里答复，抱歉。请拨打下面的电话，或发「转人工」。"

// hide takes out of a draft what is taken down: of an answer the hotline's card is left.
func (e *Engine) hide(c *turnCase, d *draft) {
	o := c.turn.Overrides
	if !o.HidesAny() || d.action == Emergency {
		return
	}
	hidden := func(key string) bool {
		for _, t := range o.Takedowns {
			if t.Key == key {
				c.override("takedown %d: %s", t.ID, key)
				return true
			}
		}
		return false
	}
	asked, choices := len(d.items), len(d.options)
	d.items = slices.DeleteFunc(slices.Clone(d.items), func(h ItemHit) bool { return hidden(kb.ItemKey(h.Code)) })
	d.options = slices.DeleteFunc(slices.Clone(d.options), func(x Option) bool {
		return x.Code != "" && hidden(kb.ItemKey(x.Code)) || x.ID != "" && hidden(kb.ArticleKey(x.ID))
	})
	gone := len(d.items) < asked
	if d.article != "" && hidden(kb.ArticleKey(d.article)) {
		d.article, gone = "", true
	}
	switch {
	case gone && len(d.items) > 0: // several matters, one of them taken down
		d.lead, d.hotline = strings.TrimSpace(d.lead+"\n其中一项"+strings.TrimPrefix(takenDown, "这项")), true
	case gone || d.action == Clarify && choices > 0 && len(d.options) == 0:
		*d = draft{
			action: Decline, lead: takenDown, hotline: true, confidence: d.confidence, facet: d.facet, caution: d.caution,
			state: d.state, reason: "taken down", options: d.options,
		}
		d.options = nil
	}
}

// head puts the notices that the citizen has not read in this conversation before everything
// but a danger's number.
func (e *Engine) head(c *turnCase, r *Reply, s *State) {
	if r.Action == Emergency {
		return
	}
	var blocks []Block
	var lines []string
	for _, n := range c.turn.Overrides.Running(c.turn.Message.At) {
		if slices.Contains(s.Notices, n.ID) {
			continue
		}
		s.Notices = append(slices.Clone(s.Notices), n.ID)
		c.override("notice %d", n.ID)
		blocks = append(blocks, Block{Type: BlockCaution, Title: "通知", Text: n.Text})
		lines = append(lines, "【通知】"+n.Text)
	}
	if len(blocks) == 0 {
		return
	}
	at := 0
	if len(r.Blocks) > 0 && r.Blocks[0].Type == BlockCaution {
		at = 1 // the number of a danger stays first, in the text too
		first, rest, _ := strings.Cut(r.Text, "\n")
		lines = append([]string{first}, append(lines, rest)...)
	} else {
		lines = append(lines, r.Text)
	}
	r.Blocks = slices.Insert(r.Blocks, at, blocks...)
	r.Text = strings.Trim(strings.Join(lines, "\n"), "\n")
}

// unlink takes links that are taken down out of a reply and adds the hotline's card.
func (e *Engine) unlink(c *turnCase, d *draft, w *writer) {
	r, o := w.r, c.turn.Overrides
	if o == nil || d.action == Emergency {
		return
	}
	for _, t := range o.Takedowns {
		if t.Link != "" && w.drop(t.Link) {
			c.override("takedown %d: a link", t.ID)
			if !slices.ContainsFunc(r.Blocks, func(b Block) bool { return b.Type == BlockHotline }) {
				w.hotline(d, c.turn.State.Item)
			}
		}
	}
}

// drop removes a link wherever the reply has it, and tells whether it was there.
func (w *writer) drop(url string) bool {
	found := false
	without := func(links []Link) []Link {
		kept := slices.DeleteFunc(slices.Clone(links), func(l Link) bool { return l.URL == url })
		found = found || len(kept) < len(links)
		return kept
	}
	plain := func(text string) string {
		found = found || strings.Contains(text, url)
		return strings.ReplaceAll(text, url, "（链接已停用）")
	}
	w.r.Links = without(w.r.Links)
	for i := range w.r.Blocks {
		b := &w.r.Blocks[i]
		b.Text = plain(b.Text)
		if b.Links != nil {
			b.Links = without(b.Links)
		}
		if b.Item != nil {
			b.Item.Links, b.Item.FacetText = without(b.Item.Links), plain(b.Item.FacetText)
		}
		for j := range b.Sections {
			b.Sections[j].Text = plain(b.Sections[j].Text)
		}
	}
	w.lines = slices.DeleteFunc(w.lines, func(l string) bool { return strings.HasSuffix(l, "："+url) })
	for i := range w.lines {
		w.lines[i] = plain(w.lines[i])
	}
	return found
}
