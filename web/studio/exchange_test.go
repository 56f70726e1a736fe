package studio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shenwei/data"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/kb/exchange"
	"shenwei/web/auth"
	"shenwei/web/respond"
	"shenwei/web/studio"
)

// desk is the handlers over the shipped knowledge, behind a real server.
type desk struct {
	*httptest.Server
	t       *testing.T
	taken   []kb.Document
	entries []audit.Entry
	deaf    bool // the audit log fails
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	release := &kb.Release{Number: 7}
	for _, d := range docs {
		release.Revisions = append(release.Revisions, kb.Revision{Document: d, Number: 1})
	}
	d := &desk{t: t}
	x := studio.NewExchange(studio.ExchangeConfig{
		Respond: respond.New(slog.New(slog.DiscardHandler), nil), Now: time.Now,
		Live: func(context.Context) (*kb.Release, error) { return release, nil },
		TakeIn: func(_ context.Context, by auth.Principal, docs []kb.Document) ([]kb.Revision, error) {
			d.taken = docs
			var all []kb.Revision
			for _, doc := range docs {
				all = append(all, kb.Revision{Document: doc})
			}
			return all, nil
		},
		Audit: func(_ context.Context, e audit.Entry) error {
			if d.deaf {
				return fault.Wrap(fault.Unavailable, errors.New("disk"), "审计日志不可用")
			}
			d.entries = append(d.entries, e)
			return nil
		},
	})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /import", x.Import)
	mux.HandleFunc("GET /export", x.Export)
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Nobody") == "" {
			r = r.WithContext(auth.With(r.Context(), auth.Principal{Name: "lin"}))
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

type answer struct {
	exchange.Changes
	Format   string
	DryRun   bool `json:"dry_run"`
	Problems []exchange.Problem
	Notes    []string
	Drafts   []string
	Error    respond.Problem
}

func (d *desk) post(query, contentType string, body []byte) (int, answer) {
	d.t.Helper()
	res, err := http.Post(d.URL+"/import"+query, contentType, bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, _ := io.ReadAll(res.Body)
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		d.t.Fatalf("%v: %.300s", err, raw)
	}
	for _, list := range []string{`"added":null`, `"changed":null`, `"removed":null`, `"problems":null`, `"notes":null`} {
		if bytes.Contains(raw, []byte(list)) {
			d.t.Errorf("%s", list)
		}
	}
	return res.StatusCode, a
}

func (d *desk) get(query string) (*http.Response, []byte) {
	d.t.Helper()
	res, err := http.Get(d.URL + "/export" + query)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res, body
}

func TestWhatIsDownloadedIsUploadedWithoutAChangeAndAnEditIsADraft(t *testing.T) {
	d := newDesk(t)
	for query, media := range map[string]string{"": "spreadsheetml", "?format=csv": "text/csv", "?format=json": "json", "?format=zip": "zip", "?format=csv&kind=item": "csv"} {
		res, body := d.get(query)
		if res.StatusCode != 200 || !strings.Contains(res.Header.Get("Content-Type"), media) || !strings.HasPrefix(res.Header.Get("Content-Disposition"), `attachment; filename="shenwei-7`) {
			t.Fatalf("%s: %d %v", query, res.StatusCode, res.Header)
		}
		if status, a := d.post("", "application/octet-stream", body); status != 200 || len(a.Added)+len(a.Changed)+len(a.Removed)+len(a.Problems) != 0 {
			t.Errorf("%s: %d %+v", query, status, a)
		}
	}
	if len(d.taken) != 0 {
		t.Fatalf("%d drafts of nothing", len(d.taken))
	}
	_, body := d.get("?format=csv&kind=item")
	edited := bytes.Replace(body, []byte(",60元/张,"), []byte(",61元/张,"), 1)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("note", "x")
	part, _ := w.CreateFormFile("file", "事项.csv")
	_, _ = part.Write(edited)
	_ = w.Close()
	status, a := d.post("?dry_run=1", w.FormDataContentType(), form.Bytes())
	if status != 200 || !a.DryRun || len(a.Changed) != 1 || a.Changed[0].Cells[0].Now != "61元/张" || len(a.Drafts) != 0 || d.taken != nil {
		t.Errorf("dry run: %d %+v", status, a)
	}
	d.entries = nil
	status, a = d.post("", w.FormDataContentType(), form.Bytes())
	if status != 200 || len(a.Drafts) != 1 || len(d.taken) != 1 || len(d.entries) != 1 || d.entries[0].Actor != "lin" || d.entries[0].Action != "knowledge.import" {
		t.Errorf("%d %+v, audit %+v", status, a, d.entries)
	}
}

func TestBadUploadsAreRefusedWithTheReason(t *testing.T) {
	d := newDesk(t)
	for name, tc := range map[string]struct {
		query, media string
		body         []byte
		status       int
		says         string
	}{
		"empty":            {"", "", nil, 400, "空的"},
		"no table":         {"", "", []byte("hello"), 400, "表头"},
		"an odd flag":      {"?dry_run=maybe", "", []byte("x"), 400, "dry_run"},
		"too large":        {"", "", make([]byte, exchange.MaxFile+1), 413, "20 MB"},
		"far too large":    {"", "", make([]byte, exchange.MaxFile+1<<20), 413, "20 MB"},
		"a form with none": {"", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n"), 400, "file"},
		"a broken form":    {"", "multipart/form-data; boundary=x", []byte("--x\r\n"), 400, "file"},
	} {
		status, a := d.post(tc.query, tc.media, tc.body)
		if status != tc.status || !strings.Contains(a.Error.Message, tc.says) {
			t.Errorf("%s: %d %+v", name, status, a.Error)
		}
	}
	status, a := d.post("", "text/csv", []byte("标准问,答案\n能不能刷卡,\n"))
	if status != 200 || len(a.Problems) != 1 || a.Problems[0].Row != 2 || a.Problems[0].Column != "答案" || d.taken != nil {
		t.Errorf("%d %+v", status, a)
	}
	for _, query := range []string{"?format=doc", "?kind=x", "?format=csv&kind=weights"} {
		if res, body := d.get(query); res.StatusCode != 400 {
			t.Errorf("%s: %d %s", query, res.StatusCode, body)
		}
	}
}

func TestWhatCannotBeRecordedIsNotDone(t *testing.T) {
	d := newDesk(t)
	d.deaf = true
	if status, _ := d.post("", "text/csv", []byte("标准问,答案\n能不能刷卡,可以。\n")); status != 503 || d.taken != nil {
		t.Errorf("%d, taken %d", status, len(d.taken))
	}
	if res, _ := d.get(""); res.StatusCode != 503 {
		t.Error(res.StatusCode)
	}
}

func TestNobodyIsRefused(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ method, path string }{{"POST", "/import"}, {"GET", "/export"}} {
		req, _ := http.NewRequest(c.method, d.URL+c.path, strings.NewReader("x"))
		req.Header.Set("X-Nobody", "1")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 401 {
			t.Errorf("%s %d", c.path, res.StatusCode)
		}
	}
}
