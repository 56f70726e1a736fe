package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/picture"
	"shenwei/internal/store"
	"shenwei/internal/vault"
	"shenwei/web/wechat/simulator"
)

// photograph is a JPEG file with a place in its metadata and a script behind its end.
func photograph(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * 7 % 251) //nolint:gosec // below 256
	}
	m.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	note := "GPS 22.5431N 114.0579E"
	file := append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, byte(len(note) + 2)}, note...)
	return append(append(file, b.Bytes()[2:]...), "<script>alert(1)</script>"...)
}

// got is an answer with its body.
type got struct {
	code   int
	header http.Header
	body   []byte
}

func (g got) says(t *testing.T, code int, words string) {
	t.Helper()
	if g.code != code || !bytes.Contains(g.body, []byte(words)) {
		t.Fatalf("%d %s, want %d and %q", g.code, g.body, code, words)
	}
}

// isPicture checks that an answer is a picture which no browser takes for anything else.
func (g got) isPicture(t *testing.T) {
	t.Helper()
	h := g.header
	if g.code != 200 || h.Get("Content-Type") != "image/jpeg" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" ||
		!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Fatalf("%d %v", g.code, h)
	}
	if _, err := jpeg.Decode(bytes.NewReader(g.body)); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(g.body, []byte("GPS")) || bytes.Contains(g.body, []byte("script")) {
		t.Fatal("more than pixels came through")
	}
}

func ask(t *testing.T, method, address string, body []byte, header ...string) got {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got{res.StatusCode, res.Header, all}
}

func (c *caller) ask(method, addr, path string, body []byte) got {
	c.t.Helper()
	return ask(c.t, method, "http://"+addr+"/api/v1/conversations/"+c.conversation+path, body, "Authorization", "Bearer "+c.token, "Content-Type", "image/jpeg")
}

func (w *worker) ask(method, path string, body []byte) got {
	w.t.Helper()
	return ask(w.t, method, "http://"+w.addr+"/api/v1/desk/"+path, body, "Cookie", w.cookie, "X-CSRF-Token", w.csrf, "Content-Type", "image/jpeg")
}

// shows plays a citizen who shows her agent a picture, and everybody else who wants to see it.
func shows(t *testing.T, dir string, c, stranger *caller, w, other, chief *worker) {
	consent := "/pictures?ref=pic-1&consent=" + desk.PictureNotice.Version
	stranger.ask("POST", w.addr, consent, photograph(t)).says(t, 403, "转人工")
	c.ask("POST", w.addr, "/pictures", photograph(t)).says(t, 409, "告知")
	c.ask("POST", w.addr, consent, []byte("<svg onload='alert(1)'/>")).says(t, 400, "不是图片")
	c.ask("POST", w.addr, consent, photograph(t)[:900]).says(t, 400, "损坏")
	c.ask("POST", w.addr, consent, make([]byte, picture.MaxBytes+1)).says(t, 413, "5 MB")

	sent := c.ask("POST", w.addr, consent, photograph(t))
	var r bot.Reply
	if err := json.Unmarshal(sent.body, &r); err != nil || r.Action != bot.Relayed {
		t.Fatalf("%d %s", sent.code, sent.body)
	}
	mine := c.want("her own picture", func(f dframe) bool { return f.Type == "event" && f.Ref == "pic-1" })
	row := w.want("the picture", func(f dframe) bool { return f.Type == "row" && f.Row.Seq == mine.Seq }).Row
	if row.Text != bot.SentPicture || string(row.Data) != `{"picture":{"width":640,"height":480}}` {
		t.Fatalf("%+v %s", row, row.Data)
	}
	if again := c.ask("POST", w.addr, consent, photograph(t)); again.code != 200 || !bytes.Contains(again.body, fmt.Appendf(nil, `"seq":%d`, r.Seq)) {
		t.Fatalf("sent again: %d %s", again.code, again.body)
	}

	at, seen := fmt.Sprintf("/pictures/%d", mine.Seq), fmt.Sprintf("conversations/%s/pictures/%d", c.conversation, mine.Seq)
	large := c.ask("GET", w.addr, at, nil)
	large.isPicture(t)
	theft := *stranger
	theft.conversation = c.conversation
	theft.ask("GET", w.addr, at, nil).says(t, 404, "没有这个会话")
	stranger.ask("GET", w.addr, at, nil).says(t, 404, "没有这张图片")
	ask(t, "GET", "http://"+w.addr+"/api/v1/desk/"+seen, nil).says(t, 401, "登录")
	other.ask("GET", seen, nil).says(t, 403, "班长")
	w.ask("GET", strings.Replace(seen, fmt.Sprint("/", mine.Seq), "/1", 1), nil).says(t, 404, "没有这张图片")
	small := w.ask("GET", seen+"?size=small", nil)
	small.isPicture(t)
	chief.ask("GET", seen, nil).isPicture(t)
	if len(small.body) >= len(large.body) {
		t.Error("the small picture is no smaller")
	}
	audited(t, dir, "conversation/"+c.conversation+fmt.Sprint("/", mine.Seq), "li", "chen")
	notInTheClear(t, dir, large.body)

	other.ask("POST", "tickets/"+c.number+"/pictures?ref=p1", photograph(t)).says(t, 403, "不是您在服务")
	w.ask("POST", "tickets/"+c.number+"/pictures?ref=p1", []byte("#!/bin/sh")).says(t, 400, "不是图片")
	w.ask("POST", "tickets/"+c.number+"/pictures?ref=p1", photograph(t)).says(t, 200, `"type":"done"`)
	hers := c.want("the agent's picture", func(f dframe) bool { return f.Type == "event" && f.Kind == "agent" && f.Text == bot.SentPicture })
	c.ask("GET", w.addr, fmt.Sprintf("/pictures/%d?size=small", hers.Seq), nil).isPicture(t)
}

