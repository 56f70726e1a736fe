package eval_test

import (
	"context"
	"fmt"
	"strings"

	"shenwei/bot"
	"shenwei/bot/eval"
)

// always answers every line with one item.
type always string

func (code always) Answer(context.Context, bot.Turn) (bot.Answered, error) {
	return bot.Answered{Reply: &bot.Reply{Action: bot.Answer, Item: string(code)}}, nil
}

func ExampleRun() {
	const file = "id\tquestion\taction\tcodes\tfacet\tsure\n" +
		"1\t护照快到期了怎么换\tanswer\tCRJ-002\thow\t2\n" +
		"2\t护照丢了\tanswer\tCRJ-003\thow\t2\n"
	rows, err := eval.ReadRows(strings.NewReader(file), func(string) bool { return true })
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := eval.Run(context.Background(), always("CRJ-002"), rows, func(int) {})
	fmt.Println(report.Rows, report.First, report.WrongLink, err)
	// Output: 2 0.5 0.5 <nil>
}
