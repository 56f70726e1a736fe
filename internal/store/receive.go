package store

import (
	"context"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
)

const (
	sqlAddConversation = `INSERT INTO conversations (id, channel, version, seq, owner, state, created, updated)
		VALUES ($1, $2, 1, 1, 'bot', '{}', $3, $3) ON CONFLICT (id) DO NOTHING`
	sqlNextSeq = `UPDATE conversations SET seq = seq + 1 WHERE id = $1 RETURNING channel, version, seq, owner, state`
	sqlAddLine = `INSERT INTO messages (conversation, seq, kind, at, channel, ref, text, choice, answer)
		VALUES ($1, $2, 'citizen', $3, $4, $5, $6, $7, 0) ON CONFLICT (channel, ref) WHERE ref IS NOT NULL DO NOTHING`
	sqlDropConversation = `DELETE FROM conversations WHERE id = $1`
	sqlGiveSeqBack      = `UPDATE conversations SET seq = seq - 1 WHERE id = $1`
	sqlLineByRef        = `SELECT m.conversation, m.seq, m.text, m.choice, m.answer, COALESCE(r.reply, '')
		FROM messages m LEFT JOIN messages r ON r.conversation = m.conversation AND r.seq = m.answer
		WHERE m.channel = $1 AND m.ref = $2`
)

// Receive stores a line once: see bot.Store. A line that begins a conversation gets it
// with a token; sent again it gets a new token only if its ref has at least 16 bytes (a
// shorter one could be guessed), and is a conflict if its words differ.
func (db *DB) Receive(ctx context.Context, m bot.Message) (bot.Receipt, error) {
	if err := checkLine(&m); err != nil {
		return bot.Receipt{}, err
	}
	if m.Conversation == "" {
		if m.Picture != nil {
			return bot.Receipt{}, desk.NobodyLooks()
		}
		return db.beginConversation(ctx, m)
	}
	return db.goOn(ctx, m)
}

