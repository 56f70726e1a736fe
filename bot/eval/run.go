package eval

import (
	"context"

	"shenwei/bot"
)

// Engine answers a turn; every row is a conversation of its own.
type Engine interface {
	Answer(ctx context.Context, turn bot.Turn) (bot.Answered, error)
}

// Run asks every row's question and judges the replies. progress is called after each row.
func Run(ctx context.Context, e Engine, rows []Row, progress func(done int)) (Report, error) {
	all := make([]Judgement, 0, len(rows))
	for i, row := range rows {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		a, err := e.Answer(ctx, bot.Turn{Message: bot.Message{Channel: bot.CLI, Text: row.Question}, Owner: bot.OwnerBot})
		if err != nil {
			return Report{}, err
		}
		all = append(all, Judge(row, a.Reply))
		progress(i + 1)
	}
	return Summarise(all), nil
}
