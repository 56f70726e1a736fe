package bot

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"shenwei/internal/fault"
	"shenwei/internal/trail"
)

// Answerer answers a turn with the release that is live now.
type Answerer interface {
	Answer(ctx context.Context, turn Turn) (Answered, error)
}

// Front receives lines, keeps each conversation's order, answers and commits. A line whose
// Begin returned without an error is on disk and will be answered, also after a crash.
type Front struct {
	store  Store
	answer Answerer
	now    func() time.Time
	log    *slog.Logger
	// committed is told after each commit; it must not block.
	committed func(conversation string, seq int64)
	// desk is the hotline, nil where nobody works.
	desk Desk
	// wording says answers in other words, nil for as published.
	wording Wording
	// label names a tapped choice, so that it is stored as what the citizen saw.
	label func(key string) string
	// speech writes what the desk says in the language of a reply.
	speech Speech
	// tracer makes spans of turns, nil for none; answered is told of each answer once.
	tracer   trail.Tracer
	answered func(Served)

	mu       sync.Mutex
	lanes    map[string]*lane
	inflight map[string]*job
	work     sync.WaitGroup
}

// lane keeps the lines of one conversation in order while it is busy.
type lane struct {
	order   sync.Mutex    // held from receiving a line until it is queued
	tail    chan struct{} // closed when the last queued line is done
	waiting int
	users   int
}

// maxLane is how many lines of one conversation may wait; more are handed to a person.
const maxLane = 32

// turnTimeout bounds one line's answer and commit; it is not cut short when the citizen leaves.
const turnTimeout = 20 * time.Second

// FrontOption changes a Front.
type FrontOption func(*Front)

// WithClock sets the clock; the default is time.Now.
func WithClock(now func() time.Time) FrontOption { return func(f *Front) { f.now = now } }

// WithCommitted sets what is told after each commit.
func WithCommitted(fn func(conversation string, seq int64)) FrontOption {
	return func(f *Front) { f.committed = fn }
}

// WithLabels sets how a tapped choice is called, "" for an unknown one.
func WithLabels(fn func(key string) string) FrontOption { return func(f *Front) { f.label = fn } }

// WithSpeech sets how the desk's words are written in other languages than simplified Chinese.
func WithSpeech(s Speech) FrontOption { return func(f *Front) { f.speech = s } }

// Served is one answer that was committed, for whoever counts.
type Served struct {
	Channel Channel
	Reply   *Reply
	// Took is the time from the line's arrival to its reply on disk; 0 where a crash lies between.
	Took time.Duration
}

// WithAnswered sets what is told of each answer once, after its commit. It must not block.
func WithAnswered(fn func(Served)) FrontOption { return func(f *Front) { f.answered = fn } }

// WithTracer sets who makes spans of turns.
func WithTracer(t trail.Tracer) FrontOption { return func(f *Front) { f.tracer = t } }

// NewFront returns a front over the store and whoever answers.
func NewFront(store Store, answer Answerer, log *slog.Logger, opts ...FrontOption) *Front {
	f := &Front{
		store: store, answer: answer, now: time.Now, log: log, committed: func(string, int64) {}, label: func(string) string { return "" }, answered: func(Served) {},
		lanes: map[string]*lane{}, inflight: map[string]*job{},
	}
	for _, o := range opts {
		o(f)
	}
	return f
}

// Line is a received line that is being answered.
type Line struct {
	Receipt Receipt
	// Turn is the id that log lines about the turn have, and under which its rows are found.
	Turn string
	ctx  context.Context
	job  *job
}

// Trail returns the context of the line's turn: whoever delivers its reply logs and measures
// under it. It does not end with the turn.
func (l *Line) Trail() context.Context { return l.ctx }

// job is one answer under way; reply and err are set before done is closed.
type job struct {
	done  chan struct{}
	reply *Reply
	err   error
}

// Wait returns the reply once it is on disk. Leaving early does not stop the answer.
func (l *Line) Wait(ctx context.Context) (*Reply, error) {
	select {
	case <-l.job.done:
		return l.job.reply, l.job.err
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "the answer is not ready yet; ask again with the same ref")
	}
}

