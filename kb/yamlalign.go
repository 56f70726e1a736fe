package kb

import (
	"reflect"
)

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
