// Package web is the HTTP server: routes.go lists what it answers, in one place; observe.go
// and admit.go are what every request passes before; the handlers live in web/chat and
// web/api. Start reading at New.
package web

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shenwei/internal/fault"
	"shenwei/internal/trail"
	"shenwei/web/api"
	"shenwei/web/auth"
	"shenwei/web/chat"
	"shenwei/web/desk"
	"shenwei/web/live"
	"shenwei/web/respond"
	pages "shenwei/web/staff"
	"shenwei/web/studio"
)

// Front takes citizens' lines; *bot.Front is one.
type Front interface {
	chat.Front
}

// Store is the record as the web needs it; *store.DB is one.
type Store interface {
	api.Store
	// Ping fails while the store cannot answer.
	Ping(ctx context.Context) error
}

// Live is the release that is live, as an operator presents it.
type Live interface {
	chat.Live
	api.Live
}

// Config is what a server needs. Front, Store, Live and Hub must be set.
type Config struct {
	Front Front
	Store Store
	// Live returns what is live now, nil before the first release is ready.
	Live func() Live
	// Hub holds the sockets; the front tells its Committed after each commit.
	Hub *live.Hub
	// Desk is the hotline behind the bot, without Hub, Respond, Now and Log; nil where nobody
	// works.
	Desk *desk.Config
	// Staff signs people in who work here; without it there are no routes for them.
	Staff *auth.Service
	// StaffRecord is what the pages of staff read and change; set with Staff.
	StaffRecord pages.Record
	// OIDC signs staff in by another service; nil when none is configured.
	OIDC *pages.OIDC
	// Studio is what the editors' studio works on; without it, or without Staff, there are no
	// such routes.
	Studio *studio.Services
	// Insight is what editors look at: try-out, lexicon, gold, missed questions, numbers. Its
	// Respond and Now are set here; without it, or without Staff, there are no such routes.
	Insight *studio.InsightConfig
	// Exchange takes knowledge in and out as files; nil without a studio.
	Exchange *studio.ExchangeConfig
	Log      *slog.Logger
	// Registry takes the metrics; a new one when nil.
	Registry *prometheus.Registry
	// Spans makes spans of requests, Tracer of what a turn goes through; nil for none. TurnOf names
	// the turn that a reply belongs to.
	Spans  Spans
	Tracer trail.Tracer
	TurnOf func(ctx context.Context, conversation string, reply int64) string
	// Now is the clock of limits and of what is stored.
	Now func() time.Time

	// BaseURL is the public address; its origin counts as our own, whatever Host says.
	BaseURL string
	// AllowedOrigins are other sites ("https://host") whose pages may talk to the API and the socket.
	AllowedOrigins []string
	// TrustedProxies are the networks (CIDR) whose X-Forwarded-For and -Proto are believed.
	TrustedProxies []string
	Limits         Limits

	// Operator runs the service; RetentionDays (default 180) is how long it keeps
	// conversations, PictureDays (default 30) how long pictures. All stand in the privacy notice.
	Operator      string
	RetentionDays int
	PictureDays   int
	// Codes keeps what buttons hand over to the business site, which signs with one of LinkKeys;
	// nil where nothing is handed over.
	Codes    Codes
	LinkKeys []string
	// Tiles are the licensed maps that outlets may be shown on; none by default.
	Tiles chat.Tiles
	// WeChat and WeCom answer the platforms' callbacks; nil where the account is not configured.
	WeChat WeChat
	WeCom  Callback
	// Cleaner writes pictures anew that citizens send; one of its own when nil.
	Cleaner api.Cleaner
	// Assets are the built pages; the default are those embedded.
	Assets fs.FS
}

// Spans makes spans of requests.
type Spans interface {
	// Request begins the span of a request; end names it.
	Request(r *http.Request) (ctx context.Context, end func(method, route string, status int))
}

