package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"shenwei/internal/fault"
	"shenwei/web/wechat"
)

type wechatCmd struct {
	Menu     wechatMenuCmd     `cmd:"" help:"Show or replace the account's menu."`
	Doctor   wechatDoctorCmd   `cmd:"" help:"Tell whether the account is fit to go live: keys, address, token, clock, whitelist."`
	Simulate wechatSimulateCmd `cmd:"" help:"Play WeChat and a citizen on this terminal."`
}

type wechatMenuCmd struct {
	Show wechatMenuShowCmd `cmd:"" help:"Print the menu as WeChat shows it now."`
	Push wechatMenuPushCmd `cmd:"" help:"Replace the menu; citizens see it within a day."`
}

type wechatMenuShowCmd struct{}

// account is the configured account's client.
func (c *cli) account() (config, *wechat.Client, error) {
	cfg, err := c.loadConfig()
	if err != nil {
		return cfg, nil, err
	}
	if cfg.WeChat.AppID == "" {
		return cfg, nil, fault.New(fault.BadRequest, "wechat.app_id: no official account is configured; see docs/wechat.md")
	}
	return cfg, newClient(cfg.WeChat, localClock, newLog(os.Stderr, slog.LevelInfo, false, nil), nil), nil
}

// Run prints the menu.
func (*wechatMenuShowCmd) Run(ctx context.Context, c *cli) error {
	_, client, err := c.account()
	if err != nil {
		return err
	}
	menu, err := client.Menu(ctx)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, menu, "", "  "); err != nil {
		return err
	}
	fmt.Println(out.String())
	return nil
}

type wechatMenuPushCmd struct {
	File   string `arg:"" optional:"" type:"existingfile" help:"The menu as YAML or JSON; without it, a menu of our own: ask, a person, guides."`
	DryRun bool   `help:"Print what would be sent."`
}

// Run replaces the menu.
func (p *wechatMenuPushCmd) Run(ctx context.Context, c *cli) error {
	cfg, client, err := c.account()
	if err != nil {
		return err
	}
	menu := wechat.DefaultMenu(cfg.Site.BaseURL)
	if p.File != "" {
		if menu, err = readMenu(p.File); err != nil {
			return err
		}
	}
	body, err := menu.JSON()
	if err != nil {
		return err
	}
	if p.DryRun {
		fmt.Println(string(body))
		return nil
	}
	if err := client.CreateMenu(ctx, body); err != nil {
		return err
	}
	fmt.Println("The menu is replaced. Phones show it within 24 hours, at once after following the account anew.")
	return nil
}

func readMenu(path string) (wechat.AccountMenu, error) {
	var m wechat.AccountMenu
	f, err := os.Open(path)
	if err != nil {
		return m, fault.Wrap(fault.BadRequest, err, "%s cannot be read", path)
	}
	defer func() { _ = f.Close() }()
	dec := yaml.NewDecoder(io.LimitReader(f, maxConfig)) // JSON is YAML, too
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		return m, fault.Wrap(fault.BadRequest, err, "%s: it is no menu", path)
	}
	return m, nil
}

type wechatDoctorCmd struct {
	JSON bool `name:"json" help:"Print the findings as JSON."`
}

// Run looks at the account from outside and ends with code 1 when it is not fit to go live.
func (d *wechatDoctorCmd) Run(ctx context.Context, c *cli) error {
	check := checkCmd{JSON: d.JSON}
	cfg, client, err := c.account()
	all := []finding{found("configuration", err, "every key is understood")}
	if err != nil {
		return check.print(all)
	}
	all = append(all, d.address(ctx, cfg))
	err = client.CheckToken(ctx)
	all = append(all, found("token", err, "the account's secret and this server's address are accepted"))
	skew := client.Skew()
	all = append(all, found("clock", clockFault(skew), "the clock is right"))
	if err == nil {
		networks, ierr := client.CallbackIPs(ctx)
		all = append(all, found("networks", ierr, fmt.Sprintf("WeChat calls from %d addresses; let them in at the firewall", len(networks))))
		_, merr := client.Menu(ctx)
		all = append(all, found("menu", merr, "the menu can be read"))
	}
	all = append(all, found("mode", modeFault(cfg.WeChat), "messages are encrypted"))
	return check.print(all)
}

func found(name string, err error, says string) finding {
	if err != nil {
		says = explain(err)
	}
	return finding{name, err == nil, says}
}

func clockFault(skew time.Duration) error {
	if skew.Abs() > time.Minute {
		return fault.New(fault.Unavailable, "the clock is wrong by %v; set it (NTP): WeChat's pushes are judged by their time", skew.Round(time.Second))
	}
	return nil
}

func modeFault(w wechatConfig) error {
	if w.Mode == string(wechat.Plain) {
		return fault.New(fault.BadRequest, "wechat.mode: plain lets everyone forge messages who has seen one signature; choose 安全模式 in the console and safe here")
	}
	return nil
}

// address asks our own public address the question that WeChat asks.
func (*wechatDoctorCmd) address(ctx context.Context, cfg config) finding {
	const name = "address"
	if cfg.Site.BaseURL == "" {
		return found(name, fault.New(fault.BadRequest, "site.base_url: it is empty; give the address that WeChat calls, for example https://example.org"), "")
	}
	crypt, err := wechat.NewCrypt(cfg.WeChat.keys(), rand.Reader)
	if err != nil {
		return found(name, err, "")
	}
	at, nonce, echo := strconv.FormatInt(time.Now().Unix(), 10), rand.Text()[:8], rand.Text()
	q := url.Values{"timestamp": {at}, "nonce": {nonce}, "echostr": {echo}, "signature": {crypt.Signature(at, nonce)}}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, cfg.Site.BaseURL+"/wechat?"+q.Encode(), nil)
	if err != nil {
		return found(name, err, "")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return found(name, fault.Wrap(fault.Unavailable, err, "%s/wechat does not answer from here; is serve running, and does the proxy pass /wechat on?", cfg.Site.BaseURL), "")
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err == nil && (res.StatusCode != http.StatusOK || string(body) != echo) {
		err = fault.New(fault.Unavailable, "%s/wechat answers HTTP %d and not what was asked; does it run with the same wechat.token?", cfg.Site.BaseURL, res.StatusCode)
	}
	return found(name, err, cfg.Site.BaseURL+"/wechat answers as WeChat expects; enter it in the console")
}
