package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"shenwei/bot"
	"shenwei/internal/bus"
	"shenwei/internal/fault"
	"shenwei/web/wechat"
)

// config is the configuration file. Every key is also an environment variable:
// site.base_url is SHENWEI_SITE_BASE_URL, and SHENWEI_SITE_BASE_URL_FILE names a file that
// holds the value.
type config struct {
	Addr      string `yaml:"addr"`
	AdminAddr string `yaml:"admin_addr"`
	Dir       string `yaml:"dir"`
	DB        string `yaml:"db"`
	Bus       string `yaml:"bus"`
	// BusPrefix keeps services apart that share servers; BusCA is a file of certificates (PEM).
	BusPrefix string `yaml:"bus_prefix"`
	BusCA     string `yaml:"bus_ca"`
	// LeaveSeconds is how long a node goes on after it has said on /readyz that it leaves; -1 for
	// 1 with PostgreSQL and 0 with SQLite.
	LeaveSeconds int             `yaml:"leave_seconds"`
	Timezone     string          `yaml:"timezone"`
	Site         siteConfig      `yaml:"site"`
	Proxy        proxyConfig     `yaml:"proxy"`
	Links        linksConfig     `yaml:"links"`
	Places       placesConfig    `yaml:"places"`
	Hotline      hotlineConfig   `yaml:"hotline"`
	Desk         deskConfig      `yaml:"desk"`
	Auth         authConfig      `yaml:"auth"`
	Keys         keysConfig      `yaml:"keys"`
	Retention    retentionConfig `yaml:"retention"`
	Limits       limitsConfig    `yaml:"limits"`
	Log          logConfig       `yaml:"log"`
	WeChat       wechatConfig    `yaml:"wechat"`
	WeCom        wecomConfig     `yaml:"wecom"`
	ASR          asrConfig       `yaml:"asr"`
	LLM          llmConfig       `yaml:"llm"`

	Embeddings embeddingsConfig `yaml:"embeddings"`
	OTel       otelConfig       `yaml:"otel"`
}

type siteConfig struct {
	BaseURL        string   `yaml:"base_url"`
	AllowedOrigins []string `yaml:"allowed_origins"`
	// Live says that the operator has replaced the sample data.
	Live bool `yaml:"live"`
}

type proxyConfig struct {
	Trusted []string `yaml:"trusted"`
}

// deskConfig is the hours of the people behind the hotline, such as "09:00-12:00 14:00-18:00"
// or "24h": of worked days, and of weekends and holidays.
type deskConfig struct {
	Hours     string        `yaml:"hours"`
	RestHours string        `yaml:"rest_hours"`
	Webhook   webhookConfig `yaml:"webhook"`
}

// webhookConfig is where work orders are sent, signed with the secret. InternalHosts may have
// addresses that are not public.
type webhookConfig struct {
	URL           string   `yaml:"url"`
	Secret        string   `yaml:"secret"`
	InternalHosts []string `yaml:"internal_hosts"`
}

type hotlineConfig struct {
	Number string `yaml:"number"`
	Hours  string `yaml:"hours"`
}

// authConfig says how people sign in who work here.
type authConfig struct {
	// SecondFactor are the roles that must have one; "none" alone stands for nobody.
	SecondFactor  []string   `yaml:"second_factor"`
	IdleMinutes   int        `yaml:"idle_minutes"`
	AbsoluteHours int        `yaml:"absolute_hours"`
	OIDC          oidcConfig `yaml:"oidc"`
}

type oidcConfig struct {
	Issuer       string `yaml:"issuer"`
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
	// Claim names the account; SecondFactor says that the service has checked one.
	Claim        string `yaml:"claim"`
	SecondFactor bool   `yaml:"second_factor"`
}

// keysConfig holds keys, "ID:BASE64" each, the one that seals first.
type keysConfig struct {
	// Data seals personal data in the database; empty for the file DIR/keys/data.key.
	Data string `yaml:"data"`
	// Link are the secrets that are shared with the business site, the present one first.
	Link string `yaml:"link"`
}

type retentionConfig struct {
	ConversationsDays int `yaml:"conversations_days"`
	// ImagesDays is how long pictures between citizens and agents are kept; what was said stays.
	ImagesDays int `yaml:"images_days"`
	AuditDays  int `yaml:"audit_days"`
}