// Begin checks and stores a line and starts answering it. Lines of one conversation are
// answered in the order of their calls to Begin.
func (f *Front) Begin(ctx context.Context, m Message) (*Line, error) {
	if err := clean(&m); err != nil {
		return nil, err
	}
	if m.Text == "" {
		m.Text = f.label(m.Choice)
	}
	if m.At.IsZero() {
		m.At = f.now()
	}
	begun := time.Now()
	l := f.enter(m.Conversation)
	l.order.Lock()
	receipt, err := f.store.Receive(ctx, m)
	if err == nil && !receipt.Duplicate && receipt.Conversation.ID == m.Conversation {
		defer f.leave(m.Conversation, l)
		defer l.order.Unlock()
		return f.start(f.track(ctx, m, receipt, begun), m, receipt, l), nil
	}
	l.order.Unlock()
	f.leave(m.Conversation, l)
	if err != nil {
		return nil, err
	}
	return f.elsewhere(ctx, begun, m, receipt), nil
}

// elsewhere answers a line whose conversation only its receipt names: a new one, or that of
// a line with a known ref, which gets its reply, the answer under way or, where a crash
// interrupted it, an answer made now.
func (f *Front) elsewhere(ctx context.Context, begun time.Time, m Message, receipt Receipt) *Line {
	if receipt.Reply != nil {
		ready := &job{done: make(chan struct{}), reply: receipt.Reply}
		close(ready.done)
		return f.again(ctx, receipt, ready)
	}
	l := f.enter(receipt.Conversation.ID)
	defer f.leave(receipt.Conversation.ID, l)
	l.order.Lock()
	defer l.order.Unlock()
	f.mu.Lock()
	running := f.inflight[inflightKey(m)]
	f.mu.Unlock()
	if running != nil {
		return f.again(ctx, receipt, running)
	}
	return f.start(f.track(ctx, m, receipt, begun), m, receipt, l)
}

func inflightKey(m Message) string { return string(m.Channel) + "\x00" + m.Ref }

