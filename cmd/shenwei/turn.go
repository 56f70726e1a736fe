package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/spans"
	"shenwei/internal/trail"
	"shenwei/web/wechat"
)

type turnCmd struct {
	ID string `arg:"" help:"The turn's id, as log lines have it: CONVERSATION/NUMBER."`
}

// toldTurn is what the record has of a turn, without anybody's words.
type toldTurn struct {
	Turn         string      `json:"turn"`
	Trace        string      `json:"trace"` // the id of its trace, where traces are kept
	Conversation string      `json:"conversation"`
	Line         int64       `json:"line"`
	Reply        int64       `json:"reply"`
	At           time.Time   `json:"at"`
	Channel      bot.Channel `json:"channel"`
	Action       bot.Action  `json:"action"`
	Item         string      `json:"item,omitempty"`
	Article      string      `json:"article,omitempty"`
	Policy       string      `json:"policy"`
	Wording      string      `json:"wording,omitempty"`
	Release      int64       `json:"release"`
	TookMicros   int64       `json:"took_us"`
	Outbox       []toldRow   `json:"outbox"`
}

// toldRow is a row of the outbox of the turn's citizen that is not sent, or was given up lately.
type toldRow struct {
	Row      int64     `json:"row"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	Due      time.Time `json:"due"`
	Note     string    `json:"note,omitempty"`
	Ours     bool      `json:"of_this_turn"`
}

// Run prints what the record has of a turn, as JSON and without a word of the citizen's.
func (t *turnCmd) Run(ctx context.Context, c *cli) error {
	conversation, line, ok := trail.ParseTurn(strings.TrimSpace(t.ID))
	if !ok {
		return fault.New(fault.BadRequest, "%q is no turn; write CONVERSATION/NUMBER as the log has it after turn=", t.ID)
	}
	return withStaff(ctx, c, func(a *app) error {
		told, err := a.tellTurn(ctx, conversation, line)
		if err != nil {
			return err
		}
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(told)
	})
}

func (a *app) tellTurn(ctx context.Context, conversation string, line int64) (*toldTurn, error) {
	turn, err := a.store.Insight().Turn(ctx, conversation, line)
	if err != nil {
		return nil, err
	}
	why, err := a.store.Trace(ctx, conversation, turn.Answer)
	if err != nil {
		return nil, err
	}
	id := trail.TurnID(conversation, turn.Line)
	traceID, _ := spans.Told(id)
	told := &toldTurn{
		Turn: id, Trace: traceID.String(), Conversation: conversation, Line: turn.Line, Reply: turn.Answer, At: turn.At, Channel: turn.Channel,
		Action: turn.Action, Item: turn.Item, Article: turn.Article, Policy: why.Policy, Wording: why.Wording, Release: turn.Release, Outbox: []toldRow{},
	}
	rows, err := a.store.Messages(ctx, conversation, turn.Answer-1, 1)
	if err == nil && len(rows) == 1 && rows[0].Reply != nil {
		told.TookMicros = rows[0].Reply.TookMicros
	}
	waiting, err := a.store.Outbox(ctx, wechat.Lane(conversation))
	for _, r := range waiting {
		var of struct {
			Turn string `json:"turn"`
		}
		_ = json.Unmarshal(r.Body, &of) // of another kind: not this turn's
		told.Outbox = append(told.Outbox, toldRow{r.ID, r.Kind, string(r.State), r.Attempts, r.Due, r.Note, of.Turn == id})
	}
	return told, err
}
