package main

import (
	"encoding/json"
	"strings"
	"testing"

	"shenwei/web/auth"
)

func TestATryIsShownAsItsChannelShowsIt(t *testing.T) {
	o := newOffice(t)
	type shown struct {
		Live struct {
			Shown []struct{ Kind, Text string }
		}
	}
	for channel, want := range map[string]int{"wechat": 1, "web": 0} {
		var got shown
		body := o.call(auth.Editor, "POST", "try", map[string]any{"text": "护照快到期了怎么换", "channel": channel}, 200)
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Live.Shown) < want || want == 0 && len(got.Live.Shown) > 0 {
			t.Fatalf("%s: %s", channel, body)
		}
		if want > 0 && !strings.Contains(got.Live.Shown[0].Text, "普通护照换发") {
			t.Errorf("%s: %+v", channel, got.Live.Shown)
		}
	}
}
