package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/web/wechat"
)

// settling is how long the service may take, once everything is there again, until every line has its
// answer and every socket every row. A dead node's claims end within it.
const settling = 45 * time.Second

func (w *world) database() *sql.DB {
	db, err := sql.Open("pgx", w.c.dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

// settle waits until every line is answered and every row was seen.
func (w *world) settle() {
	db := w.database()
	defer func() { _ = db.Close() }()
	var open int
	seqs := map[string]int64{}
	begun := time.Now()
	defer func() { w.t.Logf("settled after %s", time.Since(begun).Round(time.Millisecond)) }()
	ok := w.until(settling, func() bool {
		seqs = map[string]int64{}
		if db.QueryRow(`SELECT COUNT(*) FROM messages WHERE kind = 'citizen' AND answer = 0`).Scan(&open) != nil || open > 0 {
			return false
		}
		rows, err := db.Query(`SELECT id, seq FROM conversations`)
		if err != nil {
			return false
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id string
			var seq int64
			if rows.Scan(&id, &seq) != nil {
				return false
			}
			seqs[id] = seq
		}
		return rows.Err() == nil
	})
	if !ok {
		w.t.Errorf("%d lines have no answer after %s", open, settling)
	}
	blind := func() (list []string) {
		for _, r := range w.riders {
			r.mu.Lock()
			seq, id, last, pending := seqs[r.conversation], r.conversation, r.last, r.pending
			r.mu.Unlock()
			if !r.sees(seq) {
				list = append(list, fmt.Sprintf("%s %s sees up to %d of %d, waits for %q", r.id, id, last, seq, pending))
			}
		}
		return list
	}
	if !w.until(settling, func() bool { return len(blind()) == 0 }) {
		w.t.Errorf("some see not all:\n%s", strings.Join(blind(), "\n"))
	}
	number := w.release(db)
	if !w.until(settling, func() bool {
		for _, n := range w.c.nodes {
			if n.release() != number {
				return false
			}
		}
		return true
	}) {
		for _, n := range w.c.nodes {
			w.t.Errorf("node %d serves release %d, the newest is %d", n.n, n.release(), number)
		}
	}
}

func (w *world) until(limit time.Duration, done func() bool) bool {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			return false
		}
	}
	return true
}

func (w *world) release(db *sql.DB) (number int64) {
	if err := db.QueryRow(`SELECT MAX(number) FROM releases`).Scan(&number); err != nil {
		w.t.Error(err)
	}
	return number
}

// release is what a node serves, 0 when it cannot say.
func (n *member) release() int64 {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.addr+"/readyz", nil)
	if err != nil {
		return 0
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	var state struct{ Release int64 }
	if json.NewDecoder(res.Body).Decode(&state) != nil {
		return 0
	}
	return state.Release
}

// judge holds what everybody was promised and saw against the record.
func (w *world) judge() {
	db := w.database()
	defer func() { _ = db.Close() }()
	for _, r := range w.riders {
		for _, p := range r.problems {
			w.t.Error(p)
		}
		w.judgeRider(db, r)
	}
	for query, what := range map[string]string{
		`SELECT COUNT(*) FROM conversations c WHERE c.seq <> (SELECT COUNT(*) FROM messages m WHERE m.conversation = c.id)
			OR c.seq <> (SELECT COALESCE(MAX(seq), 0) FROM messages m WHERE m.conversation = c.id)`: "conversations with a gap",
		`SELECT COUNT(*) FROM messages m WHERE kind = 'citizen' AND NOT EXISTS
			(SELECT 1 FROM messages r WHERE r.conversation = m.conversation AND r.seq = m.answer AND r.kind = 'reply')`: "lines without a reply",
		`SELECT COUNT(*) FROM (SELECT conversation, answer FROM messages WHERE kind = 'citizen' GROUP BY 1, 2 HAVING COUNT(*) > 1) x`: "replies to several lines",
		`SELECT COUNT(*) FROM messages r WHERE kind = 'reply' AND NOT EXISTS
			(SELECT 1 FROM messages m WHERE m.conversation = r.conversation AND m.answer = r.seq)`: "replies to no line",
		`SELECT COUNT(*) FROM (SELECT conversation FROM handoffs WHERE is_open GROUP BY 1 HAVING COUNT(*) > 1) x`: "conversations with two open tickets",
		`SELECT COUNT(*) FROM (SELECT from_state, LAG(to_state) OVER (PARTITION BY ticket ORDER BY version) AS was FROM desk_moves) x
			WHERE was IS NOT NULL AND was <> from_state`: "moves that do not begin where the one before ended",
	} {
		var n int
		if err := db.QueryRow(query).Scan(&n); err != nil {
			w.t.Errorf("%s: %v", what, err)
		} else if n > 0 {
			w.t.Errorf("%d %s", n, what)
		}
	}
	for _, n := range w.c.nodes {
		if body, err := os.ReadFile(n.log); err != nil || bytes.Contains(body, []byte("panic: ")) || bytes.Contains(body, []byte("fatal error: ")) {
			w.t.Errorf("node %d panicked (%v)", n.n, err)
		}
	}
	w.judgeDesk()
	w.judgeWeChat(db)
	w.judgeAnswers()
}

