package store

import (
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shenwei/internal/fault"
)

// script is a migration as the rule sees it.
type script struct {
	number int64
	text   string
}

// leaves is the line by which a migration says that programs from its schema on use a table, or
// a column of one, no more: a later step may drop it.
var leaves = regexp.MustCompile(`(?m)^-- leaves: ([a-z_.]+)$`)

// What a migration may do of which older programs know nothing.
var (
	newTable  = regexp.MustCompile(`(?i)^CREATE TABLE ([a-z_]+) \(`)
	newIndex  = regexp.MustCompile(`(?i)^CREATE (UNIQUE )?INDEX [a-z_]+ ON ([a-z_]+) `)
	newColumn = regexp.MustCompile(`(?i)^ALTER TABLE ([a-z_]+) ADD COLUMN ([a-z_]+) (.+)$`)
	fill      = regexp.MustCompile(`(?i)^UPDATE ([a-z_]+) SET (.+)$`)
	insert    = regexp.MustCompile(`(?i)^INSERT INTO ([a-z_]+) `)
	drop      = regexp.MustCompile(`(?i)^(?:DROP TABLE ([a-z_]+)|ALTER TABLE ([a-z_]+) DROP COLUMN ([a-z_]+))$`)
	assigned  = regexp.MustCompile(`(?i)(?:^|,)\s*([a-z_]+) = `)
	comment   = regexp.MustCompile(`(?m)--.*$`)
)

// breaks lists what in a migration would break the programs that it says may stay. before are the
// migrations before it.
func breaks(s script, before []script) []string {
	oldest, err := oldestProgram(s.number, s.text)
	if err != nil {
		return []string{err.Error()}
	}
	if oldest == s.number {
		return nil // it says nothing: older programs are refused
	}
	left := map[string]bool{}
	var why []string
	for _, b := range before {
		since, _ := oldestProgram(b.number, b.text)
		if b.number <= oldest {
			for _, m := range leaves.FindAllStringSubmatch(b.text, -1) {
				left[m[1]] = true
			}
		} else if since > oldest {
			why = append(why, fmt.Sprintf("migration %d, which lies between, leaves no room for programs of schema %d", b.number, oldest))
		}
	}
	made := map[string]bool{} // tables and columns of its own
	for _, statement := range strings.Split(comment.ReplaceAllString(s.text, ""), ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		if statement != "" && !additive(statement, made, left) {
			why = append(why, statement)
		}
	}
	return why
}

func additive(statement string, made, left map[string]bool) bool {
	if m := newTable.FindStringSubmatch(statement); m != nil {
		made[m[1]] = true
		return true
	}
	if m := newIndex.FindStringSubmatch(statement); m != nil {
		return m[1] == "" || made[m[2]] // a unique one refuses what older programs write
	}
	if m := newColumn.FindStringSubmatch(statement); m != nil {
		made[m[1]+"."+m[2]] = true
		rest := strings.ToUpper(m[3])
		return !strings.Contains(rest, "NOT NULL") && !strings.Contains(rest, "UNIQUE") && !strings.Contains(rest, "CHECK") && !strings.Contains(rest, "REFERENCES") ||
			strings.Contains(rest, "NOT NULL DEFAULT ") && !strings.Contains(rest, "UNIQUE") && !strings.Contains(rest, "CHECK")
	}
	if m := fill.FindStringSubmatch(statement); m != nil {
		set, _, _ := strings.Cut(m[2], " WHERE ")
		for _, c := range assigned.FindAllStringSubmatch(set, -1) {
			if !made[m[1]] && !made[m[1]+"."+c[1]] {
				return false
			}
		}
		return true
	}
	if m := insert.FindStringSubmatch(statement); m != nil {
		return made[m[1]]
	}
	if m := drop.FindStringSubmatch(statement); m != nil {
		return left[m[1]] || m[2] != "" && left[m[2]+"."+m[3]]
	}
	return false
}

