package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/web/wechat"
	"shenwei/web/wechat/simulator"
)

type wechatSimulateCmd struct {
	Target string   `help:"A running service's callback; its wechat.api_base must be the address of --listen. By default the service runs within this command." placeholder:"URL"`
	Listen string   `help:"Where to play WeChat's interfaces." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	As     string   `help:"The citizen's name." default:"simulated-citizen"`
	Say    []string `arg:"" optional:"" help:"Lines to say; without one, standard input is read."`
}

const simulateHelp = `Write as a citizen would. A line that begins with / is something else:
/subscribe [scene]  /click KEY  /scan SCENE  /image  /voice WORDS  /location LAT,LNG [LABEL]  /twice WORDS  /leave`

// simulation is WeChat, a citizen and, unless it runs elsewhere, the service.
type simulation struct {
	out      io.Writer
	sim      *simulator.Simulator
	citizen  string
	channels *channels // nil when the service runs elsewhere

	mu sync.Mutex
}

// Run plays until the input ends.
func (s *wechatSimulateCmd) Run(ctx context.Context, c *cli) (err error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be listened on", s.Listen)
	}
	run := &simulation{out: os.Stdout, citizen: s.As}
	cfg, err := c.loadConfig()
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	account := simulated(cfg.WeChat)
	if run.sim, err = simulator.New(simulator.Config{Account: account, Target: s.Target, Shown: run.shown}); err != nil {
		return errors.Join(err, ln.Close())
	}
	server := &http.Server{Handler: run.sim.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(ln) }() // ends with the command
	defer func() { err = errors.Join(err, server.Close()) }()
	if s.Target == "" {
		app, stop, oerr := run.service(ctx, c, account, "http://"+ln.Addr().String())
		if oerr != nil {
			return oerr
		}
		defer func() { stop(); err = errors.Join(err, app.close()) }()
	} else {
		fmt.Fprintf(os.Stderr, "WeChat is played at http://%s; the service at %s must have it as wechat.api_base.\n", ln.Addr(), s.Target)
	}
	return run.play(ctx, s.Say, os.Stdin)
}

// simulated is the configured account, or one of the simulator's own.
func simulated(w wechatConfig) simulator.Account {
	a := simulator.TestAccount()
	if w.AppID == "" {
		return a
	}
	a.AppID, a.Secret, a.Token, a.AESKey, a.Mode = w.AppID, w.Secret, w.Token, w.EncodingAESKey, wechat.Mode(w.Mode)
	a.Unverified, a.NoMenus = !w.Custom, !w.Menus
	return a
}

// service runs the account's callback within this command, on the configured record.
func (r *simulation) service(ctx context.Context, c *cli, account simulator.Account, api string) (*app, func(), error) {
	app, err := c.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	w := &app.cfg.WeChat
	w.AppID, w.Secret, w.Token, w.EncodingAESKey, w.Mode, w.APIBase = account.AppID, account.Secret, account.Token, account.AESKey, string(account.Mode), api
	app.cfg.WeCom.CorpID = ""
	app.front = bot.NewFront(app.store, app.live, app.log, bot.WithLabels(app.label), bot.WithClock(app.now))
	if app.channels, err = app.newChannels(); err != nil {
		return nil, nil, errors.Join(err, app.close())
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, errors.Join(err, app.close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /wechat", app.channels.wechat.Verify)
	mux.HandleFunc("POST /wechat", app.channels.wechat.Receive)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(ln) }() // ends with the command
	r.channels = app.channels
	r.sim.SetTarget("http://" + ln.Addr().String() + "/wechat")
	return app, func() { _ = server.Close() }, nil
}

// play says the lines, or those of the input.
func (r *simulation) play(ctx context.Context, lines []string, in io.Reader) error {
	if len(lines) > 0 {
		for _, l := range lines {
			if err := r.line(ctx, l); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintln(os.Stderr, simulateHelp)
	scan := bufio.NewScanner(in)
	for scan.Scan() {
		if line := strings.TrimSpace(scan.Text()); line != "" {
			if err := r.line(ctx, line); err != nil {
				return err
			}
		}
	}
	return scan.Err()
}

// line pushes what one line stands for and waits for what comes of it.
func (r *simulation) line(ctx context.Context, line string) error {
	m, copies := r.message(line)
	if m.Type == "" {
		fmt.Fprintln(os.Stderr, simulateHelp)
		return nil
	}
	m.At = time.Now()
	for range copies {
		r.sim.Push(ctx, m)
	}
	if r.channels == nil {
		return nil
	}
	r.channels.wechat.Drain(ctx)
	for {
		n, err := r.channels.outbox.Step(ctx)
		if n == 0 || err != nil {
			return err
		}
	}
}

func (r *simulation) message(line string) (m simulator.Message, copies int) {
	command, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	typed := func(kind string, fields ...simulator.Field) simulator.Message {
		return simulator.Message{OpenID: r.citizen, Type: kind, ID: r.sim.NewID(), Fields: fields}
	}
	field := func(name, value string) simulator.Field { return simulator.Field{Name: name, Value: value} }
	switch command {
	case "/subscribe":
		if rest != "" {
			rest = "qrscene_" + rest
		}
		return r.sim.Event(r.citizen, "subscribe", rest), 1
	case "/leave":
		return r.sim.Event(r.citizen, "unsubscribe", ""), 1
	case "/click":
		return r.sim.Event(r.citizen, "CLICK", rest), 1
	case "/scan":
		return r.sim.Event(r.citizen, "SCAN", rest), 1
	case "/image":
		return typed("image", field("MediaId", "simulated")), 1
	case "/voice":
		return typed("voice", field("MediaId", "simulated"), field("Recognition", rest)), 1
	case "/twice":
		return r.sim.Text(r.citizen, rest), 2
	case "/location":
		place, label, _ := strings.Cut(rest, " ")
		lat, lng, _ := strings.Cut(place, ",")
		return typed("location", field("Location_X", lat), field("Location_Y", lng), field("Label", label)), 1
	}
	if strings.HasPrefix(line, "/") {
		return simulator.Message{}, 0
	}
	return r.sim.Text(r.citizen, line), 1
}

// shown prints a bubble as a phone shows it: the citizen's own on the right.
func (r *simulation) shown(_ string, b simulator.Bubble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.Own {
		fmt.Fprintf(r.out, "%24s%s :我\n", "", b.Plain())
		return
	}
	how := map[string]string{"news": "〔卡片〕", "menu": "〔菜单〕", "failure": "〔故障〕"}[b.Kind]
	fmt.Fprintf(r.out, "深微: %s%s\n", how, strings.ReplaceAll(b.Plain(), "\n", "\n      "))
}