// pictureDays is what citizens are told: a picture goes with its conversation at the latest.
func (r retentionConfig) pictureDays() int { return min(r.ImagesDays, r.ConversationsDays) }

// minAuditDays is the least that the law on network security asks of logs.
const minAuditDays = 180

type logConfig struct {
	// Level is debug, info, warn or error.
	Level string `yaml:"level"`
	// Format is text or json.
	Format string `yaml:"format"`
}

func (l logConfig) level() (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return level, fault.New(fault.BadRequest, "log.level: %q is none of debug, info, warn, error", l.Level)
	}
	return level, nil
}

type limitsConfig struct {
	VisitorBurst  int `yaml:"visitor_burst"`
	AddressMinute int `yaml:"address_minute"`
}

func defaultConfig() config {
	return config{
		BusPrefix: "shenwei", LeaveSeconds: -1,
		Addr: ":8080", AdminAddr: "127.0.0.1:9090", Dir: "run", Timezone: "Asia/Shanghai",
		Auth:      authConfig{SecondFactor: []string{"administrator", "reviewer"}, IdleMinutes: 30, AbsoluteHours: 12},
		Retention: retentionConfig{ConversationsDays: 180, ImagesDays: 30, AuditDays: 1095},
		Log:       logConfig{Level: "info", Format: "text"},
		Desk:      deskConfig{Hours: "09:00-12:00 14:00-18:00"},
		Limits:    limitsConfig{VisitorBurst: 20, AddressMinute: 600},
		WeChat:    wechatConfig{Mode: string(wechat.Safe), MaxAge: pushAge, Custom: true, Menus: true, Cards: true},
		WeCom:     wecomConfig{MaxAge: pushAge},
		Links:     defaultLinks(),
		Places:    placesConfig{MapApps: []string{"amap", "tencent"}},
		LLM:       defaultLLM(),
	}
}

// loadConfig reads defaults, then the file, then the environment, then flags.
func (c *cli) loadConfig() (config, error) {
	cfg := defaultConfig()
	if c.Config != "" {
		if err := readConfigFile(c.Config, &cfg); err != nil {
			return cfg, err
		}
	}
	if err := overlayEnv(reflect.ValueOf(&cfg).Elem(), "SHENWEI"); err != nil {
		return cfg, err
	}
	for _, f := range []struct {
		flag string
		to   *string
	}{{c.Dir, &cfg.Dir}, {c.DB, &cfg.DB}, {c.Bus, &cfg.Bus}, {c.Serve.Addr, &cfg.Addr}} {
		if f.flag != "" {
			*f.to = f.flag
		}
	}
	c.Phrase.Check.over(&cfg.LLM)
	if cfg.DB == "" {
		cfg.DB = filepath.Join(cfg.Dir, "shenwei.db")
	}
	return cfg, cfg.check()
}

const maxConfig = 1 << 20

func readConfigFile(path string, cfg *config) error {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "configuration file %s cannot be read", path)
	}
	defer func() { _ = f.Close() }()
	body, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil || len(body) > maxConfig {
		return fault.Wrap(fault.BadRequest, err, "configuration file %s: unreadable or larger than 1 MiB", path)
	}
	dec := yaml.NewDecoder(bytes.NewReader(body))
	dec.KnownFields(true)
	if err := dec.Decode(cfg); err != nil && !errors.Is(err, io.EOF) {
		reason := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "not found in type main.", "is no key of ")
		return fault.New(fault.BadRequest, "configuration file %s: %s", path, reason)
	}
	return nil
}

// overlayEnv sets every field whose variable is present.
func overlayEnv(v reflect.Value, prefix string) error {
	for i := range v.NumField() {
		name := prefix + "_" + strings.ToUpper(v.Type().Field(i).Tag.Get("yaml"))
		field := v.Field(i)
		if field.Kind() == reflect.Struct {
			if err := overlayEnv(field, name); err != nil {
				return err
			}
			continue
		}
		value, ok, err := envValue(name)
		if err != nil {
			return err
		}
		if ok {
			if err := setField(field, value); err != nil {
				return fault.New(fault.BadRequest, "%s: %v", name, err)
			}
		}
	}
	return nil
}