func checkLine(m *bot.Message) error {
	m.Text, m.Choice = clean(m.Text), clean(m.Choice)
	for _, err := range []error{
		checkName("channel", string(m.Channel), false), checkName("ref", m.Ref, false),
		checkName("conversation", m.Conversation, true), checkName("choice", m.Choice, true),
		checkLength("the text", m.Text),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) beginConversation(ctx context.Context, m bot.Message) (bot.Receipt, error) {
	id, err := db.newID()
	if err != nil {
		return bot.Receipt{}, err
	}
	token, hash := newToken()
	at := db.micros(m.At)
	var duplicate bool
	text := db.keys.SealText(m.Text, linePlace(string(m.Channel), m.Ref)...)
	key := "ref " + string(m.Channel) + " " + m.Ref // copies of one line go to one writer
	err = db.writer.do(ctx, key, "", func(s *session) error {
		if _, err := s.exec(sqlAddConversation, id, string(m.Channel), at); err != nil {
			return err
		}
		added, err := s.exec(sqlAddLine, id, 1, at, string(m.Channel), m.Ref, text, m.Choice)
		if err != nil {
			return err
		}
		if duplicate = added == 0; duplicate {
			_, err = s.exec(sqlDropConversation, id)
			return err
		}
		_, err = s.exec(sqlAddToken, id, hash, at)
		return err
	})
	switch {
	case err != nil:
		return bot.Receipt{}, err
	case duplicate:
		return db.beginAgain(ctx, m)
	}
	c := bot.Conversation{ID: id, Channel: m.Channel, Version: 1, Seq: 1, Owner: bot.OwnerBot}
	return bot.Receipt{Conversation: c, Seq: 1, Token: token}, nil
}

// beginAgain answers the second copy of a line that began a conversation.
func (db *DB) beginAgain(ctx context.Context, m bot.Message) (bot.Receipt, error) {
	known, err := db.findLine(ctx, m)
	switch {
	case err != nil:
		return bot.Receipt{}, err
	case known.seq != 1 || known.text != m.Text || known.choice != m.Choice:
		return bot.Receipt{}, refTaken()
	}
	r, err := known.receipt(ctx, db)
	if err != nil || len(m.Ref) < unguessable {
		return r, err
	}
	if r.Token, err = db.issueToken(ctx, known.conversation); err != nil {
		return bot.Receipt{}, err
	}
	return r, nil
}

// goOn stores a line of a conversation that its channel names.
func (db *DB) goOn(ctx context.Context, m bot.Message) (bot.Receipt, error) {
	if !m.Trusted {
		if err := db.Authorize(ctx, m.Conversation, m.Token); err != nil {
			return bot.Receipt{}, err
		}
	}
	at := db.micros(m.At)
	c := bot.Conversation{ID: m.Conversation}
	var state string
	var duplicate bool
	text := db.keys.SealText(m.Text, linePlace(string(m.Channel), m.Ref)...)
	err := db.writer.do(ctx, m.Conversation, "", func(s *session) error {
		pictured, err := s.keepsPicture(m, at)
		if err != nil {
			return err
		}
		undo := sqlGiveSeqBack
		found, err := s.row(sqlNextSeq, []any{m.Conversation}, &c.Channel, &c.Version, &c.Seq, &c.Owner, &state)
		switch {
		case err != nil:
			return err
		case !found && !m.Trusted:
			return refusal{noConversation()}
		case !found:
			undo = sqlDropConversation
			c.Channel, c.Version, c.Seq, c.Owner, state = m.Channel, 1, 1, bot.OwnerBot, "{}"
			if added, err := s.exec(sqlAddConversation, c.ID, string(m.Channel), at); err != nil || added == 0 {
				return orRaced(err)
			}
		}
		added, err := s.exec(sqlAddLine, c.ID, c.Seq, at, string(m.Channel), m.Ref, text, m.Choice)
		if duplicate = err == nil && added == 0; duplicate {
			_, err = s.exec(undo, c.ID)
		} else if err == nil && pictured {
			err = s.addPicture(c.ID, c.Seq, at, m.Picture)
		}
		return err
	})
	switch {
	case err != nil:
		return bot.Receipt{}, err
	case duplicate:
		return db.goOnAgain(ctx, m)
	}
	r := bot.Receipt{Conversation: c, Seq: c.Seq}
	if r.Conversation.State, err = db.decodeState(c.ID, state); err != nil {
		return bot.Receipt{}, err
	}
	return r, nil
}

func (db *DB) goOnAgain(ctx context.Context, m bot.Message) (bot.Receipt, error) {
	known, err := db.findLine(ctx, m)
	switch {
	case err != nil:
		return bot.Receipt{}, err
	case known.conversation != m.Conversation:
		return bot.Receipt{}, refTaken()
	}
	return known.receipt(ctx, db)
}

func refTaken() error { return fault.New(fault.Conflict, "this ref belongs to another message") }

func orRaced(err error) error {
	if err != nil {
		return err
	}
	return errRaced
}

// knownLine is a stored line with its reply, as JSON, if it has one.
type knownLine struct {
	conversation, text, choice string
	seq, answer                int64
	reply                      string
}

func (db *DB) findLine(ctx context.Context, m bot.Message) (knownLine, error) {
	var k knownLine
	found, err := db.get(ctx, sqlLineByRef, []any{string(m.Channel), m.Ref},
		&k.conversation, &k.seq, &k.text, &k.choice, &k.answer, &k.reply)
	switch {
	case err != nil:
	case !found:
		err = fault.New(fault.Unavailable, "the message is still being stored; send it again")
	default:
		k.text, err = db.keys.OpenText(k.text, linePlace(string(m.Channel), m.Ref)...)
	}
	return k, err
}

func (k knownLine) receipt(ctx context.Context, db *DB) (bot.Receipt, error) {
	c, err := db.Conversation(ctx, k.conversation)
	if err != nil {
		return bot.Receipt{}, err
	}
	r := bot.Receipt{Conversation: c, Seq: k.seq, Duplicate: true}
	if k.answer > 0 {
		r.Reply, err = decodeReply(k.reply, k.conversation, k.answer)
	}
	return r, err
}
