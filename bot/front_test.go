package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/internal/fault"
)

// answers is an Answerer of one function.
type answers func(turn Turn) (Answered, error)

func (a answers) Answer(_ context.Context, turn Turn) (Answered, error) { return a(turn) }

// echo answers with the line itself and remembers it.
func echo(turn Turn) (Answered, error) {
	return Answered{Reply: &Reply{Action: Answer, Text: "答：" + turn.Message.Text}, State: State{Item: turn.Message.Text}, Trace: &Trace{}}, nil
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func front(s Store, a answers, opts ...FrontOption) *Front {
	opts = append([]FrontOption{WithClock(func() time.Time { return time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC) })}, opts...)
	return NewFront(s, a, quiet, opts...)
}

func line(conversation, ref, text string) Message {
	return Message{Channel: Web, Ref: ref, Conversation: conversation, Text: text}
}

func begin(t *testing.T, f *Front, m Message) *Line {
	t.Helper()
	l, err := f.Begin(context.Background(), m)
	if err != nil {
		t.Fatalf("%+v: %v", m, err)
	}
	return l
}

func wait(t *testing.T, l *Line) *Reply {
	t.Helper()
	r, err := l.Wait(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func drain(t *testing.T, f *Front) {
	t.Helper()
	if err := f.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Two fronts over one record are two nodes.
func TestALineWhoseNodeDiedIsAnsweredByAnotherOnce(t *testing.T) {
	s := newLedger()
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	hangs := make(chan struct{})
	dead := front(s, func(turn Turn) (Answered, error) { <-hangs; return echo(turn) })
	l := begin(t, dead, line("", "r1", "护照"))
	tried := 0
	alive := front(s, func(turn Turn) (Answered, error) {
		if tried++; tried == 1 {
			return Answered{}, fault.New(fault.Unavailable, "not yet")
		}
		return echo(turn)
	}, WithClock(func() time.Time { return now }))
	rescue := func(failed map[string]time.Time) int {
		t.Helper()
		n, err := alive.rescue(t.Context(), failed)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	failed := map[string]time.Time{}
	if n := rescue(failed); n != 0 || tried != 0 {
		t.Fatalf("a young line is its own node's: %d answered, %d tried", n, tried)
	}
	if n, err := dead.rescue(t.Context(), failed); n != 0 || err != nil {
		t.Fatalf("a node rescues what it is answering itself: %d %v", n, err)
	}
	now = now.Add(time.Hour)
	rescue(failed)
	rescue(failed)
	if tried != 1 {
		t.Fatalf("a line that cannot be answered was tried %d times at once", tried)
	}
	now = now.Add(time.Hour)
	if n := rescue(failed); n != 1 {
		t.Fatalf("%d lines were rescued", n)
	}
	close(hangs) // the first node was only slow
	if r := wait(t, l); r.Text != "答：护照" {
		t.Errorf("%+v", r)
	}
	drain(t, dead)
	if rescue(failed) != 0 || len(failed) != 0 {
		t.Errorf("something is left: %v", failed)
	}
	replies := 0
	for _, o := range s.outcomes {
		if o.Line == 1 {
			replies++
		}
	}
	if replies != 1 {
		t.Errorf("%d replies on record", replies)
	}
}

func TestALineIsAnsweredAndCommittedWithItsIdentity(t *testing.T) {
	s := newLedger()
	var told []int64
	f := front(s, echo, WithCommitted(func(_ string, seq int64) { told = append(told, seq) }))
	l := begin(t, f, line("", "r1", " 护照 "))
	r := wait(t, l)
	drain(t, f)
	if l.Receipt.Token == "" || r.Conversation != "c1" || r.Text != "答：护照" || r.Seq != 2 || !slices.Equal(told, []int64{2}) {
		t.Errorf("%+v, %+v, told %v", l.Receipt, r, told)
	}
	if o := s.outcomes[0]; o.Line != 1 || o.Ref != "r1" || o.Channel != Web || o.Version != 1 || o.State.Item != "护照" || o.At.IsZero() || s.order[0].message.At.IsZero() {
		t.Errorf("%+v", o)
	}
}

func TestLinesOfOneConversationAreAnsweredInOrder(t *testing.T) {
	s := newLedger()
	gate := make(chan struct{})
	var states []string
	f := front(s, func(turn Turn) (Answered, error) {
		if turn.Message.Text == "第0句" {
			<-gate
		}
		states = append(states, turn.State.Item) // one at a time, or -race cries
		return echo(turn)
	})
	first := begin(t, f, line("", "r0", "第0句"))
	lines := []*Line{first}
	for i := 1; i < 20; i++ {
		lines = append(lines, begin(t, f, line(first.Receipt.Conversation.ID, fmt.Sprintf("r%d", i), fmt.Sprintf("第%d句", i))))
	}
	close(gate)
	for i, l := range lines {
		if r := wait(t, l); r.Text != fmt.Sprintf("答：第%d句", i) {
			t.Errorf("line %d got %q", i, r.Text)
		}
	}
	for i, got := range s.texts() {
		if got != fmt.Sprintf("答：第%d句", i) {
			t.Errorf("commit %d is %q", i, got)
		}
		if i > 0 && states[i] != fmt.Sprintf("第%d句", i-1) {
			t.Errorf("line %d was decided on the state of %q", i, states[i])
		}
	}
	drain(t, f)
	if len(f.lanes) != 0 || len(f.inflight) != 0 {
		t.Errorf("%d lanes and %d jobs stay behind", len(f.lanes), len(f.inflight))
	}
}

func TestConversationsDoNotWaitForEachOther(t *testing.T) {
	gate := make(chan struct{})
	f := front(newLedger(), func(turn Turn) (Answered, error) {
		if turn.Message.Text == "慢" {
			<-gate
		}
		return echo(turn)
	})
	slow := begin(t, f, line("", "r1", "慢"))
	wait(t, begin(t, f, line("", "r2", "快")))
	close(gate)
	wait(t, slow)
}

func TestADuplicateGetsTheStoredReply(t *testing.T) {
	s := newLedger()
	f := front(s, echo)
	first := wait(t, begin(t, f, line("", "r1", "护照")))
	drain(t, f)
	for _, conversation := range []string{"", "c1"} {
		l := begin(t, f, line(conversation, "r1", "护照"))
		if again := wait(t, l); again != first || !l.Receipt.Duplicate {
			t.Errorf("%+v", again)
		}
	}
	if len(s.outcomes) != 1 {
		t.Errorf("%d commits", len(s.outcomes))
	}
}

func TestADuplicateInFlightWaitsForTheFirstCopy(t *testing.T) {
	s := newLedger()
	gate := make(chan struct{})
	var asked atomic.Int64
	f := front(s, func(turn Turn) (Answered, error) {
		asked.Add(1)
		<-gate
		return echo(turn)
	})
	first := begin(t, f, line("", "r1", "护照"))
	copies := []*Line{begin(t, f, line("", "r1", "护照")), begin(t, f, line("c1", "r1", "护照"))}
	close(gate)
	want := wait(t, first)
	for _, l := range copies {
		if got := wait(t, l); got != want {
			t.Errorf("%+v", got)
		}
	}
	drain(t, f)
	if asked.Load() != 1 || len(s.outcomes) != 1 {
		t.Errorf("answered %d times, committed %d times", asked.Load(), len(s.outcomes))
	}
}

func TestALineThatACrashInterruptedIsAnsweredWhenItComesAgain(t *testing.T) {
	s := newLedger()
	if _, err := s.Receive(context.Background(), line("", "r1", "护照")); err != nil {
		t.Fatal(err)
	}
	f := front(s, echo) // a new process: it knows of no job
	var wg sync.WaitGroup
	replies := make([]*Reply, 8)
	for i := range replies {
		wg.Go(func() {
			conversation := ""
			if i%2 == 0 {
				conversation = "c1"
			}
			l, err := f.Begin(context.Background(), line(conversation, "r1", "护照"))
			if err != nil {
				t.Error(err)
				return
			}
			replies[i], err = l.Wait(context.Background())
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	drain(t, f)
	for _, r := range replies {
		if r != replies[0] || r == nil {
			t.Errorf("different replies: %+v", r)
		}
	}
	if len(s.outcomes) != 1 || len(f.lanes) != 0 {
		t.Errorf("%d commits, %d lanes", len(s.outcomes), len(f.lanes))
	}
}

func TestAConflictIsDecidedAgainOnWhatIsThereNow(t *testing.T) {
	s := newLedger()
	var versions []int64
	s.onCommit = func(o Outcome) error {
		versions = append(versions, o.Version)
		if len(versions) == 1 {
			s.mu.Lock()
			s.threads["c1"].Owner = OwnerAgent
			s.mu.Unlock()
			s.moveOn("c1")
		}
		return nil
	}
	var owners []string
	f := front(s, func(turn Turn) (Answered, error) {
		owners = append(owners, turn.Owner)
		return echo(turn)
	})
	wait(t, begin(t, f, line("", "r1", "护照")))
	if !slices.Equal(owners, []string{OwnerBot, OwnerAgent}) || !slices.Equal(versions, []int64{1, 2}) {
		t.Errorf("owners %v, versions %v", owners, versions)
	}
}

func TestAConversationThatNeverRestsIsUnavailable(t *testing.T) {
	s := newLedger()
	tries := 0
	s.onCommit = func(o Outcome) error {
		tries++
		s.moveOn(o.Conversation)
		return nil
	}
	f := front(s, echo)
	_, err := begin(t, f, line("", "r1", "护照")).Wait(context.Background())
	if !fault.Is(err, fault.Unavailable) || tries != maxDecisions {
		t.Errorf("%v after %d tries", err, tries)
	}
}

func TestACrowdedLaneIsHandedToAPerson(t *testing.T) {
	s := newLedger()
	gate := make(chan struct{})
	var mu sync.Mutex
	crowded := 0
	f := front(s, func(turn Turn) (Answered, error) {
		<-gate
		mu.Lock()
		defer mu.Unlock()
		if turn.Crowded {
			crowded++
		}
		return echo(turn)
	})
	first := begin(t, f, line("", "r0", "一"))
	for i := 1; i < maxLane+3; i++ {
		begin(t, f, line(first.Receipt.Conversation.ID, fmt.Sprintf("r%d", i), "又一句"))
	}
	close(gate)
	drain(t, f)
	if crowded != 3 || len(s.outcomes) != maxLane+3 {
		t.Errorf("%d of %d lines were handed over", crowded, len(s.outcomes))
	}
}

func TestAClientThatLeavesIsAnsweredStill(t *testing.T) {
	s := newLedger()
	gate := make(chan struct{})
	f := front(s, func(turn Turn) (Answered, error) {
		<-gate
		return echo(turn)
	})
	ctx, leave := context.WithCancel(context.Background())
	l, err := f.Begin(ctx, line("", "r1", "护照"))
	if err != nil {
		t.Fatal(err)
	}
	leave()
	if _, err := l.Wait(ctx); !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(gate)
	drain(t, f)
	if len(s.outcomes) != 1 {
		t.Errorf("%d commits", len(s.outcomes))
	}
}

func TestRecoverAnswersWhatACrashLeftBehind(t *testing.T) {
	s := newLedger()
	for i := range 300 { // more than one batch
		if _, err := s.Receive(context.Background(), line("", fmt.Sprintf("r%d", i), fmt.Sprintf("第%d句", i))); err != nil {
			t.Fatal(err)
		}
	}
	f := front(s, echo)
	n, err := f.Recover(context.Background())
	if err != nil || n != 300 || len(s.outcomes) != 300 || s.texts()[7] != "答：第7句" {
		t.Errorf("%d recovered, %d commits, %v", n, len(s.outcomes), err)
	}
	if n, err = f.Recover(context.Background()); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

func TestRecoverEndsWhenNothingCanBeAnswered(t *testing.T) {
	s := newLedger()
	for i := range 260 {
		if _, err := s.Receive(context.Background(), line("", fmt.Sprintf("r%d", i), "护照")); err != nil {
			t.Fatal(err)
		}
	}
	f := front(s, func(Turn) (Answered, error) { return Answered{}, fault.New(fault.Unavailable, "not ready") })
	if n, err := f.Recover(context.Background()); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestDrainWaitsAndGivesUpWithItsContext(t *testing.T) {
	gate := make(chan struct{})
	f := front(newLedger(), func(turn Turn) (Answered, error) {
		<-gate
		return echo(turn)
	})
	l := begin(t, f, line("", "r1", "护照"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := f.Drain(ctx); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	close(gate)
	drain(t, f)
	wait(t, l)
}

func TestFailuresOfStoreAndEngineReachTheCaller(t *testing.T) {
	down := fault.New(fault.Unavailable, "disk full")
	s := newLedger()
	s.onReceive = func(Message) error { return down }
	f := front(s, echo)
	if _, err := f.Begin(context.Background(), line("", "r1", "护照")); !errors.Is(err, down) {
		t.Errorf("receive: %v", err)
	}
	s.onReceive, s.onCommit = nil, func(Outcome) error { return down }
	if _, err := begin(t, f, line("", "r2", "护照")).Wait(context.Background()); !errors.Is(err, down) {
		t.Errorf("commit: %v", err)
	}
	s.onCommit = nil
	drain(t, f)
	if r := wait(t, begin(t, f, line("c1", "r2", "护照"))); r.Text != "答：护照" { // the same ref once the disk is back
		t.Errorf("%+v", r)
	}
	if _, err := f.Begin(context.Background(), line("nowhere", "r3", "护照")); !fault.Is(err, fault.NotFound) {
		t.Errorf("unknown conversation: %v", err)
	}
	drain(t, f)
	if len(f.lanes) != 0 {
		t.Errorf("%d lanes stay behind", len(f.lanes))
	}
}

func TestATicketGetsANumberThatTheCitizenReads(t *testing.T) {
	s := newLedger()
	f := front(s, func(turn Turn) (Answered, error) {
		r := &Reply{Action: Handoff, Text: "已转人工", Handoff: &HandoffNo{Group: "综合"}, Blocks: []Block{{Type: BlockHotline}}}
		return Answered{Reply: r, State: turn.State, Ticket: &Ticket{Group: "综合"}}, nil
	})
	r := wait(t, begin(t, f, line("", "r1", "人工")))
	o := s.outcomes[0]
	number := o.Ticket.Number
	if !regexp.MustCompile(`^HZ261101-[2-9A-HJKMNP-Z]{6}$`).MatchString(number) {
		t.Errorf("number %q", number)
	}
	if r.Handoff.Number != number || r.Handoff.Position != 1 || r.Blocks[0].Number != number || r.Blocks[0].Position != 1 || o.State.Handoff != number || o.Ticket.Conversation != "c1" || o.Ticket.Seq != 1 {
		t.Errorf("%+v %+v", r, o.Ticket)
	}
	if !strings.Contains(r.Text, number) || !strings.Contains(r.Text, "第 1 位") {
		t.Errorf("%q", r.Text)
	}
}

func TestTicketNumbersDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		n := TicketNumber(time.Now())
		if seen[n] || strings.ContainsAny(n[9:], "01ILO@") {
			t.Fatalf("%q came twice, or reads badly", n)
		}
		seen[n] = true
	}
}

func TestPlaceAndNumberAreForHandoversOnly(t *testing.T) {
	r := &Reply{Text: "x", Blocks: []Block{{Type: BlockHotline}}}
	r.SetTicket("HZ1")
	r.Place(3)
	if r.Text != "x" || r.Blocks[0].Number != "" {
		t.Errorf("%+v", r)
	}
	r.Handoff = &HandoffNo{}
	r.Place(0)
	if r.Text != "x" {
		t.Errorf("place 0 is none: %q", r.Text)
	}
}

func TestInputIsCleanedOrRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		in   Message
		want string
		code fault.Code
	}{
		{"spaces at the ends go", Message{Text: "  护照\n"}, "护照", ""},
		{"line breaks and tabs inside stay", Message{Text: "护照\n\t身份证"}, "护照\n\t身份证", ""},
		{"control characters go", Message{Text: "护\x00照\x07\x1b[31m"}, "护照[31m", ""},
		{"bidi characters go", Message{Text: "\u202e护照\u2066"}, "护照", ""},
		{"emoji stay", Message{Text: "😀"}, "😀", ""},
		{"HTML stays as it was written", Message{Text: "<b>护照</b>"}, "<b>护照</b>", ""},
		{"invalid UTF-8 is refused", Message{Text: "护照\xff"}, "", fault.BadRequest},
		{"nothing is refused", Message{Text: ""}, "", fault.BadRequest},
		{"only spaces are refused", Message{Text: " \n\t "}, "", fault.BadRequest},
		{"only control characters are refused", Message{Text: "\x00\u202e"}, "", fault.BadRequest},
		{"a tap needs no text", Message{Choice: "CRJ-002"}, "", ""},
		{"the longest line", Message{Text: strings.Repeat("长", MaxText)}, strings.Repeat("长", MaxText), ""},
		{"a longer line is too large", Message{Text: strings.Repeat("长", MaxText+1)}, "", fault.TooLarge},
		{"a million characters are too large", Message{Text: strings.Repeat("啊", 1_000_000)}, "", fault.TooLarge},
		{"a long ref is refused", Message{Text: "x", Ref: strings.Repeat("r", 129)}, "", fault.BadRequest},
		{"a long choice is refused", Message{Choice: strings.Repeat("c", 65)}, "", fault.BadRequest},
	} {
		m := c.in
		err := clean(&m)
		if fault.CodeOf(err) != c.code || err == nil && m.Text != c.want {
			t.Errorf("%s: %q, %v", c.name, m.Text, err)
		}
		if err != nil && fault.MessageOf(err) == "" {
			t.Errorf("%s: the reader learns nothing", c.name)
		}
	}
}

func TestRefusedInputIsNotStored(t *testing.T) {
	s := newLedger()
	f := front(s, echo)
	if _, err := f.Begin(context.Background(), line("", "r1", " ")); !fault.Is(err, fault.BadRequest) {
		t.Errorf("%v", err)
	}
	if len(s.order) != 0 {
		t.Error("it was stored")
	}
}

func TestManyConversationsAtOnceLoseNothing(t *testing.T) {
	s := newLedger()
	f := front(s, echo)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			conversation := ""
			for n := range 12 {
				text := fmt.Sprintf("%d-%d", i, n)
				l, err := f.Begin(context.Background(), line(conversation, text, text))
				if err != nil {
					t.Error(err)
					return
				}
				conversation = l.Receipt.Conversation.ID
				if n%3 == 0 {
					if r, err := l.Wait(context.Background()); err != nil || r.Text != "答："+text {
						t.Errorf("%+v, %v", r, err)
					}
				}
			}
		})
	}
	wg.Wait()
	drain(t, f)
	if len(s.outcomes) != 16*12 || len(f.lanes) != 0 || len(f.inflight) != 0 {
		t.Errorf("%d commits, %d lanes, %d jobs", len(s.outcomes), len(f.lanes), len(f.inflight))
	}
}

func TestALineWhoseReplyCouldNotBeWrittenIsAnsweredLater(t *testing.T) {
	s := newLedger()
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	away := true
	s.onCommit = func(Outcome) error {
		if away {
			return fault.New(fault.Unavailable, "the database does not answer")
		}
		return nil
	}
	f := front(s, echo, WithClock(func() time.Time { return now }))
	if _, err := begin(t, f, line("", "r1", "护照")).Wait(t.Context()); err == nil {
		t.Fatal("answered without a database")
	}
	drain(t, f)
	away, now = false, now.Add(rescueAfter)
	if n, err := f.rescue(t.Context(), map[string]time.Time{}); n != 1 || err != nil || s.texts()[0] != "答：护照" {
		t.Errorf("%d answered, %v: %v", n, err, s.texts())
	}
}
