package phrase

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a server sends is words, or an error; never a panic, never without bound.
func checkStream(t *testing.T, data []byte) {
	t.Helper()
	pieces := 0
	said, err := newStream(bytes.NewReader(data), func() {}, func(s string) { pieces += len(s) }, func() { pieces = 0 }).read()
	if err == nil && (said.Text == "" || !utf8.ValidString(said.Text)) {
		t.Errorf("an answer without words: %q", said.Text)
	}
	if len(said.Text) > maxText || pieces > maxText+maxLine {
		t.Errorf("%d bytes of words, %d of pieces", len(said.Text), pieces)
	}
}

const goodStream = ": keep-alive\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"<think>想</think>请带\"}}]}\n\n" +
	"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"⟦F1⟧。\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

func FuzzStream(f *testing.F) {
	for _, seed := range []string{goodStream, "", "{", "<html>", "data: [DONE]\n\n", "\ufeffdata:{}\r\n\r\n", `{"error":"no"}`, "data: {\"choices\":[]}\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(checkStream)
}

func FuzzVerify(f *testing.F) {
	d := NewDictionary(nil)
	f.Add("本人到派出所办理，收费20元，一般7个工作日。", "请您本人到派出所，20元，7个工作日左右就好。")
	f.Add("第一、二类10日内", "⟦F1⟧")
	f.Fuzz(func(t *testing.T, source, text string) {
		if len(source) > 4000 || len(text) > 4000 {
			return
		}
		s := d.NewSource(source, text)
		_ = s.VerifyPart(text)
		if err := s.Verify(text); err == nil && strings.ContainsAny(text, "<>⟦⟧") && !strings.ContainsAny(source, "<>⟦⟧") {
			t.Errorf("markup got through: %q", text)
		}
		if out, err := s.Restore(s.Locked(), false); err == nil && !strings.ContainsAny(source, "⟦⟧") && out != s.Text() {
			t.Errorf("the slots of %q come back as %q", source, out)
		}
	})
}

// A thousand broken streams, the same ones each time: bytes changed, dropped, doubled and cut.
func TestBrokenStreamsAreErrorsOrWordsNeverMore(t *testing.T) {
	r := rand.New(rand.NewPCG(mutationSeed, 5)) //nolint:gosec // a test that can be repeated
	for range 1000 {
		data := []byte(goodStream)
		for range 1 + r.IntN(6) {
			i := r.IntN(len(data))
			switch r.IntN(4) {
			case 0:
				data[i] = byte(r.IntN(256))
			case 1:
				data = append(data[:i], data[i+1:]...)
			case 2:
				data = append(data[:i:i], append([]byte(goodStream[:r.IntN(len(goodStream))]), data[i:]...)...)
			case 3:
				data = data[:max(1, i)]
			}
			if len(data) == 0 {
				data = []byte{0}
			}
		}
		checkStream(t, data)
	}
}
