package kb

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"shenwei/internal/fault"
)

// editYAML changes the lines of a YAML text that hold what differs between two values of one
// struct, and no others: a comment, a blank line, an order or a way of quoting that a person
// chose stays. The caller parses the result and compares, so a text in a form that is not
// foreseen here is refused and never damaged.
func editYAML(text string, was, is reflect.Value) (string, error) {
	if strings.ContainsAny(strings.ReplaceAll(text, "\r\n", "\n"), "\r\u0085\u2028\u2029") {
		return "", errBreaks
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return "", fmt.Errorf("read YAML to edit: %w", err)
	}
	e := &yamlEditor{lines: strings.SplitAfter(text, "\n"), eol: "\n"}
	if n := len(e.lines); n > 0 && e.lines[n-1] == "" {
		e.lines = e.lines[:n-1]
	}
	if strings.Contains(text, "\r\n") {
		e.eol = "\r\n"
	}
	if len(doc.Content) != 1 || !isBlock(doc.Content[0], yaml.MappingNode) {
		return render(is)
	}
	err := e.mapping(doc.Content[0], was, is, len(e.lines))
	if errors.Is(err, errWhole) {
		return render(is)
	}
	return e.apply(), err
}

// errWhole says that a part cannot be edited in place and must be written anew as a whole.
var errWhole = errors.New("write it anew")

// errBreaks refuses lines that end as YAML allows and no editor of today writes: YAML counts
// other lines than we do then.
var errBreaks = fault.New(fault.BadRequest, "原文里有特殊的换行符（单独的回车等），请在「原文」里改成普通换行再保存")

type yamlEditor struct {
	lines   []string
	eol     string
	splices []splice
}

// splice puts lines in the place of those from from (counted from 0) up to, without, to.
type splice struct {
	from, to int
	lines    []string
}

func (e *yamlEditor) splice(from, to int, lines []string) {
	e.splices = append(e.splices, splice{from, to, lines})
}

func (e *yamlEditor) apply() string {
	sort.SliceStable(e.splices, func(i, j int) bool { return e.splices[i].from < e.splices[j].from })
	var b strings.Builder
	at := 0
	write := func(lines []string) {
		for _, l := range lines {
			if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
				b.WriteString(e.eol)
			}
			b.WriteString(l)
		}
	}
	for _, s := range e.splices {
		if s.from > at {
			write(e.lines[at:s.from])
		}
		write(s.lines)
		at = max(at, s.to)
	}
	write(e.lines[at:])
	return b.String()
}

func isBlock(n *yaml.Node, kind yaml.Kind) bool {
	return n.Kind == kind && n.Style&yaml.FlowStyle == 0 && n.Anchor == ""
}

// entry is one key of a struct or map with its value.
type yamlEntry struct {
	name    string
	value   reflect.Value
	present bool // false for what omitempty leaves out
}

// entriesOf lists a struct's fields in their order, or a map's keys in the order of facets.
func entriesOf(v reflect.Value) []yamlEntry {
	var all []yamlEntry
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if name == "-" || name == "" {
				continue
			}
			f := v.Field(i)
			empty := f.IsZero() || (f.Kind() == reflect.Slice || f.Kind() == reflect.Map) && f.Len() == 0
			all = append(all, yamlEntry{name, f, option != "omitempty" || !empty})
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			all = append(all, yamlEntry{key.String(), v.MapIndex(key), true})
		}
		slices.SortFunc(all, func(a, b yamlEntry) int {
			return facetRank(a.name)*1000 + strings.Compare(a.name, b.name) - facetRank(b.name)*1000
		})
	}
	return all
}

func facetRank(name string) int {
	if i := slices.Index(Facets, Facet(name)); i >= 0 {
		return i
	}
	return len(Facets)
}

func lookup(all []yamlEntry, name string) (yamlEntry, bool) {
	for _, x := range all {
		if x.name == name {
			return x, x.present
		}
	}
	return yamlEntry{}, false
}

// mapping edits a block mapping that ends before line end.
func (e *yamlEditor) mapping(n *yaml.Node, was, is reflect.Value, end int) error {
	if len(n.Content) == 0 {
		return errWhole
	}
	before, after := entriesOf(was), entriesOf(is)
	indent := n.Content[0].Column - 1
	extents := e.extents(n, indent, end)
	last := -1 // the child after which a new key goes
	names := after
	for _, b := range before { // keys of a map that are gone
		if _, ok := lookup(names, b.name); !ok {
			names = append(names, yamlEntry{name: b.name, value: b.value})
		}
	}
	for _, entry := range names {
		child := childOf(n, entry.name)
		old, had := lookup(before, entry.name)
		if child >= 0 {
			last = child
		}
		switch {
		case had == entry.present && (!had || equal(old.value, entry.value)):
		case child >= 0 && !entry.present:
			if child == 0 && e.dashed(extents[0].from, indent) {
				return errWhole
			}
			e.splice(extents[child].from, extents[child].to, nil)
		case child >= 0:
			if err := e.value(n.Content[2*child], n.Content[2*child+1], old.value, entry, extents[child], indent); err != nil {
				return err
			}
		case entry.present:
			at := extents[0].from
			if last >= 0 {
				at = extents[last].to
			} else if e.dashed(at, indent) {
				return errWhole
			}
			lines, err := e.entryLines(entry, nil, strings.Repeat(" ", indent), indent)
			if err != nil {
				return err
			}
			e.splice(at, at, lines)
		}
	}
	return nil
}

