package main

import (
	"slices"
	"strings"
	"testing"
)

// kept has an agent keep her reply to a line with a telephone number, and looks at what an
// editor finds.
func kept(t *testing.T, c *caller, w, other, editor *worker) {
	seq := w.must(c.number, "reply", map[string]any{"text": "护照换发七个工作日可取。取证时打13812345678联系您。"}).Seqs[0]
	path := "/api/v1/desk/tickets/" + c.number + "/knowledge"
	body := map[string]any{"seq": seq, "question": " 我是13812345678，护照换发\n要几天 "}
	for name, try := range map[string]struct {
		by   *worker
		body map[string]any
		want int
	}{
		"who never served her":             {other, body, 403},
		"the citizen's own line":           {w, map[string]any{"seq": 1}, 404},
		"a row of nobody":                  {w, map[string]any{"seq": 1 << 40}, 404},
		"a question too long to be an ask": {w, map[string]any{"seq": seq, "question": strings.Repeat("问", 121)}, 400},
	} {
		if code := try.by.call("POST", path, try.body, nil); code != try.want {
			t.Errorf("%s: %d, want %d", name, code, try.want)
		}
	}
	var made struct {
		ID, Question string
		Draft        int64
	}
	if code := w.call("POST", path, body, &made); code != 200 || made.Draft != 1 || made.Question != "我是[手机号]，护照换发 要几天" {
		t.Fatalf("%d %+v", code, made)
	}
	if code := w.call("POST", path, body, nil); code != 409 {
		t.Fatalf("kept twice: %d", code)
	}
	var doc struct {
		Live  any
		Draft struct {
			Body   string
			Fields struct {
				Summary string
				Asks    []string
			}
		}
	}
	if code := editor.call("GET", "/api/v1/studio/documents/article/"+made.ID, nil, &doc); code != 200 || doc.Live != nil {
		t.Fatalf("%d %+v", code, doc)
	}
	d := doc.Draft
	if strings.Contains(d.Body, "13812345678") || !strings.Contains(d.Body, "取证时打[手机号]联系您") || d.Fields.Summary != "护照换发七个工作日可取。" ||
		!slices.Equal(d.Fields.Asks, []string{made.Question}) {
		t.Fatalf("%+v", d)
	}
	if code := editor.call("GET", "/api/v1/articles/"+made.ID, nil, nil); code != 404 {
		t.Fatalf("a citizen reads the draft: %d", code)
	}
	var log struct {
		Entries []struct{ Action, Object, Actor string }
	}
	if code := editor.call("GET", "/api/v1/staff/audit?action=desk.keep", nil, &log); code != 200 {
		t.Fatal(code)
	}
	if !slices.ContainsFunc(log.Entries, func(e struct{ Action, Object, Actor string }) bool {
		return e.Action == "desk.keep" && e.Object == "article/"+made.ID && e.Actor == "li"
	}) {
		t.Fatalf("%+v", log)
	}
}
