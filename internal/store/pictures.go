package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/picture"
)

// MaxPictures is how many pictures of one conversation are kept at a time.
const MaxPictures = 50

const (
	sqlAddPicture = `INSERT INTO pictures (id, conversation, seq, at, width, height, small, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlSetData    = `UPDATE messages SET data = $1 WHERE conversation = $2 AND seq = $3`
	sqlHoldOwner  = `UPDATE conversations SET seq = seq WHERE id = $1 RETURNING owner`
	sqlPictures   = `SELECT COUNT(*) FROM pictures WHERE conversation = $1`
	sqlConsent    = `SELECT 1 FROM consents WHERE conversation = $1 AND purpose = $2 AND notice = $3 AND withdrawn = 0 LIMIT 1`
	sqlPicture    = `SELECT id, body FROM pictures WHERE conversation = $1 AND seq = $2`
	sqlSmall      = `SELECT id, small FROM pictures WHERE conversation = $1 AND seq = $2`
	sqlDataOf     = `SELECT COALESCE(data, '') FROM messages WHERE conversation = $1 AND seq = $2`
	sqlOldPics    = `SELECT id, conversation, seq FROM pictures WHERE at < $1 ORDER BY at LIMIT $2`
	sqlDropPic    = `DELETE FROM pictures WHERE id = $1`
)

// purposePicture is what the consent to the notice about pictures is for.
const purposePicture = "picture"

func picturePlace(column, id string) []string { return []string{"pictures", column, id} }

// shown is what a row's data says of its picture. Gone: its time is over. Missing: it could
// not be fetched.
type shown struct {
	Picture struct {
		Width   int  `json:"width,omitempty"`
		Height  int  `json:"height,omitempty"`
		Gone    bool `json:"gone,omitempty"`
		Missing bool `json:"missing,omitempty"`
	} `json:"picture"`
}

func (d shown) encode() string {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // numbers and flags alone
	}
	return string(b)
}

// keepsPicture tells whether the picture of a line is to be stored, and records the citizen's
// consent. It refuses a citizen's picture while no person owns the conversation, before she
// agreed to the notice and when there are too many; what it refuses has written nothing. The line
// of a trusted caller is stored all the same.
func (s *session) keepsPicture(m bot.Message, at int64) (bool, error) {
	if m.Picture == nil {
		return false, nil
	}
	var seq, count int64
	if known, err := s.row(sqlRowByRef, []any{string(m.Channel), m.Ref}, &seq); known || err != nil {
		return false, err // sent again
	}
	var owner string
	found, err := s.row(sqlHoldOwner, []any{m.Conversation}, &owner)
	if err == nil {
		_, err = s.row(sqlPictures, []any{m.Conversation}, &count)
	}
	switch {
	case err != nil:
		return false, err
	case owner == bot.OwnerAgent && count < MaxPictures && m.Trusted:
		return true, nil
	case m.Trusted:
		return false, nil
	case !found:
		return false, refusal{noConversation()}
	case owner != bot.OwnerAgent:
		return false, refusal{desk.NobodyLooks()}
	case count >= MaxPictures:
		return false, refuse(fault.TooLarge, "一个会话最多保留 %d 张图片，请改用文字说明", MaxPictures)
	}
	return true, s.agreed(m, at)
}

// agreed records that a citizen agrees to the notice about pictures, unless she has before.
func (s *session) agreed(m bot.Message, at int64) error {
	var one int
	before, err := s.row(sqlConsent, []any{m.Conversation, purposePicture, desk.PictureNotice.Version}, &one)
	switch {
	case before || err != nil:
		return err
	case m.Consent != desk.PictureNotice.Version:
		return refuse(fault.Conflict, "请先阅读并同意发送图片的告知，再发图片")
	}
	_, err = s.exec(sqlAddConsent, ulid.Make().String(), m.Conversation, purposePicture, m.Consent, at)
	return err
}

// addPicture stores the picture of a row that this transaction has added.
func (s *session) addPicture(conversation string, seq, at int64, p *picture.Picture) error {
	var d shown
	d.Picture.Width, d.Picture.Height, d.Picture.Missing = p.Width, p.Height, len(p.Body) == 0
	if n, err := s.exec(sqlSetData, d.encode(), conversation, seq); err != nil || n != 1 {
		return orRaced(err)
	}
	if len(p.Body) == 0 {
		return nil
	}
	if s.keys == nil {
		return fault.New(fault.Unavailable, "no key is configured to seal pictures with; set keys.data")
	}
	id := ulid.Make().String()
	_, err := s.exec(sqlAddPicture, id, conversation, seq, at, p.Width, p.Height,
		s.keys.Seal(p.Small, picturePlace("small", id)...), s.keys.Seal(p.Body, picturePlace("body", id)...))
	return err
}

// Picture reads the picture of a row, a JPEG file, or its small one. Where the row has none it is
// fault.NotFound, which says so when there was one. It checks no token and writes no audit entry.
func (db *DB) Picture(ctx context.Context, conversation string, seq int64, small bool) ([]byte, error) {
	if checkName("conversation", conversation, false) != nil {
		return nil, noPicture()
	}
	query, column := sqlPicture, "body"
	if small {
		query, column = sqlSmall, "small"
	}
	var id, data string
	var sealed []byte
	found, err := db.get(ctx, query, []any{conversation, seq}, &id, &sealed)
	if err != nil || found {
		if err != nil {
			return nil, err
		}
		plain, err := db.secret(sealed, picturePlace(column, id)...)
		return []byte(plain), err
	}
	if _, err := db.get(ctx, sqlDataOf, []any{conversation, seq}, &data); err != nil {
		return nil, err
	}
	var d shown
	if strings.HasPrefix(data, "{") && json.Unmarshal([]byte(data), &d) == nil && d.Picture.Gone {
		return nil, fault.New(fault.NotFound, "图片已到期删除")
	}
	return nil, noPicture()
}

func noPicture() error { return fault.New(fault.NotFound, "没有这张图片") }

// DeletePictures deletes at most limit pictures of before a time, and has their rows say so. It
// returns how many there were.
func (db *DB) DeletePictures(ctx context.Context, before time.Time, limit int) (int64, error) {
	type row struct {
		id, conversation string
		seq              int64
	}
	var gone shown
	gone.Picture.Gone = true
	n := int64(0)
	err := db.writer.do(ctx, "retention", "", func(s *session) error {
		var old []row
		n = 0
		err := s.rows(sqlOldPics, []any{before.UnixMicro(), limit}, func(r *sql.Rows) error {
			var p row
			err := r.Scan(&p.id, &p.conversation, &p.seq)
			old = append(old, p)
			return err
		})
		for _, p := range old {
			if err == nil {
				_, err = s.exec(sqlDropPic, p.id)
			}
			if err == nil {
				_, err = s.exec(sqlSetData, gone.encode(), p.conversation, p.seq)
			}
			n++
		}
		return err
	})
	return n, err
}
