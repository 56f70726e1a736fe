package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/internal/picture"
	"shenwei/internal/store"
	"shenwei/internal/vault"
)

// snapshot is a picture as it is kept; what is in it can be found again.
func snapshot(name string) *picture.Picture {
	body := bytes.Repeat([]byte("\xff\xd8 a picture of "+name+" "), 40_000)
	return &picture.Picture{Body: body, Small: []byte("\xff\xd8 small " + name), Width: 800, Height: 600}
}

func pictured(conversation, ref, token string) bot.Message {
	return bot.Message{
		Channel: bot.Web, Ref: ref, Conversation: conversation, Token: token, Text: bot.SentPicture, At: Noon,
		Picture: snapshot(ref), Consent: desk.PictureNotice.Version,
	}
}

// served begins a conversation that an agent owns, and returns what opens it.
func (s *suite) served(db *store.DB) (desk.Ticket, string) {
	s.Helper()
	t := s.handover(db, 1)
	s.agent(db, "a")
	t = s.move(db, t.Number, desk.Event{Kind: desk.Take, Actor: "a", Number: "001"}).Ticket
	token, err := db.OpenConversation(s.Context(), t.Conversation, bot.Web)
	s.must(err)
	return t, token
}

func (s *suite) shows(db *store.DB, conversation string, seq int64, want *picture.Picture) {
	s.Helper()
	for small, file := range map[bool][]byte{false: want.Body, true: want.Small} {
		got, err := db.Picture(s.Context(), conversation, seq, small)
		s.must(err)
		if !bytes.Equal(got, file) {
			s.Fatalf("%d bytes come back, want %d", len(got), len(file))
		}
	}
}

func (s *suite) rows(table string) (n int) {
	s.Helper()
	s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n))
	return n
}

// parcelsInto notes what of the desk would be sent.
func parcelsInto(sent *[]string) store.Parcels {
	return func(_, conversation, key string, row desk.Row) []outbox.Entry {
		*sent = append(*sent, strings.TrimSpace(row.Text+" "+mediaOf(row)))
		return []outbox.Entry{{Kind: "played", Lane: conversation, Key: conversation + "/" + key, Body: []byte(row.Text)}}
	}
}

func mediaOf(row desk.Row) string {
	if row.Picture == nil {
		return ""
	}
	return row.Picture.Media
}

// dataOf is what a row says of its picture.
func (s *suite) dataOf(db *store.DB, conversation string, seq int64) string {
	s.Helper()
	rows, err := db.Messages(s.Context(), conversation, seq-1, 1)
	s.must(err)
	if len(rows) != 1 || rows[0].Seq != seq {
		s.Fatal("the row is not there")
	}
	return string(rows[0].Data)
}

