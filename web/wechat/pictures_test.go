package wechat_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/picture"
	"shenwei/internal/vault"
	"shenwei/web/wechat"
	"shenwei/web/wechat/simulator"
)

// pictured is a world whose agents are shown what citizens send.
func pictured(t *testing.T) *world {
	t.Helper()
	key, err := vault.NewKey("test")
	if err != nil {
		t.Fatal(err)
	}
	ring, err := vault.Parse(key)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, options{keys: ring, config: func(c *wechat.Config) { c.Core.Cleaner = picture.NewCleaner(1) }})
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	w.sim.PutMedia("photo", b.Bytes())
	w.say("o1", "你好")
	return w
}

// shows has a follower send a picture and returns the row of it.
func (w *world) shows(media string) bot.Stored {
	w.t.Helper()
	w.sim.Push(w.t.Context(), simulator.Message{OpenID: "o1", Type: "image", ID: w.sim.NewID(), Fields: []simulator.Field{{Name: "MediaId", Value: media}}})
	w.settle()
	rows, err := w.store.Messages(w.t.Context(), w.conversation("o1"), 0, 1000)
	if err != nil || len(rows) < 2 {
		w.t.Fatal(len(rows), err)
	}
	return rows[len(rows)-2] // the last one is the reply
}

func TestAPictureIsFetchedOnlyForThePersonWhoOwnsTheConversation(t *testing.T) {
	w := pictured(t)
	row := w.shows("photo")
	if row.Text != bot.SentPicture || row.Data != nil || w.sim.Calls("media/get") != 0 {
		t.Fatalf("%+v, fetched %d times", row, w.sim.Calls("media/get"))
	}
	w.sees("o1", "答：你好", "答：[图片]")

	pull := desk.Event{Kind: desk.TakeOver, Actor: "chen", Number: "001", Chief: true}
	w.answer.reply = func(bot.Turn) *bot.Reply { return &bot.Reply{Action: bot.Relayed} }
	ticket := desk.Ticket{Number: "HZ1", Conversation: w.conversation("o1"), Group: desk.General}
	if _, err := w.store.PullTicket(t.Context(), ticket, pull, desk.Defaults(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	row = w.shows("photo")
	if string(row.Data) != `{"picture":{"width":40,"height":30}}` {
		t.Fatalf("%s", row.Data)
	}
	if body, err := w.store.Picture(t.Context(), w.conversation("o1"), row.Seq, true); err != nil || !bytes.HasPrefix(body, []byte("\xff\xd8\xff")) {
		t.Fatal(len(body), err)
	}
	w.sim.Fail("media/get", simulator.Fault{Code: -1})
	if row = w.shows("photo"); string(row.Data) != `{"picture":{"width":40,"height":30}}` {
		t.Errorf("after one failure: %s", row.Data)
	}
	w.sim.Fail("media/get", simulator.Fault{Code: 40007}, simulator.Fault{Code: 40007})
	if row = w.shows("photo"); string(row.Data) != `{"picture":{"missing":true}}` {
		t.Errorf("what is gone: %s", row.Data)
	}
	if _, err := w.store.Picture(t.Context(), w.conversation("o1"), row.Seq, false); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if row = w.shows("unknown"); string(row.Data) != `{"picture":{"missing":true}}` {
		t.Errorf("what WeChat does not know: %s", row.Data)
	}
}
