package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"shenwei/kb/segment"
)

// lexicon tells whether this program reads Chinese with the dictionary of the program that made
// the live release. Where it does not, some answers may differ from what the gate has seen and
// from those of other nodes: harmless for the time of an upgrade, and said.
type lexicon struct {
	own     string
	differs atomic.Bool
}

// readLexicon is done before the record is opened, which notes the fingerprint with releases.
func (a *app) readLexicon() (err error) {
	a.lexicon.own, err = segment.Fingerprint()
	return err
}

// sayMended tells of files of the unpacked dictionary that somebody or something had changed.
func (a *app) sayMended() {
	if files := a.builder.Mended(); len(files) > 0 {
		a.log.Warn("files of the unpacked dictionary were not as they ship and were written anew; if that comes again, look who writes there and at the disk", "files", files)
	}
}

// compareLexicon looks at who made a release that went live, and tells the log where that one's
// dictionary was another.
func (a *app) compareLexicon(ctx context.Context, release int64) {
	theirs, err := a.store.ReaderOf(ctx, release)
	if err != nil {
		return // asked again with the next release; it only tells
	}
	differs := theirs != "" && theirs != a.lexicon.own
	a.lexicon.differs.Store(differs)
	if differs {
		a.log.Warn("the live release was made by a program with another dictionary: until all nodes run one version, some answers may differ from node to node",
			"release", release, "dictionary", a.lexicon.own, "of_the_release", theirs)
	}
}

// sayLexicon is for shenwei check.
func (a *app) sayLexicon() string {
	if a.lexicon.differs.Load() {
		return fmt.Sprintf("dictionary %s; the live release was made by a program with another one: some answers may differ from node to node until all run one version, and until the next release is published", a.lexicon.own)
	}
	return fmt.Sprintf("dictionary %s, that of the live release", a.lexicon.own)
}
