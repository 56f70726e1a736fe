package web_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"shenwei/intents"
	"shenwei/kb"
	"shenwei/web"
	"shenwei/web/api"
)

// described is one answer that the description promises, and a request that gets it.
type described struct {
	op     string // "GET /path" as in the description
	status int
	path   string
	body   string
	header []string
	state  func(*site) // what is wrong with the server
}

func notReady(s *site)  { s.ready.Store(false) }
func noStore(s *site)   { s.store.fail(errNoStore) }
func served(s *site)    { s.store.serveAll() }
func pictured(s *site)  { s.store.serveAll(); s.store.putPictures() }
func exhausted(s *site) { s.get("/items") } // the one request that the test's limit allows

// promises are requests for every answer in openapi.json. {c}, {t} and {s} stand for a
// conversation, its token and its reply's number.
func promises() []described {
	foreign := []string{"Origin", "https://evil.example"}
	bearer := []string{"Authorization", "Bearer {t}"}
	long := `{"text":"` + strings.Repeat("啊", 4001) + `"}`
	big := strings.Repeat("x", 70_000)
	thumb := `{"conversation":"{c}","token":"{t}","seq":{s},"score":1,"reason":"好"}`
	const redeem = "POST /api/v1/links/redeem"
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) // the site's clock
	code := func(status int, body string) described {
		return described{redeem, status, "/api/v1/links/redeem", body, signed(now, linkSecret, body), nil}
	}
	const chat, feedback, messages = "POST /api/v1/chat", "POST /api/v1/feedback", "GET /api/v1/conversations/{id}/messages"
	const addPicture, picture = "POST /api/v1/conversations/{id}/pictures", "GET /api/v1/conversations/{id}/pictures/{seq}"
	file := []string{"Authorization", "Bearer {t}", "Content-Type", "application/octet-stream"}
	list := []described{
		{addPicture, 200, "/api/v1/conversations/{c}/pictures?ref=p1&consent=picture-1", onePixel, file, served},
		{addPicture, 400, "/api/v1/conversations/{c}/pictures", "<svg/>", file, served},
		{addPicture, 403, "/api/v1/conversations/{c}/pictures?consent=picture-1", onePixel, file, nil},
		{addPicture, 404, "/api/v1/conversations/{c}/pictures", onePixel, nil, served},
		{addPicture, 409, "/api/v1/conversations/{c}/pictures", onePixel, file, served},
		{addPicture, 413, "/api/v1/conversations/{c}/pictures", strings.Repeat("x", 5<<20+1), file, served},
		{addPicture, 503, "/api/v1/conversations/{c}/pictures", onePixel, file, noStore},
		{picture, 200, "/api/v1/conversations/{c}/pictures/{s}?size=small", "", bearer, pictured},
		{picture, 400, "/api/v1/conversations/{c}/pictures/{s}?size=x", "", bearer, nil},
		{picture, 404, "/api/v1/conversations/{c}/pictures/{s}", "", bearer, nil},
		{picture, 503, "/api/v1/conversations/{c}/pictures/{s}", "", bearer, noStore},
		code(200, `{"code":"good"}`), code(400, `{"code":1}`), code(404, `{"code":"x"}`), code(409, `{"code":"used"}`), code(503, `{"code":"down"}`),
		{redeem, 401, "/api/v1/links/redeem", `{"code":"good"}`, signed(now, "another secret", ""), nil},
		{redeem, 413, "/api/v1/links/redeem", big, signed(now, linkSecret, big), nil},
		{chat, 200, "/api/v1/chat", `{"text":"全部","channel":"web","ref":"x1"}`, nil, nil},
		{chat, 200, "/api/v1/chat", `{"text":"再","conversation":"{c}","token":"{t}"}`, nil, nil},
		{chat, 400, "/api/v1/chat", `{"text":1}`, nil, nil},
		{chat, 403, "/api/v1/chat", `{"text":"a"}`, foreign, nil},
		{chat, 404, "/api/v1/chat", `{"text":"a","conversation":"x","token":"y"}`, nil, nil},
		{chat, 409, "/api/v1/chat", `{"text":"a","ref":"r1","channel":"web"}`, nil, nil},
		{chat, 413, "/api/v1/chat", long, nil, nil},
		{chat, 500, "/api/v1/chat", `{"text":"坏"}`, nil, nil},
		{chat, 503, "/api/v1/chat", `{"text":"a"}`, nil, noStore},
		{feedback, 200, "/api/v1/feedback", thumb, nil, nil},
		{feedback, 400, "/api/v1/feedback", `{"score":3}`, nil, nil},
		{feedback, 403, "/api/v1/feedback", thumb, foreign, nil},
		{feedback, 404, "/api/v1/feedback", `{"conversation":"x","seq":1,"score":1}`, nil, nil},
		{feedback, 413, "/api/v1/feedback", big, nil, nil},
		{feedback, 503, "/api/v1/feedback", thumb, nil, noStore},
		{messages, 200, "/api/v1/conversations/{c}/messages", "", bearer, nil},
		{messages, 400, "/api/v1/conversations/{c}/messages?after=x", "", bearer, nil},
		{messages, 404, "/api/v1/conversations/{c}/messages", "", nil, nil},
		{messages, 503, "/api/v1/conversations/{c}/messages", "", bearer, noStore},
		{"GET /api/v1/conversations/{id}/transcript", 200, "/api/v1/conversations/{c}/transcript", "", bearer, nil},
		{"GET /api/v1/conversations/{id}/transcript", 404, "/api/v1/conversations/{c}/transcript", "", nil, nil},
		{"GET /api/v1/conversations/{id}/transcript", 503, "/api/v1/conversations/{c}/transcript", "", bearer, noStore},
		{"GET /api/v1/items", 200, "/api/v1/items?popular=1", "", nil, nil},
		{"GET /api/v1/items", 400, "/api/v1/items?popular=x", "", nil, nil},
		{"GET /api/v1/items", 503, "/api/v1/items", "", nil, notReady},
		{"GET /api/v1/items/{code}", 200, "/api/v1/items/CRJ-007", "", nil, nil},
		{"GET /api/v1/items/{code}", 200, "/api/v1/items/JJ-001", "", nil, nil},
		{"GET /api/v1/items/{code}", 404, "/api/v1/items/X", "", nil, nil},
		{"GET /api/v1/items/{code}", 503, "/api/v1/items/CRJ-007", "", nil, notReady},
		{"GET /api/v1/articles/{id}", 200, "/api/v1/articles/baojing", "", nil, nil},
		{"GET /api/v1/articles/{id}", 404, "/api/v1/articles/x", "", nil, nil},
		{"GET /api/v1/articles/{id}", 503, "/api/v1/articles/baojing", "", nil, notReady},
		{"GET /api/v1/suggest", 200, "/api/v1/suggest?q=a", "", nil, nil},
		{"GET /api/v1/suggest", 400, "/api/v1/suggest?q=" + strings.Repeat("a", 101), "", nil, nil},
		{"GET /api/v1/suggest", 503, "/api/v1/suggest?q=a", "", nil, notReady},
		{"GET /api/v1/popular", 200, "/api/v1/popular?lang=en", "", nil, nil},
		{"GET /api/v1/popular", 400, "/api/v1/popular?lang=fr", "", nil, nil},
		{"GET /api/v1/popular", 503, "/api/v1/popular", "", nil, notReady},
		{"GET /api/v1/matters", 200, "/api/v1/matters", "", nil, nil},
		{"GET /api/v1/matters", 400, "/api/v1/matters?lang=fr", "", nil, nil},
		{"GET /api/v1/matters", 503, "/api/v1/matters", "", nil, notReady},
		{"GET /api/v1/matters/{name}", 200, "/api/v1/matters/" + testMatter, "", nil, nil},
		{"GET /api/v1/matters/{name}", 200, "/api/v1/matters/" + testMatter + "?ask=x&is=y", "", nil, nil},
		{"GET /api/v1/matters/{name}", 400, "/api/v1/matters/" + testMatter + "?ask=x", "", nil, nil},
		{"GET /api/v1/matters/{name}", 404, "/api/v1/matters/x", "", nil, nil},
		{"GET /api/v1/matters/{name}", 503, "/api/v1/matters/" + testMatter, "", nil, notReady},
		{"GET /api/v1/outlets", 200, "/api/v1/outlets?near=22.5,114", "", nil, nil},
		{"GET /api/v1/outlets", 400, "/api/v1/outlets?near=x", "", nil, nil},
		{"GET /api/v1/outlets", 404, "/api/v1/outlets?item=x", "", nil, nil},
		{"GET /api/v1/outlets", 503, "/api/v1/outlets", "", nil, notReady},
		{"GET /api/v1/site", 200, "/api/v1/site", "", nil, nil},
		{"GET /api/v1/site", 503, "/api/v1/site", "", nil, notReady},
		{"GET /api/openapi.json", 200, "/api/openapi.json", "", nil, nil},
		{"GET /healthz", 200, "/healthz", "", nil, nil},
		{"GET /readyz", 200, "/readyz", "", nil, nil},
		{"GET /readyz", 503, "/readyz", "", nil, notReady},
	}
	for _, op := range list {
		if op.status == 200 && op.op != "GET /healthz" && op.op != redeem {
			op.status, op.state = 429, exhausted
			list = append(list, op)
		}
	}
	return list
}

