package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
)

// With hundreds of agents and thousands of conversations a frame to everybody for each move in
// the queue would be most of what the service does, and more than a page can read. Pages are
// told of their own conversations one by one (fanout.go). Of the queue they get numbers, and
// the rows of the list that they show; of colleagues who has changed: at once when it was
// quiet, and at most once a second.

const (
	tellAllEvery = time.Second
	// maxShown is how many rows of a list a page gets; it is told how many there are.
	maxShown = 50
)

// lists are what a page may have told: which tickets, and their order where it is not the
// queue's.
var lists = map[string]func(desk.Ticket) bool{
	"queue": func(t desk.Ticket) bool {
		return t.State == desk.Queued || t.State == desk.Offered || t.State == desk.Callback && t.Asked
	},
	"watch": needsHelp,
}

// scope is whose tickets a page is told of. Pages of one scope get the same bytes.
type scope struct {
	// chief sees everything, also what colleagues serve.
	chief bool
	// groups are the names in which an agent works, "" for all.
	groups string
}

func scopeOf(chief bool, me desk.Agent) scope {
	if chief {
		return scope{chief: true}
	}
	return scope{groups: strings.Join(slices.Sorted(slices.Values(me.Groups)), "\n")}
}

// agent is somebody with this scope.
func (sc scope) agent() desk.Agent {
	if sc.chief || sc.groups == "" {
		return desk.Agent{}
	}
	return desk.Agent{Groups: strings.Split(sc.groups, "\n")}
}

// stir has pages told that something changed.
func (d *Desk) stir() { poke(d.stirred) }

// ask has a page told at once what it has not got.
func (d *Desk) ask(s *session) {
	s.mu.Lock()
	s.asked = true
	s.mu.Unlock()
	poke(d.requested)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// overview tells pages until ctx ends. One goroutine does it, so that frames of one kind never
// overtake each other.
func (d *Desk) overview(ctx context.Context) {
	rest := time.NewTimer(tellAllEvery)
	defer rest.Stop()
	resting, again := true, false
	tell := func() {
		d.tellAll(false)
		resting, again = true, false
		rest.Reset(tellAllEvery)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.requested:
			d.tellAll(true)
		case <-d.stirred:
			if again = true; !resting {
				tell()
			}
		case <-rest.C:
			if resting = false; again {
				tell()
			}
		}
	}
}

// tellAll sends pages what they have not got; only to those who asked, when it is for them.
func (d *Desk) tellAll(asked bool) {
	pages := map[scope][]*session{}
	for _, s := range d.all() {
		s.mu.Lock()
		if !asked || s.asked {
			s.asked = false
			sc := scopeOf(s.chief, s.me)
			pages[sc] = append(pages[sc], s)
		}
		s.mu.Unlock()
	}
	if !asked {
		d.tellStaff()
	}
	if len(pages) == 0 {
		return
	}
	tickets := d.cfg.Desk.Select(func(t desk.Ticket) bool { return inQueue(t.State) || needsHelp(t) })
	for sc, all := range pages {
		d.tellScope(d.seenBy(sc, tickets), all)
	}
}

// tellScope tells pages of one scope of the tickets that they see.
func (d *Desk) tellScope(tickets []desk.Ticket, pages []*session) {
	counts := d.encode(queueOf(tickets))
	made := map[string][]byte{}
	for _, s := range pages {
		s.mu.Lock()
		show := s.show
		if s.again {
			s.again, s.toldList = false, nil
		}
		s.mu.Unlock()
		s.tell(&s.toldQueue, counts)
		if show == "" {
			continue
		}
		if made[show] == nil {
			made[show] = d.encode(d.listOf(show, tickets))
		}
		s.tell(&s.toldList, made[show])
	}
}

// tell sends a frame unless it is what the page was told last.
func (s *session) tell(last *[]byte, frame []byte) {
	if frame == nil || bytes.Equal(*last, frame) {
		return
	}
	*last = frame
	s.conn.Send(frame)
}

