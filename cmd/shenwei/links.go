package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/jobs"
	"shenwei/internal/outward"
	"shenwei/web/links"
)

// linksConfig is where buttons lead, and how it is looked after that somebody answers there.
type linksConfig struct {
	Web         string `yaml:"web"`
	MiniProgram string `yaml:"miniprogram"`
	Terminal    string `yaml:"terminal"`
	// InternalHosts may have addresses that are not public.
	InternalHosts []string `yaml:"internal_hosts"`
	// CheckMinutes is how long an address that answered is believed; 0 switches the checks off.
	CheckMinutes int `yaml:"check_minutes"`
	// DeadAfter is after how many failures in a row a button leads to the written guide.
	DeadAfter int `yaml:"dead_after"`
}

func defaultLinks() linksConfig { return linksConfig{CheckMinutes: 60, DeadAfter: 3} }

func (l linksConfig) check() error {
	switch {
	case l.CheckMinutes < 0 || l.CheckMinutes > 24*60:
		return fault.New(fault.BadRequest, "links.check_minutes: write 1 to 1440, or 0 for no checks")
	case l.DeadAfter < 1 || l.DeadAfter > 100:
		return fault.New(fault.BadRequest, "links.dead_after: write 1 to 100")
	}
	return nil
}

// minLinkSecret is the least length of a shared secret, in characters.
const minLinkSecret = 32

// linkSecrets are the secrets of keys.link, the present one first.
func (k keysConfig) linkSecrets() ([]string, error) {
	secrets := strings.FieldsFunc(k.Link, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
	for _, s := range secrets {
		if len(s) < minLinkSecret {
			return nil, fault.New(fault.BadRequest, "keys.link: write secrets of at least %d characters, with a comma between the new one and the old one", minLinkSecret)
		}
	}
	return secrets, nil
}

// checkHandover refuses a context that nobody could redeem.
func (c config) checkHandover() error {
	secrets, err := c.Keys.linkSecrets()
	if err == nil && c.site().HandsOver() && len(secrets) == 0 {
		err = fault.New(fault.BadRequest, "links.web: {ctx} hands over a code that the business site redeems with a shared secret; set keys.link")
	}
	return err
}

func (a *app) linkChecker() *links.Checker {
	return links.New(links.Config{
		Store: a.store, Client: outward.Client{Internal: a.cfg.Links.InternalHosts, Wrap: a.seen.calls("links", false)}, Now: a.now, Log: a.log,
		Targets: func() map[string][]string { return links.Targets(a.live.Current()) },
		Every:   time.Duration(a.cfg.Links.CheckMinutes) * time.Minute, DeadAfter: a.cfg.Links.DeadAfter,
	})
}

// failingEvery is how often an address is asked that does not answer.
const failingEvery = 5 * time.Minute

// checkLinks is the job that looks after the addresses behind buttons.
func (a *app) checkLinks(ctx context.Context, _ jobs.Job) (time.Duration, error) {
	again := min(failingEvery, time.Duration(a.cfg.Links.CheckMinutes)*time.Minute)
	if again <= 0 {
		return time.Hour, nil // switched off: the row stays for when it is switched on
	}
	defer a.changed()
	return again, a.linkChecker().Run(ctx)
}

// maxSaid is how many addresses shenwei check names.
const maxSaid = 20

// sayKnownLinks tells what the service has found.
func (a *app) sayKnownLinks(ctx context.Context) (string, error) {
	known, err := a.store.LinkHealth(ctx)
	if err != nil {
		return "", err
	}
	dead := 0
	for _, h := range known {
		if h.State == bot.LinkDead {
			dead++
		}
	}
	return fmt.Sprintf("%d addresses behind buttons were checked, %d are dead; --links asks all of them now", len(known), dead), nil
}

// sayLinks asks every address behind a button now. It fails when one does not answer.
func (a *app) sayLinks(ctx context.Context) (string, error) {
	all := a.linkChecker().Check(ctx)
	count := map[bot.LinkState]int{}
	var bad []string
	for _, h := range all {
		count[h.State]++
		if h.State != bot.LinkAlive && len(bad) < maxSaid {
			bad = append(bad, fmt.Sprintf("%s  %s (%d items)", h.URL, h.Says, len(h.Items)))
		}
	}
	alive := count[bot.LinkAlive]
	switch {
	case len(all) == 0:
		return "no button leads to another site", nil
	case alive == len(all):
		return fmt.Sprintf("all %d addresses behind buttons answer", alive), nil
	}
	says := fmt.Sprintf("of %d addresses behind buttons %d answer, %d are not public and were not asked\n%s", len(all), alive, count[bot.LinkUnchecked], strings.Join(bad, "\n"))
	if alive+count[bot.LinkUnchecked] < len(all) {
		return "", fault.New(fault.Unavailable, "%s", says)
	}
	return says, nil
}