// Codes keeps what buttons hand over; *store.DB does.
type Codes interface {
	chat.Codes
	api.Codes
}

// Callback answers a platform that calls us.
type Callback interface {
	// Verify answers the question whether the address is ours, Receive one push.
	Verify(w http.ResponseWriter, r *http.Request)
	Receive(w http.ResponseWriter, r *http.Request)
}

// WeChat is an official account; *wechat.Channel is one.
type WeChat interface {
	Callback
	// Enter brings a visitor inside WeChat to her conversation, SignPage lets one of our pages use
	// WeChat's JavaScript, Open opens the mini-program from anywhere.
	Enter(w http.ResponseWriter, r *http.Request)
	SignPage(w http.ResponseWriter, r *http.Request)
	Open(w http.ResponseWriter, r *http.Request)
}

// CookieName is the cookie that carries a conversation's token on our own pages.
const CookieName = "shenwei_token"

// The server's patience. A hijacked socket has its own.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 20 * time.Second
	writeTimeout  = 40 * time.Second // more than a reply may take
	idleTimeout   = 75 * time.Second
	stopTimeout   = 10 * time.Second
	maxHeader     = 16 << 10
)

// Server answers HTTP. It is safe for concurrent use.
type Server struct {
	cfg      Config
	respond  *respond.Responder
	metrics  *metrics
	limits   *limits
	origins  *origins
	proxies  *proxies
	chat     *chat.Chat
	api      *api.API
	desk     *desk.Desk     // nil without a hotline
	staff    *pages.Staff   // nil without accounts
	studio   *studio.Studio // nil without one
	insight  *studio.Insight
	exchange *studio.Exchange
	sessions Sessions
	handler  http.Handler
	draining atomic.Bool
}

// New returns a server. It fails for a configuration that cannot be meant.
func New(cfg Config) (*Server, error) {
	if cfg.Front == nil || cfg.Store == nil || cfg.Live == nil || cfg.Hub == nil {
		return nil, errors.New("web: Front, Store, Live and Hub must be set")
	}
	cfg.defaults()
	s := &Server{cfg: cfg, metrics: newMetrics(cfg)}
	var err error
	if s.origins, err = newOrigins(cfg.BaseURL, cfg.AllowedOrigins); err != nil {
		return nil, err
	}
	if s.proxies, err = newProxies(cfg.TrustedProxies); err != nil {
		return nil, err
	}
	s.limits = newLimits(cfg.Limits, cfg.Now)
	s.respond = respond.New(cfg.Log, s.metrics.failed)
	citizens := s.openDesk()
	s.chat, err = chat.New(chat.Config{
		Desk:  citizens,
		Front: cfg.Front, Store: cfg.Store, Live: s.chatLive, Hub: cfg.Hub, Respond: s.respond, Limits: s.limits,
		Log: cfg.Log, Tracer: cfg.Tracer, TurnOf: cfg.TurnOf, Cookie: CookieName,
		Operator: cfg.Operator, RetentionDays: cfg.RetentionDays, PictureDays: cfg.PictureDays, Assets: cfg.Assets, Now: cfg.Now, Tiles: cfg.Tiles, Codes: cfg.Codes, MayEmbed: s.origins.mayEmbed,
	})
	if err != nil {
		return nil, err
	}
	s.api = api.New(api.Config{
		Front: cfg.Front, Store: cfg.Store, Live: s.apiLive, Respond: s.respond, Limits: s.limits,
		Now: cfg.Now, Cookie: CookieName, Cleaner: cfg.Cleaner, Codes: cfg.Codes, LinkKeys: cfg.LinkKeys,
	})
	if cfg.Staff != nil {
		s.staff = pages.New(pages.Config{Service: cfg.Staff, Record: cfg.StaffRecord, Respond: s.respond, Cookie: StaffCookie, BaseURL: cfg.BaseURL, OIDC: cfg.OIDC})
		s.sessions = s.staff
	}
	if cfg.Studio != nil {
		s.studio = studio.New(studio.Config{Services: *cfg.Studio, Respond: s.respond, Now: cfg.Now})
	}
	if cfg.Exchange != nil {
		x := *cfg.Exchange
		x.Respond, x.Now = s.respond, cfg.Now
		s.exchange = studio.NewExchange(x)
	}
	if cfg.Insight != nil {
		in := *cfg.Insight
		in.Respond, in.Now = s.respond, cfg.Now
		if s.insight, err = studio.NewInsight(in); err != nil {
			return nil, err
		}
	}
	s.handler = s.observe(s.mux(s.routes()))
	return s, nil
}

