package kb

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
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

// aligned is one step of the way from an old list to a new one; -1 stands for none.
type aligned struct {
	old, new int
	same     bool
}

// align pairs the items of two lists: those that stay by the longest common subsequence, and
// between them what was changed with what it became, in order.
func align(was, is reflect.Value) []aligned {
	n, m := was.Len(), is.Len()
	head := 0
	for head < n && head < m && equal(was.Index(head), is.Index(head)) {
		head++
	}
	tail := 0
	for tail < n-head && tail < m-head && equal(was.Index(n-1-tail), is.Index(m-1-tail)) {
		tail++
	}
	var steps []aligned
	for i := range head {
		steps = append(steps, aligned{i, i, true})
	}
	steps = append(steps, middle(was, is, head, n-tail, head, m-tail)...)
	for i := range tail {
		steps = append(steps, aligned{n - tail + i, m - tail + i, true})
	}
	return steps
}

// maxAlign bounds the work of middle; longer changes are paired in order.
const maxAlign = 4_000_000

func middle(was, is reflect.Value, a, n, b, m int) []aligned {
	var steps []aligned
	gap := func(i, toI, j, toJ int) {
		for i < toI || j < toJ {
			s := aligned{-1, -1, false}
			if i < toI {
				s.old = i
				i++
			}
			if j < toJ {
				s.new = j
				j++
			}
			steps = append(steps, s)
		}
	}
	if (n-a)*(m-b) > maxAlign || n == a || m == b {
		gap(a, n, b, m)
		return steps
	}
	width := m - b + 1
	best := make([]int32, (n-a+1)*width) // length of the common subsequence from (i, j) on
	for i := n - 1; i >= a; i-- {
		for j := m - 1; j >= b; j-- {
			at := (i-a)*width + (j - b)
			if equal(was.Index(i), is.Index(j)) {
				best[at] = best[at+width+1] + 1
			} else {
				best[at] = max(best[at+width], best[at+1])
			}
		}
	}
	i, j, fromI, fromJ := a, b, a, b
	for i < n && j < m {
		at := (i-a)*width + (j - b)
		switch {
		case equal(was.Index(i), is.Index(j)):
			gap(fromI, i, fromJ, j)
			steps = append(steps, aligned{i, j, true})
			i, j = i+1, j+1
			fromI, fromJ = i, j
		case best[at+width] >= best[at+1]:
			i++
		default:
			j++
		}
	}
	gap(fromI, n, fromJ, m)
	return steps
}

func equal(a, b reflect.Value) bool {
	if a.Kind() == reflect.String {
		return a.String() == b.String()
	}
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// entryLines is one entry as lines; old, which may be nil, lends its style and its comment.
func (e *yamlEditor) entryLines(entry yamlEntry, old *yaml.Node, prefix string, indent int) ([]string, error) {
	val, err := nodeOf(entry.value)
	if err != nil {
		return nil, err
	}
	if slices.Contains(Facets, Facet(entry.name)) && val.Kind == yaml.ScalarNode && (old == nil || old.Style == yaml.LiteralStyle) {
		literal(val)
	}
	if old != nil {
		lend(old, val)
	}
	text, err := encodeNode(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: entry.name}, val}})
	if err != nil {
		return nil, err
	}
	return e.indented(text, prefix, indent), nil
}

// literal writes a text below its key, as texts of facets are.
func literal(n *yaml.Node) {
	if strings.Trim(n.Value, " \n") != "" && !strings.Contains(n.Value, "\r") {
		n.Style, n.Tag, n.Value = yaml.LiteralStyle, "!!str", strings.TrimRight(n.Value, "\n")+"\n"
	}
}

func lend(old, val *yaml.Node) {
	switch {
	case val.Kind == yaml.SequenceNode && old.Kind == yaml.SequenceNode && old.Style&yaml.FlowStyle != 0:
		val.Style |= yaml.FlowStyle
		val.LineComment = old.LineComment
	case val.Kind == yaml.ScalarNode && old.Kind == yaml.ScalarNode && !strings.Contains(val.Value, "\n"):
		if val.Style == 0 && old.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			val.Style, val.Tag = old.Style, "!!str"
		}
	}
	if val.Kind == yaml.ScalarNode && val.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		val.LineComment = old.LineComment
	}
}

func (e *yamlEditor) itemLines(v reflect.Value, indent int) ([]string, error) {
	val, err := nodeOf(v)
	if err != nil {
		return nil, err
	}
	text, err := encodeNode(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{val}})
	if err != nil {
		return nil, err
	}
	return e.indented(text, strings.Repeat(" ", indent), indent), nil
}

// indented puts the prefix before the first line and blanks before the others.
func (e *yamlEditor) indented(text, prefix string, indent int) []string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	for i, l := range lines {
		l = strings.TrimSuffix(l, "\n")
		switch {
		case i == 0:
			l = prefix + l
		case l != "":
			l = strings.Repeat(" ", indent) + l
		}
		lines[i] = l + e.eol
	}
	return lines
}

// dateForm is a date, which YAML would quote though it is read as text.
var dateForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// nodeOf is a value as YAML: fields in their order, long texts as blocks.
func nodeOf(v reflect.Value) (*yaml.Node, error) {
	v = deref(v)
	switch {
	case !v.IsValid():
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	case v.Kind() == reflect.Struct || v.Kind() == reflect.Map:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, entry := range entriesOf(v) {
			if !entry.present {
				continue
			}
			val, err := nodeOf(entry.value)
			if err != nil {
				return nil, err
			}
			if v.Kind() == reflect.Map && slices.Contains(Facets, Facet(entry.name)) {
				literal(val)
			}
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: entry.name}, val)
		}
		if len(n.Content) == 0 {
			n.Style = yaml.FlowStyle
		}
		return n, nil
	case v.Kind() == reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			val, err := nodeOf(v.Index(i))
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, val)
		}
		if v.Len() == 0 {
			n.Style = yaml.FlowStyle
		}
		return n, nil
	case v.Kind() == reflect.String && dateForm.MatchString(v.String()):
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: v.String()}, nil
	}
	n := &yaml.Node{}
	if err := n.Encode(v.Interface()); err != nil {
		return nil, fmt.Errorf("render YAML: %w", err)
	}
	return n, nil
}
