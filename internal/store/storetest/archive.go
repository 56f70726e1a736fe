package storetest

import (
	"fmt"
	"strings"
	"sync/atomic"

	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/kb"
)

func item(id, body string) kb.Document { return kb.Document{Kind: kb.KindItem, ID: id, Body: body} }

func (s *suite) draft(db *store.DB, docs ...kb.Document) []kb.Revision {
	s.Helper()
	added, err := db.AddDrafts(s.Context(), docs, kb.FromEditor, Noon)
	s.must(err)
	return added
}

func (s *suite) publish(db *store.DB, base int64, drafts []kb.Revision) int64 {
	s.Helper()
	n, err := db.Publish(s.Context(), kb.Order{Base: base, Put: drafts, Note: "because", At: Noon})
	s.must(err)
	return n
}

func (s *suite) current(db *store.DB) map[string]string {
	s.Helper()
	r, err := db.Current(s.Context())
	s.must(err)
	got := map[string]string{}
	for _, rev := range r.Revisions {
		if rev.Draft {
			s.Fatalf("%s is published and still a draft", rev.Key())
		}
		got[rev.ID] = fmt.Sprint(rev.Number, rev.Body)
	}
	return got
}

func (s *suite) drafts(db *store.DB) []string {
	s.Helper()
	all, err := db.Drafts(s.Context())
	s.must(err)
	got := []string{}
	for _, r := range all {
		got = append(got, fmt.Sprint(r.ID, " ", r.Number, r.Body))
	}
	return got
}

