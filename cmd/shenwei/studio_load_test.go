package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/bot/release"
	"shenwei/kb"
	"shenwei/web/auth"
)

// rounds is how many releases the load test makes: the full number with SHENWEI_LONG.
func rounds() int {
	if os.Getenv("SHENWEI_LONG") != "" {
		return 50
	}
	return 6
}

// TestNoQuestionFailsOrMixesReleasesWhileTheyChange publishes and rolls back under load. Every
// release has its own fee in two documents' texts, so that a mixture of two shows.
func TestNoQuestionFailsOrMixesReleasesWhileTheyChange(t *testing.T) {
	docs := smallKnowledge(t)
	for i, doc := range docs {
		if doc.Kind == kb.KindItem {
			docs[i] = withFee(doc, feeOf(1))
		}
	}
	d := newNewsroom(t, docs)
	ctx, stop := context.WithCancel(t.Context())
	var asked, mixed, failed atomic.Int64
	var first sync.Once
	var work sync.WaitGroup
	for i := range 4 {
		work.Go(func() {
			question := []string{"护照快到期了怎么换", "驾照到期怎么换"}[i%2]
			for ctx.Err() == nil {
				r, err := d.tryAsk(question)
				asked.Add(1)
				if err != nil {
					failed.Add(1)
					first.Do(func() { t.Log(err) })
					continue
				}
				if want := feeOf(r.Release); !strings.Contains(r.Text, want) {
					mixed.Add(1)
					first.Do(func() { t.Logf("release %d, want %s: %s", r.Release, want, r.Text) })
				}
			}
		})
	}
	wang := kb.Member{ID: "id-wang", Login: "wang", Name: "王强"}
	for n := int64(1); n < int64(rounds()); n++ {
		var number int64
		var err error
		if n%2 == 0 { // what the release before changed is taken back
			number, err = d.app.studio.Rollback(t.Context(), n, wang, "试")
		} else {
			number, err = d.publishFees(n+1, wang)
		}
		if err != nil || number != n+1 {
			t.Fatalf("release %d: %d %v", n+1, number, err)
		}
		d.liveFrom(number)
	}
	stop()
	work.Wait()
	if asked.Load() < 10 || failed.Load() > 0 || mixed.Load() > 0 {
		t.Errorf("%d questions, %d failed, %d got a mixture", asked.Load(), failed.Load(), mixed.Load())
	}
	t.Logf("%d questions during %d releases", asked.Load(), rounds())
}

// feeOf is the fee that a release says: odd ones are the first again.
func feeOf(release int64) string {
	if release%2 == 1 {
		return "费用100元"
	}
	return fmt.Sprintf("费用%d元", 1000+release)
}

// publishFees publishes both items with the fee of a release.
func (d *newsroom) publishFees(number int64, by kb.Member) (int64, error) {
	live, err := d.app.store.Current(d.t.Context())
	if err != nil {
		return 0, err
	}
	var docs []kb.Document
	for _, r := range live.Revisions {
		if r.Kind == kb.KindItem && (r.ID == "CRJ-002" || r.ID == "JJ-007") {
			docs = append(docs, withFee(r.Document, feeOf(number)))
		}
	}
	drafts, err := d.app.store.AddDrafts(d.t.Context(), docs, kb.FromEditor, d.now())
	if err != nil {
		return 0, err
	}
	number, err = d.app.store.Publish(d.t.Context(), kb.Order{Base: live.Number, Put: drafts, Note: "价", By: by, At: d.now(), AsOf: d.now()})
	d.app.look()
	return number, err
}

func withFee(doc kb.Document, fee string) kb.Document {
	lines := strings.Split(doc.Body, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "fee:") {
			lines[i] = "fee: " + fee
		}
	}
	doc.Body = strings.Join(lines, "\n")
	return doc
}

// TestPublishesThatRaceMakeOneRelease: of many who publish at once on one base one does.
func TestPublishesThatRaceMakeOneRelease(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, wang := d.staffer("li", auth.Editor), d.staffer("wang", auth.Reviewer)
	var changes []int64
	for _, key := range []string{"item/CRJ-002", "item/JJ-007", "item/RK-050"} {
		li.edit(key, object{"time_limit": "3天"})
		id := li.submit("改 "+key, key)
		wang.approve(id)
		changes = append(changes, id)
	}
	var runs []any
	for _, id := range changes {
		runs = append(runs, wang.gate(id)["run"])
	}
	var won atomic.Int64
	var work sync.WaitGroup
	for i, id := range changes {
		work.Go(func() {
			switch status, v := wang.call("POST", fmt.Sprintf("/changes/%d/publish", id), object{"gate": runs[i]}); status {
			case 200:
				won.Add(1)
			case 409:
			default:
				t.Errorf("%d %v", status, v)
			}
		})
	}
	work.Wait()
	number, err := d.app.store.CurrentNumber(t.Context())
	if won.Load() != 1 || number != 2 || err != nil {
		t.Errorf("%d won, release %d, %v", won.Load(), number, err)
	}
}

