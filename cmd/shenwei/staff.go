package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/bus"
	"shenwei/internal/fault"
	"shenwei/internal/jobs"
	"shenwei/internal/store"
	"shenwei/web/auth"
	pages "shenwei/web/staff"
)

// noSecondFactor in auth.second_factor stands for nobody.
const noSecondFactor = "none"

// checkAuth returns a fault that names the first wrong key of auth.
func (c config) checkAuth() error {
	if _, err := c.secondFactor(); err != nil {
		return err
	}
	if c.Auth.IdleMinutes < 1 || c.Auth.IdleMinutes > 24*60 {
		return fault.New(fault.BadRequest, "auth.idle_minutes: write 1 to 1440")
	}
	if c.Auth.AbsoluteHours < 1 || c.Auth.AbsoluteHours > 7*24 {
		return fault.New(fault.BadRequest, "auth.absolute_hours: write 1 to 168")
	}
	o := c.Auth.OIDC
	switch {
	case o.Issuer == "" && o.ClientID == "" && o.ClientSecret == "":
		return nil
	case o.Issuer == "" || o.ClientID == "":
		return fault.New(fault.BadRequest, "auth.oidc: issuer and client_id are both needed")
	case c.Site.BaseURL == "":
		return fault.New(fault.BadRequest, "auth.oidc: site.base_url is needed, since people come back to it")
	}
	return nil
}

func (c config) secondFactor() ([]auth.Role, error) {
	roles := []auth.Role{}
	for _, name := range c.Auth.SecondFactor {
		r := auth.Role(name)
		switch {
		case name == noSecondFactor && len(c.Auth.SecondFactor) == 1:
			return roles, nil
		case !(auth.Principal{Roles: auth.Known()}).Has(r):
			return nil, fault.New(fault.BadRequest, "auth.second_factor: there is no role %q; write some of %v, or none alone", name, auth.Known())
		}
		roles = append(roles, r)
	}
	return roles, nil
}

func (a *app) authService() *auth.Service {
	roles, _ := a.cfg.secondFactor() // the configuration was checked
	return auth.New(auth.Config{
		Store: a.store, Log: a.log, Now: a.now, SecondFactor: roles, Ended: func() { a.bus.Publish(bus.Hint{Kind: bus.Sessions}) },
		Idle: time.Duration(a.cfg.Auth.IdleMinutes) * time.Minute, Absolute: time.Duration(a.cfg.Auth.AbsoluteHours) * time.Hour,
	})
}

func (a *app) oidc() *pages.OIDC {
	o := a.cfg.Auth.OIDC
	if o.Issuer == "" {
		return nil
	}
	return pages.NewOIDC(pages.OIDCConfig{
		Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, Claim: o.Claim, SecondFactor: o.SecondFactor,
		RedirectURL: a.cfg.Site.BaseURL + pages.CallbackPath, Keys: a.keys, Now: a.now,
	})
}

// inviteFirst prints the one-time link that makes the first account, while there is none.
func (a *app) inviteFirst(ctx context.Context, addr net.Addr) error {
	empty, err := a.staff.Empty(ctx)
	if err != nil || !empty {
		return err
	}
	token, err := a.staff.FirstLink(ctx, "system")
	if fault.Is(err, fault.Conflict) { // another node was first
		return nil
	}
	if err != nil {
		return err
	}
	base := a.cfg.Site.BaseURL
	if base == "" {
		base = "http://" + net.JoinHostPort("localhost", portOf(addr.String()))
	}
	printLink("还没有工作人员账号。请在 24 小时内打开这个链接，创建第一位管理员（只能用一次，每次启动会换新）：", pages.SetupLink(base, token))
	return nil
}

func portOf(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "8080"
	}
	return port
}

// printLink writes to standard error and not to the log, which others may read.
func printLink(says, link string) { fmt.Fprintf(os.Stderr, "\n%s\n  %s\n\n", says, link) }

// actor names who calls a command, for the audit log.
func actor() string {
	u, err := user.Current()
	if err != nil {
		return "cli"
	}
	return "cli:" + u.Username
}

// staffRecord is the record as the pages of staff see it.
type staffRecord struct{ *store.DB }

// ExportCitizen implements staff.Record.
func (r staffRecord) ExportCitizen(ctx context.Context, actor, conversation string) (json.RawMessage, error) {
	body, err := r.ExportConversation(ctx, conversation)
	if err != nil {
		return nil, err
	}
	// A look at personal data is recorded before it is shown.
	err = r.AppendAudit(ctx, audit.Entry{Actor: actor, Action: "citizen.export", Object: "conversation/" + conversation})
	return body, err
}

// DeleteCitizen implements staff.Record.
func (r staffRecord) DeleteCitizen(ctx context.Context, actor, conversation string) (any, error) {
	return r.DeleteConversation(ctx, conversation, audit.Entry{Actor: actor, Action: "citizen.delete", Object: "conversation/" + conversation})
}

// schedule registers the work that is done at set times.
func (a *app) schedule() {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	a.jobs = jobs.New(jobs.Config{Store: a.store, Log: a.log, Watch: a.seen.work(), Holder: fmt.Sprintf("%.80s/%d/%s", host, os.Getpid(), rand.Text()[:8])})
	a.jobs.Always("retention", func(ctx context.Context, _ jobs.Job) (time.Duration, error) {
		now := a.now()
		return untilNight(now), a.retention().run(ctx, now)
	})
	a.jobs.Register(auth.JobHandBack, func(ctx context.Context, j jobs.Job) (time.Duration, error) {
		for _, tell := range a.handBack {
			if err := tell(ctx, j.Payload); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	a.jobs.Register(store.PublishJob, a.publishDue)
	a.jobs.Always("links", a.checkLinks)
}

// checkAudit follows the audit log. Since is a number and hash noted earlier, "" for none.
func (a *app) checkAudit(ctx context.Context, since string) (string, error) {
	var n int64
	number, hash, _ := strings.Cut(since, ":")
	if since != "" {
		var err error
		if n, err = strconv.ParseInt(number, 10, 64); err != nil || n < 1 || hash == "" {
			return "", fault.New(fault.BadRequest, "--since: write an entry's number and hash as N:HASH")
		}
	}
	report, err := a.store.VerifyAudit(ctx, n, hash)
	switch {
	case err != nil:
		return "", err
	case report.Broken != "":
		return "", fault.New(fault.Conflict, "the audit log was tampered with: %s", report.Broken)
	}
	says := fmt.Sprintf("entries %d to %d follow one another; the last is %d:%s", report.First, report.Last, report.Last, report.Hash)
	if report.Unproved {
		says += " (no key proves its end)"
	}
	return says, nil
}

// sayKeys tells an operator where the keys to personal data come from; never what they are.
func (a *app) sayKeys() string {
	from := "keys.data"
	if a.cfg.Keys.Data == "" {
		from = a.cfg.keyFile()
	}
	return fmt.Sprintf("%s seals, %d in all, from %s", a.keys.Current(), len(a.keys.IDs()), from)
}

func sayAccounts(all []auth.Account) string {
	if len(all) == 0 {
		return "none yet; serve prints a link that makes the first administrator"
	}
	enabled, second := 0, 0
	for _, u := range all {
		if !u.Disabled {
			enabled++
			if u.TOTP != "" {
				second++
			}
		}
	}
	return fmt.Sprintf("%d enabled, %d with a second factor, %d disabled", enabled, second, len(all)-enabled)
}
