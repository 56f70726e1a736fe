package bus

import "sync"

// Local connects nodes that live in one process, by function calls. With one node it does
// nothing: that node's parts tell each other themselves.
type Local struct {
	mu    sync.RWMutex
	nodes []*LocalNode
}

// LocalNode is one node's end of a Local.
type LocalNode struct {
	subscribers
	all *Local
}

var _ Bus = (*LocalNode)(nil)

// Join adds a node. The zero Local has none.
func (l *Local) Join() *LocalNode {
	n := &LocalNode{all: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nodes = append(l.nodes[:len(l.nodes):len(l.nodes)], n)
	return n
}

// Alone is the end of a node that has no others.
func Alone() *LocalNode { return new(Local).Join() }

// Publish tells the other nodes before it returns.
func (n *LocalNode) Publish(h Hint) {
	n.all.mu.RLock()
	nodes := n.all.nodes
	n.all.mu.RUnlock()
	if len(nodes) < 2 || !h.sound() {
		return
	}
	for _, other := range nodes {
		if other != n {
			other.tell(h)
		}
	}
}

// Connected is always true.
func (n *LocalNode) Connected() bool { return true }

// Close takes the node out.
func (n *LocalNode) Close() {
	n.all.mu.Lock()
	defer n.all.mu.Unlock()
	kept := make([]*LocalNode, 0, len(n.all.nodes))
	for _, other := range n.all.nodes {
		if other != n {
			kept = append(kept, other)
		}
	}
	n.all.nodes = kept
}
