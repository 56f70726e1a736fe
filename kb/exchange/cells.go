package exchange

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// cellOf is what a cell shows of a value; "" for none.
func cellOf(n *yaml.Node, f form) string {
	if n == nil || n.Tag == "!!null" {
		return ""
	}
	switch f {
	case prose:
		return strings.TrimRight(n.Value, "\n")
	case list:
		return joinLines(scalars(n))
	case yesNo:
		if n.Value == "true" {
			return "是"
		}
		return "否"
	case pairs:
		var all []string
		for i := 0; i+1 < len(n.Content); i += 2 {
			all = append(all, n.Content[i].Value+": "+n.Content[i+1].Value)
		}
		return joinLines(all)
	case linked:
		var all []string
		for _, e := range n.Content {
			code, question := lookup(e, "code"), lookup(e, "question")
			all = append(all, strings.TrimRight(cellOf(code, word)+" "+cellOf(question, word), " "))
		}
		return joinLines(all)
	case asked:
		var all []string
		for _, e := range n.Content {
			line := cellOf(lookup(e, "ask"), word) + " = " + strings.Join(scalarsOf(lookup(e, "is")), " | ")
			if other := scalarsOf(lookup(e, "otherwise")); len(other) > 0 {
				line += " ! " + strings.Join(other, " | ")
			}
			all = append(all, line)
		}
		return joinLines(all)
	}
	return n.Value
}

func scalarsOf(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	return scalars(n)
}

func scalars(n *yaml.Node) []string {
	all := make([]string, 0, len(n.Content))
	for _, c := range n.Content {
		all = append(all, c.Value)
	}
	return all
}

// joinLines writes one entry a line; entries that a line cannot hold make it a JSON array.
func joinLines(all []string) string {
	plain := true
	for _, s := range all {
		plain = plain && s != "" && s == strings.TrimSpace(s) && !strings.ContainsAny(s, "\r\n")
	}
	if len(all) > 0 && (!plain || strings.HasPrefix(all[0], "[")) {
		b, _ := json.Marshal(all) // strings always encode
		return string(b)
	}
	return strings.Join(all, "\n")
}

func splitLines(cell string) []string {
	if strings.HasPrefix(cell, "[") {
		var all []string
		if json.Unmarshal([]byte(cell), &all) == nil {
			return all
		}
	}
	var all []string
	for line := range strings.Lines(cell) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// tidy is a cell as the document would show it: spreadsheets change line ends and typed words.
func tidy(cell string, f form) string {
	cell = strings.ReplaceAll(strings.ReplaceAll(cell, "\r\n", "\n"), "\r", "\n")
	switch f {
	case prose:
		return strings.TrimRight(cell, "\n")
	case list, pairs, linked, asked:
		return joinLines(splitLines(cell))
	case yesNo:
		switch strings.ToLower(strings.TrimSpace(cell)) {
		case "是", "true", "1", "y", "yes", "√", "有":
			return "是"
		case "否", "false", "0", "n", "no", "×", "无", "":
			return "否"
		}
	case number:
		cell = strings.TrimSuffix(strings.TrimSpace(cell), ".0")
	}
	return cell
}

// valueOf is the value that a tidy cell stands for, nil for none. The error says what the cell
// should hold.
func valueOf(cell string, c column) (*yaml.Node, error) {
	if cell == "" && !c.required {
		return nil, nil
	}
	switch c.form {
	case prose:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.LiteralStyle, Value: cell + "\n"}, nil
	case list:
		return sequence(splitLines(cell)), nil
	case yesNo:
		if cell != "是" && cell != "否" {
			return nil, fmt.Errorf("应填“是”或“否”，现在是 %q", clip(cell))
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(cell == "是")}, nil
	case number:
		if _, err := strconv.ParseFloat(cell, 64); err != nil {
			return nil, fmt.Errorf("应填数字，现在是 %q", clip(cell))
		}
		if strings.ContainsAny(cell, "eEnNiIxX_") {
			return nil, fmt.Errorf("应填普通写法的数字，现在是 %q", clip(cell))
		}
		tag := "!!int"
		if strings.Contains(cell, ".") {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: cell}, nil
	case pairs:
		return pairsOf(cell)
	case linked:
		return linkedOf(cell), nil
	case asked:
		return askedOf(cell)
	}
	if strings.Contains(cell, "\n") {
		return nil, fmt.Errorf("只能有一行文字")
	}
	if c.path == "review" && dateForm.MatchString(cell) {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: cell}, nil
	}
	return text(cell), nil
}

// text is a string, in single quotes where YAML would read a number or a truth value.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	var plain yaml.Node
	if len(s) < 40 && yaml.Unmarshal([]byte(s), &plain) == nil && len(plain.Content) == 1 &&
		plain.Content[0].Kind == yaml.ScalarNode && plain.Content[0].Tag != "!!str" {
		n.Style = yaml.SingleQuotedStyle
	}
	return n
}

func sequence(all []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, s := range all {
		n.Content = append(n.Content, text(s))
	}
	if len(all) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}

func mapping(kv ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: kv}
}

func pairsOf(cell string) (*yaml.Node, error) {
	n := mapping()
	for _, line := range splitLines(cell) {
		key, value, ok := strings.Cut(strings.Replace(line, "：", ":", 1), ":")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, fmt.Errorf("每行应写“字段: 出处”，例如 hours: 本单位名录；现在是 %q", clip(line))
		}
		n.Content = append(n.Content, text(key), text(strings.TrimSpace(value)))
	}
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n, nil
}

func linkedOf(cell string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, line := range splitLines(cell) {
		code, question, _ := strings.Cut(line, " ")
		e := mapping(text("code"), text(code))
		if question = strings.TrimSpace(question); question != "" {
			e.Content = append(e.Content, text("question"), text(question))
		}
		n.Content = append(n.Content, e)
	}
	return n
}

// askedOf reads 能不能办: see the form asked.
func askedOf(cell string) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, line := range splitLines(cell) {
		ask, answers, ok := strings.Cut(line, "=")
		if ask = strings.TrimSpace(ask); !ok || ask == "" {
			return nil, fmt.Errorf("每行应写“问话 = 答案 | 答案”，例如 户口在哪里？ = 深圳；现在是 %q", clip(line))
		}
		is, otherwise, _ := strings.Cut(answers, "!")
		e := mapping(text("ask"), text(ask), text("is"), answerList(is))
		if strings.TrimSpace(otherwise) != "" {
			e.Content = append(e.Content, text("otherwise"), answerList(otherwise))
		}
		e.Style = yaml.FlowStyle
		n.Content = append(n.Content, e)
	}
	return n, nil
}

func answerList(part string) *yaml.Node {
	var all []string
	for a := range strings.SplitSeq(part, "|") {
		if a = strings.TrimSpace(a); a != "" {
			all = append(all, a)
		}
	}
	n := sequence(all)
	n.Style = yaml.FlowStyle
	return n
}

// lookup is the value at a key of a mapping, nil when there is none.
func lookup(m *yaml.Node, key string) *yaml.Node {
	if m == nil || m.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// follow is the value at keys with dots between.
func follow(m *yaml.Node, path string) *yaml.Node {
	for key := range strings.SplitSeq(path, ".") {
		if m = lookup(m, key); m == nil {
			return nil
		}
	}
	return m
}
