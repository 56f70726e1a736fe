package exchange

import (
	"fmt"
	"regexp"
	"slices"

	"shenwei/kb"
)

// versionOf is what a row carries of the document it was exported from, so that an older
// export does not take a newer change back.
func versionOf(d kb.Document) string { return d.Hash()[:12] }

var fileForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,100}$`)

// apply writes the rows of one table into the documents they belong to.
func (r *Result) apply(t *table, s *sheet, rows []tableRow, live []kb.Document) {
	groups := map[string][]tableRow{}
	var order []string
	for _, row := range rows {
		id := row.file
		if s.whole() {
			if id = *row.cells[0]; id == "" {
				r.say(t.name, row.number, s.columns[0].title, "这一格是空的")
				continue
			}
		} else if !fileForm.MatchString(id) {
			r.say(t.name, row.number, fileTitle, "应填文件名（小写字母、数字、点、横线），现在是 %q", clip(id))
			continue
		}
		if groups[id] == nil {
			order = append(order, id)
		}
		groups[id] = append(groups[id], row)
	}
	for _, id := range order {
		r.applyDocument(t, s, kb.Document{Kind: s.kind, ID: id}, groups[id], live)
	}
}

// current is a document as it stands after the tables read so far, and as it is live.
func (r *Result) current(d kb.Document, live []kb.Document) (now, was kb.Document, found bool) {
	i := slices.IndexFunc(live, func(l kb.Document) bool { return l.Kind == d.Kind && l.ID == d.ID })
	if i >= 0 {
		was = live[i]
	}
	if n := slices.IndexFunc(r.Documents, func(l kb.Document) bool { return l.Kind == d.Kind && l.ID == d.ID }); n >= 0 {
		return r.Documents[n], was, true
	}
	return was, was, i >= 0
}

func (r *Result) put(d kb.Document) {
	if n := slices.IndexFunc(r.Documents, func(l kb.Document) bool { return l.Kind == d.Kind && l.ID == d.ID }); n >= 0 {
		r.Documents[n] = d
		return
	}
	r.Documents = append(r.Documents, d)
}

func (r *Result) applyDocument(t *table, s *sheet, d kb.Document, rows []tableRow, live []kb.Document) {
	now, was, found := r.current(d, live)
	d.Body = now.Body
	if !s.holds(d) {
		r.say(t.name, rows[0].number, fileTitle, "文件名 %q 应以 %s 结尾", clip(d.ID), map[shape]string{tsv: ".tsv", jsonl: ".jsonl"}[s.shape])
		return
	}
	var have [][]string
	if found {
		var err error
		if have, err = s.rowsOf(now); err != nil {
			r.say(t.name, rows[0].number, "", "%s", errForm.Error())
			return
		}
	}
	m := r.match(t, s, rows, have)
	where := r.places[d.Key()]
	if where.rows == nil {
		where = place{sheet: t.name, row: rows[0].number, rows: map[string]int{}}
	}
	for id, row := range m.rows {
		where.rows[s.title+"\x00"+id] = row
	}
	r.places[d.Key()] = where
	if m.wrong || len(m.changed)+len(m.removed)+len(m.added) == 0 {
		return
	}
	for _, row := range rows {
		if found && row.version != "" && was.Body != "" && row.version != versionOf(was) {
			r.say(t.name, row.number, versionTitle, "这份内容在导出之后又改过；请重新导出，在新的表里修改")
			return
		}
	}
	r.writeDocument(t, s, d, have, m)
}

// writeDocument makes the new text and holds it against what the rows say.
func (r *Result) writeDocument(t *table, s *sheet, d kb.Document, have [][]string, m matched) {
	wrong := false
	problem := func(c change, col int, reason string) {
		wrong = true
		title := ""
		if col >= 0 {
			title = s.columns[col].title
		}
		r.say(t.name, c.row, title, "%s", reason)
	}
	first := append(append([]change(nil), m.changed...), m.added...)
	if d.Body == "" {
		d.Body = s.create(d.ID, m.added, problem)
	} else {
		body, err := s.rewrite(d, m.changed, m.removed, m.added, problem)
		if err != nil {
			r.say(t.name, rowOf(first), "", "%s", err.Error())
			return
		}
		d.Body = body
	}
	if wrong {
		return
	}
	got, err := s.rowsOf(d)
	want := m.want(have)
	if err != nil || !slices.EqualFunc(got, want, slices.Equal) {
		r.say(t.name, rowOf(first), "", "%s（%s）", errForm.Error(), d.Path())
		return
	}
	r.put(d)
}

func rowOf(all []change) int {
	if len(all) == 0 {
		return 0
	}
	return all[0].row
}

// matched is what a table says about the rows of one document.
type matched struct {
	changed, added []change
	removed        []int
	rows           map[string]int // by identity
	wrong          bool
}

// want are the rows that the document should have afterwards.
func (m matched) want(have [][]string) [][]string {
	var out [][]string
	for i, row := range have {
		if slices.Contains(m.removed, i) {
			continue
		}
		for _, c := range m.changed {
			if c.index == i {
				row = c.cells
			}
		}
		out = append(out, row)
	}
	for _, c := range m.added {
		out = append(out, c.cells)
	}
	return out
}

// match finds for each row of the table the row of the document it is, by identity and, where
// that stands more than once, by order.
func (r *Result) match(t *table, s *sheet, rows []tableRow, have [][]string) matched {
	m := matched{rows: map[string]int{}}
	index, count := map[string]int{}, map[string]int{}
	for i, cells := range have {
		id := s.identify(cells)
		index[fmt.Sprint(id, "\x00", count[id])] = i
		count[id]++
	}
	seen, taken := map[string]int{}, map[int]bool{}
	for _, row := range rows {
		cells := row.filled(s, nil)
		id := s.identify(cells)
		if s.unique && m.rows[id] > 0 {
			r.say(t.name, row.number, s.columns[0].title, "%q 和第 %d 行重复", clip(id), m.rows[id])
			m.wrong = true
			continue
		}
		if m.rows[id] == 0 {
			m.rows[id] = row.number
		}
		i, ok := index[fmt.Sprint(id, "\x00", seen[id])]
		seen[id]++
		if !ok {
			m.wrong = !r.complete(t, s, row) || m.wrong
			m.added = append(m.added, change{-1, cells, row.number})
			continue
		}
		taken[i] = true
		cells = row.filled(s, have[i])
		if !slices.Equal(cells, have[i]) {
			m.changed = append(m.changed, change{i, cells, row.number})
		}
	}
	for i := range have {
		if !taken[i] && !s.whole() && s.identity != nil {
			m.removed = append(m.removed, i)
		}
	}
	return m
}

// filled are the row's cells; what the table does not have, or says in other words, is as live.
func (row tableRow) filled(s *sheet, live []string) []string {
	cells := make([]string, len(s.columns))
	for i, c := range row.cells {
		switch {
		case c == nil && live != nil, c != nil && live != nil && *c == tidyColumn(live[i], s.columns[i]):
			cells[i] = live[i]
		case c != nil:
			cells[i] = *c
		case s.columns[i].form == yesNo:
			cells[i] = "否"
		}
	}
	return cells
}

// complete refuses a new row without the columns it needs.
func (r *Result) complete(t *table, s *sheet, row tableRow) bool {
	ok := true
	for i, c := range s.columns {
		if row.cells[i] == nil && c.required && c.form != yesNo && c.form != list {
			r.say(t.name, row.number, c.title, "新增的一行需要这一列，表里没有")
			ok = false
		}
	}
	return ok
}
