package storetest

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/store"
)

func (s *suite) log(db *store.DB, n int) {
	s.Helper()
	for i := range n {
		s.must(db.AppendAudit(s.Context(), audit.Entry{Actor: "li", Action: "item.change", Object: fmt.Sprint("item/", i), Detail: `{"n":1}`, At: Noon.Add(time.Duration(i) * time.Hour)}))
	}
}

func (s *suite) verify(db *store.DB) audit.Report {
	s.Helper()
	r, err := db.VerifyAudit(s.Context(), 0, "")
	s.must(err)
	return r
}

// tamper is what somebody with the database's password may do to the log.
type tamper struct{ name, query, says string }

var tampers = []tamper{
	{"a changed entry", `UPDATE audit SET actor = 'wang' WHERE n = 4`, "entry 4"},
	{"a changed time", `UPDATE audit SET at = at + 1 WHERE n = 1`, "entry 1"},
	{"a removed entry", `DELETE FROM audit WHERE n = 5`, "entry 5 is missing"},
	{"the first entries removed", `DELETE FROM audit WHERE n < 4`, "entry 1 is missing"},
	{"the last entries removed", `DELETE FROM audit WHERE n > 7`, "entries 8 to 10 are missing at the end"},
	{"all entries removed", `DELETE FROM audit`, "entries 1 to 10 are missing"},
	{"the last entries removed and the head set back", `DELETE FROM audit WHERE n > 7;
		UPDATE audit_head SET n = 7, hash = (SELECT hash FROM audit WHERE n = 7)`, "head of the log was not written"},
	{"the first entries removed and the base set", `UPDATE audit_head SET base_n = 3, base_hash = (SELECT hash FROM audit WHERE n = 3);
		DELETE FROM audit WHERE n <= 3`, "head of the log was not written"},
	{"everything removed and the head as at the beginning", `DELETE FROM audit; UPDATE audit_head SET n = 0, hash = ''`, "head of the log was not written"},
	{"the head removed", `DELETE FROM audit_head`, "head of the log is gone"},
	{"the proof removed", `UPDATE audit_head SET mac = ''`, "head of the log was not written"},
	{"two entries with each other's number", `UPDATE audit SET n = 100 WHERE n = 2; UPDATE audit SET n = 2 WHERE n = 3; UPDATE audit SET n = 3 WHERE n = 100`, "entry 2"},
}

var auditCases = append([]testCase{
	{"entries are chained in the order of their commits, from any process", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		s.parallel(60, func(i int) {
			if err := dbs[i%2].AppendAudit(s.Context(), audit.Entry{Actor: fmt.Sprint("a", i), Action: "x.y"}); err != nil {
				s.Error(err)
			}
		})
		r := s.verify(dbs[0])
		if r.Broken != "" || r.Unproved || r.First != 1 || r.Last != 60 {
			s.Fatalf("%+v", r)
		}
	}},
	{"an entry that cannot be kept undoes what it tells of", func(s *suite) {
		db := s.open()
		err := db.AddLink(s.Context(), link("token", ""), audit.Entry{Action: "no.actor"})
		s.wantCode(err, fault.BadRequest)
		var n int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM staff_links`).Scan(&n))
		if n != 0 {
			s.Fatal("the change stayed without its entry")
		}
		s.exec(`DELETE FROM audit_head`)
		s.wantCode(db.AppendAudit(s.Context(), audit.Entry{Actor: "a", Action: "b"}), fault.Unavailable)
	}},
	{"entries are found by who, what, on what and when, newest first", func(s *suite) {
		db := s.open()
		s.log(db, 6)
		s.must(db.AppendAudit(s.Context(), audit.Entry{Actor: "wang", Action: "item.change.facet", Object: "item/1", At: Noon}))
		s.must(db.AppendAudit(s.Context(), audit.Entry{Actor: "wang", Action: "items", Object: "item/1", At: Noon}))
		for want, q := range map[string]audit.Query{
			"8 7 6 5 4 3 2 1": {},
			"8 7":             {Actor: "wang"},
			"7 6 5 4 3 2 1":   {Action: "item.change"},
			"7":               {Action: "item.change.facet"},
			"7 2":             {Object: "item/1", Action: "item"},
			"4 3":             {From: Noon.Add(2 * time.Hour), To: Noon.Add(4 * time.Hour)},
			"5 4":             {Before: 6, Limit: 2},
			"":                {Action: "item_change"},
		} {
			all, err := db.ListAudit(s.Context(), q)
			s.must(err)
			var got []string
			for _, r := range all {
				got = append(got, fmt.Sprint(r.N))
			}
			if strings.Join(got, " ") != want {
				s.Errorf("%+v: %v, want %s", q, got, want)
			}
		}
	}},
	{"retention removes the oldest in batches and the rest still verifies", func(s *suite) {
		db := s.open()
		s.log(db, 10)
		for i, want := range []int64{3, 3, 0} {
			n, err := db.TrimAudit(s.Context(), Noon.Add(6*time.Hour), 3)
			s.must(err)
			if n != want {
				s.Errorf("batch %d removed %d, want %d", i, n, want)
			}
		}
		if r := s.verify(db); r.Broken != "" || r.First != 7 || r.Last != 10 {
			s.Fatalf("%+v", r)
		}
		if n, err := db.TrimAudit(s.Context(), Noon.Add(999*time.Hour), 100); err != nil || n != 3 {
			s.Fatalf("the newest must stay: %d %v", n, err)
		}
		s.log(db, 1)
		if r := s.verify(db); r.Broken != "" || r.First != 10 || r.Last != 11 {
			s.Fatalf("%+v", r)
		}
	}},
	{"a head that was noted elsewhere proves that nothing before it was written anew", func(s *suite) {
		db := s.open()
		s.log(db, 5)
		n, hash, err := db.AuditHead(s.Context())
		s.must(err)
		s.log(db, 2)
		for want, at := range map[string]struct {
			n    int64
			hash string
		}{"": {n, hash}, "written anew": {n - 1, hash}, "end was removed": {99, hash}} {
			r, err := db.VerifyAudit(s.Context(), at.n, at.hash)
			s.must(err)
			if (r.Broken == "") != (want == "") || !strings.Contains(r.Broken, want) {
				s.Errorf("%d: %q, want %q", at.n, r.Broken, want)
			}
		}
	}},
}, tamperCases()...)

func tamperCases() (all []testCase) {
	for _, x := range tampers {
		all = append(all, testCase{x.name + " is found", func(s *suite) {
			db := s.open()
			s.log(db, 10)
			if r := s.verify(db); r.Broken != "" || r.Unproved {
				s.Fatalf("before: %+v", r)
			}
			for _, q := range strings.Split(x.query, ";") {
				s.execOn(s.raw(), q)
			}
			if r := s.verify(db); !strings.Contains(r.Broken, x.says) {
				s.Fatalf("%q, want %q", r.Broken, x.says)
			}
		}})
	}
	return all
}

func (s *suite) execOn(db *sql.DB, query string) {
	s.Helper()
	if _, err := db.Exec(query); err != nil {
		s.Fatal(err)
	}
}
