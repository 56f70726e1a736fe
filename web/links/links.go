// Package links looks after the addresses behind buttons: whether they answer. An address that
// has failed several times in a row is dead, and buttons lead to the written guide until it
// answers again. Start reading at Checker.Run.
package links

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"shenwei/bot"
	"shenwei/internal/outward"
)

// Store keeps what was found; *store.DB does.
type Store interface {
	LinkHealth(ctx context.Context) ([]bot.LinkHealth, error)
	// SaveLinkHealth stores what a round has checked that began at a time, and forgets the
	// addresses gone. What a later round has stored stays.
	SaveLinkHealth(ctx context.Context, checked []bot.LinkHealth, gone []string, begun time.Time) error
}

// Config is what a checker needs. All but Log must be set.
type Config struct {
	Store Store
	// Client carries out requests: outward.Client, which goes to public addresses only.
	Client interface {
		Do(req *http.Request) (*http.Response, error)
	}
	// Targets are the addresses that buttons lead to now, with the codes of their items.
	Targets func() map[string][]string
	// Every is how long an address that answered is believed; one that did not is asked at each
	// run.
	Every time.Duration
	// DeadAfter is after how many failures in a row an address is dead.
	DeadAfter int
	Now       func() time.Time
	Log       *slog.Logger
}

// Checker checks addresses.
type Checker struct{ cfg Config }

// New returns a checker.
func New(cfg Config) *Checker {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Checker{cfg}
}

// hosts is how many hosts are asked at once, each for one address after the other; silent is
// after how many addresses in a row that could not be reached the rest of a host is not tried.
const (
	hosts  = 4
	silent = 3
)

// Run checks what is due and stores what it found.
func (c *Checker) Run(ctx context.Context) error {
	known, err := c.cfg.Store.LinkHealth(ctx)
	if err != nil {
		return err
	}
	now := c.cfg.Now()
	targets := c.cfg.Targets()
	before := map[string]bot.LinkHealth{}
	var gone, due []string
	for _, h := range known {
		before[h.URL] = h
		if targets[h.URL] == nil {
			gone = append(gone, h.URL)
		}
	}
	for _, address := range slices.Sorted(maps.Keys(targets)) {
		h, seen := before[address]
		if !seen || h.State == bot.LinkFailing || h.State == bot.LinkDead || !now.Before(h.Checked.Add(c.cfg.Every)) {
			due = append(due, address)
		}
	}
	results := c.ask(ctx, due)
	if err := ctx.Err(); err != nil {
		return err
	}
	var checked []bot.LinkHealth
	died, back, says := 0, 0, ""
	for _, address := range due {
		h := c.judge(before[address], results[address], now)
		h.URL, h.Items = address, targets[address]
		switch was := before[address].State; {
		case was != bot.LinkDead && h.State == bot.LinkDead:
			died, says = died+1, h.Says
		case was == bot.LinkDead && h.State != bot.LinkDead:
			back++
		}
		checked = append(checked, h)
	}
	if died+back > 0 {
		c.cfg.Log.Warn("addresses behind buttons have changed; see shenwei check --links", "died", died, "came_back", back, "last", says)
	}
	if len(checked)+len(gone) == 0 {
		return nil
	}
	return c.cfg.Store.SaveLinkHealth(ctx, checked, gone, now)
}

// Check asks every address now and stores nothing.
func (c *Checker) Check(ctx context.Context) []bot.LinkHealth {
	targets := c.cfg.Targets()
	all := slices.Sorted(maps.Keys(targets))
	results := c.ask(ctx, all)
	var out []bot.LinkHealth
	for _, address := range all {
		h := c.judge(bot.LinkHealth{}, results[address], c.cfg.Now())
		h.URL, h.Items = address, targets[address]
		out = append(out, h)
	}
	return out
}

// result is one answer: the state that it means, and words for an editor.
type result struct {
	state bot.LinkState // alive, failing or unchecked
	says  string
	// mute says that nobody was reached: another address of the host will not be either.
	mute bool
}

