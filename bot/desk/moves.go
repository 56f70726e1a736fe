package desk

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// transfer passes a ticket on. Warm: the old owner keeps it until the new one accepts. Cold:
// it leaves her at once, to ring at the new one's or to queue in the new group, where its
// place is by the time at which it was first queued.
func (m *move) transfer() error {
	e := m.e
	switch {
	case e.Agent == "" && e.Group == "":
		return fault.New(fault.BadRequest, "请选择转给哪位坐席或哪个组")
	case e.Agent == m.t.Agent:
		return fault.New(fault.BadRequest, "会话已经在这位坐席名下")
	case e.Group != "" && !m.r.HasGroup(e.Group):
		return fault.New(fault.BadRequest, "没有「%s」这个组", e.Group)
	case strings.TrimSpace(e.Reason) == "":
		return fault.New(fault.BadRequest, "请写明转接原因，接手的人要看")
	case e.Warm && e.Agent == "":
		return fault.New(fault.BadRequest, "陪同转接要选一位坐席")
	}
	if e.Group != "" {
		m.t.Group = e.Group
	}
	if e.Warm {
		m.t.State, m.t.Offered, m.t.Lease, m.t.Check = Transferring, e.Agent, m.now.Add(m.r.TransferLease), time.Time{}
		m.t.resume(TimerResolve, m.now, m.group().Calendar)
		m.tell("transferring", say("transferring", ""), nil)
		return nil
	}
	m.free(Queued)
	m.t.resume(TimerResolve, m.now, m.group().Calendar)
	g := m.group()
	m.t.start(TimerAccept, m.now, g.Promises.Accept, g.Calendar)
	m.t.Proposed = true // who was transferred is not sent away
	if e.Agent != "" {
		m.t.State, m.t.Offered, m.t.Lease, m.claim = Offered, e.Agent, m.now.Add(m.r.TransferLease), e.Agent
	}
	m.tell("transferring", say("transferring", ""), map[string]any{"group": m.t.Group})
	return nil
}

// CodeIdle is the wrap-up code of a conversation that ended by silence.
const CodeIdle = "citizen_idle"

func (m *move) resolve() error {
	if _, known := WrapupCodes[m.e.Code]; !known || m.e.Code == CodeIdle || m.e.Code == CodeLeft {
		return fault.New(fault.BadRequest, "请选择小结分类")
	}
	if utf8.RuneCountInString(m.e.Text) > MaxReply {
		return fault.New(fault.TooLarge, "小结最多 %d 个字", MaxReply)
	}
	m.t.State, m.t.Code, m.t.Outcome = Wrapup, m.e.Code, m.e.Text
	m.t.Lease, m.t.Check, m.t.Ended, m.t.Idle = m.now.Add(m.r.WrapupLease), time.Time{}, m.now, false
	m.t.Timers = nil
	m.t.Rating = nil
	m.tell("closed", say("closed", m.e.Number), m.closing())
	return nil
}

func (m *move) done() error {
	if m.e.Actor != "" && m.e.Actor != m.t.Agent && !m.e.Chief {
		return fault.New(fault.Forbidden, "这个会话不是您在服务")
	}
	if m.e.Actor == "" && m.now.Before(m.t.Lease) {
		return fault.New(fault.Conflict, "整理时间还没有到")
	}
	ended := m.t.Ended
	m.finish(Resolved)
	m.t.Ended = ended
	return nil
}

// CodeLeft is the wrap-up code of a conversation that its citizen ended.
const CodeLeft = "citizen_left"

func (m *move) leave() error {
	m.close(CodeLeft, "", "left")
	return nil
}

// close ends a conversation that no agent resolved, and asks for a rating.
func (m *move) close(code, outcome, words string) {
	m.finish(Resolved)
	m.t.Code, m.t.Outcome, m.t.Rating = code, outcome, nil
	m.tell("closed", say(words, ""), m.closing())
}

// closing are the details of a row that tells of an end.
func (m *move) closing() map[string]any {
	return map[string]any{"number": m.t.Number, "rate": true, "reopen_until": m.now.Add(m.r.ReopenFor).UTC().Format(time.RFC3339)}
}

