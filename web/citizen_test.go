package web_test

import (
	"net/url"
	"strings"
	"testing"
)

// What the citizens' page for everybody asks of the server.

func TestPopularItemsComeInAllAndByPoliceType(t *testing.T) {
	s := newSite(t, nil)
	var got struct {
		Groups []struct {
			Name, Label string
			Items       []struct {
				Code, Name string
				TripsLabel string `json:"trips_label"`
			}
		}
	}
	decode(t, s.get("/api/v1/popular").body, &got)
	if len(got.Groups) < 2 || got.Groups[0].Name != "" || len(got.Groups[0].Items) == 0 || got.Groups[0].Items[0].Code != "CRJ-007" {
		t.Fatalf("%+v", got)
	}
	if g := got.Groups[1]; g.Name != "出入境" || g.Items[0].Code != "CRJ-007" || g.Items[0].TripsLabel == "" {
		t.Errorf("the first police type is %+v", g)
	}
	decode(t, s.get("/api/v1/popular?lang=en").body, &got)
	if got.Groups[1].Label != "Exit and entry" || got.Groups[1].Name != "出入境" {
		t.Errorf("in English %+v", got.Groups[1])
	}
	wantError(t, s.get("/api/v1/popular?lang=x"), 400, "bad_request")
}

func TestAFewAnswersLeadToTheItem(t *testing.T) {
	s := newSite(t, nil)
	ask := func(said ...string) (f struct {
		Ask     string
		Answers []struct{ Is, Label string }
		Left    []struct{ Code string }
		Item    *struct {
			Code       string
			Trips      int
			TripsLabel string `json:"trips_label"`
			Materials  []string
			Links      []struct{ URL string }
		}
	}) {
		t.Helper()
		path := "/api/v1/matters/" + url.PathEscape(testMatter) + "?"
		for i := 0; i < len(said); i += 2 {
			path += "&ask=" + url.QueryEscape(said[i]) + "&is=" + url.QueryEscape(said[i+1])
		}
		decode(t, s.get(path).body, &f)
		return f
	}
	first := ask()
	if first.Ask != "卡还有效吗" || len(first.Answers) != 3 || len(first.Left) != 2 || first.Item != nil {
		t.Fatalf("first %+v", first)
	}
	second := ask("卡还有效吗", "快到期")
	if second.Ask != "留过指纹吗" || second.Item != nil || len(second.Left) != 1 {
		t.Fatalf("second %+v", second)
	}
	easy, visit := ask("卡还有效吗", "快到期", "留过指纹吗", "留过"), ask("卡还有效吗", "快到期", "留过指纹吗", "没有")
	if easy.Item == nil || easy.Item.Code != "CRJ-007" || easy.Item.Trips != 0 || len(easy.Item.Links) == 0 {
		t.Errorf("the easy way %+v", easy.Item)
	}
	if visit.Item == nil || visit.Item.Trips != 1 || visit.Item.TripsLabel != "一次跑动" {
		t.Errorf("the other way %+v", visit.Item)
	}
	wantError(t, s.get("/api/v1/matters/"+testMatter+"?ask="+strings.Repeat("啊", 101)+"&is=x"), 400, "bad_request")
	wantError(t, s.get("/api/v1/matters/"+testMatter+"?ask=%ff&is=x"), 400, "bad_request")
	wantError(t, s.get("/api/v1/matters/"+testMatter+"?"+strings.Repeat("ask=a&is=b&", 21)), 400, "bad_request")
}

func TestALineMayFixTheLanguageOfItsReply(t *testing.T) {
	s := newSite(t, nil)
	if got := s.post("/api/v1/chat", object{"text": "护照", "lang": "zh-Hant"}); !strings.Contains(got.body, `"lang":"zh-Hant"`) {
		t.Errorf("%s", got.body)
	}
	wantError(t, s.post("/api/v1/chat", object{"text": "护照", "lang": "fr"}), 400, "bad_request")
}

func TestGuidePagesAreAlsoInTraditionalCharacters(t *testing.T) {
	s := newSite(t, nil)
	plain, hant := s.get("/items").body, s.get("/items?lang=zh-Hant").body
	if !strings.Contains(plain, `<html lang="zh-CN">`) || strings.Contains(plain, "?lang=zh-Hant\" lang") == false {
		t.Error("the plain page does not lead to the other writing")
	}
	if !strings.Contains(hant, `<html lang="zh-Hant">`) || !strings.Contains(hant, `href="/items/CRJ-007?lang=zh-Hant"`) || !strings.Contains(hant, `href="/items?by=life&amp;lang=zh-Hant"`) {
		t.Error("the other writing does not stay with its reader")
	}
	if got := s.get("/items?lang=<script>").body; strings.Contains(got, "<script>\"") || !strings.Contains(got, `<html lang="zh-CN">`) {
		t.Error("an unknown language changes the page")
	}
}
