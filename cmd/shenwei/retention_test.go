package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/store"
)

func TestTheNightlyDeletionKeepsItsPromiseAndSaysHowMuch(t *testing.T) {
	now := time.Date(2026, 11, 22, 19, 30, 0, 0, time.UTC)
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), store.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	day := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	begin := func(ref string, at time.Time) string {
		r, err := db.Receive(t.Context(), bot.Message{Channel: bot.Web, Ref: ref, Text: "护照", At: at})
		if err != nil {
			t.Fatal(err)
		}
		return r.Conversation.ID
	}
	var old []string
	for i := range 45 { // more than two batches
		old = append(old, begin(fmt.Sprint("old", i), day(181)))
	}
	kept := begin("kept", day(179))
	for i := range 5 {
		if err := db.AppendAudit(t.Context(), audit.Entry{Actor: "a", Action: "x", At: day(400 - 100*i)}); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	r := retention{db, slog.New(slog.NewTextHandler(&log, nil)), retentionConfig{ConversationsDays: 180, ImagesDays: 30, AuditDays: 250}}
	if err := r.run(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for _, id := range old {
		if _, err := db.Conversation(t.Context(), id); !fault.Is(err, fault.NotFound) {
			t.Fatalf("%s: %v", id, err)
		}
	}
	if _, err := db.Conversation(t.Context(), kept); err != nil {
		t.Errorf("what may be kept went: %v", err)
	}
	all, err := db.ListAudit(t.Context(), audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 4 || all[0].Action != "retention.delete" || !strings.Contains(all[0].Detail, `"conversations":45`) || !strings.Contains(all[0].Detail, `"audit":2`) {
		t.Errorf("%+v", all)
	}
	report, err := db.VerifyAudit(t.Context(), 0, "")
	if err != nil || report.Broken != "" {
		t.Errorf("%+v %v", report, err)
	}
	if said := log.String(); !strings.Contains(said, "conversations=45") || !strings.Contains(said, fmt.Sprintf("head=%d:%s", report.Last, report.Hash)) {
		t.Errorf("the log: %s", said)
	}
	if err := r.run(t.Context(), now); err != nil {
		t.Fatal(err)
	}
}
