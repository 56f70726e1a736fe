package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/jobs"
	"shenwei/internal/store"
)

// claim takes what is due of the kind, nil for nothing.
func (s *suite) claim(db *store.DB, holder, kind string) *jobs.Job {
	s.Helper()
	j, err := db.ClaimJob(s.Context(), holder, []string{"other", kind}, time.Minute)
	s.must(err)
	return j
}

// end makes every lease of the database one that has ended.
func (s *suite) endLeases() { s.exec(`UPDATE jobs SET lease = 1 WHERE state = 'running'`) }

var jobCases = []testCase{
	{"a job is claimed once it is due, by one, and then done for good", func(s *suite) {
		db := s.open()
		j := jobs.Job{Kind: "k", Ref: "1", Payload: "正文", Due: time.Now().Add(-time.Minute)}
		s.must(db.ScheduleJob(s.Context(), j))
		s.must(db.ScheduleJob(s.Context(), jobs.Job{Kind: "k", Ref: "2", Due: time.Now().Add(time.Hour)}))
		s.must(db.ScheduleJob(s.Context(), jobs.Job{Kind: "unknown", Ref: "1"}))
		got := s.claim(db, "a", "k")
		if got == nil || got.Ref != "1" || got.Payload != "正文" || got.Tries != 1 || got.Due.Sub(j.Due).Abs() > time.Millisecond {
			s.Fatalf("%+v", got)
		}
		if again := s.claim(db, "b", "k"); again != nil {
			s.Fatalf("claimed twice: %+v", again)
		}
		s.must(db.EndJob(s.Context(), "a", *got, 0, ""))
		s.must(db.ScheduleJob(s.Context(), j))
		if again := s.claim(db, "b", "k"); again != nil {
			s.Fatalf("done and claimed again: %+v", again)
		}
	}},
	{"of many that claim at once each job goes to one", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		for i := range 20 {
			s.must(dbs[0].ScheduleJob(s.Context(), jobs.Job{Kind: "k", Ref: fmt.Sprint(i)}))
		}
		var seen sync.Map
		var claimed atomic.Int64
		s.parallel(40, func(i int) {
			for range 20 {
				j, err := dbs[i%2].ClaimJob(s.Context(), fmt.Sprint(i), []string{"k"}, time.Minute)
				switch {
				case err != nil:
					s.Error(err)
				case j == nil:
				default:
					claimed.Add(1)
					if _, twice := seen.LoadOrStore(j.Ref, i); twice {
						s.Errorf("job %s was given twice", j.Ref)
					}
				}
			}
		})
		if claimed.Load() != 20 {
			s.Fatalf("%d of 20 claimed", claimed.Load())
		}
	}},
	{"when a lease ends another one takes the job, and the first has lost it", func(s *suite) {
		db := s.open()
		s.must(db.ScheduleJob(s.Context(), jobs.Job{Kind: "k", Ref: "1"}))
		first := s.claim(db, "a", "k")
		s.must(db.ExtendJob(s.Context(), "a", *first, time.Minute))
		s.endLeases()
		second := s.claim(db, "a", "k") // the same name: a holder that was restarted
		if second == nil || second.Tries != 2 {
			s.Fatalf("%+v", second)
		}
		s.wantCode(db.ExtendJob(s.Context(), "a", *first, time.Minute), fault.Conflict)
		s.wantCode(db.EndJob(s.Context(), "a", *first, 0, ""), fault.Conflict)
		s.must(db.EndJob(s.Context(), "a", *second, 0, ""))
	}},
	{"a job that failed is due later and counts its tries, one that comes again begins anew", func(s *suite) {
		db := s.open()
		s.must(db.ScheduleJob(s.Context(), jobs.Job{Kind: "k", Ref: "1"}))
		for want := 1; want <= 3; want++ {
			j := s.claim(db, "a", "k")
			if j == nil || j.Tries != want {
				s.Fatalf("try %d: %+v", want, j)
			}
			s.must(db.EndJob(s.Context(), "a", *j, time.Hour, "unavailable"))
			if early := s.claim(db, "a", "k"); early != nil {
				s.Fatal("claimed before it was due")
			}
			s.exec(`UPDATE jobs SET due = 1`)
		}
		s.must(db.EndJob(s.Context(), "a", *s.claim(db, "a", "k"), time.Microsecond, ""))
		s.exec(`UPDATE jobs SET due = 1`)
		if j := s.claim(db, "a", "k"); j == nil || j.Tries != 1 {
			s.Fatalf("after a success: %+v", j)
		}
	}},
	{"a job that nobody has begun can be taken back", func(s *suite) {
		db := s.open()
		s.must(db.ScheduleJob(s.Context(), jobs.Job{Kind: "k", Ref: "1", Due: time.Now().Add(time.Hour)}))
		s.must(db.ScheduleJob(s.Context(), jobs.Job{Kind: "k", Ref: "2"}))
		if s.claim(db, "a", "k").Ref != "2" {
			s.Fatal("the wrong one was due")
		}
		for ref, want := range map[string]bool{"1": true, "2": false, "3": false} {
			if gone, err := db.CancelJob(s.Context(), "k", ref); err != nil || gone != want {
				s.Errorf("%s: %v %v", ref, gone, err)
			}
		}
	}},
	{"who has lost a lease is told to stop, and the other one finishes", func(s *suite) {
		db := s.open()
		s.must(db.ScheduleJob(s.Context(), jobs.Job{Kind: "slow", Ref: "1"}))
		r := jobs.New(jobs.Config{Store: db, Holder: "first", Poll: time.Hour, Lease: 90 * time.Millisecond, Workers: 1})
		begun, stopped := make(chan struct{}), make(chan struct{})
		r.Register("slow", func(ctx context.Context, _ jobs.Job) (time.Duration, error) {
			close(begun)
			<-ctx.Done()
			close(stopped)
			return 0, ctx.Err()
		})
		ctx, stop := context.WithCancel(s.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		<-begun
		var other *jobs.Job
		for other == nil { // the first one extends its lease until this one is in time
			s.endLeases()
			other = s.claim(db, "second", "slow")
		}
		select {
		case <-stopped:
		case <-time.After(20 * time.Second):
			s.Fatal("it goes on without a lease")
		}
		s.must(db.EndJob(s.Context(), "second", *other, 0, ""))
		stop()
		s.must(<-ended)
	}},
	{"a runner does what is due, tries again what fails and survives a panic", func(s *suite) {
		db := s.open()
		r := jobs.New(jobs.Config{Store: db, Holder: "node", Poll: time.Millisecond, Lease: time.Second})
		done := make(chan string, 8)
		r.Register("good", func(_ context.Context, j jobs.Job) (time.Duration, error) { done <- j.Ref + j.Payload; return 0, nil })
		r.Register("bad", func(_ context.Context, j jobs.Job) (time.Duration, error) {
			if j.Tries == 1 {
				panic("no")
			}
			done <- fmt.Sprint("bad ", j.Tries)
			return 0, nil
		})
		r.Always("always", func(context.Context, jobs.Job) (time.Duration, error) { done <- "always"; return time.Hour, nil })
		s.must(db.ScheduleJob(s.Context(), jobs.Job{Kind: "good", Ref: "1", Payload: "!"}))
		s.must(db.ScheduleJob(s.Context(), jobs.Job{Kind: "bad", Ref: "1"}))
		ctx, stop := context.WithCancel(s.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		got := map[string]bool{}
		for range 3 {
			select {
			case what := <-done:
				got[what] = true
			case <-time.After(20 * time.Second):
				s.Fatalf("only %v", got)
			}
		}
		stop()
		s.must(<-ended)
		s.same(got, map[string]bool{"1!": true, "bad 2": true, "always": true})
	}},
}
