package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/store"
)

var concurrencyCases = []testCase{
	{"200 lines at once in one conversation are numbered without gap", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()} // two processes
		id := s.begin(dbs[0], "begin").Conversation.ID
		var seen sync.Map
		s.parallel(200, func(i int) {
			r, err := dbs[i%2].Receive(s.Context(), trusted(id, fmt.Sprint("r", i)))
			if err != nil {
				s.Error(err)
			} else if _, twice := seen.LoadOrStore(r.Seq, true); twice {
				s.Errorf("seq %d was given twice", r.Seq)
			}
		})
		s.gapFree(s.Context(), dbs[0], id, 201)
	}},
	{"copies of one line racing are stored once", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		id := s.begin(dbs[0], "begin").Conversation.ID
		for round := range 10 {
			ref := fmt.Sprint("copied-many-times-", round)
			m := Line(ref)
			if round%2 == 1 {
				m = trusted(id, ref)
			}
			var firsts atomic.Int64
			var conversations sync.Map
			s.parallel(20, func(i int) {
				r, err := dbs[i%2].Receive(s.Context(), m)
				if err != nil {
					s.Error(err)
					return
				}
				if conversations.Store(r.Conversation.ID, r.Seq); !r.Duplicate {
					firsts.Add(1)
				}
			})
			n := 0
			conversations.Range(func(any, any) bool { n++; return true })
			if firsts.Load() != 1 || n != 1 {
				s.Fatalf("round %d: %d firsts in %d conversations", round, firsts.Load(), n)
			}
		}
		s.gapFree(s.Context(), dbs[0], id, 6)
		var orphans int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM conversations WHERE id NOT IN (SELECT conversation FROM messages)`).Scan(&orphans))
		if orphans != 0 {
			s.Fatalf("%d empty conversations were left", orphans)
		}
	}},
	{"of 200 answers at once to one line one is stored and all get it", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		first := s.begin(dbs[0], "a")
		var replies sync.Map
		s.parallel(200, func(i int) {
			o := Outcome(first, "a")
			o.Reply.Text = fmt.Sprint("answer ", i)
			r, err := dbs[i%2].Commit(s.Context(), o)
			if err != nil {
				s.Error(err)
				return
			}
			replies.Store(r.Text, true)
		})
		n := 0
		replies.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			s.Fatalf("%d different replies", n)
		}
		s.gapFree(s.Context(), dbs[0], first.Conversation.ID, 2)
	}},
	{"no update is lost when 200 turns decide anew on every conflict", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		id := s.begin(dbs[0], "begin").Conversation.ID
		s.parallel(200, func(i int) {
			if err := countUp(s.Context(), dbs[i%2], id, fmt.Sprint("r", i)); err != nil {
				s.Error(err)
			}
		})
		c, err := dbs[0].Conversation(s.Context(), id)
		s.must(err)
		if c.State.Misses != 200 || c.Version != 201 {
			s.Fatalf("counted %d, version %d", c.State.Misses, c.Version)
		}
		s.gapFree(s.Context(), dbs[0], id, 401)
	}},
	{"100 tickets at once have 100 places", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		var places sync.Map
		s.parallel(100, func(i int) {
			ref := fmt.Sprint("r", i)
			r, err := dbs[i%2].Receive(s.Context(), Line(ref))
			if err != nil {
				s.Error(err)
				return
			}
			group := fmt.Sprint("g", i%3%2)
			reply, err := dbs[i%2].Commit(s.Context(), Handover(r, ref, "T-"+ref, group))
			if err != nil {
				s.Error(err)
				return
			}
			if _, twice := places.LoadOrStore(fmt.Sprint(group, reply.Handoff.Position), true); twice {
				s.Errorf("place %d of %s was given twice", reply.Handoff.Position, group)
			}
		})
	}},
	{"one that is refused does not spoil those beside it", func(s *suite) {
		db := s.open()
		taken := s.begin(db, "taken")
		s.commit(db, Handover(taken, "taken", "T-1", "crj"))
		s.parallel(100, func(i int) {
			ref := fmt.Sprint("r", i)
			r, err := db.Receive(s.Context(), Line(ref))
			if err != nil {
				s.Error(err)
				return
			}
			if i%10 != 0 {
				_, err = db.Commit(s.Context(), Outcome(r, ref))
			} else if _, err = db.Commit(s.Context(), Handover(r, ref, "T-1", "crj")); fault.Is(err, fault.Conflict) {
				err = nil
			} else {
				err = fmt.Errorf("want a conflict, got %w", err)
			}
			if err != nil {
				s.Error(err)
			}
		})
		all, err := db.Pending(s.Context(), 1000)
		s.must(err)
		if len(all) != 10 {
			s.Fatalf("%d pending, want the 10 that were refused", len(all))
		}
	}},
	{"callers that give up leave the store sound", func(s *suite) {
		db := s.open()
		id := s.begin(db, "begin").Conversation.ID
		s.parallel(200, func(i int) {
			ctx, cancel := context.WithCancel(s.Context())
			go cancel()
			_, err := db.Receive(ctx, trusted(id, fmt.Sprint("r", i)))
			if err != nil && !fault.Is(err, fault.Unavailable) {
				s.Error(err)
			}
		})
		s.next(db, id, "last")
		all, err := db.Messages(s.Context(), id, 0, 1000)
		s.must(err)
		s.gapFree(s.Context(), db, id, len(all))
	}},
	{"closing carries out what was accepted", func(s *suite) {
		db := s.open()
		id := s.begin(db, "begin").Conversation.ID
		var stored atomic.Int64
		go func() { _ = db.Close() }()
		s.parallel(100, func(i int) {
			if _, err := db.Receive(s.Context(), trusted(id, fmt.Sprint("r", i))); err == nil {
				stored.Add(1)
			} else if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Internal) {
				s.Error(err)
			}
		})
		s.gapFree(s.Context(), s.open(), id, int(stored.Load())+1)
	}},
}

func (s *suite) parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// countUp is a turn as the Front does it: on a conflict it reads and decides again.
func countUp(ctx context.Context, db *store.DB, id, ref string) error {
	r, err := db.Receive(ctx, trusted(id, ref))
	if err != nil {
		return err
	}
	for {
		if r.Conversation, err = db.Conversation(ctx, id); err != nil {
			return err
		}
		o := Outcome(r, ref)
		o.State = bot.State{Misses: r.Conversation.State.Misses + 1}
		if _, err = db.Commit(ctx, o); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
}
