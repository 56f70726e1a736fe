package scripted_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"shenwei/bot/phrase/scripted"
)

func cosine(a, b []float32) float64 {
	var s float64
	for i := range a {
		s += float64(a[i]) * float64(b[i])
	}
	return s
}

func TestTextsThatShareWordsAreNear(t *testing.T) {
	a, b, c := scripted.Vector("护照怎么换", 256), scripted.Vector("护照怎么补", 256), scripted.Vector("电动车上牌", 256)
	if near, far := cosine(a, b), cosine(a, c); near < far+0.3 || math.Abs(cosine(a, a)-1) > 1e-5 {
		t.Errorf("near %.3f, far %.3f, itself %.6f", near, far, cosine(a, a))
	}
	if empty := scripted.Vector("", 8); cosine(empty, empty) != 1 {
		t.Errorf("no text: %v", empty)
	}
}

func embed(t *testing.T, url, body string) (int, []byte) {
	t.Helper()
	resp, err := http.Post(url+"/embeddings", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

type vectors struct {
	Data []struct {
		Index     int
		Embedding json.RawMessage
	}
}

func TestVectorsComeInOrderAndSize(t *testing.T) {
	s := scripted.New(t, scripted.Config{Dialect: scripted.Dialect{Name: "few", MaxTexts: 2}, Dimensions: 32})
	status, b := embed(t, s.URL, `{"model":"scripted","input":["护照","签注"]}`)
	var got vectors
	if err := json.Unmarshal(b, &got); err != nil || status != 200 || len(got.Data) != 2 || got.Data[1].Index != 1 {
		t.Fatalf("%d %s %v", status, b, err)
	}
	var v []float32
	if err := json.Unmarshal(got.Data[1].Embedding, &v); err != nil || !slices.Equal(v, scripted.Vector("签注", 32)) {
		t.Errorf("%v %v", v, err)
	}
	status, b = embed(t, s.URL, `{"model":"scripted","input":"护照","dimensions":8,"encoding_format":"base64"}`)
	var packed string
	got = vectors{}
	if err := json.Unmarshal(b, &got); err != nil || status != 200 || len(got.Data) != 1 {
		t.Fatalf("%d %s %v", status, b, err)
	}
	if err := json.Unmarshal(got.Data[0].Embedding, &packed); err != nil {
		t.Fatal(err)
	}
	if raw, err := base64.StdEncoding.DecodeString(packed); err != nil || len(raw) != 32 {
		t.Errorf("packed: %d bytes, %v", len(raw), err)
	}
	if status, _ := embed(t, s.URL, `{"model":"scripted","input":["一","二","三"]}`); status != 400 {
		t.Errorf("more texts than it takes: %d", status)
	}
	if status, _ := embed(t, s.URL, `{"model":"another","input":"一"}`); status != 404 {
		t.Errorf("another model: %d", status)
	}
	if n := len(s.Requests()); n != 4 || s.Requests()[0].Input[1] != "签注" {
		t.Errorf("%d requests", n)
	}
}

func TestVectorsBreak(t *testing.T) {
	cases := map[scripted.Fault]func(status int, body string, v vectors) bool{
		scripted.FewVectors:  func(_ int, _ string, v vectors) bool { return len(v.Data) == 1 },
		scripted.OtherSize:   func(_ int, body string, _ vectors) bool { return strings.Count(body, ",") > 2*64 },
		scripted.ZeroVector:  func(_ int, body string, _ vectors) bool { return strings.Contains(body, "[0,0,0") },
		scripted.HugeNumber:  func(_ int, body string, _ vectors) bool { return strings.Contains(body, "1e+300") },
		scripted.OtherOrder:  func(_ int, _ string, v vectors) bool { return len(v.Data) == 2 && v.Data[0].Index == 1 },
		scripted.SameIndex:   func(_ int, _ string, v vectors) bool { return len(v.Data) == 2 && v.Data[1].Index == 0 },
		scripted.NullVectors: func(_ int, _ string, v vectors) bool { return string(v.Data[0].Embedding) == "null" },
		scripted.HTML:        func(_ int, body string, _ vectors) bool { return strings.HasPrefix(body, "<!doctype") },
		scripted.Garbage:     func(_ int, _ string, v vectors) bool { return len(v.Data) == 0 },
		scripted.ErrorIn200:  func(status int, body string, _ vectors) bool { return status == 200 && strings.Contains(body, "error") },
		scripted.Huge:        func(_ int, body string, _ vectors) bool { return len(body) > 1<<20 },
	}
	for f, broken := range cases {
		s := scripted.New(t, scripted.Config{})
		s.ScriptVectors(scripted.Answer{Fault: f, Size: 1 << 20})
		status, b := embed(t, s.URL, `{"model":"scripted","input":["护照","签注"]}`)
		var v vectors
		_ = json.Unmarshal(b, &v) // what breaks may be the JSON
		if !broken(status, string(b), v) {
			t.Errorf("%s: %d %.200s", f, status, b)
		}
	}
	s := scripted.New(t, scripted.Config{})
	s.ScriptVectors(scripted.Refuse(scripted.Limited))
	if status, _ := embed(t, s.URL, `{"model":"scripted","input":"一"}`); status != 429 {
		t.Errorf("limited: %d", status)
	}
}
