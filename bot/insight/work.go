package insight

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"shenwei/intents"
	"shenwei/kb"
)

// work is one step: what was read, and what it changes.
type work struct {
	f       *Follower
	live    Live
	to      Cursor
	threads map[string][]Question // a conversation's questions, as they are now
	before  map[questionID]Question
	changed map[questionID]Question
	vectors map[string]intents.Vector
}

type questionID struct {
	conversation string
	seq          int64
}

func (q Question) id() questionID { return questionID{q.Conversation, q.Seq} }

func newWork(f *Follower, live Live) *work {
	return &work{
		f: f, live: live, threads: map[string][]Question{}, before: map[questionID]Question{},
		changed: map[questionID]Question{}, vectors: map[string]intents.Vector{},
	}
}

func (w *work) turns(ctx context.Context, from Cursor) (int, error) {
	w.to = from
	turns, err := w.f.cfg.Store.Turns(ctx, from.Turns, batch)
	if err != nil {
		return 0, err
	}
	for _, t := range turns {
		recent, err := w.thread(ctx, t.Conversation)
		if err != nil {
			return 0, err
		}
		for _, q := range Take(t, recent, w.alike) {
			w.change(q)
		}
		w.to.Turns = t.N
	}
	return len(turns), nil
}

// thumbs are taken when every turn is: a thumb for a reply that is not taken yet waits.
func (w *work) thumbs(ctx context.Context, from Cursor) (int, error) {
	thumbs, err := w.f.cfg.Store.Thumbs(ctx, from.Thumbs, batch)
	if err != nil {
		return 0, err
	}
	taken := 0
	for _, t := range thumbs {
		place, err := w.f.cfg.Store.Place(ctx, t.Conversation, t.Answer)
		if err != nil {
			return 0, err
		}
		if place > from.Turns {
			break
		}
		if err := w.thumb(ctx, t); err != nil {
			return 0, err
		}
		w.to.Thumbs = t.N
		taken++
	}
	return taken, nil
}

func (w *work) thumb(ctx context.Context, t Thumb) error {
	recent, err := w.f.cfg.Store.Recent(ctx, t.Conversation, t.Answer, 1)
	if err != nil || len(recent) == 0 {
		return err
	}
	q := recent[0]
	if now, ok := w.changed[q.id()]; ok {
		q = now
	} else {
		w.before[q.id()] = q
	}
	q.Thumb = t.Score
	w.change(q)
	return nil
}

// thread returns a conversation's last questions with what this step made of them.
func (w *work) thread(ctx context.Context, conversation string) ([]Question, error) {
	if t, ok := w.threads[conversation]; ok {
		return t, nil
	}
	recent, err := w.f.cfg.Store.Recent(ctx, conversation, 0, recently)
	if err != nil {
		return nil, err
	}
	for _, q := range recent {
		w.before[q.id()] = q
	}
	w.threads[conversation] = recent
	return recent, nil
}

func (w *work) change(q Question) {
	w.changed[q.id()] = q
	thread := w.threads[q.Conversation]
	for i := range thread {
		if thread[i].Seq == q.Seq {
			thread[i] = q
			return
		}
	}
	w.threads[q.Conversation] = append(thread, q)
}

func (w *work) alike(a, b string) bool {
	return kb.AskKey(a) == kb.AskKey(b) || w.vector(a).Cosine(w.vector(b)) >= Alike
}

func (w *work) vector(text string) intents.Vector {
	v, ok := w.vectors[text]
	if !ok {
		v = w.live.Vector(text)
		w.vectors[text] = v
	}
	return v
}

// batch puts what went wrong into clusters and adds up what changed.
func (w *work) batch(ctx context.Context, from Cursor) (Batch, error) {
	b := Batch{Holder: w.f.cfg.Node, From: from, To: w.to}
	sums := newSums(w.f.cfg.Location)
	for _, q := range w.inOrder() {
		if q.Cluster == 0 && q.Reasons() != nil {
			if err := w.f.ready(ctx, w.live); err != nil {
				return b, err
			}
			if p, ok := w.f.clusters.Put(q.Text); ok {
				q.Cluster = p.Cluster
				if p.Sample {
					b.Samples = append(b.Samples, Sample{p.Cluster, p.Place, q.Text})
				}
			}
		}
		if old, ok := w.before[q.id()]; ok {
			sums.add(old, -1)
		}
		sums.add(q, 1)
		b.Questions = append(b.Questions, q)
	}
	b.Hours, b.Subjects, b.Clusters = sums.rows()
	return b, nil
}

// inOrder are the changed questions by time and place, so that clusters do not depend on the
// order of a map.
func (w *work) inOrder() []Question {
	return slices.SortedFunc(maps.Values(w.changed), func(a, b Question) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Conversation, b.Conversation), cmp.Compare(a.Seq, b.Seq))
	})
}
