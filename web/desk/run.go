package desk

import (
	"context"
	"sync"
	"time"

	"shenwei/bot/desk"
)

func stamp(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04") }

// lookEvery is how often waiting citizens are looked after, alertEvery how often supervisors
// are told of dangers.
const (
	lookEvery  = 10 * time.Second
	alertEvery = 2 * time.Second
)

// Run looks after waiting citizens until ctx ends: it tells them their place again, and ends
// the wait of who has left the page. It also keeps agents' pages up to date.
func (d *Desk) Run(ctx context.Context) error {
	var pages sync.WaitGroup
	defer pages.Wait()
	pages.Go(func() { d.overview(ctx) })
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	alerts := time.NewTicker(alertEvery)
	defer alerts.Stop()
	notes := time.NewTicker(notesEvery)
	defer notes.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			d.lookAfter(ctx)
		case <-alerts.C:
			d.tellAlerts(ctx)
		case <-notes.C:
			if d.cfg.Nodes.Shared {
				d.followNotes(ctx)
			}
		}
	}
}

// onPage are the channels whose citizens wait on an open page.
var onPage = map[string]bool{"web": true, "h5": true, "terminal": true}

// watchfulness is how long this node has looked after waiting citizens without a gap.
type watchfulness struct{ since, last time.Time }

// look notes a look and returns since when there was none missing: who could not be seen because
// nobody looked has not left.
func (w *watchfulness) look(now time.Time) time.Time {
	if gap := now.Sub(w.last); gap > 3*lookEvery || gap < 0 {
		w.since = now
	}
	w.last = now
	return w.since
}

func (d *Desk) lookAfter(ctx context.Context) {
	now := d.cfg.Now()
	var here, others []string
	waiting := map[string]desk.QueuePlace{}
	for _, t := range d.cfg.Desk.Places(ctx) {
		waiting[t.Conversation] = t
		if !d.cfg.Hub.Has(t.Conversation) {
			if onPage[t.Channel] {
				others = append(others, t.Conversation)
			}
			continue
		}
		here = append(here, t.Conversation)
		d.mu.Lock()
		due := now.Sub(d.asked[t.Conversation]) >= tellEvery
		d.mu.Unlock()
		if due {
			d.sendStatus(t.Conversation, d.cfg.Desk.StatusAt(t.Ticket, t.Place, t.Minutes))
		}
	}
	d.mu.Lock()
	for c := range d.asked {
		if waiting[c].Number == "" {
			delete(d.asked, c)
		}
	}
	d.mu.Unlock()
	d.endWaits(ctx, here, others, waiting)
}

// endWaits ends the wait of those whom no node has seen on their pages for too long.
func (d *Desk) endWaits(ctx context.Context, here, others []string, waiting map[string]desk.QueuePlace) {
	if len(here)+len(others) == 0 {
		d.watchful.look(d.cfg.Now())
		return
	}
	unseen, err := d.cfg.Store.WhoWaits(ctx, here, others)
	if err != nil {
		d.cfg.Log.Error("who waits was not noted; nobody's wait is ended", "err", err)
		return
	}
	now := d.cfg.Now()
	since := d.watchful.look(now)
	for conversation, alone := range unseen {
		t := waiting[conversation]
		if err := d.cfg.Desk.Away(ctx, t.Ticket, later(since, now.Add(-alone))); err != nil {
			d.cfg.Log.Error("the wait of a citizen who left was not ended", "ticket", t.Number, "err", err)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// tellAlerts shows supervisors the dangers that were spoken of since the last look.
func (d *Desk) tellAlerts(ctx context.Context) {
	var chiefs []*session
	for _, s := range d.all() {
		if s.chief {
			chiefs = append(chiefs, s)
		}
	}
	if len(chiefs) == 0 {
		return
	}
	list, err := d.cfg.Store.Alerts(ctx, maxList)
	if err != nil {
		d.cfg.Log.Error("alerts were not read", "err", err)
		return
	}
	d.mu.Lock()
	told := d.told
	d.told = map[desk.Alert]bool{}
	var fresh []desk.Alert
	for _, a := range list {
		d.told[a] = true
		if !told[a] {
			fresh = append(fresh, a)
		}
	}
	d.mu.Unlock()
	for _, a := range fresh {
		for _, s := range chiefs {
			s.send(alertFrame{"alert", a})
		}
	}
}