// judge makes the health of an address from its former one and an answer.
func (c *Checker) judge(was bot.LinkHealth, r result, now time.Time) bot.LinkHealth {
	h := bot.LinkHealth{State: r.state, Says: r.says, Checked: now, Since: was.Since}
	if r.state == bot.LinkFailing {
		h.Failures = was.Failures + 1
		if h.Failures >= c.cfg.DeadAfter {
			h.State = bot.LinkDead
		}
	}
	if h.State != was.State {
		h.Since = now
	}
	return h
}

// ask asks addresses, those of one host one after the other.
func (c *Checker) ask(ctx context.Context, addresses []string) map[string]result {
	byHost := map[string][]string{}
	for _, a := range addresses {
		host := ""
		if u, err := url.Parse(a); err == nil {
			host = u.Scheme + "://" + u.Host
		}
		byHost[host] = append(byHost[host], a)
	}
	var mu sync.Mutex
	out := map[string]result{}
	var wg sync.WaitGroup
	turn := make(chan struct{}, hosts)
	for _, list := range byHost {
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			for address, r := range c.askHost(ctx, list) {
				mu.Lock()
				out[address] = r
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return out
}

func (c *Checker) askHost(ctx context.Context, addresses []string) map[string]result {
	out := map[string]result{}
	mute := 0
	var last result
	for _, a := range addresses {
		if ctx.Err() != nil {
			return out
		}
		if mute < silent {
			last = c.one(ctx, a)
			if mute++; !last.mute {
				mute = 0
			}
		}
		out[a] = last
	}
	return out
}

// one asks one address. A page that asks to sign in first, sends elsewhere or has too many
// visitors is there.
func (c *Checker) one(ctx context.Context, address string) result {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return result{state: bot.LinkFailing, says: "地址写得不对"}
	}
	req.Header.Set("User-Agent", "shenwei-links/1")
	req.Header.Set("Accept", "text/html,*/*;q=0.5")
	res, err := c.cfg.Client.Do(req)
	if err != nil {
		return unreached(err)
	}
	_ = res.Body.Close() // that it answers is all that counts
	switch s := res.StatusCode; {
	case s < http.StatusBadRequest, s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusMethodNotAllowed, s == http.StatusTooManyRequests:
		return result{state: bot.LinkAlive, says: fmt.Sprintf("HTTP %d", s)}
	default:
		return result{state: bot.LinkFailing, says: fmt.Sprintf("HTTP %d", s)}
	}
}

// unreached says why nobody answered.
func unreached(err error) result {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, outward.ErrNotPublic):
		return result{state: bot.LinkUnchecked, says: "不是公网地址，没有检查；确是内网的办理页，请写入 links.internal_hosts", mute: true}
	case errors.As(err, &dns):
		return result{state: bot.LinkFailing, says: "域名解析不了", mute: true}
	case errors.As(err, &certificate):
		return result{state: bot.LinkFailing, says: "证书有问题", mute: true}
	case errors.As(err, &timeout) && timeout.Timeout():
		return result{state: bot.LinkFailing, says: "没有在时限内应答", mute: true}
	}
	return result{state: bot.LinkFailing, says: "连不上", mute: true}
}

// Targets are the addresses that an engine's buttons lead to on other sites, with the codes of
// their items.
func Targets(e *bot.Engine) map[string][]string {
	all := map[string][]string{}
	if e == nil {
		return all
	}
	own := e.Site().BaseURL
	for _, it := range e.Knowledge().Items {
		for _, l := range e.Links(it) {
			if !strings.HasPrefix(l.URL, "https://") && !strings.HasPrefix(l.URL, "http://") || own != "" && strings.HasPrefix(l.URL, own+"/") {
				continue
			}
			if !slices.Contains(all[l.URL], it.Code) {
				all[l.URL] = append(all[l.URL], it.Code)
			}
		}
	}
	return all
}