var archiveCases = []testCase{
	{"an empty archive has no release, drafts or seeds", func(s *suite) {
		db := s.open()
		r, err := db.Current(s.Context())
		s.must(err)
		seeds, err := db.Seeds(s.Context())
		s.must(err)
		if r != nil || len(seeds) != 0 || len(s.drafts(db)) != 0 {
			s.Fatal("not empty")
		}
	}},
	{"a draft becomes part of the next, complete release", func(s *suite) {
		db := s.open()
		first := s.draft(db, item("CRJ-002", "b"), item("CRJ-001", "a"))
		s.same(first[0], kb.Revision{Document: item("CRJ-002", "b"), Number: 1, Origin: kb.FromEditor, Draft: true, Created: Noon})
		if n := s.publish(db, 0, first); n != 1 {
			s.Fatalf("release %d", n)
		}
		s.same(s.drafts(db), []string{})
		second := s.draft(db, item("CRJ-001", "A"), item("CRJ-002", "b"))
		if len(second) != 1 || second[0].Number != 2 || second[0].Base != 1 {
			s.Fatalf("%+v", second)
		}
		s.same(s.current(db), map[string]string{"CRJ-001": "1a", "CRJ-002": "1b"})
		s.publish(db, 1, second)
		s.same(s.current(db), map[string]string{"CRJ-001": "2A", "CRJ-002": "1b"})
		r, err := db.Current(s.Context())
		s.must(err)
		if r.Number != 2 || r.Note != "because" || !r.Created.Equal(Noon) || r.Revisions[0].ID != "CRJ-001" {
			s.Fatalf("%+v", r)
		}
	}},
	{"drafts are the newest of each key, newer than what is published", func(s *suite) {
		db := s.open()
		one := s.draft(db, item("CRJ-001", "1"))
		two := s.draft(db, item("CRJ-001", "2"), item("CRJ-002", "x"))
		if len(s.draft(db, item("CRJ-001", "2"))) != 0 {
			s.Fatal("a document that is the same was stored again")
		}
		s.same(s.drafts(db), []string{"CRJ-001 22", "CRJ-002 1x"})
		s.publish(db, 0, one)
		s.same(s.drafts(db), []string{"CRJ-001 22", "CRJ-002 1x"})
		s.publish(db, 1, two[:1])
		s.same(s.drafts(db), []string{"CRJ-002 1x"})
	}},
	{"a release on another base than the newest is a conflict and changes nothing", func(s *suite) {
		db := s.open()
		d := s.draft(db, item("CRJ-001", "a"))
		_, err := db.Publish(s.Context(), kb.Order{Base: 1, Put: d, At: Noon})
		s.wantCode(err, fault.Conflict)
		s.publish(db, 0, d)
		_, err = db.Publish(s.Context(), kb.Order{Put: d, At: Noon})
		s.wantCode(err, fault.Conflict)
		_, err = db.Publish(s.Context(), kb.Order{Base: 1, Put: []kb.Revision{{Document: item("CRJ-001", ""), Number: 7}}, At: Noon})
		s.wantCode(err, fault.NotFound)
		_, err = db.Publish(s.Context(), kb.Order{Base: 1, Put: append(d, d...), At: Noon})
		s.wantCode(err, fault.BadRequest)
		r, err := db.Current(s.Context())
		s.must(err)
		if r.Number != 1 {
			s.Fatalf("release %d", r.Number)
		}
	}},
	{"of many that publish at once on one base one wins", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		d := s.draft(dbs[0], item("CRJ-001", "a"))
		var won atomic.Int64
		s.parallel(20, func(i int) {
			_, err := dbs[i%2].Publish(s.Context(), kb.Order{Put: d, At: Noon})
			switch {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.Conflict):
				s.Error(err)
			}
		})
		if won.Load() != 1 {
			s.Fatalf("%d won", won.Load())
		}
	}},
	{"drafts added at once are numbered one after the other", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		s.parallel(20, func(i int) {
			added, err := dbs[i%2].AddDrafts(s.Context(), []kb.Document{item("CRJ-001", fmt.Sprint("body ", i))}, kb.FromEditor, Noon)
			if err != nil || len(added) != 1 {
				s.Errorf("%v %v", added, err)
			}
		})
		if got := s.draft(dbs[0], item("CRJ-001", "last")); got[0].Number != 21 {
			s.Fatalf("number %d", got[0].Number)
		}
	}},
	{"an earlier revision can be published again", func(s *suite) {
		db := s.open()
		one := s.draft(db, item("CRJ-001", "1"))
		s.publish(db, 0, one)
		s.publish(db, 1, s.draft(db, item("CRJ-001", "2")))
		s.publish(db, 2, one)
		s.same(s.current(db), map[string]string{"CRJ-001": "11"})
		s.same(s.drafts(db), []string{})
	}},
	{"a body of 1 MiB keeps every byte, a longer one or one that is not text is refused", func(s *suite) {
		db := s.open()
		body := "# 注释\r\n" + strings.Repeat("字", 349_000)
		s.publish(db, 0, s.draft(db, item("CRJ-001", body)))
		s.same(s.current(db)["CRJ-001"], "1"+body)
		for body, code := range map[string]fault.Code{
			"a\x00b": fault.BadRequest, "a\xffb": fault.BadRequest, strings.Repeat("a", kb.MaxDocument+1): fault.TooLarge,
		} {
			_, err := db.AddDrafts(s.Context(), []kb.Document{item("CRJ-002", "good"), item("CRJ-003", body)}, kb.FromImport, Noon)
			s.wantCode(err, code)
		}
		s.same(s.drafts(db), []string{})
		_, err := db.AddDrafts(s.Context(), []kb.Document{item("CRJ-002", "a"), item("CRJ-002", "b")}, kb.FromImport, Noon)
		s.wantCode(err, fault.BadRequest)
	}},
	{"seeds keep the last hash of each key", func(s *suite) {
		db := s.open()
		s.must(db.SetSeeds(s.Context(), map[string]string{"item/A": "1", "item/B": "1"}))
		s.must(db.SetSeeds(s.Context(), map[string]string{"item/B": "2"}))
		got, err := db.Seeds(s.Context())
		s.must(err)
		s.same(got, map[string]string{"item/A": "1", "item/B": "2"})
	}},
}
