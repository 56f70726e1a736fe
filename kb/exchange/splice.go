package exchange

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Editing a YAML text in place: one value is written, every other byte stays. Lines are found
// by the positions that the parser gives; who calls reads the outcome again and holds it
// against what was meant, so that a form of YAML that is not understood here is refused, not
// spoilt.

var errForm = errors.New("这份文件的写法不能用表格改，请直接改文件")

func parseYAML(src string) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(src), &doc); err != nil {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errForm
	}
	return doc.Content[0], nil
}

// setValue writes a value at the path below the mapping that pick finds, or takes it away when
// it is nil. Order is the order of a mapping's keys, for those that are new.
func setValue(src string, pick func(root *yaml.Node) *yaml.Node, path []string, v *yaml.Node, order []string) (string, error) {
	root, err := parseYAML(src)
	if err != nil {
		return "", err
	}
	m := pick(root)
	if m == nil || m.Kind != yaml.MappingNode || m.Alias != nil || m.Anchor != "" {
		return "", errForm
	}
	if len(path) > 1 {
		inner := lookup(m, path[0])
		switch {
		case inner == nil && v == nil:
			return src, nil
		case inner == nil:
			v = nested(path[1:], v)
		case len(path) == 2 && v == nil && len(inner.Content) == 2 && lookup(inner, path[1]) != nil:
		default:
			below := func(root *yaml.Node) *yaml.Node { return lookup(pick(root), path[0]) }
			return setValue(src, below, path[1:], v, keysBelow(order, path[0]))
		}
	}
	e := editor{src: src, lines: strings.SplitAfter(src, "\n")}
	if m.Style&yaml.FlowStyle != 0 {
		return e.flow(m, path[0], v, topKeys(order))
	}
	return e.block(m, path[0], v, topKeys(order))
}

// nested is a value below keys.
func nested(path []string, v *yaml.Node) *yaml.Node {
	if len(path) == 0 {
		return v
	}
	return mapping(text(path[0]), nested(path[1:], v))
}

// topKeys are the first keys of paths; keysBelow those after one.
func topKeys(order []string) []string {
	var keys []string
	for _, p := range order {
		key, _, _ := strings.Cut(p, ".")
		if len(keys) == 0 || keys[len(keys)-1] != key {
			keys = append(keys, key)
		}
	}
	return keys
}

func keysBelow(order []string, key string) []string {
	var keys []string
	for _, p := range order {
		if rest, ok := strings.CutPrefix(p, key+"."); ok {
			keys = append(keys, rest)
		}
	}
	return keys
}

type editor struct {
	src   string
	lines []string
}

// offset is the byte at a line and column as the parser counts them, in characters from 1.
func (e *editor) offset(line, column int) int {
	at := 0
	for _, l := range e.lines[:line-1] {
		at += len(l)
	}
	for i := range e.lines[line-1] {
		if column--; column == 0 {
			return at + i
		}
	}
	return at + len(e.lines[line-1])
}

// end is the line after the last one of a block that begins at line with its key or dash in
// column. A key's list may stand at the key's own column.
func (e *editor) end(line, column int, key bool) int {
	end := line + 1
	for i := line; i < len(e.lines); i++ { // lines[line] is the one after
		l := strings.TrimRight(e.lines[i], "\r\n")
		body := strings.TrimLeft(l, " ")
		indent := len(l) - len(body)
		switch {
		case body == "":
			continue
		case indent >= column, key && indent == column-1 && (body == "-" || strings.HasPrefix(body, "- ")):
			end = i + 2
		default:
			return end
		}
	}
	return end
}

// replaceLines puts text in the place of lines from to before end, all from 1.
func (e *editor) replaceLines(from, end int, text string) string {
	var b strings.Builder
	for _, l := range e.lines[:from-1] {
		b.WriteString(l)
	}
	if s := b.String(); text != "" && s != "" && !strings.HasSuffix(s, "\n") {
		b.WriteByte('\n')
	}
	b.WriteString(text)
	for _, l := range e.lines[min(end-1, len(e.lines)):] {
		b.WriteString(l)
	}
	return b.String()
}

