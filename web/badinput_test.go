package web_test

import (
	"strings"
	"testing"

	"shenwei/bot"
)

// strange are texts that are no question but must do no harm.
var strange = map[string]string{
	"emoji only":     "😀🚔👮‍♀️",
	"html":           "<h1>hi</h1><img src=x onerror=alert(1)>",
	"script":         "</script><script>alert(1)</script>",
	"sql":            "'; DROP TABLE messages; --",
	"control":        "护\x00照\x07\x1b[31m到期",
	"bidi":           "护照\u202e到期\u2066",
	"template":       "{{.}} ${7*7} %s%n",
	"4,000 signs":    strings.Repeat("啊", bot.MaxText),
	"json in a text": `{"type":"say","text":"x"}`,
	"newlines":       "一\n二\r\n三",
	"lone surrogate": "\ufffd",
}

func TestStrangeTextsAreAnsweredAndNeverBecomeMarkup(t *testing.T) {
	s := newSite(t, nil)
	for name, text := range strange {
		t.Run(name, func(t *testing.T) {
			got := s.post("/api/v1/chat", object{"text": text})
			if got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if strings.Contains(got.body, "<script") || strings.Contains(got.body, "<img") || strings.ContainsAny(got.body, "\u202e\x00") {
				t.Errorf("the reply carries markup or control characters: %s", got.body)
			}
			if kind := got.header.Get("Content-Type"); kind != "application/json; charset=utf-8" {
				t.Errorf("type %q", kind)
			}
		})
	}
}

func TestBadBodiesAreRefusedWithAReason(t *testing.T) {
	s := newSite(t, nil)
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
		says   string
	}{
		"nothing":              {"", 400, "bad_request", "空"},
		"no text":              {`{}`, 400, "bad_request", "请输入"},
		"empty text":           {`{"text":""}`, 400, "bad_request", "请输入"},
		"spaces":               {`{"text":" \n\t "}`, 400, "bad_request", "请输入"},
		"bidi only":            {`{"text":"\u202e\u2066\u0000"}`, 400, "bad_request", "请输入"},
		"invalid UTF-8":        {"{\"text\":\"\xff\xfe\"}", 400, "bad_request", "UTF-8"},
		"text is a number":     {`{"text":5}`, 400, "bad_request", "text"},
		"text is a list":       {`{"text":["a"]}`, 400, "bad_request", "text"},
		"an unknown field":     {`{"text":"a","colour":1}`, 400, "bad_request", "colour"},
		"a list":               {`[{"text":"a"}]`, 400, "bad_request", "JSON 对象"},
		"a string":             {`"text"`, 400, "bad_request", "JSON 对象"},
		"null":                 {`null`, 400, "bad_request", "JSON 对象"},
		"half":                 {`{"text":"a"`, 400, "bad_request", "JSON"},
		"garbage behind":       {`{"text":"a"} x`, 400, "bad_request", "多余"},
		"two objects":          {`{"text":"a"}{"text":"b"}`, 400, "bad_request", "多余"},
		"deep":                 {`{"text":` + strings.Repeat("[", 30000), 400, "bad_request", ""},
		"unknown channel":      {`{"text":"a","channel":"cli"}`, 400, "bad_request", "channel"},
		"long ref":             {`{"text":"a","ref":"` + strings.Repeat("r", 129) + `"}`, 400, "bad_request", "ref"},
		"long choice":          {`{"choice":"` + strings.Repeat("r", 65) + `"}`, 400, "bad_request", "choice"},
		"4,001 signs":          {`{"text":"` + strings.Repeat("啊", bot.MaxText+1) + `"}`, 413, "too_large", "4000"},
		"100 kB":               {`{"text":"` + strings.Repeat("a", 100_000) + `"}`, 413, "too_large", "64"},
		"a million 啊":          {`{"text":"` + strings.Repeat("啊", 1_000_000) + `"}`, 413, "too_large", "64"},
		"unknown conversation": {`{"text":"a","conversation":"01J","token":"x"}`, 404, "not_found", "会话"},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.ask("POST", "/api/v1/chat", c.body, "Content-Type", "application/json")
			wantError(t, got, c.status, c.code)
			if !strings.Contains(got.body, c.says) {
				t.Errorf("%s does not say %q", got.body, c.says)
			}
		})
	}
	wantError(t, s.ask("POST", "/api/v1/chat", `{"text":"a"}`, "Content-Type", "text/xml"), 400, "bad_request")
	if r := s.say("", "", "r", "还在吗"); r.Text != "答：还在吗" {
		t.Errorf("afterwards: %+v", r)
	}
}

func TestInternalErrorsShowAnIDAndNothingElse(t *testing.T) {
	s := newSite(t, nil)
	got := s.post("/api/v1/chat", object{"text": "坏的"})
	wantError(t, got, 500, "internal")
	var e struct{ Error struct{ ID string } }
	decode(t, got.body, &e)
	if len(e.Error.ID) != 8 || !strings.Contains(s.log.String(), e.Error.ID) || !strings.Contains(s.log.String(), "hunter2") {
		t.Errorf("id %q is not in the log with its cause", e.Error.ID)
	}
}

func TestTheLogHoldsNoWordsOfCitizens(t *testing.T) {
	s := newSite(t, nil)
	first := s.say("", "", "r1", "我叫王小明住在莲花村")
	s.get("/api/v1/suggest?q=secretquery")
	s.get("/api/v1/conversations/" + first.Conversation + "/messages?after=0")
	s.get("/items/secretpath")
	for _, word := range []string{"王小明", "secretquery", "secretpath", first.Conversation, first.Token} {
		if strings.Contains(s.log.String(), word) {
			t.Errorf("the log holds %q:\n%s", word, s.log.String())
		}
	}
}