// judgeRider: what she was told is stored is there once, at its number, in the order in which she said it.
func (w *world) judgeRider(db *sql.DB, r *rider) {
	for _, ref := range r.orphans {
		var n int
		if err := db.QueryRow(`SELECT COUNT(*) FROM messages WHERE ref = $1`, ref).Scan(&n); err != nil || n != 1 {
			w.t.Errorf("the acknowledged line %s is stored %d times (%v)", ref, n, err)
		}
	}
	if r.conversation == "" {
		return
	}
	rows := readRows(w.t, w.c.nodes[0].addr, r.conversation, r.token)
	checkRows(w.t, r.conversation, rows, r.acked)
	order := 0
	for _, row := range rows {
		if row.Kind != "citizen" {
			continue
		}
		if order >= len(r.sent) || r.sent[order] != row.Ref {
			w.t.Errorf("%s: %s stands at %d, out of the order in which it was said", r.conversation, row.Ref, row.Seq)
			return
		}
		order++
	}
}

// judgeDesk: an agent speaks only while the ticket is hers, the bot only while it is nobody's, and what
// an agent was told is stored is there once.
func (w *world) judgeDesk() {
	for _, r := range w.riders {
		if r.conversation == "" || !r.person {
			continue
		}
		owner := ""
		texts := map[string]int{}
		for _, row := range readRows(w.t, w.c.nodes[1].addr, r.conversation, r.token) {
			switch {
			case row.Kind == desk.RowAgent:
				texts[row.Text]++
				if row.Author != owner {
					w.t.Errorf("%s: agent %s speaks at %d, the owner is %q", r.conversation, row.Author, row.Seq, owner)
				}
			case row.Event == "accepted" || row.Event == "transferred":
				if owner != "" && row.Event == "accepted" {
					w.t.Errorf("%s: %s accepts at %d what %s owns", r.conversation, row.Author, row.Seq, owner)
				}
				owner = row.Author
			case row.Event == "returned" || row.Event == "closed" || row.Event == "agent-lost" || row.Event == "queued":
				owner = ""
			case row.Kind == "reply" && owner != "" && row.Reply.Action != bot.Relayed && row.Reply.Action != bot.Emergency:
				w.t.Errorf("%s: the bot talks over the agent at %d: %s", r.conversation, row.Seq, row.Reply.Action)
			}
		}
		w.ledger.mu.Lock()
		for text := range w.ledger.replied[r.conversation] {
			if texts[text] != 1 {
				w.t.Errorf("%s: the acknowledged reply %q is stored %d times", r.conversation, text, texts[text])
			}
		}
		for text, n := range texts {
			if n != 1 || !w.ledger.tried[text] {
				w.t.Errorf("%s: %q stands there %d times", r.conversation, text, n)
			}
		}
		w.ledger.mu.Unlock()
	}
}