func childOf(n *yaml.Node, name string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return i / 2
		}
	}
	return -1
}

// dashed tells whether the key at the column stands behind the hyphen of a list.
func (e *yamlEditor) dashed(line, column int) bool {
	return strings.TrimSpace(e.lines[line][:min(column, len(e.lines[line]))]) != ""
}

type extent struct{ from, to int }

// extents are the lines of each entry of a mapping, without the blank lines and comments that
// stand before the next one.
func (e *yamlEditor) extents(n *yaml.Node, indent, end int) []extent {
	var all []extent
	for i := 0; i+1 < len(n.Content); i += 2 {
		to := end
		if i+2 < len(n.Content) {
			to = n.Content[i+2].Line - 1
		}
		from := n.Content[i].Line - 1
		all = append(all, extent{from, e.trim(from, to, indent)})
	}
	return all
}

func (e *yamlEditor) trim(from, to, indent int) int {
	for to > from+1 {
		line := strings.TrimRight(e.lines[to-1], "\r\n")
		text := strings.TrimLeft(line, " ")
		if text != "" && (!strings.HasPrefix(text, "#") || len(line)-len(text) > indent) {
			break
		}
		to--
	}
	return to
}

// value edits one entry that is there.
func (e *yamlEditor) value(key, val *yaml.Node, was reflect.Value, entry yamlEntry, x extent, indent int) error {
	before, after := deref(was), deref(entry.value)
	var err error
	switch {
	case !before.IsValid() || !after.IsValid():
		err = errWhole
	case isBlock(val, yaml.MappingNode) && val.Line > key.Line && (after.Kind() == reflect.Struct || after.Kind() == reflect.Map && after.Len() > 0):
		return e.orWhole(func() error { return e.mapping(val, before, after, x.to) }, key, val, entry, x, indent)
	case isBlock(val, yaml.SequenceNode) && after.Kind() == reflect.Slice && after.Len() > 0 && before.Len() == len(val.Content):
		return e.orWhole(func() error { return e.sequence(val, before, after, x.to) }, key, val, entry, x, indent)
	default:
		err = errWhole
	}
	return e.orWhole(func() error { return err }, key, val, entry, x, indent)
}

// orWhole writes an entry anew where it cannot be edited in place.
func (e *yamlEditor) orWhole(edit func() error, key, val *yaml.Node, entry yamlEntry, x extent, indent int) error {
	mark := len(e.splices)
	err := edit()
	if !errors.Is(err, errWhole) {
		return err
	}
	e.splices = e.splices[:mark]
	first := e.lines[x.from]
	lines, err := e.entryLines(entry, val, first[:min(key.Column-1, len(first))], indent)
	if err != nil {
		return err
	}
	e.splice(x.from, x.to, lines)
	return nil
}

func deref(v reflect.Value) reflect.Value {
	for v.IsValid() && v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v
}

// sequence edits a block sequence that ends before line end.
func (e *yamlEditor) sequence(n *yaml.Node, was, is reflect.Value, end int) error {
	items, indent, err := e.items(n, end)
	if err != nil {
		return err
	}
	at := items[0].from
	for _, step := range align(was, is) {
		switch {
		case step.old >= 0 && step.new >= 0 && step.same:
		case step.old >= 0 && step.new >= 0:
			if err := e.item(n.Content[step.old], was.Index(step.old), is.Index(step.new), items[step.old], indent); err != nil {
				return err
			}
		case step.old >= 0:
			e.splice(items[step.old].from, items[step.old].to, nil)
		default:
			lines, err := e.itemLines(is.Index(step.new), indent)
			if err != nil {
				return err
			}
			e.splice(at, at, lines)
			continue
		}
		at = items[step.old].to
	}
	return nil
}

// items are the lines of each item of a block sequence, and the column of its hyphens.
func (e *yamlEditor) items(n *yaml.Node, end int) ([]extent, int, error) {
	starts := make([]int, len(n.Content))
	indent := n.Column - 1
	for i, c := range n.Content {
		line := c.Line - 1
		for line >= 0 && (len(e.lines[line]) <= indent || e.lines[line][indent] != '-' || strings.TrimSpace(e.lines[line][:indent]) != "") {
			line--
		}
		if line < 0 || i > 0 && line <= starts[i-1] {
			return nil, 0, errWhole // not a list of one item a line
		}
		starts[i] = line
	}
	all := make([]extent, len(starts))
	for i, from := range starts {
		to := end
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		all[i] = extent{from, e.trim(from, to, indent)}
	}
	return all, indent, nil
}

// item edits one item of a list: in place where it is a mapping, else anew.
func (e *yamlEditor) item(n *yaml.Node, was, is reflect.Value, x extent, indent int) error {
	before, after := deref(was), deref(is)
	if isBlock(n, yaml.MappingNode) && after.Kind() == reflect.Struct {
		mark := len(e.splices)
		err := e.mapping(n, before, after, x.to)
		if !errors.Is(err, errWhole) {
			return err
		}
		e.splices = e.splices[:mark]
	}
	lines, err := e.itemLines(is, indent)
	if err == nil {
		e.splice(x.from, x.to, lines)
	}
	return err
}
