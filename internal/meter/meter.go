// Package meter is what an operator watches, as Prometheus reads it: rate, errors and duration
// of what goes in and out, and what matters to a service of answers. What has no place in a
// request (queues, what is overdue) is read from the record when it is asked for: vitals.go.
//
// Labels have few values, none of them from outside: a name that is not known counts as
// "other". No metric holds a citizen's words or an id. Start reading at New.
package meter

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Other stands for every value of a label that is not known.
const Other = "other"

// wide span from what the engine needs to what a citizen bears, slow from that to what an
// editor waits for, waits how long people wait for people; in seconds.
var (
	wide  = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	slow  = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
	waits = []float64{1, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600}
	sure  = []float64{.1, .2, .3, .4, .5, .6, .7, .8, .85, .9, .95, .99}
	sizes = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}
)

// Set is all metrics of a process, beside those of its HTTP server. It is safe for concurrent use.
type Set struct {
	answers    *prometheus.CounterVec
	answerTime *prometheus.HistogramVec
	confidence *prometheus.HistogramVec

	frames    *prometheus.CounterVec
	frameTime prometheus.Histogram
	closed    *prometheus.CounterVec

	callbacks    *prometheus.CounterVec
	callbackTime *prometheus.HistogramVec

	outgoing     *prometheus.CounterVec
	outgoingTime *prometheus.HistogramVec

	operations    *prometheus.CounterVec
	operationTime *prometheus.HistogramVec
	batch         prometheus.Histogram

	attempts *prometheus.CounterVec
	jobs     *prometheus.CounterVec
	jobTime  *prometheus.HistogramVec

	handoffs    *prometheus.CounterVec
	handoffWait *prometheus.HistogramVec

	gates    *prometheus.CounterVec
	gateTime prometheus.Histogram
	flips    *prometheus.CounterVec
	publish  *prometheus.CounterVec

	lines *prometheus.CounterVec

	groups names
}

// New registers every metric. Groups are the hotline's; handovers to another count as Other.
func New(reg prometheus.Registerer, groups []string) *Set {
	s := &Set{groups: named(groups...)}
	r := registrar{reg}
	s.talk(r)
	s.traffic(r)
	s.work(r)
	return s
}

type registrar struct{ to prometheus.Registerer }

func (r registrar) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shenwei_" + name, Help: help}, labels)
	r.to.MustRegister(c)
	return c
}

func (r registrar) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "shenwei_" + name, Help: help, Buckets: buckets}, labels)
	r.to.MustRegister(h)
	return h
}

func (r registrar) one(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "shenwei_" + name, Help: help, Buckets: buckets})
	r.to.MustRegister(h)
	return h
}

func (s *Set) talk(r registrar) {
	s.answers = r.counter("answers_total", "Replies to citizens by action and channel; clarify asks back, decline is silence.", "action", "channel")
	s.answerTime = r.histogram("answer_seconds", "Time from a line's arrival to its reply on disk.", wide, "channel")
	s.confidence = r.histogram("answer_confidence", "Calibrated probability that action and item are right.", sure, "action")
	s.handoffs = r.counter("handoffs_total", "Moves of tickets of the hotline, by event and group.", "event", "group")
	s.handoffWait = r.histogram("handoff_wait_seconds", "How long citizens waited until a person took their ticket.", waits, "group")
	s.gates = r.counter("gate_runs_total", "Runs of the gate: passed, refused (a right gold answer breaks), failed.", "outcome")
	s.gateTime = r.one("gate_seconds", "Time that a run of the gate took.", slow)
	s.flips = r.counter("gate_flips_total", "Questions whose answer a candidate changes, gold or real.", "kind")
	s.publish = r.counter("publishes_total", "Releases that were to be made: ok, or refused by the record.", "outcome")
}

func (s *Set) traffic(r registrar) {
	s.frames = r.counter("ws_frames_total", "Text frames of WebSockets, in and out.", "direction")
	s.frameTime = r.one("ws_frame_seconds", "Time to take a frame in.", wide)
	s.closed = r.counter("ws_closed_total", "WebSockets that ended, by the close code that we sent; 0 where the client left.", "code")
	s.callbacks = r.counter("callbacks_total", "Pushes of WeChat and 微信客服 by what became of them.", "channel", "outcome")
	s.callbackTime = r.histogram("callback_seconds", "Time until a push was answered; the platform waits five seconds.", wide, "channel")
	s.outgoing = r.counter("outgoing_requests_total", "Calls to other systems by what became of them.", "target", "outcome")
	s.outgoingTime = r.histogram("outgoing_request_seconds", "Time until another system answered.", slow, "target")
	s.operations = r.counter("db_operations_total", "Operations on the database: reads, writes, and the transactions that writes share.", "op", "outcome")
	s.operationTime = r.histogram("db_operation_seconds", "Time of an operation on the database, with its wait for the writer.", wide, "op")
	s.batch = r.one("db_batch_writes", "How many writes one transaction carried out together.", sizes)
	s.lines = r.counter("log_lines_total", "Lines of the log by level.", "level")
}

