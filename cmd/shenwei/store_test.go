package main

import (
	"strings"
	"testing"

	"shenwei/internal/store/storetest/pgtest"
)

func TestAServiceMovesToPostgreSQLAndBackWithEverything(t *testing.T) {
	t.Parallel() // it mostly waits
	p := newProgram(t)
	s := p.serve(t)
	c := newCitizen(t, "she moves along", s.addr)
	c.say("没带身份证怎么住酒店")
	before := readRows(t, s.addr, c.conversation, c.token)
	if code := s.stop(t); code != 0 {
		t.Fatal(s.errs)
	}
	dsn := pgtest.Start(t).Database(t)
	r := p.ok(t, "store", "copy", "--to", dsn)
	if !strings.Contains(r.out, "each table's number and hash") || !strings.Contains(r.out, "same keys must come along") || strings.Contains(r.err, "%") {
		t.Errorf("%s\n%s", r.out, r.err)
	}
	there := p
	there.env = append(there.env, "SHENWEI_DB="+dsn)
	if r := there.ok(t, "check", "--audit"); !strings.Contains(r.out, "PostgreSQL") || !strings.Contains(r.out, "follow one another") {
		t.Errorf("%s", r.out)
	}
	s = there.serve(t)
	same := func(what string) {
		t.Helper()
		after := readRows(t, s.addr, c.conversation, c.token)
		if len(after) != len(before) || after[0].Text != before[0].Text || after[1].Reply.Text != before[1].Reply.Text {
			t.Errorf("%s: %+v, want %+v", what, after, before)
		}
	}
	same("on PostgreSQL")
	if r := p.run(t, "", "store", "copy", "--to", dsn); r.code != 1 || !strings.Contains(r.err, "not empty") {
		t.Errorf("it is copied over a service: exit %d\n%s", r.code, r.err)
	}
	if code := s.stop(t); code != 0 {
		t.Fatal(s.errs)
	}
	back := newProgram(t)
	back.env = []string{"SHENWEI_STORE_FROM=" + dsn}
	r = back.ok(t, "store", "copy", "--to", back.dir+"/shenwei.db")
	if !strings.Contains(r.err, "key") { // none are here, and the audit log is not written without
		t.Errorf("that keys are missing is not said: %s", r.err)
	}
	back.env = []string{"SHENWEI_DB=" + back.dir + "/shenwei.db"}
	back.dir = p.dir // with the keys
	s = back.serve(t)
	same("back on SQLite")
}