// deskSide is the hotline as a citizen's page needs it.
type deskSide struct {
	*desk.Service
	*desk.Desk
}

// openDesk makes the handlers of the hotline; nil where there is none.
func (s *Server) openDesk() chat.Desk {
	if s.cfg.Desk == nil {
		return nil
	}
	cfg := *s.cfg.Desk
	cfg.Hub, cfg.Respond, cfg.Now, cfg.Log = s.cfg.Hub, s.respond, s.cfg.Now, s.cfg.Log
	s.desk = desk.New(cfg)
	return deskSide{cfg.Desk, s.desk}
}

// Desk is the agents' side, nil without a hotline.
func (s *Server) Desk() *desk.Desk { return s.desk }

// RunDesk looks after those who wait for a person until ctx ends.
func (s *Server) RunDesk(ctx context.Context) error {
	if s.desk == nil {
		return nil
	}
	return s.desk.Run(ctx)
}

func (c *Config) defaults() {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.RetentionDays == 0 {
		c.RetentionDays = 180
	}
	if c.PictureDays == 0 {
		c.PictureDays = 30
	}
	if c.Assets == nil {
		c.Assets = dist()
	}
}

// chatLive and apiLive hand on what is live; a nil of one interface is not a nil of another.
func (s *Server) chatLive() chat.Live {
	if l := s.cfg.Live(); l != nil {
		return l
	}
	return nil
}

func (s *Server) apiLive() api.Live {
	if l := s.cfg.Live(); l != nil {
		return l
	}
	return nil
}

// Handler answers everything that citizens may ask.
func (s *Server) Handler() http.Handler { return s.handler }

// Registry holds the server's metrics, for AdminHandler.
func (s *Server) Registry() *prometheus.Registry { return s.cfg.Registry }

// Serve answers on the listener until ctx ends, then stops taking requests, lets those under
// way finish and sends the sockets away with a hint when to come back.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	hs := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- hs.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.Leave()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	sockets := make(chan error, 1)
	go func() { sockets <- s.cfg.Hub.Shutdown(stop.Done()) }()
	return errors.Join(hs.Shutdown(stop), <-sockets)
}

// Leave has /readyz say that this node is about to stop. Everything is served as before.
func (s *Server) Leave() { s.draining.Store(true) }

type healthBody struct {
	OK bool `json:"ok"`
}

// healthz tells that the process lives.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	s.respond.JSON(w, r, healthBody{true})
}

type readyBody struct {
	Ready   bool  `json:"ready"`
	Release int64 `json:"release"`
}

// pingTimeout bounds the store's answer to a readiness check.
const pingTimeout = 2 * time.Second

// readyz tells that questions can be answered.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	l := s.cfg.Live()
	switch err := s.cfg.Store.Ping(ctx); {
	case s.draining.Load():
		s.respond.Error(w, r, fault.New(fault.Unavailable, "服务正在停止"))
	case l == nil:
		s.respond.Error(w, r, fault.New(fault.Unavailable, "服务正在启动"))
	case err != nil:
		s.respond.Error(w, r, fault.Wrap(fault.Unavailable, err, "数据库没有应答"))
	default:
		s.respond.JSON(w, r, readyBody{true, l.Release()})
	}
}
