package storetest

import (
	"fmt"
	"strings"
	"sync"

	"shenwei/internal/fault"
	"shenwei/internal/store"
)

var openCases = []testCase{
	{"a fresh database gets the schema, and opening it again changes nothing", func(s *suite) {
		db := s.open()
		s.must(db.Ping(s.Context()))
		v, err := db.SchemaVersion(s.Context())
		s.must(err)
		again, err := s.open().SchemaVersion(s.Context())
		s.must(err)
		if v < 1 || again != v {
			s.Fatalf("schema %d, then %d", v, again)
		}
	}},
	{"several processes may open a fresh database at once", func(s *suite) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				db, err := store.Open(s.Context(), s.dsn, store.Options{})
				if err != nil {
					s.Error(err)
					return
				}
				s.close(db)
			})
		}
		wg.Wait()
	}},
	{"a newer schema is refused", func(s *suite) {
		s.close(s.open())
		s.exec(`INSERT INTO shenwei_schema (version_id, is_applied) VALUES (9999, TRUE)`)
		s.exec(`UPDATE schema_programs SET oldest = 9998`)
		db, err := store.Open(s.Context(), s.dsn, store.Options{})
		if err == nil {
			s.close(db)
		}
		s.wantCode(err, fault.Conflict)
		if !strings.Contains(fault.MessageOf(err), "9999") || !strings.Contains(fault.MessageOf(err), "newer program") {
			s.Fatalf("the message does not say what to do: %v", err)
		}
	}},
	{"a schema one step newer is used where it says that it may be, and left as it is", func(s *suite) {
		db := s.open()
		own, err := db.SchemaVersion(s.Context())
		s.must(err)
		s.close(db)
		s.exec(fmt.Sprintf(`INSERT INTO shenwei_schema (version_id, is_applied) VALUES (%d, TRUE)`, own+1))
		s.exec(fmt.Sprintf(`UPDATE schema_programs SET oldest = %d`, own))
		db = s.open()
		s.begin(db, "a")
		if v, err := db.SchemaVersion(s.Context()); err != nil || v != own+1 {
			s.Fatalf("schema %d %v", v, err)
		}
		s.exec(fmt.Sprintf(`UPDATE schema_programs SET oldest = %d`, own+1))
		_, err = store.Open(s.Context(), s.dsn, store.Options{})
		s.wantCode(err, fault.Conflict)
	}},
	{"another product's database is refused and left as it is", func(s *suite) {
		s.exec(`CREATE TABLE invoices (id BIGINT)`)
		_, err := store.Open(s.Context(), s.dsn, store.Options{})
		s.wantCode(err, fault.Conflict)
		if !strings.Contains(fault.MessageOf(err), "invoices") {
			s.Fatalf("the message does not say why: %v", err)
		}
		if _, err := s.raw().Exec(`SELECT * FROM conversations`); err == nil {
			s.Fatal("tables were made in another product's database")
		}
	}},
	{"a closed store refuses writes", func(s *suite) {
		db := s.open()
		s.must(db.Close())
		_, err := db.Receive(s.Context(), Line("a"))
		s.wantCode(err, fault.Unavailable)
	}},
}