// onePixel is a GIF file.
const onePixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

func init() { openapi3filter.RegisterBodyDecoder("image/jpeg", openapi3filter.FileBodyDecoder) } //nolint:gochecknoinits // its table is global

func loadDescription(t *testing.T) (*openapi3.T, routers.Router) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return doc, router
}

func TestEveryRouteIsDescribedAndEveryDescriptionIsARoute(t *testing.T) {
	s := newSite(t, nil)
	doc, _ := loadDescription(t)
	var have []string
	for path, p := range doc.Paths.Map() {
		for method := range p.Operations() {
			have = append(have, method+" "+path)
		}
	}
	want := s.web.Described()
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("described %v\nroutes %v", have, want)
	}
}

func TestEveryDescribedAnswerIsGivenAsDescribed(t *testing.T) {
	doc, router := loadDescription(t)
	missing := map[string]bool{}
	for path, p := range doc.Paths.Map() {
		for method, op := range p.Operations() {
			for status := range op.Responses.Map() {
				missing[method+" "+path+" "+status] = true
			}
		}
	}
	for _, c := range promises() {
		name := c.op + " " + strconv.Itoa(c.status)
		t.Run(name, func(t *testing.T) { keep(t, router, c) })
		if _, described := missing[name]; !described {
			t.Errorf("%s is not described", name)
		}
		missing[name] = false
	}
	for name, open := range missing {
		if open {
			t.Errorf("%s is described and no request of this test gets it", name)
		}
	}
}

