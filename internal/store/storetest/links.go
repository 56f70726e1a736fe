package storetest

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/store"
)

func handover() bot.Context {
	return bot.Context{Item: "CRJ-007", Conditions: map[string]string{"huji": "深户", "state": "快到期"}, Channel: bot.WeChat}
}

func (s *suite) wantReason(err error, reason string, code fault.Code) {
	s.Helper()
	var c *bot.CodeError
	if !errors.As(err, &c) || c.Reason != reason || fault.CodeOf(err) != code {
		s.Fatalf("got %v, want a code that is %s", err, reason)
	}
}

func (s *suite) mint(db *store.DB) string {
	s.Helper()
	code, err := db.MintCode(s.Context(), handover(), 5*time.Minute)
	s.must(err)
	return code
}

var linkCases = []testCase{
	{"a code opens its context once", func(s *suite) {
		db := s.open()
		code := s.mint(db)
		if len(code) < 43 || code == s.mint(db) {
			s.Fatalf("%q is no code", code)
		}
		got, err := db.RedeemCode(s.Context(), code)
		s.must(err)
		s.same(got, handover())
		_, err = db.RedeemCode(s.Context(), code)
		s.wantReason(err, bot.CodeUsed, fault.Conflict)
	}},
	{"a code that nobody made, or that has expired, opens nothing", func(s *suite) {
		db := s.open()
		code := s.mint(db)
		for _, forged := range []string{"", "x", code + "x", code[:len(code)-1], strings.ToLower(code) + "!", "a\x00b", strings.Repeat("x", 10_000)} {
			_, err := db.RedeemCode(s.Context(), forged)
			s.wantReason(err, bot.CodeUnknown, fault.NotFound)
		}
		s.exec(`UPDATE link_codes SET expires = 1`)
		_, err := db.RedeemCode(s.Context(), code)
		s.wantReason(err, bot.CodeExpired, fault.NotFound)
		if n, err := db.DeleteSpent(s.Context(), Noon, 10); err != nil || n != 1 {
			s.Fatal(n, err)
		}
		_, err = db.RedeemCode(s.Context(), code)
		s.wantReason(err, bot.CodeUnknown, fault.NotFound)
	}},
	{"the code itself is not stored", func(s *suite) {
		db := s.open()
		code := s.mint(db)
		var hash []byte
		var body string
		s.must(s.raw().QueryRow(`SELECT hash, context FROM link_codes`).Scan(&hash, &body))
		if strings.Contains(string(hash), code) || strings.Contains(body, code) || len(hash) != 32 {
			s.Fatalf("%x %s", hash, body)
		}
	}},
	{"of all who redeem one code at once on several nodes exactly one succeeds", func(s *suite) {
		nodes := []*store.DB{s.open(), s.open(), s.open()}
		for range 10 {
			code := s.mint(nodes[0])
			var opened atomic.Int64
			var wg sync.WaitGroup
			for i := range 12 {
				wg.Go(func() {
					_, err := nodes[i%len(nodes)].RedeemCode(s.Context(), code)
					var c *bot.CodeError
					switch {
					case err == nil:
						opened.Add(1)
					case !errors.As(err, &c) || c.Reason != bot.CodeUsed:
						s.Error(err)
					}
				})
			}
			wg.Wait()
			if opened.Load() != 1 {
				s.Fatalf("%d opened it", opened.Load())
			}
		}
	}},
	{"an address that dies or comes back is known to every node", func(s *suite) {
		db, other := s.open(), s.open()
		of := func(url string, state bot.LinkState, failures int) bot.LinkHealth {
			return bot.LinkHealth{URL: url, Items: []string{"CRJ-007", "CRJ-011"}, State: state, Failures: failures, Says: "HTTP 404", Checked: Noon, Since: Noon.Add(-time.Hour)}
		}
		version := func() int64 {
			_, v, err := other.Moment(s.Context())
			s.must(err)
			return v
		}
		one, two := of("https://biz.example/1", bot.LinkAlive, 0), of("https://biz.example/2", bot.LinkFailing, 2)
		s.must(db.SaveLinkHealth(s.Context(), []bot.LinkHealth{one, two}, nil, Noon))
		if version() != 0 {
			s.Fatal("nothing has died yet")
		}
		two.State, two.Failures = bot.LinkDead, 3
		s.must(db.SaveLinkHealth(s.Context(), []bot.LinkHealth{two}, nil, Noon))
		over, err := other.Overrides(s.Context())
		s.must(err)
		if version() != 1 || over.Version != 1 || !over.IsDead(two.URL) || over.IsDead(one.URL) {
			s.Fatalf("%d %+v", version(), over)
		}
		all, err := other.LinkHealth(s.Context())
		s.must(err)
		s.same(all, []bot.LinkHealth{one, two})
		s.must(db.SaveLinkHealth(s.Context(), []bot.LinkHealth{two}, nil, Noon))
		if version() != 1 {
			s.Fatal("it was dead before")
		}
		s.must(db.SaveLinkHealth(s.Context(), nil, []string{two.URL}, Noon))
		if over, err = other.Overrides(s.Context()); err != nil || version() != 2 || len(over.Dead) != 0 {
			s.Fatalf("%d %+v %v", version(), over, err)
		}
	}},
}
