package phrase

import (
	"context"
	"errors"

	"shenwei/internal/fault"
)

// errors that are no failure of the server.
var (
	errBusy = errors.New("too many requests run")
	errOpen = errors.New("breaker open")
	errLeak = blocked(CauseLeak, "the canary")
)

// ask has the model re-word a source and verifies what it says. Verified beginnings go to show.
func (s *Service) ask(ctx context.Context, src *Source, title, asked string, show func(string), warming bool) (string, error) {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	default:
		s.breaker.forget()
		return "", errBusy
	}
	sentences := &sentences{src: src, show: show, canary: s.canary}
	said, err := s.cfg.Client.Ask(ctx, wordingPrompt(src, title, asked, s.canary), outputLimit(src), sentences.piece, sentences.reset)
	s.settle(ctx, err)
	if said.Tokens > 0 && s.spent.cost(said.Tokens, warming) {
		s.cfg.Log.Warn("the model has used most of the day's tokens", "tokens", s.spent.today(), "of", s.cfg.Budget.DailyTokens)
	}
	if err != nil {
		return "", err
	}
	if s.canary.in(said.Text) {
		s.cfg.Log.Error("a model wrote out its instructions; its answer was not used", "model", s.cfg.Client.Model())
		return "", errLeak
	}
	text, err := src.Restore(said.Text, false)
	if err != nil {
		return "", err
	}
	text = src.relist(trimmed(text))
	return text, src.Verify(text)
}

// settle tells the breaker how a request went. One that was given up because the citizen left says
// nothing of the server.
func (s *Service) settle(ctx context.Context, err error) {
	if err != nil && errors.Is(context.Cause(ctx), errLeft) {
		s.breaker.forget()
		return
	}
	var server *ServerError
	s.breaker.done(err == nil, errors.As(err, &server) && server.Dead)
}

// outputLimit is how many tokens an answer may take.
func outputLimit(src *Source) int {
	return min(maxTokens, 80+int(mostLength*float64(len(src.runes))/runesPerToken)+8*len(src.slots))
}

// errLeft is why a request is given up whose citizen has left.
var errLeft = errors.New("the citizen has left")

// reason is an error as it stands in traces and counts: of few kinds, without anybody's words.
func reason(err error) string {
	var b *Blocked
	var server *ServerError
	switch {
	case errors.As(err, &b):
		return "blocked: " + string(b.Cause)
	case errors.Is(err, errBusy), errors.Is(err, errOpen):
		return err.Error()
	case errors.Is(err, errLeft):
		return errLeft.Error()
	case errors.As(err, &server):
		return server.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no time left"
	}
	return string(fault.CodeOf(err))
}
