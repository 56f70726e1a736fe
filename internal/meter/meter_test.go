package meter

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestAnUnknownNameCountsAsOther(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := New(reg, []string{"户政"})
	const said = "我叫王小明"
	s.Answered(said, said, .5, time.Second)
	s.Moved(said, said, time.Second, true)
	s.Attempt(said, said)
	s.Logged(said)
	s.Closed(4999)
	s.Callback(said, nil)
	s.Outgoing(said, nil)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if text := f.String(); strings.Contains(text, said) || strings.Contains(text, "4999") {
			t.Error(text)
		}
	}
}

func BenchmarkWhatATurnCounts(b *testing.B) {
	s := New(prometheus.NewRegistry(), nil)
	o := s.Operations()
	b.ReportAllocs()
	for b.Loop() {
		s.Frame(time.Millisecond)
		s.Sent()
		s.Sent()
		o.Write(time.Millisecond, nil)
		o.Write(time.Millisecond, nil)
		o.Read(time.Millisecond, nil)
		o.Transaction(4, time.Millisecond, nil)
		s.Answered("answer", "web", .9, time.Millisecond)
	}
}