func (d *Desk) encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		d.cfg.Log.Error("a frame was not sent", "err", err)
	}
	return data
}

// seenBy are those tickets that a scope is told of.
func (d *Desk) seenBy(sc scope, tickets []desk.Ticket) []desk.Ticket {
	if sc.chief {
		return tickets
	}
	me := sc.agent()
	var seen []desk.Ticket
	for _, t := range tickets {
		if inQueue(t.State) && d.worksOn(me, t) {
			seen = append(seen, t)
		}
	}
	return seen
}

// worksOn reports whether a ticket is of an agent's groups, or of one that hers helps out.
func (d *Desk) worksOn(me desk.Agent, t desk.Ticket) bool {
	if me.In(t.Group) {
		return true
	}
	over := d.cfg.Desk.Rules().Group(t.Group).Overflow
	return over != "" && me.In(over)
}

// queueFrame is how many wait, and how many need help.
type queueFrame struct {
	Type   string       `json:"type"`
	Groups []groupCount `json:"groups"`
	Watch  int          `json:"watch"`
}

// groupCount is one group's queue.
type groupCount struct {
	Group   string `json:"group"`
	Waiting int    `json:"waiting"`
	// Calls are those who asked to be called and wait for it.
	Calls int `json:"calls"`
	// Since is when the first of those who wait began to.
	Since time.Time `json:"since,omitzero"`
}

func queueOf(tickets []desk.Ticket) queueFrame {
	f := queueFrame{Type: "queue", Groups: []groupCount{}}
	at := map[string]int{}
	for _, t := range tickets {
		if needsHelp(t) {
			f.Watch++
		}
		if !lists["queue"](t) {
			continue
		}
		i, known := at[t.Group]
		if !known {
			i, at[t.Group] = len(f.Groups), len(f.Groups)
			f.Groups = append(f.Groups, groupCount{Group: t.Group})
		}
		g := &f.Groups[i]
		if t.State == desk.Callback {
			g.Calls++
			continue
		}
		g.Waiting++
		if g.Since.IsZero() || t.Enqueued.Before(g.Since) {
			g.Since = t.Enqueued
		}
	}
	slices.SortFunc(f.Groups, func(a, b groupCount) int { return strings.Compare(a.Group, b.Group) })
	return f
}

// listFrame are the first rows of a list.
type listFrame struct {
	Type    string       `json:"type"`
	List    string       `json:"list"`
	Total   int          `json:"total"`
	Tickets []ticketView `json:"tickets"`
}

func (d *Desk) listOf(show string, tickets []desk.Ticket) listFrame {
	f := listFrame{Type: "list", List: show, Tickets: []ticketView{}}
	for _, wanted := range []bool{false, true} { // those to be called come after those who wait
		for _, t := range tickets {
			if call := t.State == desk.Callback; !lists[show](t) || call != wanted {
				continue
			}
			if f.Total++; len(f.Tickets) < maxShown {
				f.Tickets = append(f.Tickets, d.view(t))
			}
		}
	}
	return f
}

// list shows a list on the page from now on, "" none.
func (s *session) list(f frame) error {
	if _, known := lists[f.List]; !known && f.List != "" {
		return fault.New(fault.BadRequest, "字段 list 可以是 queue、watch 或空")
	}
	s.mu.Lock()
	s.show, s.again = f.List, true
	s.mu.Unlock()
	s.d.ask(s)
	return nil
}

// tellStaff tells every page which agents have changed since it was told last.
func (d *Desk) tellStaff() {
	d.mu.Lock()
	changed := d.changed
	d.changed = map[string]desk.Agent{}
	d.mu.Unlock()
	if len(changed) == 0 {
		return
	}
	data := d.encode(agentsFrame{"agents", slices.SortedFunc(maps.Values(changed), func(a, b desk.Agent) int { return strings.Compare(a.Number, b.Number) })})
	for _, s := range d.all() {
		s.conn.Send(data)
	}
}