// BenchmarkList filters 20,000 articles.
func BenchmarkList(b *testing.B) {
	docs := smallKnowledge(b)
	for i := range 20_000 {
		id := fmt.Sprintf("made-%05d", i)
		body := fmt.Sprintf("---\nid: %s\ntitle: 条目 %d\ncategory: 分类%d\nkind: guide\nsummary: 摘要 %d。\nasks:\n  - 问法甲 %d\n  - 问法乙 %d\nsources: [测试]\nreview: 2099-01-01\n---\n正文 %d。\n", id, i, i%20, i, i, i, i)
		docs = append(docs, kb.Document{Kind: kb.KindArticle, ID: id, Body: body})
	}
	db, studio := openStudio(b, docs)
	f := kb.Filter{Kind: kb.KindArticle, Query: "条目 199", Type: "分类7", State: kb.StateLive}
	start := time.Now()
	if total, page, err := studio.List(b.Context(), f); err != nil || total == 0 || len(page) == 0 {
		b.Fatalf("%d %v", total, err)
	}
	b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-first")
	doc := kb.DraftOrder{Document: docs[len(docs)-1], Base: 1, By: kb.Member{ID: "1", Login: "li"}, Origin: kb.FromEditor, At: time.Now()}
	seen := int64(0)
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := studio.List(b.Context(), f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("after-a-save", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			doc.Seen, doc.Body = seen, docs[len(docs)-1].Body+fmt.Sprint(n, b.N, time.Now().UnixNano())
			rev, err := db.SaveDraft(b.Context(), doc)
			if err != nil {
				b.Fatal(err)
			}
			seen = rev.Number
			if _, _, err := studio.List(b.Context(), f); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkGate runs every shipped gold question and 1,000 others on two engines.
func BenchmarkGate(b *testing.B) {
	docs := shippedDocuments(b)
	live := &kb.Release{Number: 1, AsOf: time.Now()}
	for _, d := range docs {
		live.Revisions = append(live.Revisions, kb.Revision{Document: d, Number: 1})
	}
	candidate := kb.Candidate(live, []kb.Revision{{Document: withFee(itemOf(b, docs, "CRJ-002"), "1元"), Number: 2}})
	candidate.AsOf = live.AsOf
	gate := newGate(newBuilder(b), nil)
	gate.Questions = func(context.Context) ([]string, error) {
		var lines []string
		for _, d := range docs {
			if d.Kind == kb.KindGold && strings.HasSuffix(d.ID, ".tsv") {
				for _, row := range strings.Split(d.Body, "\n")[1:] {
					if f := strings.Split(row, "\t"); len(f) > 1 && len(lines) < gateQuestions {
						lines = append(lines, f[1])
					}
				}
			}
		}
		return lines, nil
	}
	for b.Loop() {
		report, err := gate.Run(b.Context(), live, candidate, nil)
		if err != nil || report.Broken > 0 {
			b.Fatalf("%v %+v", err, report)
		}
		b.ReportMetric(float64(report.Gold), "gold")
		b.ReportMetric(report.Seconds, "s/gate")
	}
}

// BenchmarkSave is what an editor waits for when a form saves by itself: all of the shipped
// knowledge, an item with many asks, problems and hints included.
func BenchmarkSave(b *testing.B) {
	_, studio := openStudio(b, shippedDocuments(b))
	by := kb.Member{ID: "1", Login: "li", Name: "李敏"}
	seen := int64(0)
	for n := 0; b.Loop(); n++ {
		fields := fmt.Appendf(nil, `{"fee":"%d元"}`, n)
		saved, err := studio.Save(b.Context(), kb.Edit{Kind: kb.KindItem, ID: "CRJ-011", Base: 1, Draft: seen, Fields: fields, By: by})
		if err != nil || len(saved.Problems) > 0 {
			b.Fatalf("%v %v", err, saved.Problems)
		}
		seen = saved.Revision.Number
	}
}

// BenchmarkPublishToAnswer is the way of a release of all the shipped knowledge from the
// publishing to an engine that answers with it; on another node up to followEvery is added.
func BenchmarkPublishToAnswer(b *testing.B) {
	docs := shippedDocuments(b)
	db, _ := openStudio(b, docs)
	log := slog.New(slog.DiscardHandler)
	a := &app{store: db, builder: newBuilder(b), live: release.NewLive(log), log: log}
	drafts, err := db.AddDrafts(b.Context(), []kb.Document{withFee(itemOf(b, docs, "CRJ-011"), "1元")}, kb.FromEditor, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	for n := int64(1); b.Loop(); n++ {
		if _, err := db.Publish(b.Context(), kb.Order{Base: n, Put: drafts, At: time.Now()}); err != nil {
			b.Fatal(err)
		}
		if err := a.swapTo(b.Context()); err != nil || a.live.Current().Release() != n+1 {
			b.Fatal(err)
		}
	}
}
