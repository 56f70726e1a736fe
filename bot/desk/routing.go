package desk

import (
	"slices"
	"time"
)

// Presence is what an agent is doing.
type Presence string

// The presences.
const (
	Online  Presence = "online"  // 在线: gets new conversations
	Busy    Presence = "busy"    // 忙碌: gets none, may take from the queue
	Break   Presence = "break"   // 小休
	Offline Presence = "offline" // signed out, or the connection has been silent
	// NotResponding is who let an offer ring out; one click brings her back.
	NotResponding Presence = "not_responding"
)

// Agent is a person of the hotline.
type Agent struct {
	// ID is her account; Number is how citizens know her, such as "017".
	ID      string   `json:"id"`
	Number  string   `json:"number"`
	Display string   `json:"display"`
	Groups  []string `json:"groups"` // in which she works; none means all
	// Skills are levels from 1 to 3 by name, such as "出入境": 2 or "en": 1.
	Skills   map[string]int `json:"skills"`
	Capacity int            `json:"capacity"`
	Presence Presence       `json:"presence"`
	// Reason of a break; Since is when the presence began, Seen when she was last heard.
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"`
	Seen   time.Time `json:"seen"`
	// Assigned is when she last got a conversation.
	Assigned time.Time `json:"assigned,omitzero"`
	Disabled bool      `json:"disabled,omitempty"`
	// Load is the sum of the weights of what she has. The store does not keep it.
	Load int `json:"load"`
	// Supervises says that she may do what supervisors do.
	Supervises bool `json:"supervises,omitempty"`
}

// DefaultCapacity is how many conversations an agent has at once when nobody said.
const DefaultCapacity = 4

// In reports whether the agent works in the group.
func (a Agent) In(group string) bool { return len(a.Groups) == 0 || slices.Contains(a.Groups, group) }

// Here reports whether her connection lives.
func (a Agent) Here(now time.Time, r *Rules) bool {
	return !a.Disabled && a.Presence != Offline && now.Sub(a.Seen) <= r.Silence
}

// OnShift reports whether she works today: signed in, be it on a break.
func (a Agent) OnShift(now time.Time, r *Rules) bool { return a.Here(now, r) }

// Gone reports whether she has been away so long that what she has goes to others.
func (a Agent) Gone(now time.Time, r *Rules) bool {
	return a.Disabled || now.Sub(a.Seen) > r.Silence+r.Grace
}

// need is what a ticket asks of an agent after its wait.
type need struct {
	group    string
	level    int
	overflow string
}

// needOf widens with the wait: first an agent of the group with a skill in it, then any of
// the group, then also the group that helps out.
func (r *Rules) needOf(t Ticket, now time.Time) need {
	waited := now.Sub(t.Enqueued)
	n := need{group: t.Group, level: 2}
	if waited >= r.Rings.DropSkills {
		n.level = 1
	}
	if waited >= r.Rings.AnyLevel {
		n.level = 0
	}
	if waited >= r.Rings.Overflow {
		n.overflow = r.Group(t.Group).Overflow
	}
	return n
}

// fits reports whether the agent may get the ticket. Who names no skill in a group that she
// works in counts as able there.
func (n need) fits(a Agent) bool {
	if a.In(n.group) {
		level, named := a.Skills[n.group]
		return !named || level >= n.level
	}
	return n.overflow != "" && a.In(n.overflow)
}

// free reports whether the agent can be asked for one more ticket.
func (r *Rules) free(a Agent, t Ticket, now time.Time) bool {
	if !a.Here(now, r) || a.Presence != Online || a.Load+t.Weight() > a.Capacity {
		return false
	}
	for _, b := range t.Bounces {
		if b.Agent == a.ID && now.Sub(b.At) < r.BounceFor {
			return false
		}
	}
	return true
}

// Choose names the agent to whom a queued ticket is offered now, "" for nobody yet.
func (r *Rules) Choose(t Ticket, agents []Agent, now time.Time) string {
	g := r.Group(t.Group)
	if g.Strategy == Manual {
		return ""
	}
	n := r.needOf(t, now)
	var able []Agent
	for _, a := range agents {
		if !r.free(a, t, now) || !n.fits(a) {
			continue
		}
		if t.Sticky && a.ID == t.Last {
			return a.ID
		}
		able = append(able, a)
	}
	if len(able) == 0 || t.Sticky && now.Sub(t.Enqueued) < r.StickyFor && r.comes(t.Last, agents, now) {
		return ""
	}
	return slices.MinFunc(able, func(a, b Agent) int { return rank(g.Strategy, a, b) }).ID
}

// comes reports whether the sticky agent is worth waiting for.
func (r *Rules) comes(id string, agents []Agent, now time.Time) bool {
	return slices.ContainsFunc(agents, func(a Agent) bool { return a.ID == id && a.Here(now, r) && a.Presence == Online })
}

// rank orders two agents, the better one first.
func rank(s Strategy, a, b Agent) int {
	if s == LeastLoad && a.Load*b.Capacity != b.Load*a.Capacity {
		return a.Load*b.Capacity - b.Load*a.Capacity
	}
	if s == LongestIdle && (a.Load == 0) != (b.Load == 0) {
		if a.Load == 0 {
			return -1
		}
		return 1
	}
	if c := a.Assigned.Compare(b.Assigned); c != 0 { // round robin is this alone
		return c
	}
	if a.ID < b.ID {
		return -1
	}
	return 1
}

// Position is the ticket's place in its group's queue: 1 is next.
func Position(t Ticket, queue []Ticket) int {
	place := 1
	for _, o := range queue {
		if o.State == Queued && o.Group == t.Group && o.Number != t.Number && o.Before(t) {
			place++
		}
	}
	return place
}

// minMeasured is how many measured conversations an estimate needs.
const minMeasured = 5

// Estimate is how long the one at a place of a queue waits: places × half of all
// conversations' length ÷ conversations held at a time. It is 0 where that is not known.
func Estimate(place int, served []time.Duration, slots int) time.Duration {
	if len(served) < minMeasured || slots < 1 || place < 1 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(served))
	return time.Duration(place) * sorted[len(sorted)/2] / time.Duration(slots)
}

// Minutes rounds a wait up to whole minutes, 0 for an unknown one.
func Minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }

// Slots is how many conversations of a group can be held at a time by who is here.
func (r *Rules) Slots(group string, agents []Agent, now time.Time) int {
	n := 0
	for _, a := range agents {
		if a.Here(now, r) && a.Presence == Online && a.In(group) {
			n += a.Capacity
		}
	}
	return n
}

// Staffed reports whether anybody of the group works now.
func (r *Rules) Staffed(group string, agents []Agent, now time.Time) bool {
	g := r.Group(group)
	return slices.ContainsFunc(agents, func(a Agent) bool {
		return a.OnShift(now, r) && (a.In(group) || g.Overflow != "" && a.In(g.Overflow))
	})
}
