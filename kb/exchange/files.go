package exchange

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

	"shenwei/kb"
)

// rowsOf are the rows of a document in a sheet, each with a cell for each column.
func (s *sheet) rowsOf(d kb.Document) ([][]string, error) {
	switch s.shape {
	case tsv:
		return tsvRows(d.Body), nil
	case jsonl:
		return jsonlRows(d.Body)
	case article:
		front, body, err := splitArticle(d.Body)
		if err != nil {
			return nil, err
		}
		root, err := parseYAML(front)
		if err != nil {
			return nil, err
		}
		cells := s.cells(root)
		cells[len(cells)-1] = strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))
		return [][]string{cells}, nil
	}
	root, err := parseYAML(d.Body)
	if err != nil {
		return nil, err
	}
	if s.shape == record {
		return [][]string{s.cells(root)}, nil
	}
	seq := lookup(root, s.key)
	if seq == nil {
		return nil, nil
	}
	rows := make([][]string, 0, len(seq.Content))
	for _, e := range seq.Content {
		rows = append(rows, s.cells(e))
	}
	return rows, nil
}

func (s *sheet) cells(m *yaml.Node) []string {
	cells := make([]string, len(s.columns))
	for i, c := range s.columns {
		cells[i] = cellOf(follow(m, c.path), c.form)
		if c.form == yesNo && cells[i] == "" {
			cells[i] = "否"
		}
	}
	return cells
}

// splitArticle cuts a file into front matter and what is below.
func splitArticle(body string) (front, below string, err error) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(body, "\ufeff"), "---\n")
	if !ok {
		return "", "", errForm
	}
	front, below, ok = strings.Cut(rest, "\n---\n")
	if !ok {
		return "", "", errForm
	}
	return front + "\n", below, nil
}

// change is a difference between the live rows of one document and those of the file.
type change struct {
	index int // of the live row; -1 for a new one
	cells []string
	row   int // in the file
}

// rewrite applies changes to a document: rows changed, rows taken away (live indexes), rows
// added. problem is told of a cell that cannot be written.
func (s *sheet) rewrite(d kb.Document, changed []change, removed []int, added []change, problem func(c change, col int, reason string)) (string, error) {
	if s.shape == tsv || s.shape == jsonl {
		return s.rewriteLines(d, changed, removed, added, problem)
	}
	src, below := d.Body, ""
	if s.shape == article {
		var err error
		if src, below, err = splitArticle(d.Body); err != nil {
			return "", err
		}
	}
	live, err := s.rowsOf(d)
	if err != nil {
		return "", err
	}
	for _, c := range changed {
		for i, col := range s.columns {
			if c.cells[i] == live[c.index][i] {
				continue
			}
			if col.path == bodyPath {
				below = strings.Replace(below, strings.TrimSpace(below), c.cells[i], 1)
				continue
			}
			v, err := valueOf(c.cells[i], col)
			if err == nil {
				src, err = keep(src)(setValue(src, s.picker(c.index), strings.Split(col.path, "."), v, s.paths()))
			}
			if err != nil {
				problem(c, i, err.Error())
			}
		}
	}
	for n := len(removed) - 1; n >= 0; n-- {
		if src, err = s.remove(src, removed[n]); err != nil {
			return "", err
		}
	}
	for _, c := range added {
		if src, err = keep(src)(s.add(src, c.cells)); err != nil {
			problem(c, -1, err.Error())
		}
	}
	if s.shape == article {
		head := d.Body[:strings.Index(d.Body, "---\n")+4]
		return head + src + "---\n" + below, nil
	}
	return src, nil
}

// keep returns what was there when an edit fails.
func keep(was string) func(string, error) (string, error) {
	return func(s string, err error) (string, error) {
		if err != nil {
			return was, err
		}
		return s, nil
	}
}

func (s *sheet) picker(index int) func(*yaml.Node) *yaml.Node {
	return func(root *yaml.Node) *yaml.Node {
		if s.shape != element {
			return root
		}
		if seq := lookup(root, s.key); seq != nil && index < len(seq.Content) {
			return seq.Content[index]
		}
		return nil
	}
}

func (s *sheet) paths() []string {
	all := make([]string, 0, len(s.columns))
	for _, c := range s.columns {
		if c.path != bodyPath {
			all = append(all, c.path)
		}
	}
	return all
}

func (s *sheet) remove(src string, index int) (string, error) {
	root, err := parseYAML(src)
	if err != nil {
		return "", err
	}
	seq := lookup(root, s.key)
	if len(seq.Content) == 1 { // an empty list is written as one
		return setValue(src, func(root *yaml.Node) *yaml.Node { return root }, []string{s.key}, sequence(nil), []string{s.key})
	}
	return removeElement(src, seq, index)
}

func (s *sheet) add(src string, cells []string) (string, error) {
	v, err := s.node(cells)
	if err != nil {
		return "", err
	}
	root, err := parseYAML(src)
	if err != nil {
		return "", err
	}
	seq := lookup(root, s.key)
	if seq == nil || len(seq.Content) == 0 {
		one := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{v}}
		return setValue(src, func(root *yaml.Node) *yaml.Node { return root }, []string{s.key}, one, []string{s.key})
	}
	return appendElement(src, seq, v)
}

// node is a row as a mapping.
func (s *sheet) node(cells []string) (*yaml.Node, error) {
	m := mapping()
	for i, c := range s.columns {
		if c.path == bodyPath {
			continue
		}
		v, err := valueOf(cells[i], c)
		if err != nil {
			return nil, errors.New("「" + c.title + "」" + err.Error())
		}
		if v == nil {
			continue
		}
		at, path := m, strings.Split(c.path, ".")
		for len(path) > 1 && lookup(at, path[0]) != nil {
			at, path = lookup(at, path[0]), path[1:]
		}
		at.Content = append(at.Content, text(path[0]), nested(path[1:], v))
	}
	return m, nil
}

// create is the text of a new document with these rows.
func (s *sheet) create(id string, rows []change, problem func(c change, col int, reason string)) string {
	if s.shape == tsv || s.shape == jsonl {
		body := ""
		if s.shape == tsv {
			body = "id\tquestion\taction\tcodes\tfacet\tsure\n"
		}
		out, _ := s.rewriteLines(kb.Document{Kind: s.kind, ID: id, Body: body}, nil, nil, rows, problem)
		return out
	}
	var all []*yaml.Node
	for _, c := range rows {
		n, err := s.node(c.cells)
		if err != nil {
			problem(c, -1, err.Error())
			continue
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		return ""
	}
	root := all[0]
	if s.shape == element {
		root = mapping(text(s.key), &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: all})
	}
	body, err := renderBlock(root, 0)
	if err != nil {
		problem(rows[0], -1, err.Error())
	}
	if s.shape == article {
		return "---\n" + body + "---\n" + rows[0].cells[len(s.columns)-1] + "\n"
	}
	return body
}
