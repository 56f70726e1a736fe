package eval

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
)

// Gate is kb.Gate: it asks every gold question, and citizens' latest ones, of the live
// release and of a candidate at the same time, on all cores. It also asks the gold questions
// as of each date within Ahead at which something comes into force or goes out of it.
type Gate struct {
	// Build makes an engine of a release as of its instant; done is called when it is not
	// needed any more.
	Build func(rel *kb.Release) (e Engine, done func(), err error)
	// Questions returns citizens' latest lines, masked; nil for none.
	Questions func(ctx context.Context) ([]string, error)
}

var _ kb.Gate = Gate{}

// Ahead is how far ahead dates are looked at; maxDates how many of them, the nearest first.
const (
	Ahead    = 90 * 24 * time.Hour
	maxDates = 12
)

// Run implements kb.Gate.
func (g Gate) Run(ctx context.Context, live, candidate *kb.Release, progress func(done, total int)) (*kb.GateReport, error) {
	start := time.Now()
	exam, err := newExam(live, candidate)
	if err != nil {
		return nil, err
	}
	var real []string
	if g.Questions != nil && live != nil {
		if real, err = g.Questions(ctx); err != nil {
			return nil, err
		}
	}
	report := &kb.GateReport{State: kb.GateDone, Flips: []kb.Flip{}, Dates: datesAhead(live, candidate), Gold: exam.turns, Real: len(real), Seen: start}
	if live == nil {
		return report, nil
	}
	instants := append([]time.Time{candidate.AsOf}, report.Dates...)
	count := newCounter(2*(len(exam.units)*len(instants)+len(real)), progress)
	for i, at := range instants {
		units := exam.units
		if i == 0 {
			units = append(slices.Clone(units), realUnits(real)...)
		}
		pairs, err := g.compare(ctx, live.At(at), candidate.At(at), units, count)
		if err != nil {
			return nil, err
		}
		add(report, units, pairs, i, at)
	}
	report.Done, report.Total = count.total, count.total
	for _, f := range report.Flips {
		if f.Blocking {
			report.Broken++
		}
		if f.Blocking && f.Hard {
			report.Hard++
		}
	}
	report.Seconds = time.Since(start).Seconds()
	return report, nil
}

func datesAhead(live, candidate *kb.Release) []time.Time {
	last := candidate.AsOf.Add(Ahead)
	dates := candidate.Dates(candidate.AsOf, last)
	if live != nil {
		dates = append(dates, live.Dates(candidate.AsOf, last)...)
	}
	slices.SortFunc(dates, time.Time.Compare)
	dates = slices.CompactFunc(dates, time.Time.Equal)
	if dates == nil {
		return []time.Time{}
	}
	return dates[:min(maxDates, len(dates))]
}

// unit is a gold row, a gold dialogue or a citizen's line.
type unit struct {
	file    string
	row     *Row
	talk    *Dialogue
	real    string
	altered bool // the candidate changes or removes this very row
}

func realUnits(questions []string) []unit {
	units := make([]unit, len(questions))
	for i, q := range questions {
		units[i] = unit{real: q, row: &Row{ID: fmt.Sprintf("real-%04d", i+1), Question: q}}
	}
	return units
}

func (u unit) isReal() bool { return u.file == "" }

// signature tells whether two units are the same label of the same words.
func (u unit) signature() string {
	var b strings.Builder
	write := func(say, action string, codes []string) {
		fmt.Fprintf(&b, "%q %q %q\n", say, action, codes)
	}
	if u.row != nil {
		write(u.row.Question, u.row.Action, u.row.Codes)
		return b.String()
	}
	for _, t := range u.talk.Turns {
		write(t.Say, t.Action, t.Codes)
	}
	return b.String()
}

// hardFiles are how files begin whose questions nobody may override.
var hardFiles = []string{"emergency", "fraud", "privacy"}

// hard tells whether nobody may override a turn of the unit.
func (u unit) hard(action string) bool {
	return action == "emergency" || slices.ContainsFunc(hardFiles, func(f string) bool { return strings.HasPrefix(u.file, f) })
}

// exam is every gold question: those of the candidate, and those of the live release that the
// candidate changes or removes.
type exam struct {
	units []unit
	turns int
}

func newExam(live, candidate *kb.Release) (*exam, error) {
	known := map[string]bool{}
	for _, rel := range []*kb.Release{live, candidate} {
		if rel != nil {
			for _, r := range rel.Revisions {
				known[r.Key()] = true
			}
		}
	}
	isItem := func(code string) bool { return known[kb.ItemKey(code)] }
	x := &exam{}
	var err error
	if x.units, err = goldUnits(candidate, isItem); err != nil {
		return nil, err
	}
	same := map[string]bool{}
	for _, u := range x.units {
		same[u.signature()] = true
	}
	if live != nil {
		before, err := goldUnits(live, isItem)
		if err != nil {
			return nil, err
		}
		for _, u := range before {
			if !same[u.signature()] {
				u.altered = true
				x.units = append(x.units, u)
			}
		}
	}
	for _, u := range x.units {
		x.turns++
		if u.talk != nil {
			x.turns += len(u.talk.Turns) - 1
		}
	}
	return x, nil
}

