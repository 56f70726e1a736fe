package web

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"shenwei/web/respond"
)

// Limit is how many events may come in a time, all at once or spread. The zero value stands
// for the default, a negative Events for no limit.
type Limit struct {
	Events int
	Per    time.Duration
}

// Limits are what one visitor and one address may ask for.
type Limits struct {
	// Visitor counts the lines and requests of one conversation; the default is 20 in 10 s.
	Visitor Limit
	// Address counts the requests and lines of one address (of one /64 network for IPv6),
	// behind which there may be many visitors; the default is 600 in a minute.
	Address Limit
}

// maxBuckets is how many visitors and how many addresses are remembered; who was quiet for
// the longest time is forgotten first.
const maxBuckets = 1 << 15

// limits counts in token buckets.
type limits struct {
	visitors, addresses *buckets
	now                 func() time.Time
}

func newLimits(l Limits, now func() time.Time) *limits {
	return &limits{
		visitors:  newBuckets(l.Visitor, Limit{20, 10 * time.Second}),
		addresses: newBuckets(l.Address, Limit{600, time.Minute}),
		now:       now,
	}
}

// Allow counts one event for the visitor and the address; an empty name is not counted.
func (l *limits) Allow(visitor, addr string) error {
	now := l.now()
	wait := max(l.visitors.take(visitor, now), l.addresses.take(network(addr), now))
	if wait > 0 {
		return respond.Limited(wait)
	}
	return nil
}

// network is the /64 of an IPv6 address: one household or handset has a whole one.
func network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Is4() {
		return addr
	}
	p, err := a.Prefix(64)
	if err != nil {
		return addr
	}
	return p.String()
}

// buckets are token buckets by name. Names are kept as hashes: they may be secrets.
type buckets struct {
	limit Limit
	seed  maphash.Seed
	mu    sync.Mutex
	known *simplelru.LRU[uint64, *rate.Limiter]
}

func newBuckets(l, otherwise Limit) *buckets {
	if l.Events == 0 || l.Per <= 0 && l.Events > 0 {
		l = otherwise
	}
	known, err := simplelru.NewLRU[uint64, *rate.Limiter](maxBuckets, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &buckets{limit: l, seed: maphash.MakeSeed(), known: known}
}

// take returns how long to wait before the next event, 0 when it may happen now.
func (b *buckets) take(name string, now time.Time) time.Duration {
	if name == "" || b.limit.Events < 0 {
		return 0
	}
	key := maphash.String(b.seed, name)
	b.mu.Lock()
	defer b.mu.Unlock()
	bucket, ok := b.known.Get(key)
	if !ok {
		bucket = rate.NewLimiter(rate.Limit(float64(b.limit.Events)/b.limit.Per.Seconds()), b.limit.Events)
		b.known.Add(key, bucket)
	}
	reservation := bucket.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}
