package kb

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

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