// audited checks who is on record as having looked at something, in order.
func audited(t *testing.T, dir, object string, want ...string) {
	t.Helper()
	rows, err := openRaw(t, dir).Query(`SELECT actor FROM audit WHERE action = 'desk.picture' AND object = $1 ORDER BY n`, object)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var have []string
	for rows.Next() {
		var actor string
		if err := rows.Scan(&actor); err != nil {
			t.Fatal(err)
		}
		have = append(have, actor)
	}
	if err := rows.Err(); err != nil || strings.Join(have, " ") != strings.Join(want, " ") {
		t.Fatalf("%v %v, want %v", have, err, want)
	}
}

// notInTheClear looks for a picture in every file of a program's directory.
func notInTheClear(t *testing.T, dir string, body []byte) {
	t.Helper()
	needle, files := body[len(body)/2:][:48], 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all, err := os.ReadFile(path) //nolint:gosec // the test's own directory
		if bytes.Contains(all, needle) {
			t.Errorf("%s holds the picture as it is", path)
		}
		files++
		return err
	})
	if err != nil || files < 2 {
		t.Fatal(files, err)
	}
}

// showsOnWeChat plays a follower who sends a picture, and the agent's answer in the same way.
func showsOnWeChat(t *testing.T, c *phone, w *worker, number, conversation string) {
	t.Helper()
	c.sim.PutMedia("photo", photograph(t))
	c.sim.PutMedia("script", []byte("<script>alert(1)</script>"))
	send := func(media string) bot.Stored {
		c.sim.Push(t.Context(), simulator.Message{OpenID: c.openid, Type: "image", ID: c.sim.NewID(), Fields: []simulator.Field{{Name: "MediaId", Value: media}}})
		return w.want("the picture "+media, func(f dframe) bool {
			return f.Type == "row" && f.Row.Kind == "citizen" && f.Row.Text == bot.SentPicture
		}).Row
	}
	row := send("photo")
	if string(row.Data) != `{"picture":{"width":640,"height":480}}` {
		t.Fatalf("%s", row.Data)
	}
	w.ask("GET", fmt.Sprintf("conversations/%s/pictures/%d", conversation, row.Seq), nil).isPicture(t)
	if row = send("script"); string(row.Data) != `{"picture":{"missing":true}}` {
		t.Fatalf("%s", row.Data)
	}
	w.ask("POST", "tickets/"+number+"/pictures?ref=p1", photograph(t)).says(t, 200, `"type":"done"`)
	if got := c.gets(); got != bot.SentPicture {
		t.Fatal(got)
	}
}

func TestPicturesAreForgottenBeforeWhatWasSaid(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	key, err := vault.NewKey("test")
	if err != nil {
		t.Fatal(err)
	}
	ring, err := vault.Parse(key)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), store.Options{Keys: ring})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	begun, err := db.Receive(t.Context(), bot.Message{Channel: bot.Web, Ref: "first", Text: "护照", At: now.AddDate(0, 0, -31)})
	if err != nil {
		t.Fatal(err)
	}
	id := begun.Conversation.ID
	pull := desk.Event{Kind: desk.TakeOver, Actor: "chen", Number: "001", Chief: true}
	if _, err := db.PullTicket(t.Context(), desk.Ticket{Number: "HZ1", Conversation: id, Group: desk.General}, pull, desk.Defaults(), now); err != nil {
		t.Fatal(err)
	}
	sent := func(ref string, days int) int64 {
		r, err := db.Receive(t.Context(), bot.Message{
			Channel: bot.WeChat, Ref: ref, Conversation: id, Trusted: true, Text: bot.SentPicture, At: now.AddDate(0, 0, -days),
			Picture: &picture.Picture{Body: []byte("large " + ref), Small: []byte("small"), Width: 4, Height: 3},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r.Seq
	}
	old, kept := sent("old", 31), sent("kept", 29)
	var log bytes.Buffer
	r := retention{db, slog.New(slog.NewTextHandler(&log, nil)), defaultConfig().Retention}
	if err := r.run(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Picture(t.Context(), id, old, false); fault.MessageOf(err) != "图片已到期删除" {
		t.Errorf("%v", err)
	}
	if body, err := db.Picture(t.Context(), id, kept, false); err != nil || string(body) != "large kept" {
		t.Errorf("%q %v", body, err)
	}
	rows, err := db.Messages(t.Context(), id, old-1, 1)
	if err != nil || rows[0].Text != bot.SentPicture || string(rows[0].Data) != `{"picture":{"gone":true}}` {
		t.Errorf("%+v %v", rows, err)
	}
	if !strings.Contains(log.String(), "pictures=1") {
		t.Errorf("the log: %s", log.String())
	}
}
