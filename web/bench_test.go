package web_test

import (
	"fmt"
	"sync"
	"testing"

	"shenwei/web"
)

// BenchmarkSocketLines measures lines answered over sockets without a real engine or disk:
// what the way through this package and the front costs, clients included.
func BenchmarkSocketLines(b *testing.B) {
	const citizens, ahead = 50, 4
	s := newSite(b, func(c *web.Config) { c.Limits = unlimited })
	clients := make([]*client, citizens)
	for i := range clients {
		clients[i] = s.dial()
		clients[i].begin(fmt.Sprint("begin", i), "开始")
	}
	b.ResetTimer()
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() {
			lines := b.N/citizens + 1
			for sent, replies := 0, 0; replies < lines; {
				for sent < lines && sent-replies < ahead {
					c.send(say(fmt.Sprintf("r%d-%d", i, sent), "港澳通行证快到期了，周末能换吗"))
					sent++
				}
				if c.next().Type == "reply" {
					replies++
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "replies/s")
	if n := s.store.readCount(); n != 0 {
		b.Errorf("the store was read %d times", n)
	}
}