// judgeWeChat: every push that was answered has one line; no phone shows an answer twice.
func (w *world) judgeWeChat(db *sql.DB) {
	for openid, ids := range w.pushed.sent {
		answered, texts := 0, 0
		for _, id := range ids {
			var n int
			if err := db.QueryRow(`SELECT COUNT(*) FROM messages WHERE channel = 'wechat' AND ref LIKE '%' || $1`, id).Scan(&n); err != nil {
				w.t.Fatal(err)
			}
			if n > 1 || n == 0 && w.pushed.ok[id] {
				w.t.Errorf("%s: push %s is stored %d times, answered: %t", openid, id, n, w.pushed.ok[id])
			}
			if w.pushed.ok[id] {
				answered++
			}
		}
		for _, b := range w.sim.Answers(openid) {
			if b.Kind == "text" && strings.Contains(b.Text, "护照") {
				texts++
			}
		}
		if texts < answered || texts > len(ids) {
			w.t.Errorf("%s shows %d texts for %d pushes, %d of them answered", openid, texts, len(ids), answered)
		}
	}
	var sent, flying, doubts, cards int
	if err := db.QueryRow(`SELECT COUNT(*) FILTER (WHERE state = 'sent'), COUNT(*) FILTER (WHERE state IN ('sending', 'unknown', 'waiting')), COALESCE(SUM(doubts), 0)
		FROM outbox WHERE kind = $1`, wechat.Kind).Scan(&sent, &flying, &doubts); err != nil {
		w.t.Fatal(err)
	}
	if w.sim == nil {
		return
	}
	for _, who := range w.sim.Phones() {
		for _, b := range w.sim.Answers(who) {
			if b.Kind == "news" {
				cards++
			}
		}
	}
	if cards > sent+flying+doubts {
		w.t.Errorf("%d cards are shown; %d were sent, %d are under way, %d in doubt", cards, sent, flying, doubts)
	}
}

// judgeAnswers asks every node the same: one release gives one answer.
func (w *world) judgeAnswers() {
	for _, question := range []string{"护照快到期了怎么换", "驾照到期怎么换", "身份证丢了怎么补"} {
		var first string
		for _, n := range w.c.nodes {
			answer, err := n.answer(question)
			if err != nil {
				w.t.Errorf("node %d: %v", n.n, err)
				continue
			}
			if first == "" {
				first = answer
			}
			if answer != first {
				w.t.Errorf("%s: node %d answers otherwise than node 1:\n%s\n%s", question, n.n, first, answer)
			}
		}
	}
}

// answer is what a node replies in a conversation of its own, without what differs for each.
func (n *member) answer(question string) (string, error) {
	body, err := json.Marshal(map[string]string{"text": question, "channel": "api"})
	if err != nil {
		return "", err
	}
	res, err := http.Post("http://"+n.addr+"/api/v1/chat", "application/json", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d, %w", res.StatusCode, err)
	}
	var reply map[string]any
	if err := json.Unmarshal(data, &reply); err != nil {
		return "", err
	}
	for _, name := range []string{"conversation", "token", "took_us", "seq"} {
		delete(reply, name)
	}
	data, err = json.Marshal(reply)
	return string(data), err
}

// report says what was done to whom, and fails when that was too little to show anything.
func (w *world) report() {
	acked, repeated, connected := 0, 0, 0
	for _, r := range w.riders {
		acked += len(r.acked)
		repeated += r.repeated
		connected += r.connected
	}
	fell := 0
	for _, n := range w.c.nodes {
		n.mu.Lock()
		fell += n.fell
		n.mu.Unlock()
	}
	w.t.Logf("%d lines acknowledged to %d citizens over %d connections, %d agents' replies, %d releases, %d pushes answered; %d replies came again to lines sent again; nodes ended by themselves %d times",
		acked, len(w.riders), connected, w.ledger.count, w.told.Load(), len(w.pushed.ok), repeated, fell)
	if acked < 3*len(w.riders)*w.scale.rounds || w.told.Load() < int64(w.scale.rounds) || len(w.pushed.ok) == 0 || w.ledger.count == 0 {
		w.t.Error("too little happened to show anything")
	}
}