func goldUnits(rel *kb.Release, known func(code string) bool) ([]unit, error) {
	var units []unit
	for _, doc := range rel.Documents() {
		if doc.Kind != kb.KindGold {
			continue
		}
		var err error
		if strings.HasSuffix(doc.ID, ".jsonl") {
			var talks []Dialogue
			talks, err = ReadDialogues(strings.NewReader(doc.Body), known)
			for i := range talks {
				units = append(units, unit{file: doc.ID, talk: &talks[i]})
			}
		} else {
			var rows []Row
			rows, err = ReadRows(strings.NewReader(doc.Body), known)
			for i := range rows {
				units = append(units, unit{file: doc.ID, row: &rows[i]})
			}
		}
		if err != nil {
			return nil, fault.Wrap(fault.BadRequest, err, "金标题文件 %s 有误：%s", doc.Path(), fault.MessageOf(err))
		}
	}
	return units, nil
}

// pair is what the two engines say to each turn of one unit.
type pair struct{ was, now []Judgement }

// compare asks every unit of both releases, on all cores.
func (g Gate) compare(ctx context.Context, live, candidate *kb.Release, units []unit, count *counter) ([]pair, error) {
	var engines [2]Engine
	var done [2]func()
	var building errgroup.Group
	for i, rel := range []*kb.Release{live, candidate} {
		building.Go(func() (err error) { engines[i], done[i], err = g.Build(rel); return err })
	}
	err := building.Wait()
	for _, end := range done {
		if end != nil {
			defer end()
		}
	}
	if err != nil {
		return nil, err
	}
	pairs := make([]pair, len(units))
	asking, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		asking.Go(func() (err error) {
			for i := w; i < len(units); i += workers {
				if pairs[i].was, err = ask(ctx, engines[0], units[i]); err != nil {
					return err
				}
				if pairs[i].now, err = ask(ctx, engines[1], units[i]); err != nil {
					return err
				}
				count.add(2)
			}
			return nil
		})
	}
	return pairs, asking.Wait()
}

// ask plays a unit in a conversation of its own.
func ask(ctx context.Context, e Engine, u unit) ([]Judgement, error) {
	if u.talk != nil {
		report, err := RunDialogues(ctx, e, []Dialogue{*u.talk}, func(int) {})
		return report.Judgements, err
	}
	report, err := Run(ctx, e, []Row{*u.row}, func(int) {})
	return report.Judgements, err
}

// counter tells the progress now and then.
type counter struct {
	mu          sync.Mutex
	done, total int
	tell        func(done, total int)
}

// tellEvery is after how many answers the progress is told.
const tellEvery = 64

func newCounter(total int, tell func(done, total int)) *counter {
	c := &counter{total: total, tell: tell}
	if tell == nil {
		c.tell = func(int, int) {}
	}
	c.tell(0, total)
	return c
}

func (c *counter) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done += n
	if c.done%tellEvery == 0 || c.done == c.total {
		c.tell(c.done, c.total)
	}
}

// add appends the flips as of one instant; those of later ones only where they differ from
// what flips already.
func add(report *kb.GateReport, units []unit, pairs []pair, instant int, at time.Time) {
	known := map[string]kb.Answer{}
	for _, f := range report.Flips {
		known[f.ID+"\x00"+f.Question] = f.Now
	}
	var fresh []kb.Flip
	for i, u := range units {
		for n := range min(len(pairs[i].was), len(pairs[i].now)) {
			f, flipped := flipOf(u, pairs[i].was[n], pairs[i].now[n])
			if !flipped {
				continue
			}
			if instant > 0 {
				if old, ok := known[f.ID+"\x00"+f.Question]; ok && old == f.Now {
					continue
				}
				f.AsOf = &at
			}
			fresh = append(fresh, f)
		}
	}
	slices.SortStableFunc(fresh, func(a, b kb.Flip) int { return cmp.Compare(weight(b), weight(a)) })
	report.Flips = append(report.Flips, fresh...)
}

// weight puts what blocks first, and gold before citizens' questions.
func weight(f kb.Flip) int {
	switch {
	case f.Blocking && f.Hard:
		return 3
	case f.Blocking:
		return 2
	case f.Kind == kb.FlipGold:
		return 1
	}
	return 0
}

func flipOf(u unit, was, now Judgement) (kb.Flip, bool) {
	f := kb.Flip{
		ID: was.Row.ID, Question: was.Row.Question, Kind: kb.FlipGold, Was: answerOf(was), Now: answerOf(now), Altered: u.altered,
	}
	if u.isReal() {
		f.Kind, f.Was.Verdict, f.Now.Verdict = kb.FlipReal, "", ""
	} else {
		f.Blocking = was.Outcome == Hit && now.Outcome != Hit
		f.Hard = f.Blocking && u.hard(was.Row.Action)
	}
	return f, f.Blocking || f.Was != f.Now && !u.altered
}

func answerOf(j Judgement) kb.Answer {
	r := j.Reply
	return kb.Answer{Action: string(r.Action), Item: r.Item, Article: r.Article, Label: labelOf(r), Verdict: string(j.Outcome)}
}

// labelOf is how a reader knows the answer: the name of the item or article, or the choices.
func labelOf(r *bot.Reply) string {
	var names []string
	for _, b := range r.Blocks {
		switch {
		case b.Item != nil:
			names = append(names, b.Item.Name)
		case r.Article != "" && b.Type == bot.BlockText && b.Title != "":
			names = append(names, b.Title)
		case b.Type == bot.BlockChoices && r.Action == bot.Clarify:
			for _, o := range b.Options {
				names = append(names, o.Label)
			}
		}
	}
	return strings.Join(names, " / ")
}