func (s *Set) work(r registrar) {
	s.attempts = r.counter("outbox_attempts_total", "Attempts to deliver, by the state that they led to.", "kind", "state")
	s.jobs = r.counter("job_runs_total", "Scheduled work that was done or failed.", "kind", "outcome")
	s.jobTime = r.histogram("job_seconds", "Time that scheduled work took.", slow, "kind")
}

// names are the known values of a label.
type names map[string]bool

func named(list ...string) names {
	n := names{}
	for _, s := range list {
		n[s] = true
	}
	return n
}

func (n names) of(s string) string {
	if n[s] {
		return s
	}
	return Other
}

// The known values of labels.
var (
	actions  = named("answer", "clarify", "handoff", "emergency", "smalltalk", "decline", "relayed")
	channels = named("web", "h5", "terminal", "api", "cli", "wechat", "wecom")
	targets  = named("wechat", "wecom", "miniprogram", "model", "embeddings", "asr", "webhook", "links")
	outboxes = named("wechat", "wecom", "order")
	states   = named("waiting", "sending", "held", "sent", "failed", "unknown")
	levels   = named("DEBUG", "INFO", "WARN", "ERROR")
	moves    = named("offer", "accept", "take", "decline", "lapse", "cancel", "gone", "transfer", "return", "resolve", "callme", "reopen", "lost", "end", "danger", "idleend")
	codes    = named("0", "1000", "1001", "1002", "1003", "1007", "1008", "1009", "1011", "1013", "4401", "4403")
)

const (
	ok      = "ok"
	failed  = "failed"
	refused = "refused"
)

// Answered counts an answer. Took is 0 where it is not known.
func (s *Set) Answered(action, channel string, confidence float64, took time.Duration) {
	action, channel = actions.of(action), channels.of(channel)
	s.answers.WithLabelValues(action, channel).Inc()
	if took > 0 {
		s.answerTime.WithLabelValues(channel).Observe(took.Seconds())
	}
	s.confidence.WithLabelValues(action).Observe(confidence)
}

// Moved counts an event of a ticket; waited is set where a person took it.
func (s *Set) Moved(event, group string, waited time.Duration, taken bool) {
	group = s.groups.of(group)
	s.handoffs.WithLabelValues(moves.of(event), group).Inc()
	if taken {
		s.handoffWait.WithLabelValues(group).Observe(waited.Seconds())
	}
}

// GateRun counts a run of the gate: what it found, or that it failed.
func (s *Set) GateRun(took time.Duration, broken, gold, real int, err error) {
	s.gateTime.Observe(took.Seconds())
	switch {
	case err != nil:
		s.gates.WithLabelValues(failed).Inc()
		return
	case broken > 0:
		s.gates.WithLabelValues(refused).Inc()
	default:
		s.gates.WithLabelValues("passed").Inc()
	}
	s.flips.WithLabelValues("gold").Add(float64(gold))
	s.flips.WithLabelValues("real").Add(float64(real))
}

// Published counts a release that was to be made.
func (s *Set) Published(err error) { s.publish.WithLabelValues(outcome(err)).Inc() }

func outcome(err error) string {
	if err != nil {
		return failed
	}
	return ok
}

// Attempt counts an attempt of the outbox.
func (s *Set) Attempt(kind, state string) {
	s.attempts.WithLabelValues(outboxes.of(kind), states.of(state)).Inc()
}

// JobDone counts scheduled work. Kinds are those that the program registers.
func (s *Set) JobDone(kind string, took time.Duration, err error) {
	s.jobs.WithLabelValues(kind, outcome(err)).Inc()
	s.jobTime.WithLabelValues(kind).Observe(took.Seconds())
}

// Logged counts a line of the log.
func (s *Set) Logged(level string) { s.lines.WithLabelValues(levels.of(level)).Inc() }
