package phrase

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"shenwei/bot"
	"shenwei/internal/mask"
	"shenwei/kb"
)

// How long a wording may take, all together, by channel; and below how little time none is begun.
const (
	webWithin    = 6 * time.Second
	wechatWithin = 2500 * time.Millisecond
	// answerBy is when a WeChat push must have its answer, after it came in: what is left of 4.2
	// seconds once the answer is stored.
	answerBy   = 3700 * time.Millisecond
	leastToTry = 400 * time.Millisecond
)

// maxConcurrent is how many requests may run at a time; there is no queue.
const maxConcurrent = 32

// Config is what a service needs.
type Config struct {
	Client *Client
	// Know is the knowledge of the release that is live.
	Know func() *kb.Knowledge
	// SendQuestion puts the citizen's masked line into the prompt. Such wordings are for one citizen
	// and are not kept.
	SendQuestion bool
	// Rows read a conversation, so that a name has one substitute in all of it.
	Rows   bot.Rows
	Budget Budget
	// Dir keeps verified wordings and the day's tokens; "" for memory only.
	Dir  string
	Zone *time.Location
	Now  func() time.Time
	Log  *slog.Logger
}

// Service re-words answers. It is safe for concurrent use.
type Service struct {
	cfg     Config
	canary  Canary
	breaker *breaker
	spent   *spent
	cache   *cache
	busy    chan struct{}
	counts  counts

	switchedOff, stopped atomic.Bool
	// life ends with Close, and with it the work that nobody waits for.
	life context.Context
	end  context.CancelFunc
	work sync.WaitGroup

	mu   sync.Mutex
	know *kb.Knowledge
	dict *Dictionary
}

// New returns a service.
func New(cfg Config) (*Service, error) {
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	usage := ""
	if cfg.Dir != "" {
		usage = filepath.Join(cfg.Dir, "usage.json")
	}
	c, err := openCache(cfg.Dir)
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	return &Service{
		life: life, end: end,
		cfg: cfg, canary: NewCanary(), breaker: newBreaker(cfg.Now), spent: newSpent(cfg.Budget, cfg.Now, cfg.Zone, usage),
		cache: c, busy: make(chan struct{}, maxConcurrent), counts: counts{of: map[string]int64{}},
	}, nil
}

// Switch turns the service off and on as an administrator wishes; it holds at once.
func (s *Service) Switch(off bool) { s.switchedOff.Store(off) }

// Stop turns the service off and on as an operator's signal says; it holds at once and beside
// the administrator's switch.
func (s *Service) Stop(off bool) { s.stopped.Store(off) }

// Stopped tells whether a signal holds the service back.
func (s *Service) Stopped() bool { return s.stopped.Load() }

// Off tells whether a switch holds the service back.
func (s *Service) Off() bool { return s.switchedOff.Load() || s.stopped.Load() }

// Close writes down what is kept.
func (s *Service) Close() error {
	s.end()
	s.work.Wait()
	s.spent.close()
	s.cfg.Client.Close()
	return s.cache.close()
}

// counts are how often what happened.
type counts struct {
	mu sync.Mutex
	of map[string]int64
}

func (c *counts) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[what]++
}

// Counts are how often each outcome was: "used", "kept", or why not. They hold nobody's words.
func (s *Service) Counts() map[string]int64 {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	out := make(map[string]int64, len(s.counts.of)+3)
	for k, v := range s.counts.of {
		out[k] = v
	}
	out["tokens_today"], out["cached"] = int64(s.spent.today()), int64(s.cache.len())
	if s.breaker.look() != closed {
		out["breaker_open"] = 1
	}
	return out
}

// dictionary is that of the live release.
func (s *Service) dictionary() (*kb.Knowledge, *Dictionary) {
	k := s.cfg.Know()
	s.mu.Lock()
	defer s.mu.Unlock()
	if k != s.know || s.dict == nil {
		s.know, s.dict = k, NewDictionary(k)
	}
	return k, s.dict
}

