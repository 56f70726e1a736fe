package release

import (
	"context"
	"log/slog"
	"sync"

	"shenwei/bot"
	"shenwei/internal/fault"
)

// Live answers with the engine that is current. Swapping lets answers under way finish on
// the engine that they began with.
type Live struct {
	mu   sync.RWMutex
	now  *generation
	over *bot.Overrides
	view *View
	log  *slog.Logger
}

// generation is one engine with the number of answers under way on it.
type generation struct {
	*Running
	users sync.WaitGroup
}

// NewLive returns a Live without an engine: it is not ready until the first Swap.
func NewLive(log *slog.Logger) *Live { return &Live{log: log, over: &bot.Overrides{}} }

// Override makes the overrides hold from the next answer on.
func (l *Live) Override(o *bot.Overrides) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = o
	if l.now != nil {
		l.view = newView(l.now.Engine, o)
	}
}

// Overridden is the version of the overrides that hold.
func (l *Live) Overridden() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.over.Version
}

// View is what is live as pages show it, nil before the first engine.
func (l *Live) View() *View {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view
}

// Swap makes the engine current and closes the one before, after its last answer.
func (l *Live) Swap(r *Running) {
	next := &generation{Running: r}
	l.mu.Lock()
	old := l.now
	l.now, l.view = next, newView(r.Engine, l.over)
	l.mu.Unlock()
	if old == nil {
		return
	}
	go func() {
		old.users.Wait()
		if err := old.Close(); err != nil {
			l.log.Error("close the index of a former release", "release", old.Release(), "err", err)
		}
	}()
}

// hold returns the current engine, which stays open until release is called.
func (l *Live) hold() (g *generation, over *bot.Overrides, release func(), err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.now == nil {
		return nil, nil, nil, fault.New(fault.Unavailable, "服务正在启动，请稍候再试")
	}
	g = l.now
	g.users.Add(1)
	return g, l.over, g.users.Done, nil
}

// Answer implements bot.Answerer.
func (l *Live) Answer(ctx context.Context, turn bot.Turn) (bot.Answered, error) {
	g, over, done, err := l.hold()
	if err != nil {
		return bot.Answered{}, err
	}
	defer done()
	turn.Overrides = over
	return g.Engine.Answer(ctx, turn), nil
}

// Use returns the current engine for several questions in a row, with what is set for the
// moment; it stays open until done is called.
func (l *Live) Use() (r *Running, over *bot.Overrides, done func(), err error) {
	g, over, done, err := l.hold()
	if err != nil {
		return nil, nil, nil, err
	}
	return g.Running, over, done, nil
}

// Ready reports whether an engine is current.
func (l *Live) Ready() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.now != nil
}

// Current is the engine that is live, nil before the first. Its knowledge and figures stay
// readable after a swap; only its search does not.
func (l *Live) Current() *bot.Engine {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.now == nil {
		return nil
	}
	return l.now.Engine
}
