package exchange

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Values as YAML text, in the two styles of a file.

func renderBlock(n *yaml.Node, indent int) (string, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(stripped(n, false)); err != nil {
		return "", err
	}
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		if line != "\n" {
			out.WriteString(strings.Repeat(" ", indent))
		}
		out.WriteString(line)
	}
	return out.String(), nil
}

func renderFlow(n *yaml.Node) (string, error) {
	outer := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{stripped(n, true)}}
	b, err := yaml.Marshal(outer)
	if err != nil {
		return "", err
	}
	s := strings.TrimSuffix(string(b), "\n")
	if strings.Contains(s, "\n") {
		return "", errForm
	}
	return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), nil
}

// stripped is a copy without comments and positions, in one style.
func stripped(n *yaml.Node, flow bool) *yaml.Node {
	c := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style}
	if flow {
		c.Style = 0
		if n.Kind != yaml.ScalarNode {
			c.Style = yaml.FlowStyle
		} else if n.Tag == "!!str" {
			c = text(n.Value)
		}
	}
	for _, e := range n.Content {
		c.Content = append(c.Content, stripped(e, flow))
	}
	return c
}