func (m *move) idleWarn() error {
	if m.t.Idle || m.now.Before(m.t.Quiet.Add(m.r.idle(m.t)*2/3)) {
		return fault.New(fault.Conflict, "还没有到提醒的时间")
	}
	m.t.Idle = true
	m.tell("idle", say("idle", ""), nil)
	return nil
}

func (m *move) idleEnd() error {
	if !m.t.Idle || m.now.Before(m.t.Quiet.Add(m.r.idle(m.t))) {
		return fault.New(fault.Conflict, "还没有提醒过市民")
	}
	m.close(CodeIdle, "", "idle-closed")
	return nil
}

func (m *move) reopen() error {
	m.t.Reopens++
	if m.t.State == Wrapup { // the agent is still there
		g := m.group()
		m.own(m.t.Agent, Active)
		m.t.start(TimerNext, m.now, g.Promises.Next, g.Calendar)
		m.t.start(TimerResolve, m.now, g.Promises.Resolve, g.Calendar)
		m.tell("reopened", say("reopened", ""), map[string]any{"number": m.t.Number})
		return nil
	}
	if !m.now.Before(m.t.Ended.Add(m.r.ReopenFor)) {
		return fault.New(fault.Conflict, "已经超过 %d 小时，请重新转人工", int(m.r.ReopenFor/time.Hour))
	}
	m.t.Priority++
	m.enqueue()
	m.t.Sticky = m.t.Last != ""
	m.tell("reopened", say("reopened", ""), map[string]any{"number": m.t.Number})
	return nil
}

// enqueue begins a wait.
func (m *move) enqueue() {
	m.free(Queued)
	m.t.Enqueued, m.t.Accepted, m.t.Replied, m.t.Ended = m.now, time.Time{}, time.Time{}, time.Time{}
	m.t.Timers, m.t.Bounces, m.t.Proposed = nil, nil, false
	g := m.group()
	m.t.start(TimerAccept, m.now, g.Promises.Accept, g.Calendar)
	m.t.start(TimerResolve, m.now, g.Promises.Resolve, g.Calendar)
}

func (m *move) expire() error {
	if m.now.Before(m.t.Ended.Add(m.r.ReopenFor)) {
		return fault.New(fault.Conflict, "还可以重新打开")
	}
	m.t.State, m.t.Timers = Closed, nil
	return nil
}

// lost puts a ticket whose agent has gone at the head of its queue.
func (m *move) lost() error {
	if m.e.Agent != m.t.Agent {
		return fault.New(fault.Conflict, "会话已经不在这位坐席名下")
	}
	switch m.t.State {
	case Wrapup: // the citizen was served; only the notes are short
		ended := m.t.Ended
		m.finish(Resolved)
		m.t.Ended = ended
		return nil
	case Calling:
		m.free(Callback)
		return nil
	}
	m.t.Bounces = append(m.t.Bounces, Bounce{m.t.Agent, m.now, "lost"})
	m.free(Queued)
	g := m.group()
	m.t.resume(TimerResolve, m.now, g.Calendar)
	m.t.start(TimerAccept, m.now, g.Promises.Accept, g.Calendar)
	m.t.Priority += headOfQueue
	m.t.Proposed = true
	m.tell("agent-lost", say("agent-lost", ""), nil)
	return nil
}

// headOfQueue is more than all other reasons for priority together.
const headOfQueue = 10

func (m *move) takeOver() error {
	if m.t.Agent == m.e.Actor {
		return fault.New(fault.Conflict, "会话已经在您名下")
	}
	g := m.group()
	first := m.t.Accepted.IsZero()
	m.own(m.e.Actor, Active)
	m.t.stop(TimerAccept)
	if first {
		m.t.Accepted = m.now
		m.t.start(TimerFirst, m.now, g.Promises.First, g.Calendar)
	}
	m.tell("accepted", say("accepted", m.e.Number), map[string]any{"agent_no": m.e.Number, "number": m.t.Number})
	return nil
}

func (m *move) end() error {
	if strings.TrimSpace(m.e.Reason) == "" {
		return fault.New(fault.BadRequest, "请写明结束的原因")
	}
	m.close("ended", m.e.Reason, "ended")
	return nil
}

func (m *move) propose() error {
	if m.t.Proposed || m.now.Before(m.t.Enqueued.Add(m.r.ProposeAfter)) {
		return fault.New(fault.Conflict, "还没有等那么久")
	}
	m.t.Proposed = true
	m.tell("callback-offer", say("callback-offer", ""), map[string]any{"number": m.t.Number})
	return nil
}

