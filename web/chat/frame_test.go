package chat

import (
	"strings"
	"testing"
	"unicode/utf8"

	"shenwei/internal/fault"
)

func TestDecodeFrame(t *testing.T) {
	for data, want := range map[string]string{
		`{"type":"hello"}`: "", `{"type":"hello","token":"t","conversation":"c","after":3}`: "",
		`{"type":"say","ref":"r","text":"x"}`: "", `{"type":"choose","ref":"r","code":"CRJ-001"}`: "",
		`{"type":"say","ref":"r","text":"x","colour":"blue"}`:                "",
		`{"type":"hello","after":-1}`:                                        "after",
		`{"type":"hello","after":1.5}`:                                       "after",
		`{"type":"hello","after":"3"}`:                                       "after",
		`{"type":"say","text":"x"}`:                                          "ref",
		`{"type":"choose","ref":"r"}`:                                        "code",
		`{"type":"say","ref":"` + strings.Repeat("r", 129) + `","text":"x"}`: "ref",
		`{"type":"hello","token":"` + strings.Repeat("t", 129) + `"}`:        "token",
		`{"ref":"r"}`:       "type",
		`{"type":"ready"}`:  "type",
		`{"type":["say"]}`:  "type",
		`{"type":"say"} {}`: "JSON",
		``:                  "JSON",
	} {
		_, err := decodeFrame([]byte(data))
		if (err == nil) != (want == "") || (err != nil && (!strings.Contains(fault.MessageOf(err), want) || !fault.Is(err, fault.BadRequest))) {
			t.Errorf("%s: %v, want %q", data, err, want)
		}
	}
}

func FuzzDecodeFrame(f *testing.F) {
	for _, seed := range []string{
		`{"type":"hello","token":"t","conversation":"c","after":3}`, `{"type":"say","ref":"r","text":"护照"}`,
		`{"type":"choose","ref":"r","code":"CRJ-001"}`, `{"type":5}`, `[]`, `null`, "{\"ref\":\"\xff\"}", `{"after":1e99}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := decodeFrame(data)
		switch {
		case err != nil:
			if !fault.Is(err, fault.BadRequest) || fault.MessageOf(err) == "" || !utf8.ValidString(fault.MessageOf(err)) && utf8.Valid(data) {
				t.Errorf("%q: %v", data, err)
			}
		case frame.Type != typeHello && frame.Ref == "":
			t.Errorf("%q: a line without a ref", data)
		case frame.Type == typeChoose && frame.Code == "" || frame.After < 0:
			t.Errorf("%q: %+v", data, frame)
		}
		if len(frame.Ref) > maxName {
			t.Errorf("%q: the ref would be repeated at length", data)
		}
	})
}

func TestFacetTextsBecomeParagraphsAndLists(t *testing.T) {
	got := parts("一\n- 甲\n- 乙\n\n二\n- 丙\n-丁")
	if len(got) != 5 || got[0].Text != "一" || len(got[1].List) != 2 || got[2].Text != "二" || len(got[3].List) != 1 || got[4].Text != "-丁" {
		t.Errorf("%+v", got)
	}
}

func TestLinksLeadOnlyWhereAConfigurationMay(t *testing.T) {
	for url, want := range map[string]bool{
		"https://a.example/x": true, "http://a.example": true, "weixin://dl/business": true, "wxapp://x": true, "/items/A": true, "tel:110": true,
		"javascript:alert(1)": false, "JavaScript:alert(1)": false, "data:text/html,x": false, "vbscript:x": false, "x": false, "": false,
		"\x01javascript:x": false, "java\tscript:x": false,
	} {
		if allowed(url) != want {
			t.Errorf("%q is allowed: %v", url, !want)
		}
	}
}