func TestMigrationsThatLeaveOlderProgramsRoomOnlyAdd(t *testing.T) {
	names, err := fs.Glob(scripts, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var all []script
	for _, name := range names {
		body, err := scripts.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		number, _, _ := strings.Cut(filepath.Base(name), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, script{n, string(body)})
	}
	slices.SortFunc(all, func(a, b script) int { return int(a.number - b.number) })
	for i, s := range all {
		for _, why := range breaks(s, all[:i]) {
			t.Errorf("migration %d says that older programs may stay, but: %s", s.number, why)
		}
	}
}

func TestTheRuleForMigrationsCatchesWhatBreaksOlderPrograms(t *testing.T) {
	before := []script{
		{11, "-- leaves: early"}, {12, "-- programs: 11\n-- leaves: handoffs.body\n-- leaves: seeds\nCREATE TABLE a (id BIGINT PRIMARY KEY);"},
	}
	for sql, sound := range map[string]bool{
		"CREATE TABLE b (id TEXT NOT NULL UNIQUE); CREATE UNIQUE INDEX b_id ON b (id); INSERT INTO b (id) VALUES ('x');": true,
		"ALTER TABLE staff ADD COLUMN x TEXT;":                                       true,
		"ALTER TABLE staff ADD COLUMN x TEXT NOT NULL DEFAULT '';":                   true,
		"ALTER TABLE staff ADD COLUMN x BIGINT; UPDATE staff SET x = 1 WHERE id = 2": true,
		"CREATE INDEX staff_x ON staff (name);":                                      true,
		"-- a word; of explanation\n-- DROP TABLE staff":                             true,
		"DROP TABLE seeds;":                                                         true,
		"ALTER TABLE handoffs DROP COLUMN body;":                                    true,
		"ALTER TABLE staff ADD COLUMN x TEXT NOT NULL;":                             false,
		"ALTER TABLE staff ADD COLUMN x TEXT UNIQUE;":                               false,
		"ALTER TABLE staff ADD COLUMN x TEXT NOT NULL DEFAULT '' CHECK (x <> 'a');": false,
		"UPDATE staff SET name = lower(name);":                                      false,
		"ALTER TABLE staff ADD COLUMN x BIGINT; UPDATE staff SET x = 1, name = ''":  false,
		"INSERT INTO staff (id) VALUES ('x');":                                      false,
		"CREATE UNIQUE INDEX staff_x ON staff (display);":                           false,
		"DROP INDEX staff_sessions_staff;":                                          false,
		"DROP TABLE staff;":                                                         false,
		"ALTER TABLE handoffs DROP COLUMN served;":                                  false,
		"ALTER TABLE staff RENAME TO people;":                                       false,
		"ALTER TABLE staff ALTER COLUMN name TYPE BIGINT;":                          false,
		"DELETE FROM staff;":                                                        false,
	} {
		got := breaks(script{13, "-- programs: 12\n" + sql}, before)
		if (len(got) == 0) != sound {
			t.Errorf("%s: %v", sql, got)
		}
		if got := breaks(script{13, sql}, before); len(got) > 0 {
			t.Errorf("it says nothing, so anything goes: %v", got)
		}
	}
	if got := breaks(script{13, "-- programs: 11\nDROP TABLE seeds;"}, before); len(got) != 1 {
		t.Errorf("programs of schema 11 still use it: %v", got)
	}
	if got := breaks(script{14, "-- programs: 12\nCREATE TABLE c (id TEXT);"}, append(before, script{13, "DROP TABLE staff;"})); len(got) != 1 {
		t.Errorf("13 leaves no room: %v", got)
	}
	for _, wrong := range []string{"10", "13", "14"} {
		if got := breaks(script{13, "-- programs: " + wrong}, before); len(got) != 1 {
			t.Errorf("-- programs: %s passes", wrong)
		}
	}
}

func TestARunningProgramEndsWhenTheSchemaOutgrowsIt(t *testing.T) {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.outgrown(t.Context()); err != nil {
		t.Fatal(err)
	}
	grow := func(oldest int64) {
		t.Helper()
		err := db.writer.do(t.Context(), "", "", func(s *session) error {
			if _, err := s.exec(`INSERT INTO shenwei_schema (version_id, is_applied) VALUES ($1, TRUE)`, db.newest+1); err != nil {
				return err
			}
			_, err := s.exec(`UPDATE schema_programs SET oldest = $1`, oldest)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	grow(db.newest)
	if err := db.outgrown(t.Context()); err != nil {
		t.Errorf("one step on, with room for this program: %v", err)
	}
	grow(db.newest + 1)
	done := make(chan error, 1)
	go func() { done <- db.Watch(t.Context(), slog.New(slog.DiscardHandler)) }()
	select {
	case err := <-done:
		if !fault.Is(err, fault.Conflict) || !strings.Contains(fault.MessageOf(err), "newer program") {
			t.Errorf("%v", err)
		}
	case <-time.After(4 * measureEvery):
		t.Error("it goes on")
	}
}
