package bot

import (
	"context"
	"strings"

	"shenwei/internal/mask"
)

// Rows reads a conversation's rows after a number, at most limit, in order.
type Rows interface {
	Messages(ctx context.Context, conversation string, after int64, limit int) ([]Stored, error)
}

// ownRows is how many of a conversation's rows a masker learns from.
const ownRows = 200

// OwnData returns a masker that has read what the conversation's citizen wrote, in her order: the
// same data has the same substitute whenever and on whichever node it is made. It is made anew for
// each use and kept nowhere.
func OwnData(ctx context.Context, rows Rows, conversation string) (*mask.Masker, error) {
	m := mask.NewMasker()
	list, err := rows.Messages(ctx, conversation, 0, ownRows)
	for _, row := range list {
		if row.Kind == "citizen" {
			m.Text(row.Text)
		}
	}
	return m, err
}

// OnOwnScreen returns a reply as the screen of its own citizen shows it: where a model addressed her
// by the substitute of her name, the name stands there again. Everywhere else, the record and the
// agents' pages among it, the substitute stays. When the rows cannot be read it stays here too.
func OnOwnScreen(ctx context.Context, rows Rows, r *Reply) *Reply {
	if r == nil || !r.AIGenerated || !strings.Contains(r.Text, "["+string(mask.Name)) {
		return r
	}
	own, err := OwnData(ctx, rows, r.Conversation)
	if err != nil {
		return r
	}
	shown := *r
	shown.Text, shown.Blocks = own.Restore(r.Text), make([]Block, len(r.Blocks))
	for i, b := range r.Blocks {
		b.Text = own.Restore(b.Text)
		if b.Item != nil {
			card := *b.Item
			card.FacetText, card.Summary = own.Restore(card.FacetText), own.Restore(card.Summary)
			b.Item = &card
		}
		shown.Blocks[i] = b
	}
	return &shown
}

// RowsOnOwnScreen is OnOwnScreen for rows, in place.
func RowsOnOwnScreen(ctx context.Context, rows Rows, list []Stored) []Stored {
	for i, row := range list {
		if row.Reply != nil {
			list[i].Reply = OnOwnScreen(ctx, rows, row.Reply)
			list[i].Text = list[i].Reply.Text
		}
	}
	return list
}