var pictureCases = []testCase{
	{"a citizen's picture is stored with its line while a person owns the conversation, once", func(s *suite) {
		db := s.open()
		t, token := s.served(db)
		m := pictured(t.Conversation, "pic-1", token)
		r := s.receive(db, m)
		s.shows(db, t.Conversation, r.Seq, m.Picture)
		if d := s.dataOf(db, t.Conversation, r.Seq); d != `{"picture":{"width":800,"height":600}}` {
			s.Fatal(d)
		}
		if again := s.receive(db, m); !again.Duplicate || again.Seq != r.Seq || s.rows("pictures") != 1 {
			s.Fatalf("%+v", again)
		}
		s.gapFree(s.Context(), db, t.Conversation, int(r.Seq))
		other := s.begin(db, "somebody-else").Conversation.ID
		_, err := db.Picture(s.Context(), other, r.Seq, false)
		s.wantCode(err, fault.NotFound)
		_, err = db.Picture(s.Context(), t.Conversation, 1, false)
		s.wantCode(err, fault.NotFound)
	}},
	{"no picture is taken from a citizen whom no person serves, and nothing of it is stored", func(s *suite) {
		db := s.open()
		first := s.begin(db, "bot")
		waits := s.handover(db, 1)
		token, err := db.OpenConversation(s.Context(), waits.Conversation, bot.Web)
		s.must(err)
		for _, m := range []bot.Message{
			pictured("", "pic-1", ""), pictured(first.Conversation.ID, "pic-2", first.Token), pictured(waits.Conversation, "pic-3", token),
		} {
			_, err := db.Receive(s.Context(), m)
			s.wantCode(err, fault.Forbidden)
			if !strings.Contains(fault.MessageOf(err), "转人工") {
				s.Fatalf("%v does not say what to do", err)
			}
		}
		_, err = db.Receive(s.Context(), pictured(waits.Conversation, "pic-4", "wrong"))
		s.wantCode(err, fault.NotFound)
		if s.rows("pictures") != 0 || s.rows("consents") != 0 {
			s.Fatal("something is stored")
		}
		s.gapFree(s.Context(), db, first.Conversation.ID, 1)
		s.gapFree(s.Context(), db, waits.Conversation, 2)
	}},
	{"the notice is agreed to once in a conversation, with its version, before the first picture", func(s *suite) {
		db := s.open()
		t, token := s.served(db)
		for _, consent := range []string{"", "picture-0"} {
			m := pictured(t.Conversation, "pic-0", token)
			m.Consent = consent
			_, err := db.Receive(s.Context(), m)
			s.wantCode(err, fault.Conflict)
		}
		s.receive(db, pictured(t.Conversation, "pic-1", token))
		m := pictured(t.Conversation, "pic-2", token)
		m.Consent = ""
		s.receive(db, m)
		s.receive(db, pictured(t.Conversation, "pic-3", token))
		var purpose, notice string
		s.must(s.raw().QueryRow(`SELECT purpose, notice FROM consents`).Scan(&purpose, &notice))
		if n := s.rows("consents"); n != 1 || purpose != "picture" || notice != desk.PictureNotice.Version || s.rows("pictures") != 3 {
			s.Fatal(n, purpose, notice)
		}
	}},
	{"a line of another channel is stored with its picture or without, and says what could not be fetched", func(s *suite) {
		db := s.open()
		begun := s.begin(db, "bot").Conversation.ID
		m := pictured(begun, "pic-1", "")
		m.Trusted, m.Consent = true, ""
		r := s.receive(db, m)
		_, err := db.Picture(s.Context(), begun, r.Seq, false)
		s.wantCode(err, fault.NotFound)
		if d := s.dataOf(db, begun, r.Seq); d != "" {
			s.Fatal(d)
		}
		t, _ := s.served(db)
		m.Conversation, m.Ref = t.Conversation, "pic-2"
		r = s.receive(db, m)
		s.shows(db, t.Conversation, r.Seq, m.Picture)
		m.Ref, m.Picture = "pic-3", &picture.Picture{}
		r = s.receive(db, m)
		if d := s.dataOf(db, t.Conversation, r.Seq); d != `{"picture":{"missing":true}}` || s.rows("pictures") != 1 {
			s.Fatal(d)
		}
	}},
	{"no more pictures of a conversation are kept than is allowed", func(s *suite) {
		db := s.open()
		t, token := s.served(db)
		for i := range store.MaxPictures {
			m := pictured(t.Conversation, fmt.Sprint("pic-", i), token)
			m.Picture.Body = m.Picture.Small
			s.receive(db, m)
		}
		_, err := db.Receive(s.Context(), pictured(t.Conversation, "one-more", token))
		s.wantCode(err, fault.TooLarge)
		m := pictured(t.Conversation, "another-channel", "")
		m.Trusted = true
		s.receive(db, m) // is stored without it
		if n := s.rows("pictures"); n != store.MaxPictures {
			s.Fatal(n)
		}
	}},
	{"an agent's picture is a row of hers, and leaves with it where the citizen is on no page of ours", func(s *suite) {
		db := s.open()
		var sent []string
		db.DeliverBy(parcelsInto(&sent))
		t, _ := s.served(db)
		p := snapshot("hers")
		p.Media = "media-1"
		e := desk.Event{Kind: desk.Reply, Actor: "a", Number: "001", Text: bot.SentPicture, Ref: "r1", Picture: p}
		c := s.move(db, t.Number, e)
		again := s.move(db, t.Number, e)
		if !again.Repeated || again.Seqs[0] != c.Seqs[0] || s.rows("pictures") != 1 {
			s.Fatalf("%+v", again)
		}
		s.shows(db, t.Conversation, c.Seqs[0], p)
		rows, err := db.Messages(s.Context(), t.Conversation, c.Seqs[0]-1, 1)
		s.must(err)
		if rows[0].Kind != desk.RowAgent || rows[0].Text != bot.SentPicture || string(rows[0].Data) != `{"picture":{"width":800,"height":600}}` {
			s.Fatal(dump(rows))
		}
		if len(sent) != 2 || sent[1] != bot.SentPicture+" media-1" {
			s.Fatal(sent)
		}
	}},
	{"no picture stands in the database as it is, and a change of keys reaches it", func(s *suite) {
		key := func(id string) string { k, err := vault.NewKey(id); s.must(err); return k }
		ring := func(keys ...string) *vault.Ring {
			r, err := vault.Parse(strings.Join(keys, ","))
			s.must(err)
			return r
		}
		old, fresh := key("old"), key("fresh")
		db := s.openWith(ring(old))
		t, token := s.served(db)
		m := pictured(t.Conversation, "pic-1", token)
		r := s.receive(db, m)
		if strings.Contains(s.dump(), "a picture of") || strings.Contains(s.dump(), "small pic-1") {
			s.Fatal("it stands there")
		}
		use, err := db.KeyUse(s.Context())
		s.must(err)
		rotated := s.openWith(ring(fresh, old))
		s.must(rotated.Reseal(s.Context(), 200, func(int) {}))
		now, err := rotated.KeyUse(s.Context())
		s.must(err)
		if now["old"] != 0 || now["fresh"] != use["old"]+use[""] || now["fresh"] < 4 {
			s.Fatalf("%v, before %v", now, use)
		}
		s.shows(s.openWith(ring(fresh)), t.Conversation, r.Seq, m.Picture)
		_, err = db.Picture(s.Context(), t.Conversation, r.Seq, false)
		s.wantCode(err, fault.Unavailable)
	}},
	{"a picture that was put in another's place does not open", func(s *suite) {
		db := s.open()
		t, token := s.served(db)
		one, two := s.receive(db, pictured(t.Conversation, "pic-1", token)), s.receive(db, pictured(t.Conversation, "pic-2", token))
		s.exec(fmt.Sprintf(`UPDATE pictures SET body = (SELECT p.body FROM pictures p WHERE p.seq = %d) WHERE seq = %d`, one.Seq, two.Seq))
		_, err := db.Picture(s.Context(), t.Conversation, two.Seq, false)
		s.wantCode(err, fault.Internal)
	}},
	{"when its time is over a picture goes, and its row says so", func(s *suite) {
		db := s.open()
		t, token := s.served(db)
		var last bot.Receipt
		for i := range 3 {
			m := pictured(t.Conversation, fmt.Sprint("pic-", i), token)
			m.At = Noon.AddDate(0, 0, i)
			last = s.receive(db, m)
		}
		for _, want := range []int64{1, 1, 0} { // in batches; the third is not old enough
			n, err := db.DeletePictures(s.Context(), Noon.AddDate(0, 0, 2), 1)
			s.must(err)
			if n != want {
				s.Fatalf("%d are deleted, want %d", n, want)
			}
		}
		_, err := db.Picture(s.Context(), t.Conversation, last.Seq-1, true)
		s.wantCode(err, fault.NotFound)
		if m := fault.MessageOf(err); m != "图片已到期删除" {
			s.Fatal(m)
		}
		if d := s.dataOf(db, t.Conversation, last.Seq-1); d != `{"picture":{"gone":true}}` {
			s.Fatal(d)
		}
		s.shows(db, t.Conversation, last.Seq, snapshot("pic-2"))
	}},
	{"pictures are exported and deleted with their conversation, and old ones with its old lines", func(s *suite) {
		db := s.open()
		t, token := s.served(db)
		m := pictured(t.Conversation, "pic-1", token)
		s.receive(db, m)
		body, err := db.ExportConversation(s.Context(), t.Conversation)
		s.must(err)
		var got struct {
			Tables struct {
				Pictures []struct {
					Body, Small []byte
					At          string
				}
				Consents []struct{ Purpose string }
			}
		}
		s.must(json.Unmarshal(body, &got))
		if p := got.Tables.Pictures; len(p) != 1 || !bytes.Equal(p[0].Body, m.Picture.Body) || !bytes.Equal(p[0].Small, m.Picture.Small) ||
			p[0].At != Noon.Format(time.RFC3339Nano) || len(got.Tables.Consents) != 1 {
			s.Fatalf("%d bytes of export do not hold it", len(body))
		}
		late := trusted(t.Conversation, "late")
		late.At = Noon.AddDate(0, 0, 9)
		s.receive(db, late)
		s.pass(db, Noon.AddDate(0, 0, 5))
		if s.rows("pictures") != 0 {
			s.Fatal("it is left when its line's time is over")
		}
		again := pictured(t.Conversation, "pic-2", token)
		again.At = Noon.AddDate(0, 0, 9)
		s.receive(db, again)
		_, err = db.DeleteConversation(s.Context(), t.Conversation, entry("citizen.delete"))
		s.must(err)
		if s.rows("pictures") != 0 {
			s.Fatal("it is left without its conversation")
		}
	}},
	{"a backup holds pictures as they are sealed, and a restore brings them back", func(s *suite) {
		db := s.open()
		t, token := s.served(db)
		m := pictured(t.Conversation, "pic-1", token)
		r := s.receive(db, m)
		for i := range 12 { // more than go into one statement
			s.receive(db, pictured(t.Conversation, fmt.Sprint("more-", i), token))
		}
		var file bytes.Buffer
		_, err := store.Backup(s.Context(), s.dsn, &file, Noon, nil)
		s.must(err)
		to := s.fresh(s.T)
		s.must(s.restore(to, file.Bytes(), store.RestoreOptions{}))
		there := &suite{T: s.T, dsn: to, fresh: s.fresh}
		there.shows(there.open(), t.Conversation, r.Seq, m.Picture)
		if n := there.rows("pictures"); n != 13 {
			s.Fatal(n)
		}
	}},
}
