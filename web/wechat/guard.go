package wechat

import (
	"crypto/sha256"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// guard refuses requests that are old or were used for another body before.
type guard struct {
	maxAge time.Duration // 0 for no limit
	now    func() time.Time

	mu   sync.Mutex
	seen *simplelru.LRU[[32]byte, [32]byte]
}

// maxSeen is how many requests are remembered: five minutes at 200 a second.
const maxSeen = 1 << 16

func newGuard(maxAge time.Duration, now func() time.Time) *guard {
	seen, err := simplelru.NewLRU[[32]byte, [32]byte](maxSeen, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &guard{maxAge: maxAge, now: now, seen: seen}
}

// fresh tells whether a request's time, in seconds since 1970 as text, is near ours. The skew
// is ours minus theirs.
func (g *guard) fresh(timestamp string) (skew time.Duration, ok bool) {
	at, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || at < 0 || at > 1<<40 {
		return 0, g.maxAge == 0
	}
	skew = g.now().Sub(time.Unix(at, 0))
	return skew, g.maxAge == 0 || skew.Abs() <= g.maxAge
}

// once tells whether a request's signature comes with the body that it came with before. The
// same request again is a retry of WeChat's and may pass.
func (g *guard) once(timestamp, nonce, signature string, body []byte) bool {
	if g.maxAge == 0 {
		return true
	}
	key := sha256.Sum256([]byte(timestamp + "\x00" + nonce + "\x00" + signature))
	sum := sha256.Sum256(body)
	g.mu.Lock()
	defer g.mu.Unlock()
	before, known := g.seen.Get(key)
	if known {
		return before == sum
	}
	g.seen.Add(key, sum)
	return true
}
