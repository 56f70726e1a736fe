package main

import (
	"context"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/bus"
	"shenwei/internal/calendar"
	"shenwei/internal/fault"
	"shenwei/internal/store"
	webdesk "shenwei/web/desk"
)

// rules are the house's with the operator's hours and limits.
func (c config) rules() (*desk.Rules, error) {
	r := desk.Defaults()
	r.PictureDays = c.Retention.pictureDays()
	hours, err := parseHours("desk.hours", c.Desk.Hours)
	if err != nil {
		return nil, err
	}
	rest, err := parseHours("desk.rest_hours", c.Desk.RestHours)
	if err != nil {
		return nil, err
	}
	for i := range r.Groups {
		r.Groups[i].Calendar.Hours, r.Groups[i].Calendar.RestHours = hours, rest
	}
	return r, nil
}

// newDesk makes the hotline, which the front steers turns to.
func (a *app) newDesk() (*desk.Service, error) {
	rules, err := a.cfg.rules()
	if err != nil {
		return nil, err
	}
	s := desk.NewService(desk.Config{Tickets: a.store, People: a.store, Rules: rules, Log: a.log, Now: a.now,
		Announce: func(number string, version int64) {
			a.bus.Publish(bus.Hint{Kind: bus.Ticket, Key: number, Seq: version})
		},
		Shared:        a.store.Shared(),
		AnnounceStaff: a.announce(bus.Staff)})
	// Who is disabled, or is no agent any more, leaves what she has to others.
	a.handBack = append(a.handBack, func(ctx context.Context, account string) error {
		if err := a.store.DisableAgent(ctx, account); err != nil {
			return err
		}
		return s.Reload(ctx)
	})
	return s, nil
}

// webhook is the way of work orders to another system; nil where none is configured.
func (c config) webhook(orders *store.DB, now func() time.Time, s *seen) (*webdesk.Webhook, error) {
	w := c.Desk.Webhook
	if w.URL == "" {
		return nil, nil
	}
	return webdesk.NewWebhook(webdesk.WebhookConfig{URL: w.URL, Secret: w.Secret, Internal: w.InternalHosts, Orders: orders, Now: now, Wrap: s.calls("webhook", true)})
}

func (a *app) deskPages(s *desk.Service) (*webdesk.Config, error) {
	cfg := &webdesk.Config{
		Nodes: a.deskNodes(),
		Desk:  s, Store: a.store, Answer: a.live, Drafts: a.studio, Cleaner: a.cleaner,
		Live: func() webdesk.Live {
			if e := a.live.Current(); e != nil {
				return e
			}
			return nil
		},
	}
	a.store.DeliverBy(a.channels.parcels)
	cfg.Reach, cfg.Upload, cfg.Wake = a.channels.reach, a.channels.upload, a.channels.outbox.Wake
	hook, err := a.cfg.webhook(a.store, a.now, a.seen)
	if err != nil || hook == nil {
		return cfg, err
	}
	a.channels.outbox.Register(webdesk.WebhookKind, hook)
	cfg.Parcels = hook.Parcels
	return cfg, nil
}

var _ webdesk.Store = (*store.DB)(nil)

// parseHours reads a key of hours.
func parseHours(key, text string) ([]calendar.Span, error) {
	spans, err := calendar.Parse(text)
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s: %v", key, err)
	}
	return spans, nil
}
