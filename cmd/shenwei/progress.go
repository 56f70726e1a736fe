package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// progress is one line that counts long work; it is silent when nobody watches.
type progress struct {
	w     io.Writer
	name  string
	total int
	shown int
	on    bool
}

func newProgress(f *os.File, name string, total int) *progress {
	return &progress{w: f, name: name, total: total, shown: -1, on: term.IsTerminal(int(f.Fd()))} //nolint:gosec // a file descriptor
}

func (p *progress) set(done int) {
	if !p.on || p.total == 0 {
		return
	}
	if percent := done * 100 / p.total; percent != p.shown {
		p.shown = percent
		_, _ = fmt.Fprintf(p.w, "\r%s %d/%d %3d%%", p.name, done, p.total, percent)
	}
}

func (p *progress) finish() {
	if p.on {
		_, _ = fmt.Fprint(p.w, "\r\033[K")
	}
}

// rows is set for work that learns its total on the way.
func (p *progress) rows(done, total int64) {
	p.total = int(total)
	p.set(int(done))
}
