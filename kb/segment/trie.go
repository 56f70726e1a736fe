package segment

// Trie finds known words in text, longest first. It is built once and then only read.
type Trie struct {
	root node
	// first marks, by the low bits of a rune, what words begin with: most places of a text are
	// no beginning, and a bit is sooner asked than a map.
	first [1 << 10]uint64
}

func (t *Trie) begins(r rune) bool { return t.first[r>>6&0x3ff]>>(r&63)&1 != 0 }

type node struct {
	next  map[rune]*node
	value int // index + 1; 0 for none
}

// Add puts a word with its value (0 or more) into the trie; a word added again keeps its
// first value.
func (t *Trie) Add(word string, value int) {
	n := &t.root
	for i, r := range word {
		if i == 0 {
			t.first[r>>6&0x3ff] |= 1 << (r & 63)
		}
		if n.next == nil {
			n.next = map[rune]*node{}
		}
		child := n.next[r]
		if child == nil {
			child = &node{}
			n.next[r] = child
		}
		n = child
	}
	if n.value == 0 {
		n.value = value + 1
	}
}

// Longest returns the value of the longest word that begins at text[0] and how many runes
// it has; ok is false when none begins there.
func (t *Trie) Longest(text []rune) (value, length int, ok bool) {
	if len(text) == 0 || !t.begins(text[0]) {
		return 0, 0, false
	}
	n := &t.root
	for i, r := range text {
		n = n.next[r]
		if n == nil {
			break
		}
		if n.value > 0 {
			value, length, ok = n.value-1, i+1, true
		}
	}
	return value, length, ok
}

// Each calls f for every word that begins at text[0], shortest first.
func (t *Trie) Each(text []rune, f func(value, length int)) {
	if len(text) == 0 || !t.begins(text[0]) {
		return
	}
	n := &t.root
	for i, r := range text {
		n = n.next[r]
		if n == nil {
			return
		}
		if n.value > 0 {
			f(n.value-1, i+1)
		}
	}
}