func (m *move) callMe() error {
	m.free(Callback)
	m.t.Timers, m.t.Lease = nil, m.now.Add(m.r.FormFor)
	m.tell("callback", say("callback", ""), map[string]any{"number": m.t.Number})
	return nil
}

func (m *move) form() error {
	if m.t.Asked {
		return fault.New(fault.Conflict, "回拨已经登记过了，编号 %s", m.t.Number)
	}
	m.free(Callback)
	m.t.Timers, m.t.Asked = nil, true
	due := m.group().Calendar.NextWorkday(m.now, 12, 0)
	m.t.startBy(TimerCall, m.now, due)
	m.tell("callback-filed", say("callback-filed", m.t.Number), map[string]any{"number": m.t.Number, "due": due.UTC().Format(time.RFC3339)})
	return nil
}

func (m *move) stay() error {
	if m.t.Asked {
		return fault.New(fault.Conflict, "回拨已经登记过了，编号 %s", m.t.Number)
	}
	m.t.State, m.t.Lease, m.t.Proposed = Queued, time.Time{}, true
	g := m.group()
	m.t.start(TimerAccept, m.now, g.Promises.Accept, g.Calendar)
	m.t.start(TimerResolve, m.now, g.Promises.Resolve, g.Calendar)
	m.tell("queued", say("queued", ""), map[string]any{"number": m.t.Number})
	return nil
}

// How a call went.
const (
	CallDone        = "done"        // spoken with the citizen
	CallUnreachable = "unreachable" // nobody answered
	CallOrder       = "order"       // became a work order
)

func (m *move) called() error {
	switch m.e.Code {
	case CallDone, CallOrder:
		m.finish(Resolved)
		m.t.Code, m.t.Outcome, m.t.Rating = "call-"+m.e.Code, m.e.Text, nil
		m.tell("callback-done", say("callback-done", ""), map[string]any{"number": m.t.Number, "rate": true})
	case CallUnreachable:
		if m.t.Tries++; m.t.Tries < m.r.CallTries {
			m.free(Callback)
			m.t.stop(TimerCall)
			m.t.startBy(TimerCall, m.now, m.group().Calendar.NextWorkday(m.now, 12, 0))
			return nil
		}
		m.finish(Resolved)
		m.t.Code, m.t.Outcome, m.t.Rating = "call-"+m.e.Code, m.e.Text, nil
		m.tell("callback-failed", say("callback-failed", ""), map[string]any{"number": m.t.Number})
	default:
		return fault.New(fault.BadRequest, "回拨结果可以是 done、unreachable、order")
	}
	return nil
}

func (m *move) danger() error {
	m.t.Red = true
	if m.t.Priority < redPriority && !m.t.State.Owned() {
		m.t.Priority = redPriority
	}
	return nil
}

const redPriority = 5

// MaxTags bounds a rating's tags.
const MaxTags = 5

func (m *move) rate() error {
	r := m.e.Rating
	switch {
	case r == nil || r.Stars < 1 || r.Stars > 5:
		return fault.New(fault.BadRequest, "评价是 1 到 5 颗星")
	case m.t.Rating != nil:
		return fault.New(fault.Conflict, "这次服务已经评价过了，谢谢")
	case m.now.After(m.t.Ended.Add(rateFor)):
		return fault.New(fault.Conflict, "评价在服务结束后 24 小时内有效")
	case len(r.Tags) > MaxTags || slices.ContainsFunc(r.Tags, func(t string) bool { return !slices.Contains(RatingTags, t) }):
		return fault.New(fault.BadRequest, "评价标签不在可选范围内")
	}
	copied := *r
	copied.Tags = slices.Clone(r.Tags)
	m.t.Rating = &copied
	m.tell("rated", say("rated", ""), map[string]any{"solved": r.Solved, "stars": r.Stars})
	return nil
}

// rateFor is how long a resolution can be rated.
const rateFor = 24 * time.Hour

func (m *move) tick() error {
	m.alarms = m.t.alarms(m.now)
	if len(m.alarms) == 0 {
		return fault.New(fault.Conflict, "没有到时的计时")
	}
	return nil
}
