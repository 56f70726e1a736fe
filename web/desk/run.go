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

func (d *Desk) lookAfter(ctx context.Context) {
	now := d.cfg.Now()
	waiting := map[string]bool{}
	for _, t := range d.cfg.Desk.Places(ctx) {
		waiting[t.Conversation] = true
		here := d.cfg.Hub.Has(t.Conversation)
		d.mu.Lock()
		if _, away := d.left[t.Conversation]; here {
			delete(d.left, t.Conversation)
		} else if !away {
			d.left[t.Conversation] = now
		}
		since, away := d.left[t.Conversation]
		due := here && now.Sub(d.asked[t.Conversation]) >= tellEvery
		d.mu.Unlock()
		if due {
			d.sendStatus(t.Conversation, d.cfg.Desk.StatusAt(t.Ticket, t.Place, t.Minutes))
		}
		if away && onPage[t.Channel] {
			if err := d.cfg.Desk.Away(ctx, t.Ticket, since); err != nil {
				d.cfg.Log.Error("the wait of a citizen who left was not ended", "ticket", t.Number, "err", err)
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.left {
		if !waiting[c] {
			delete(d.left, c)
		}
	}
	for c := range d.asked {
		if !waiting[c] {
			delete(d.asked, c)
		}
	}
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
