package kb

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"shenwei/internal/fault"
)

// MaxAsk is the longest ask that is added from outside a file, in characters.
const MaxAsk = 120

// AddAsks returns an item's or article's file with asks at the end of its list of asks, and
// those that it did not have yet. Everything else stays to the byte: comments, order and
// the way in which a person wrote it.
func AddAsks(doc Document, asks ...string) (Document, []string, error) {
	had, err := asksIn(doc)
	if err != nil {
		return doc, nil, err
	}
	known := map[string]bool{}
	for _, a := range had {
		known[AskKey(a)] = true
	}
	var added []string
	for _, a := range asks {
		a = strings.Join(strings.Fields(a), " ")
		switch key := AskKey(a); {
		case key == "":
			return doc, nil, fault.New(fault.BadRequest, "问法不能是空的")
		case utf8.RuneCountInString(a) > MaxAsk:
			return doc, nil, fault.New(fault.BadRequest, "问法最长 %d 个字，请改短一些", MaxAsk)
		case !known[key]:
			known[key] = true
			added = append(added, a)
		}
	}
	if len(added) == 0 {
		return doc, nil, nil
	}
	if len(had)+len(added) > MaxAsks {
		return doc, nil, fault.New(fault.BadRequest, "%s 已有 %d 条问法，最多 %d 条，请先删掉几条", doc.Key(), len(had), MaxAsks)
	}
	out := doc
	out.Body, err = insertAsks(doc, added)
	if err != nil {
		return doc, nil, err
	}
	now, err := asksIn(out)
	if err != nil || !slices.Equal(now, slices.Concat(had, added)) {
		return doc, nil, fault.New(fault.BadRequest, "%s 的 asks 写法特殊，程序不能改动；请打开它手工添加", doc.Key())
	}
	return out, added, nil
}

func asksIn(doc Document) ([]string, error) {
	var asks []string
	var ps []Problem
	switch doc.Kind {
	case KindItem:
		var it *Item
		if it, ps = ParseItem(doc); it != nil {
			asks = it.Asks
		}
	case KindArticle:
		var a *Article
		if a, ps = ParseArticle(doc); a != nil {
			asks = a.Asks
		}
	default:
		return nil, fault.New(fault.BadRequest, "只有事项和知识条目有问法，%s 没有", doc.Key())
	}
	if ps != nil {
		return nil, fault.Wrap(fault.BadRequest, Problems(ps), "%s 有错误，请先改正：%s", doc.Key(), ps[0])
	}
	return asks, nil
}

// insertAsks writes the asks after the last one of the list, with its indentation.
func insertAsks(doc Document, asks []string) (string, error) {
	text, skip, newline := doc.Body, 0, "\n"
	if strings.Contains(text, "\r\n") {
		newline = "\r\n"
	}
	lines := strings.SplitAfter(text, "\n")
	last := len(lines) // the lines of YAML end before this one
	if doc.Kind == KindArticle {
		skip, last = 1, 1
		for last < len(lines) && strings.TrimRight(lines[last], "\r\n") != "---" {
			last++
		}
		text = strings.Join(lines[skip:last], "")
	}
	list, err := listOfAsks(text)
	if err != nil {
		return "", err
	}
	var added strings.Builder
	switch {
	case list == nil: // no key yet
		at := last
		for at > skip && strings.TrimSpace(lines[at-1]) == "" {
			at--
		}
		added.WriteString("asks:" + newline)
		writeAsks(&added, "  ", asks, newline)
		return spliceAsks(lines, at, added.String(), newline), nil
	case list.Style&yaml.FlowStyle != 0:
		return insertFlow(lines, skip+list.Line-1, list, asks, newline), nil
	case len(list.Content) == 0: // «asks:» and nothing, or null
		return "", fault.New(fault.BadRequest, "%s 的 asks 写法特殊，程序不能改动；请打开它手工添加", doc.Key())
	}
	node := list.Content[len(list.Content)-1]
	writeAsks(&added, strings.Repeat(" ", list.Column-1), asks, newline)
	return spliceAsks(lines, skip+endOf(lines[skip:], node), added.String(), newline), nil
}

// listOfAsks is the node of the list, nil when the file has none.
func listOfAsks(text string) (*yaml.Node, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "文件不是合法的 YAML，请先改正")
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil, nil
	}
	m := root.Content[0]
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == "asks" {
			return m.Content[i+1], nil
		}
	}
	return nil, nil
}

// endOf is the number of lines up to the end of an ask, which may be written over several.
func endOf(lines []string, node *yaml.Node) int {
	at := node.Line
	for at < len(lines) && strings.TrimSpace(lines[at]) != "" {
		indent := len(lines[at]) - len(strings.TrimLeft(lines[at], " "))
		if indent < node.Column-1 || strings.HasPrefix(strings.TrimSpace(lines[at]), "#") {
			break
		}
		at++
	}
	return at
}

func writeAsks(b *strings.Builder, indent string, asks []string, newline string) {
	for _, a := range asks {
		b.WriteString(indent + "- " + Scalar(a) + newline)
	}
}

// Scalar writes a text as YAML on one line.
func Scalar(text string) string {
	node := yaml.Node{Kind: yaml.ScalarNode, Value: text, Tag: "!!str"}
	out, err := yaml.Marshal(&node)
	if s := strings.TrimSuffix(string(out), "\n"); err == nil && !strings.Contains(s, "\n") {
		return s
	}
	return fmt.Sprintf("%q", text)
}

func spliceAsks(lines []string, at int, added, newline string) string {
	before := strings.Join(lines[:at], "")
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += newline
	}
	return before + added + strings.Join(lines[at:], "")
}

// insertFlow puts the asks at the end of a list in brackets on one line, or makes a block of
// an empty one.
func insertFlow(lines []string, at int, list *yaml.Node, asks []string, newline string) string {
	line := lines[at]
	if len(list.Content) == 0 {
		key := line[:strings.IndexByte(line, '[')]
		var b strings.Builder
		b.WriteString(strings.TrimRight(key, " ") + newline)
		writeAsks(&b, "  ", asks, newline)
		return strings.Join(lines[:at], "") + b.String() + strings.Join(lines[at+1:], "")
	}
	end := strings.LastIndexByte(line, ']')
	if end < 0 {
		return strings.Join(lines, "") // over several lines: the caller sees that nothing was added
	}
	quoted := make([]string, len(asks))
	for i, a := range asks {
		quoted[i] = fmt.Sprintf("%q", a)
	}
	return strings.Join(lines[:at], "") + line[:end] + ", " + strings.Join(quoted, ", ") + line[end:] + strings.Join(lines[at+1:], "")
}
