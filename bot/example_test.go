package bot_test

import (
	"context"
	"fmt"
	"log/slog"

	"shenwei/bot"
)

// notebook is the smallest Store: one conversation, nothing kept.
type notebook struct{}

func (notebook) Receive(_ context.Context, m bot.Message) (bot.Receipt, error) {
	return bot.Receipt{Conversation: bot.Conversation{ID: "c1", Version: 1, Owner: bot.OwnerBot}, Seq: 1, Token: "secret"}, nil
}

func (notebook) Conversation(context.Context, string) (bot.Conversation, error) {
	return bot.Conversation{ID: "c1", Version: 1, Owner: bot.OwnerBot}, nil
}

func (notebook) Commit(_ context.Context, o bot.Outcome) (*bot.Reply, error) {
	o.Reply.Seq = o.Line + 1
	return o.Reply, nil
}

func (notebook) Pending(context.Context, int) ([]bot.PendingLine, error) { return nil, nil }

// polite answers every line alike.
type polite struct{}

func (polite) Answer(_ context.Context, turn bot.Turn) (bot.Answered, error) {
	return bot.Answered{Reply: &bot.Reply{Action: bot.SmallTalk, Text: "您好，您说的是：" + turn.Message.Text}}, nil
}

func ExampleNewFront() {
	front := bot.NewFront(notebook{}, polite{}, slog.Default())
	line, err := front.Begin(context.Background(), bot.Message{Channel: bot.Web, Ref: "r1", Text: "护照"})
	if err != nil {
		fmt.Println(err)
		return
	}
	reply, err := line.Wait(context.Background())
	fmt.Println(reply.Text, reply.Seq, err)
	// Output: 您好，您说的是：护照 2 <nil>
}