// keep asks a fresh server and holds the answer against the description.
func keep(t *testing.T, router routers.Router, c described) {
	s := newSite(t, func(cfg *web.Config) {
		cfg.Codes, cfg.LinkKeys = fewCodes{}, []string{linkSecret}
		if c.status == 429 {
			cfg.Limits.Address = web.Limit{Events: 2, Per: time.Hour} // one begins the conversation
		}
	}, func(l *stubLive) {
		l.nearest = func(string) []intents.Scored {
			return []intents.Scored{{Kind: kb.KindItem, Code: "CRJ-007", Phrase: "换证"}, {Kind: kb.KindArticle, Code: "baojing", Phrase: "报警"}}
		}
	})
	first := s.say("", "", "r1", "全部")
	fill := strings.NewReplacer("{c}", first.Conversation, "{t}", first.Token, "{s}", strconv.FormatInt(first.Seq, 10)).Replace
	if c.state != nil {
		c.state(s)
	}
	method, template, _ := strings.Cut(c.op, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, s.http.URL+fill(c.path), strings.NewReader(fill(c.body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(c.header); i += 2 {
		req.Header.Set(c.header[i], fill(c.header[i+1]))
	}
	got := s.do(req)
	if got.status != c.status {
		t.Fatalf("%d %s, want %d", got.status, got.body, c.status)
	}
	req.Body = io.NopCloser(strings.NewReader(fill(c.body)))
	route, params, err := router.FindRoute(req)
	if err != nil || route.Path != template {
		t.Fatalf("route %v: %v", route, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
	}}
	if c.status == 200 {
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("the request is not as described: %v", err)
		}
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: got.status, Header: got.header, Body: io.NopCloser(bytes.NewReader([]byte(got.body))),
		Options: in.Options,
	})
	if err != nil {
		t.Errorf("the answer is not as described: %v\n%s", err, got.body)
	}
}