func (e *editor) block(m *yaml.Node, key string, v *yaml.Node, order []string) (string, error) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		k := m.Content[i]
		if k.Value != key {
			continue
		}
		lead := e.src[e.offset(k.Line, 1):e.offset(k.Line, k.Column)]
		end := e.end(k.Line, k.Column, true)
		if v == nil {
			if strings.TrimSpace(lead) != "" {
				return "", errForm // the key stands behind a dash
			}
			return e.replaceLines(k.Line, end, ""), nil
		}
		text, err := renderBlock(mapping(k, v), len([]rune(lead)))
		if err != nil {
			return "", err
		}
		return e.replaceLines(k.Line, end, lead+strings.TrimLeft(text, " ")), nil
	}
	if v == nil {
		return e.src, nil
	}
	if len(m.Content) == 0 {
		return "", errForm
	}
	after := m.Content[0]
	for i := 0; i+1 < len(m.Content); i += 2 {
		if rank(order, m.Content[i].Value) < rank(order, key) {
			after = m.Content[i]
		}
	}
	text, err := renderBlock(mapping(text(key), v), after.Column-1)
	if err != nil {
		return "", err
	}
	end := e.end(after.Line, after.Column, true)
	return e.replaceLines(end, end, text), nil
}

func rank(order []string, key string) int {
	for i, k := range order {
		if k == key {
			return i
		}
	}
	return len(order)
}

func (e *editor) flow(m *yaml.Node, key string, v *yaml.Node, order []string) (string, error) {
	insert := -1
	for i := 0; i+1 < len(m.Content); i += 2 {
		k, old := m.Content[i], m.Content[i+1]
		from, to := e.offset(k.Line, k.Column), flowEnd(e.src, e.offset(old.Line, old.Column))
		if to < 0 {
			return "", errForm
		}
		if k.Value != key {
			if rank(order, k.Value) < rank(order, key) {
				insert = to
			}
			continue
		}
		if v != nil {
			text, err := renderFlow(v)
			return e.src[:e.offset(old.Line, old.Column)] + text + e.src[to:], err
		}
		rest := strings.TrimLeft(e.src[to:], " ")
		if after, ok := strings.CutPrefix(rest, ","); ok {
			return e.src[:from] + strings.TrimLeft(after, " "), nil
		}
		return strings.TrimRight(strings.TrimRight(e.src[:from], " "), ",") + e.src[to:], nil
	}
	if v == nil {
		return e.src, nil
	}
	if insert < 0 {
		return "", errForm
	}
	text, err := renderFlow(mapping(text(key), v))
	return e.src[:insert] + ", " + strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}") + e.src[insert:], err
}

// flowEnd is the end of the value that begins at a byte inside of brackets, -1 when it has none.
func flowEnd(src string, at int) int {
	depth, i := 0, at
	for i < len(src) {
		switch c := src[i]; {
		case c == '"':
			for i++; i < len(src) && src[i] != '"'; i++ {
				if src[i] == '\\' {
					i++
				}
			}
		case c == '\'' && (i == at || strings.ContainsRune(" ,[{", rune(src[i-1]))):
			for i++; i < len(src); i++ {
				if src[i] == '\'' {
					if i+1 < len(src) && src[i+1] == '\'' {
						i++
						continue
					}
					break
				}
			}
		case c == '[' || c == '{':
			depth++
		case (c == ']' || c == '}' || c == ',') && depth == 0:
			return i - (len(src[at:i]) - len(strings.TrimRight(src[at:i], " ")))
		case c == ']' || c == '}':
			depth--
		}
		i++
	}
	return -1
}

// removeElement takes an element of a block list away with its lines.
func removeElement(src string, seq *yaml.Node, i int) (string, error) {
	if seq.Style&yaml.FlowStyle != 0 {
		return "", errForm
	}
	e := editor{src: src, lines: strings.SplitAfter(src, "\n")}
	n := seq.Content[i]
	dash := strings.Index(e.lines[n.Line-1], "-") + 1
	if dash == 0 || dash >= n.Column {
		return "", errForm
	}
	return e.replaceLines(n.Line, e.end(n.Line, dash, false), ""), nil
}

// appendElement adds an element to a block list, in the style of the last one.
func appendElement(src string, seq *yaml.Node, v *yaml.Node) (string, error) {
	if seq.Style&yaml.FlowStyle != 0 || len(seq.Content) == 0 {
		return "", errForm
	}
	e := editor{src: src, lines: strings.SplitAfter(src, "\n")}
	last := seq.Content[len(seq.Content)-1]
	dash := strings.Index(e.lines[last.Line-1], "-") + 1
	if dash == 0 || dash >= last.Column {
		return "", errForm
	}
	lead := strings.Repeat(" ", dash-1) + "- "
	end := e.end(last.Line, dash, false)
	if last.Style&yaml.FlowStyle != 0 || last.Kind == yaml.ScalarNode {
		text, err := renderFlow(v)
		return e.replaceLines(end, end, lead+text+"\n"), err
	}
	text, err := renderBlock(v, len(lead))
	return e.replaceLines(end, end, lead+strings.TrimLeft(text, " ")), err
}