func (f *Front) enter(conversation string) *lane {
	if conversation == "" {
		return &lane{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.lanes[conversation]
	if l == nil {
		l = &lane{}
		f.lanes[conversation] = l
	}
	l.users++
	return l
}

func (f *Front) leave(conversation string, l *lane) {
	if conversation == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if l.users--; l.users == 0 && f.lanes[conversation] == l {
		delete(f.lanes, conversation)
	}
}

// start queues a received line behind those of its conversation. The caller holds l.order.
func (f *Front) start(t turnTrail, m Message, receipt Receipt, l *lane) *Line {
	j := &job{done: make(chan struct{})}
	m.Conversation = receipt.Conversation.ID
	before := l.tail
	l.tail = j.done
	f.mu.Lock()
	l.waiting++
	crowded := l.waiting > maxLane
	l.users++
	f.inflight[inflightKey(m)] = j
	f.mu.Unlock()
	f.work.Add(1)
	go func() {
		defer f.work.Done()
		conv := receipt.Conversation
		if before != nil {
			<-before
			conv.Version = -1 // another line was answered meanwhile: read again
		}
		ctx, cancel := context.WithTimeout(t.ctx, turnTimeout)
		defer cancel()
		j.reply, j.err = f.turn(ctx, m, receipt, conv, crowded)
		f.tracked(t, m, j)
		f.mu.Lock()
		l.waiting--
		delete(f.inflight, inflightKey(m))
		f.mu.Unlock()
		close(j.done)
		f.leave(m.Conversation, l)
	}()
	return &Line{Receipt: receipt, Turn: t.id, ctx: t.ctx, job: j}
}

// maxDecisions is how often a turn is decided again when its conversation moved on.
const maxDecisions = 5

func (f *Front) turn(ctx context.Context, m Message, receipt Receipt, conv Conversation, crowded bool) (*Reply, error) {
	for range maxDecisions {
		if conv.Version < 0 {
			var err error
			if conv, err = f.store.Conversation(ctx, m.Conversation); err != nil {
				return nil, err
			}
		}
		reply, err := f.decide(ctx, m, receipt, conv, crowded)
		if !fault.Is(err, fault.Conflict) {
			if err != nil {
				f.log.ErrorContext(ctx, "a line was not answered", "conversation", m.Conversation, "seq", receipt.Seq, "code", fault.CodeOf(err), "err", err)
			}
			return reply, err
		}
		conv.Version = -1
	}
	return nil, fault.New(fault.Unavailable, "the conversation is busy; ask again with the same ref")
}

func (f *Front) decide(ctx context.Context, m Message, receipt Receipt, conv Conversation, crowded bool) (*Reply, error) {
	turn := Turn{Message: m, State: conv.State, Owner: conv.Owner, Crowded: crowded}
	f.forgetHandoff(ctx, &turn)
	a, err := f.ask(ctx, turn)
	if err != nil {
		return nil, err
	}
	a.Reply.Conversation = conv.ID
	if a.Ticket != nil {
		a.Ticket.Number = TicketNumber(f.now())
		a.Ticket.Conversation, a.Ticket.Seq, a.Ticket.Created = conv.ID, receipt.Seq, f.now()
		a.State.Handoff = a.Ticket.Number
	}
	o := Outcome{
		Conversation: conv.ID, Version: conv.Version, Line: receipt.Seq, Channel: m.Channel, Ref: m.Ref,
		Reply: a.Reply, State: a.State, Trace: a.Trace, Ticket: a.Ticket, At: f.now(),
	}
	if err := f.steer(ctx, turn, &o); err != nil {
		return nil, err
	}
	if o.Ticket != nil {
		o.Reply.SetTicket(o.Ticket.Number)
	}
	f.word(ctx, turn, &o)
	reply, err := f.commit(ctx, o)
	if err == nil {
		f.committed(conv.ID, reply.Seq)
		if f.desk != nil && (o.Ticket != nil || o.Movement != nil) {
			f.desk.Changed(conv.ID)
		}
	}
	return reply, err
}

// Recover answers the lines that a crash interrupted and returns how many there were.
func (f *Front) Recover(ctx context.Context) (int, error) {
	const batch = 256
	total := 0
	for {
		lines, err := f.store.Pending(ctx, batch)
		if err != nil {
			return total, err
		}
		answered := 0
		for _, p := range lines {
			conv, err := f.store.Conversation(ctx, p.Message.Conversation)
			if err != nil {
				return total, err
			}
			receipt := Receipt{Conversation: conv, Seq: p.Seq}
			t := f.track(ctx, p.Message, receipt, time.Time{})
			j := &job{}
			j.reply, j.err = f.turn(t.ctx, p.Message, receipt, conv, false)
			f.tracked(t, p.Message, j)
			if j.err == nil {
				answered++
			}
		}
		total += answered
		if len(lines) < batch || answered == 0 {
			return total, nil
		}
	}
}

// Drain waits until every begun line is answered, or ctx ends.
func (f *Front) Drain(ctx context.Context) error {
	done := make(chan struct{})
	go func() { f.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(fault.New(fault.Unavailable, "lines are still being answered"), ctx.Err())
	}
}

// clean refuses what is no line and drops what no person typed.
func clean(m *Message) error {
	if !utf8.ValidString(m.Text) {
		return fault.New(fault.BadRequest, "文字编码有误，请以 UTF-8 发送")
	}
	if utf8.RuneCountInString(m.Text) > MaxText {
		return fault.New(fault.TooLarge, "一次最多 %d 个字，请分几次说", MaxText)
	}
	m.Text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, m.Text))
	if m.Text == "" && m.Choice == "" {
		return fault.New(fault.BadRequest, "请输入您想办的事，例如「驾驶证到期换证」")
	}
	if len(m.Ref) > 128 || len(m.Choice) > 64 {
		return fault.New(fault.BadRequest, "ref 最长 128 字节，choice 最长 64 字节")
	}
	return nil
}

var ticketAlphabet = base32.NewEncoding("23456789ABCDEFGHJKMNPQRSTUVWXYZ@").WithPadding(base32.NoPadding)

// TicketNumber is what a citizen quotes: the day and five random signs that read well.
func TicketNumber(now time.Time) string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return "HZ" + now.Format("060102") + "-" + strings.ReplaceAll(ticketAlphabet.EncodeToString(b[:]), "@", "2")[:6]
}
