package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/kb"
	"shenwei/web/wechat"
)

type checkCmd struct {
	JSON    bool   `name:"json" help:"Print the findings as JSON."`
	Content bool   `help:"Read the live knowledge as its critic: sentences, links, numbers, gold questions."`
	Links   bool   `help:"Ask every address behind a button whether it answers."`
	Audit   bool   `help:"Follow the audit log from its first entry to its last and tell where it breaks."`
	Since   string `help:"With --audit: an entry's number and hash as the service logged them earlier, N:HASH." placeholder:"N:HASH"`
}

// finding is one thing that was looked at.
type finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

// Run looks at configuration, database, knowledge and index and ends with code 1 when
// something is not fit to serve.
func (k *checkCmd) Run(ctx context.Context, c *cli) error {
	var all []finding
	add := func(name string, err error, says string) bool {
		if err != nil {
			says = explain(err)
		}
		all = append(all, finding{name, err == nil, says})
		return err == nil
	}
	cfg, err := c.loadConfig()
	if add("configuration", err, "every key is understood") {
		k.running(ctx, c, cfg, add)
	}
	return k.print(all)
}

func (k *checkCmd) running(ctx context.Context, c *cli, cfg config, add func(string, error, string) bool) {
	app, err := c.open(ctx)
	if !add("start", err, "database, knowledge and index are ready") {
		return
	}
	defer func() { _ = app.close() }()
	says, err := app.sayDatabase(ctx)
	add("database", err, says)
	add("bus", nil, sayBus(cfg))
	says, err = sayDisk(cfg)
	add("disk", err, says)
	add("clock", nil, app.sayClock())
	rel := app.started.Release
	add("release", nil, fmt.Sprintf("release %d of %s, %d documents", rel.Number, rel.Created.Format("2006-01-02 15:04"), len(rel.Revisions)))
	says, err = kb.Census(app.live.Current().Knowledge())
	add("catalogue", err, says)
	if k.Content {
		problems := kb.CheckContent(app.live.Current().Knowledge(), rel.Documents(), app.now())
		add("content", problems.Err(), "nothing to complain of")
	}
	add("lexicon", nil, app.sayLexicon())
	add("keys", nil, app.sayKeys())
	accounts, err := app.staff.Accounts(ctx)
	add("accounts", err, sayAccounts(accounts))
	sayLinks := app.sayKnownLinks
	if k.Links {
		sayLinks = app.sayLinks
	}
	says, err = sayLinks(ctx)
	add("links", err, says)
	if k.Audit {
		says, err := app.checkAudit(ctx, k.Since)
		add("audit", err, says)
	}
	drafts, err := app.library.Drafts(ctx)
	add("drafts", err, fmt.Sprintf("%d wait to be published", len(drafts)))
	tickets, err := app.store.Tickets(ctx, 1000)
	add("handoffs", err, fmt.Sprintf("%d wait in the queue", len(tickets)))
	hotline := cfg.Hotline.Number
	if hotline == "" {
		hotline = "not set: the card shows 12345 and 12367"
	}
	add("hotline", nil, hotline)
	add("wechat", nil, accountSays(cfg.WeChat.AppID, cfg.WeChat.Mode, "see shenwei wechat doctor"))
	add("wecom", nil, accountSays(cfg.WeCom.CorpID, string(wechat.Safe), "callback at /wecom"))
	model, err := app.checkModel(ctx)
	add("model", err, model)
	vectors, err := app.checkVectors(ctx)
	add("embeddings", err, vectors)
	sample := "the site says that it shows sample data (site.live: true takes this away)"
	if cfg.Site.Live {
		sample = "live data"
	}
	add("site", nil, sample)
}

// sayBus tells how nodes tell each other. Whether a server is there is not asked: the service
// does not depend on it.
func sayBus(cfg config) string {
	shared := strings.HasPrefix(cfg.DB, "postgres")
	switch {
	case cfg.Bus == "" && shared:
		return "none: other nodes' news come by the database, seconds later"
	case cfg.Bus == "":
		return "none; one node serves from a SQLite file"
	case !shared:
		return "configured, but one node alone serves from a SQLite file: nobody else will be there"
	}
	return "configured, prefix " + cfg.BusPrefix
}

func accountSays(id, mode, more string) string {
	if id == "" {
		return "not configured"
	}
	return id + ", mode " + mode + "; " + more
}

func kindOf(dsn string) string {
	if strings.HasPrefix(dsn, "postgres") {
		return "PostgreSQL"
	}
	return "SQLite " + dsn
}

func (k *checkCmd) print(all []finding) error {
	ok := true
	for _, f := range all {
		ok = ok && f.OK
	}
	if k.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(map[string]any{"ok": ok, "findings": all}); err != nil {
			return err
		}
	} else {
		for _, f := range all {
			mark := "ok  "
			if !f.OK {
				mark = "FAIL"
			}
			fmt.Printf("%s  %-14s %s\n", mark, f.Name, strings.ReplaceAll(f.Says, "\n", "\n                     "))
		}
	}
	if !ok {
		return exitError(1)
	}
	return nil
}

// leastFree is how much the disk of a SQLite file must have left, in bytes: its log alone takes that.
const leastFree = 64 << 20

// sayDisk tells how much room there is for the database.
func sayDisk(cfg config) (string, error) {
	if strings.Contains(cfg.DB, "://") {
		return "that of PostgreSQL's server: watch it there", nil
	}
	free, known := freeBytes(filepath.Dir(cfg.DB))
	switch {
	case !known:
		return "how much is free is not known", nil
	case free < leastFree:
		return "", fault.New(fault.Unavailable, "the disk of %s is full or nearly so, %d MB are free; make room: citizens are told to try again later, and nothing that was acknowledged is lost", cfg.DB, free>>20)
	}
	return fmt.Sprintf("%.1f GB are free for %s", float64(free)/1e9, cfg.DB), nil
}

// sayDatabase tells which schema the database has, and when it is one step ahead of this program.
func (a *app) sayDatabase(ctx context.Context) (string, error) {
	have, err := a.store.SchemaVersion(ctx)
	if err != nil {
		return "", err
	}
	newest, err := store.NewestSchema()
	says := fmt.Sprintf("%s, schema %d", kindOf(a.cfg.DB), have)
	if have > newest {
		says += fmt.Sprintf("; this program's is %d, which may work beside newer ones for now: finish the upgrade", newest)
	}
	return says, err
}