// Word re-words a reply in place where that can be verified in time, and says for the trace what
// became of it; "" where there was nothing to re-word. The published words stay in every other
// case. It implements bot.Wording.
func (s *Service) Word(ctx context.Context, turn bot.Turn, r *bot.Reply) string {
	if r.Action != bot.Answer || turn.Owner != "" && turn.Owner != bot.OwnerBot {
		return ""
	}
	if s.Off() {
		return "published words: switched off"
	}
	know, dict := s.dictionary()
	p := partOf(know, r)
	if p == nil {
		return ""
	}
	wording, how := s.wording(ctx, turn, dict, p)
	if wording == trimmed(p.text) {
		wording, how = "", "the model says the same" // the published words need no mark
	}
	if wording != "" && !apply(r, p, wording) {
		wording, how = "", "the text is not in the reply as published"
	}
	if wording == "" {
		s.counts.add(how)
		return "published words: " + how
	}
	s.counts.add(how)
	return how + " wording of " + s.cfg.Client.Model()
}

// wording finds or makes a verified wording; "" and why where there is none.
func (s *Service) wording(ctx context.Context, turn bot.Turn, dict *Dictionary, p *part) (text, how string) {
	asked, own := s.asked(ctx, turn)
	id := s.key(p)
	if asked == "" {
		if text := s.kept(id, dict, p); text != "" {
			return text, "kept"
		}
	}
	switch s.breaker.look() {
	case opened:
		return "", errOpen.Error()
	case halfOpen:
		s.probeLater(dict, p)
		return "", errOpen.Error()
	}
	within := within(turn, s.cfg.Now())
	if within < leastToTry {
		return "", "too little time"
	}
	if why := s.spent.take(turn.Message.Conversation); why != "" {
		return "", why
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	var show func(string)
	if a := turn.Message.Audience; a != nil {
		show = func(text string) { a.Worded(turn.Message.Ref, own.Restore(text)) }
		go func() {
			select {
			case <-a.Gone():
				leave(errLeft)
			case <-ctx.Done():
			}
		}()
	}
	src := dict.NewSource(p.text, p.around...)
	if onOwnScreen(turn.Message.Channel) {
		src.own = own
	}
	text, err := s.ask(ctx, src, p.title, asked, show, false)
	if err != nil {
		return "", reason(err)
	}
	if asked == "" {
		s.cache.put(id, text)
	}
	return text, "new"
}

// asked is the citizen's line as it may be sent, "" where it may not, and what reads substitutes back.
// When her lines cannot be read hers is not sent.
func (s *Service) asked(ctx context.Context, turn bot.Turn) (string, *mask.Masker) {
	if !s.cfg.SendQuestion {
		return "", mask.NewMasker()
	}
	own, err := bot.OwnData(ctx, s.cfg.Rows, turn.Message.Conversation)
	if err != nil {
		return "", own
	}
	return own.Text(turn.Message.Text), own
}

// onOwnScreen tells whether what goes out on a channel is read on a page of ours, where names can be
// put back.
func onOwnScreen(c bot.Channel) bool {
	return c == bot.Web || c == bot.H5 || c == bot.Terminal
}

func (s *Service) key(p *part) string {
	return key(p.of, p.text, s.cfg.Client.Model(), promptVersion)
}

// kept is a wording of the cache, verified by this process.
func (s *Service) kept(id string, dict *Dictionary, p *part) string {
	v, ok := s.cache.get(id)
	if !ok {
		return ""
	}
	if !v.trusted {
		if err := dict.NewSource(p.text, p.around...).Verify(v.text); err != nil {
			s.cache.drop(id)
			return ""
		}
		s.cache.put(id, v.text)
	}
	return v.text
}

// probeLater asks the server once more after the breaker was open. Nobody waits for it.
func (s *Service) probeLater(dict *Dictionary, p *part) {
	if !s.breaker.probe() {
		return
	}
	s.work.Go(func() {
		ctx, cancel := context.WithTimeout(s.life, webWithin)
		defer cancel()
		text, err := s.ask(ctx, dict.NewSource(p.text, p.around...), p.title, "", nil, true)
		if err != nil {
			s.counts.add("probe: " + reason(err))
			return
		}
		s.cache.put(s.key(p), text)
	})
}

// within is how long a wording may take on the turn's channel.
func within(turn bot.Turn, now time.Time) time.Duration {
	switch turn.Message.Channel {
	case bot.WeChat, bot.WeCom:
		return min(wechatWithin, answerBy-now.Sub(turn.Message.At))
	}
	return webWithin
}