func envValue(name string) (string, bool, error) {
	if path := os.Getenv(name + "_FILE"); path != "" {
		body, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return "", false, fault.Wrap(fault.BadRequest, err, "%s_FILE: the file cannot be read", name)
		}
		return strings.TrimSpace(string(body)), true, nil
	}
	value, ok := os.LookupEnv(name)
	return value, ok, nil
}

func setField(f reflect.Value, value string) error {
	switch f.Kind() {
	case reflect.String:
		f.SetString(value)
	case reflect.Int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return errors.New("write a whole number")
		}
		f.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("write true or false")
		}
		f.SetBool(b)
	case reflect.Float64:
		x, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return errors.New("write a number")
		}
		f.SetFloat(x)
	case reflect.Map:
		fresh := reflect.New(f.Type())
		if err := json.Unmarshal([]byte(value), fresh.Interface()); err != nil {
			return errors.New(`write a JSON object, for example {"enable_thinking":false}`)
		}
		f.Set(fresh.Elem())
	case reflect.Slice:
		var list []string
		for _, s := range strings.Split(value, ",") {
			if s = strings.TrimSpace(s); s != "" {
				list = append(list, s)
			}
		}
		f.Set(reflect.ValueOf(list))
	}
	return nil
}

// check returns a fault that names the first wrong key.
func (c config) check() error {
	for key, addr := range map[string]string{"addr": c.Addr, "admin_addr": c.AdminAddr} {
		if addr == "" && key == "admin_addr" {
			continue
		}
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return fault.New(fault.BadRequest, "%s: %q is no host:port; write for example :8080", key, addr)
		}
	}
	if c.Bus != "" {
		if err := bus.CheckKeys(c.Bus, c.BusPrefix, c.BusCA); err != nil {
			return err
		}
	}
	if err := c.checkLeave(); err != nil {
		return err
	}
	if c.Retention.ConversationsDays < 1 {
		return fault.New(fault.BadRequest, "retention.conversations_days: write at least 1")
	}
	if c.Retention.ImagesDays < 1 {
		return fault.New(fault.BadRequest, "retention.images_days: write at least 1")
	}
	if c.Retention.AuditDays < minAuditDays {
		return fault.New(fault.BadRequest, "retention.audit_days: write at least %d; the law asks for logs of six months", minAuditDays)
	}
	if err := c.checkAuth(); err != nil {
		return err
	}
	if c.Limits.VisitorBurst < 1 || c.Limits.AddressMinute < 1 {
		return fault.New(fault.BadRequest, "limits: visitor_burst and address_minute must be at least 1")
	}
	if _, err := c.rules(); err != nil {
		return err
	}
	if _, err := c.webhook(nil, nil, nil); err != nil {
		return err
	}
	if _, err := c.trusted(); err != nil {
		return err
	}
	if _, err := c.Log.level(); err != nil {
		return err
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		return fault.New(fault.BadRequest, "log.format: %q is neither text nor json", c.Log.Format)
	}
	for _, part := range []interface{ check() error }{c.WeChat, c.WeCom, c.ASR, c.Places, c.Links, c.LLM, c.Embeddings, c.OTel} {
		if err := part.check(); err != nil {
			return err
		}
	}
	for _, o := range append([]string{c.Site.BaseURL}, c.Site.AllowedOrigins...) {
		if u, err := url.Parse(o); o != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.HasSuffix(o, "/")) {
			return fault.New(fault.BadRequest, "site: %q is no origin; write for example https://example.org", o)
		}
	}
	if err := c.site().Check(); err != nil {
		return err
	}
	return c.checkHandover()
}

func (c config) trusted() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range c.Proxy.Trusted {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, aerr := netip.ParseAddr(s)
			if aerr != nil {
				return nil, fault.New(fault.BadRequest, "proxy.trusted: %q is no address or network; write for example 10.0.0.0/8", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p)
	}
	return out, nil
}

func (c config) site() bot.Site {
	return bot.Site{
		BaseURL: c.Site.BaseURL, Hotline: c.Hotline.Number, HotlineHours: c.Hotline.Hours, Sample: !c.Site.Live,
		Maps:  c.Places.MapApps,
		Links: map[bot.LinkKind]string{bot.LinkWeb: c.Links.Web, bot.LinkMini: c.Links.MiniProgram, bot.LinkTerminal: c.Links.Terminal},
	}
}
