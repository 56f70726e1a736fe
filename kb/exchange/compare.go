package exchange

import (
	"slices"
	"strings"

	"shenwei/kb"
)

// Entry is one thing that an import would add, change or take away: a document, or a row of
// one (an outlet, a concept, a gold question).
type Entry struct {
	// Key is the document's, Row the identity of a part of it.
	Key   string `json:"key"`
	Part  string `json:"part,omitempty"`
	Title string `json:"title,omitempty"`
	// Sheet and Row are where it stands in the file; 0 where the file has no rows.
	Sheet string `json:"sheet,omitempty"`
	Row   int    `json:"row,omitempty"`
	Cells []Cell `json:"cells,omitempty"`
}

// Cell is one value that changes. Of a list only the entries that go and come are told.
type Cell struct {
	Column string `json:"column"`
	Was    string `json:"was"`
	Now    string `json:"now"`
}

// Changes is what an import would do.
type Changes struct {
	Added   []Entry `json:"added"`
	Changed []Entry `json:"changed"`
	Removed []Entry `json:"removed"`
}

// Compare tells what the result's documents change in the live ones. Whatever the format was,
// it is told value by value where the document has a table.
func (r *Result) Compare(live []kb.Document) Changes {
	c := Changes{Added: []Entry{}, Changed: []Entry{}, Removed: []Entry{}}
	for _, d := range r.Documents {
		i := slices.IndexFunc(live, func(l kb.Document) bool { return l.Kind == d.Kind && l.ID == d.ID })
		where := r.places[d.Key()]
		if i < 0 {
			c.Added = append(c.Added, Entry{Key: d.Key(), Title: title(d), Sheet: where.sheet, Row: where.row})
			continue
		}
		told := false
		for _, s := range sheets {
			if s.holds(d) {
				told = c.rows(s, live[i], d, where) || told
			}
		}
		if !told {
			c.Changed = append(c.Changed, Entry{Key: d.Key(), Title: title(d), Sheet: where.sheet, Row: where.row})
		}
	}
	return c
}

func title(d kb.Document) string {
	switch d.Kind {
	case kb.KindItem:
		if it, _ := kb.ParseItem(d); it != nil {
			return it.Name
		}
	case kb.KindArticle:
		if a, _ := kb.ParseArticle(d); a != nil {
			return a.Title
		}
	}
	return d.Path()
}

// rows tells the rows that differ and reports whether there were any.
func (c *Changes) rows(s *sheet, was, now kb.Document, where place) bool {
	before, err1 := s.rowsOf(was)
	after, err2 := s.rowsOf(now)
	if err1 != nil || err2 != nil {
		return false
	}
	key := func(rows [][]string) ([]string, map[string][]string) {
		var order []string
		all := map[string][]string{}
		for _, cells := range rows {
			id := s.identify(cells)
			for all[id] != nil {
				id += "\x00again"
			}
			order = append(order, id)
			all[id] = cells
		}
		return order, all
	}
	oldOrder, old := key(before)
	newOrder, fresh := key(after)
	told := false
	entry := func(id string, cells []string) Entry {
		told = true
		e := Entry{Key: now.Key(), Title: title(now), Sheet: where.sheet, Row: where.rows[s.title+"\x00"+id]}
		if e.Row == 0 && s.whole() {
			e.Row = where.row
		}
		if !s.whole() {
			e.Part = strings.TrimSpace(strings.ReplaceAll(id, "\x00", " "))
			e.Title = s.title + " " + clip(cells[min(len(cells)-1, 1)])
		}
		return e
	}
	for _, id := range newOrder {
		switch {
		case old[id] == nil:
			c.Added = append(c.Added, entry(id, fresh[id]))
		case !slices.Equal(old[id], fresh[id]):
			e := entry(id, fresh[id])
			e.Cells = s.differ(old[id], fresh[id])
			c.Changed = append(c.Changed, e)
		}
	}
	for _, id := range oldOrder {
		if fresh[id] == nil {
			e := entry(id, old[id])
			e.Row = 0
			c.Removed = append(c.Removed, e)
		}
	}
	return told
}

func (s *sheet) differ(was, now []string) []Cell {
	var all []Cell
	for i, col := range s.columns {
		if was[i] == now[i] {
			continue
		}
		a, b := was[i], now[i]
		if col.form == list || col.form == linked || col.form == pairs || col.form == asked {
			x, y := splitLines(a), splitLines(b)
			gone := slices.DeleteFunc(slices.Clone(x), func(l string) bool { return slices.Contains(y, l) })
			come := slices.DeleteFunc(slices.Clone(y), func(l string) bool { return slices.Contains(x, l) })
			if len(gone)+len(come) > 0 {
				a, b = joinLines(gone), joinLines(come)
			}
		}
		all = append(all, Cell{col.title, a, b})
	}
	return all
}
