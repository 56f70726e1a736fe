package desk

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// Note is what agents tell each other about a conversation. It is stored apart from messages,
// and nothing makes a Row of one.
type Note struct {
	N            int64     `json:"n"`
	Conversation string    `json:"conversation"`
	Ticket       string    `json:"ticket"`
	Kind         string    `json:"kind"` // NoteKind, WhisperKind
	Agent        string    `json:"-"`
	Author       string    `json:"author"` // the agent's number
	Text         string    `json:"text"`
	At           time.Time `json:"at"`
}

// The kinds of note.
const (
	NoteKind    = "note"
	WhisperKind = "whisper" // a supervisor to the one who serves
)

// Canned is a prepared reply. {市民}, {坐席}, {编号} and {事项} stand for what the conversation
// fills in.
type Canned struct {
	ID       string    `json:"id"`
	Group    string    `json:"group"` // "" for all
	Shortcut string    `json:"shortcut"`
	Title    string    `json:"title"`
	Text     string    `json:"text"`
	Version  int64     `json:"version"`
	Retired  bool      `json:"retired,omitempty"`
	Agent    string    `json:"-"`
	At       time.Time `json:"at"`
}

var (
	shortcutForm = regexp.MustCompile(`^[\p{Han}a-zA-Z0-9_-]{1,20}$`)
	variableForm = regexp.MustCompile(`\{[^{}]*\}`)
)

// Variables are what a canned reply may leave open.
var Variables = []string{"{市民}", "{坐席}", "{编号}", "{事项}"}

// Check tells what is wrong with a canned reply.
func (c Canned) Check() error {
	switch {
	case !shortcutForm.MatchString(c.Shortcut):
		return fault.New(fault.BadRequest, "快捷码应为 1 到 20 个汉字、字母或数字，不带空格")
	case c.Title == "" || utf8.RuneCountInString(c.Title) > 40:
		return fault.New(fault.BadRequest, "标题应为 1 到 40 个字")
	}
	for _, v := range variableForm.FindAllString(c.Text, -1) {
		if !strings.Contains(strings.Join(Variables, " "), v) {
			return fault.New(fault.BadRequest, "不认识的变量 %s，可以用 %s", v, strings.Join(Variables, " "))
		}
	}
	return CheckText(c.Text)
}

// Alert is a danger that was spoken of.
type Alert struct {
	Conversation string    `json:"conversation"`
	Seq          int64     `json:"seq"`
	At           time.Time `json:"at"`
}

// Limit slows a visitor or keeps her out for a time. Danger is answered all the same.
type Limit struct {
	Conversation string    `json:"conversation"`
	Mode         string    `json:"mode"` // slow, block, "" lifts it
	Reason       string    `json:"reason"`
	Actor        string    `json:"-"`
	At           time.Time `json:"-"`
	Until        time.Time `json:"until"`
}

// The modes of a limit.
const (
	LimitSlow  = "slow"  // one line in SlowEvery
	LimitBlock = "block" // no line but of danger
)

// SlowEvery is how often a slowed visitor may write; LimitFor bounds a limit.
const (
	SlowEvery = 30 * time.Second
	LimitFor  = 72 * time.Hour
)

// Check tells what is wrong with a limit.
func (l Limit) Check() error {
	switch {
	case l.Mode != "" && l.Mode != LimitSlow && l.Mode != LimitBlock:
		return fault.New(fault.BadRequest, "字段 mode 可以是 slow、block 或空")
	case strings.TrimSpace(l.Reason) == "" || utf8.RuneCountInString(l.Reason) > 200:
		return fault.New(fault.BadRequest, "请写明原因，最多 200 个字")
	case l.Mode != "" && (!l.Until.After(l.At) || l.Until.After(l.At.Add(LimitFor))):
		return fault.New(fault.BadRequest, "期限要在现在之后、%d 小时以内", int(LimitFor/time.Hour))
	}
	return nil
}
