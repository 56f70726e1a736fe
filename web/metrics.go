package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what an operator watches of the server itself; package meter has the rest. A test moves
// each of them.
type metrics struct {
	requests    *prometheus.CounterVec
	requestTime *prometheus.HistogramVec
	errors      *prometheus.CounterVec
}

// answerBuckets span from what the engine needs to what a citizen bears, in seconds.
var answerBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func newMetrics(cfg Config) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shenwei_http_requests_total", Help: "HTTP requests by route and status."}, []string{"route", "code"}),
		requestTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "shenwei_http_request_seconds", Help: "Time to answer an HTTP request.", Buckets: answerBuckets}, []string{"route"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shenwei_errors_total", Help: "Problems shown to callers by code."}, []string{"code"}),
	}
	sockets := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "shenwei_ws_connections", Help: "Open WebSockets."}, func() float64 { return float64(cfg.Hub.Len()) })
	release := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "shenwei_release", Help: "Number of the release that is live; 0 before the first."}, func() float64 {
		if l := cfg.Live(); l != nil {
			return float64(l.Release())
		}
		return 0
	})
	cfg.Registry.MustRegister(m.requests, m.requestTime, m.errors, sockets, release)
	return m
}

func (m *metrics) requested(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.requestTime.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) failed(code string) { m.errors.WithLabelValues(code).Inc() }

// AdminHandler serves what is for operators only: /metrics. It belongs on an address that
// citizens cannot reach (admin_addr, by default 127.0.0.1:9090).
func AdminHandler(reg *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	return mux
}
