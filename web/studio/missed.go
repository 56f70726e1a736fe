package studio

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shenwei/bot/insight"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// missedSpan is how many days of what went wrong are shown when no range is named.
const missedSpan = 30

type missedCluster struct {
	ID        int64                `json:"id"`
	Size      int64                `json:"size"`
	Questions []string             `json:"questions"`
	Reasons   insight.ReasonCounts `json:"reasons"`
	Nearest   []near               `json:"nearest"`
	First     time.Time            `json:"first"`
	Last      time.Time            `json:"last"`
	State     insight.State        `json:"state"`
	Assigned  string               `json:"assigned"`
	// How, Asks, By and Done tell what was decided; Title names what it was assigned to.
	How   string          `json:"how,omitempty"`
	Title string          `json:"title,omitempty"`
	Asks  []string        `json:"asks,omitempty"`
	By    string          `json:"by,omitempty"`
	Done  *time.Time      `json:"done,omitempty"`
	After *insight.Change `json:"after,omitempty"`
}

type near struct {
	Key   string  `json:"key"`
	Title string  `json:"title"`
	P     float64 `json:"p"`
}

type missedList struct {
	From     string          `json:"from"`
	To       string          `json:"to"`
	Clusters []missedCluster `json:"clusters"`
	Total    int             `json:"total"`
}

// Missed lists what nobody could answer, what was thumbed down, asked again or handed over:
// nearly the same questions together, the most frequent first.
func (h *Insight) Missed(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func() (any, error) {
		f, err := h.missedFilter(r)
		if err != nil {
			return nil, err
		}
		return h.missed(r.Context(), f)
	})
}

func (h *Insight) missedFilter(r *http.Request) (f insight.Filter, err error) {
	q := r.URL.Query()
	if f.Days, err = insight.ParseDays(q.Get("from"), q.Get("to"), missedSpan, h.cfg.Now(), h.cfg.Location); err != nil {
		return f, err
	}
	f.Kind, f.State = insight.Reason(q.Get("kind")), insight.State(q.Get("state"))
	switch f.Kind {
	case "", insight.Missed, insight.Thumbed, insight.Again, insight.Handed:
	default:
		return f, fault.New(fault.BadRequest, "参数 kind 可以是 missed、thumbed、repeated、handed")
	}
	switch f.State {
	case "", insight.Open, insight.Drafted, insight.Solved, insight.Ignored:
	default:
		return f, fault.New(fault.BadRequest, "参数 state 可以是 open、drafted、solved、ignored")
	}
	f.Offset, f.Limit, err = page(r)
	return f, err
}

func (h *Insight) missed(ctx context.Context, f insight.Filter) (*missedList, error) {
	clusters, total, err := h.cfg.Store.Clusters(ctx, f)
	if err != nil {
		return nil, err
	}
	live, done, err := h.cfg.Trials.Live()
	if err != nil {
		return nil, err
	}
	defer done()
	list := &missedList{From: f.From, To: f.To, Clusters: []missedCluster{}, Total: total}
	for _, c := range clusters {
		m := show(c, live)
		if c.State == insight.Solved {
			if m.After, err = h.change(ctx, c); err != nil {
				return nil, err
			}
		}
		list.Clusters = append(list.Clusters, m)
	}
	return list, nil
}

func show(c insight.Cluster, live TrialEngine) missedCluster {
	m := missedCluster{
		ID: c.ID, Size: c.Questions, Questions: append([]string{}, c.Samples...), Reasons: c.ReasonCounts, Nearest: []near{},
		First: c.First, Last: c.Last, State: c.State, Assigned: c.Key, How: c.How, Asks: c.Asks, By: c.By,
	}
	if !c.Done.IsZero() {
		m.Done = &c.Done
	}
	if len(c.Samples) > 0 {
		for _, s := range nearest(live, c.Samples[0], 3) {
			m.Nearest = append(m.Nearest, near{string(s.Kind) + "/" + s.Code, live.Label(s.Code), float64(int(s.P*1000+0.5)) / 1000})
		}
	}
	if d := keyID(c.Key); d != "" {
		m.Title = live.Label(d)
	}
	return m
}

// change is how often the question came before and after its answer went live.
func (h *Insight) change(ctx context.Context, c insight.Cluster) (*insight.Change, error) {
	was, is := c.Ranges(h.cfg.Now(), h.cfg.Location)
	before, err := h.cfg.Store.Within(ctx, c.ID, was)
	if err != nil {
		return nil, err
	}
	after, err := h.cfg.Store.Within(ctx, c.ID, is)
	if err != nil {
		return nil, err
	}
	change := insight.NewChange(was, is, before, after)
	return &change, nil
}

type resolveBody struct {
	How  string `json:"how"`
	Key  string `json:"key"`
	Text string `json:"text"`
}

type resolveAnswer struct {
	State insight.State `json:"state"`
	Key   string        `json:"key"`
	Asks  []string      `json:"asks"`
	// Drafted is set when a draft was stored: it goes live by review and gate.
	Drafted bool `json:"drafted"`
}

// ResolveMissed carries out what somebody decided about a cluster.
func (h *Insight) ResolveMissed(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func() (any, error) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		if err != nil {
			return nil, fault.New(fault.NotFound, "没有这一组问题")
		}
		var b resolveBody
		if err := respond.Body(w, r, &b); err != nil {
			return nil, err
		}
		by, err := who(r)
		if err != nil {
			return nil, err
		}
		return h.resolve(r.Context(), id, b, by)
	})
}

func (h *Insight) resolve(ctx context.Context, id int64, b resolveBody, by auth.Principal) (*resolveAnswer, error) {
	c, err := h.cfg.Store.Cluster(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Wrap(fault.NotFound, err, "没有这一组问题")
	}
	if err != nil {
		return nil, err
	}
	seen := map[string]Version{}
	var failed error
	find := func(key string) (kb.Document, bool) {
		v, ok, err := h.cfg.Drafts.Version(ctx, key)
		if err != nil {
			failed = err
		}
		seen[key] = v
		return v.Document, ok && err == nil
	}
	res, doc, err := insight.Resolve(c, insight.Decision{How: b.How, Key: b.Key, Text: b.Text}, find, h.cfg.Now().In(h.cfg.Location))
	if failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	res.By = by.Name
	if doc != nil {
		if err := h.cfg.Drafts.Save(ctx, seen[doc.Key()], *doc, member(by), false); err != nil {
			return nil, err
		}
	} else if err := h.alreadyLive(&res); err != nil {
		return nil, err
	}
	detail, err := json.Marshal(map[string]string{"how": b.How, "key": res.Key})
	if err != nil {
		return nil, err
	}
	entry := audit.Entry{Actor: by.Name, Action: "missed.resolve", Object: "missed/" + strconv.FormatInt(id, 10), Detail: string(detail), At: res.At}
	if err := h.cfg.Store.Resolve(ctx, res, entry); err != nil {
		return nil, err
	}
	return &resolveAnswer{res.State, res.Key, append([]string{}, res.Asks...), doc != nil}, nil
}

// alreadyLive notes that nothing had to be drafted because the release has it.
func (h *Insight) alreadyLive(res *insight.Resolution) error {
	if res.State != insight.Drafted {
		return nil
	}
	live, done, err := h.cfg.Trials.Live()
	if err != nil {
		return err
	}
	defer done()
	if (insight.Waiting{Key: res.Key, Asks: res.Asks}).Live(live.Knowledge()) {
		res.State = insight.Solved
	}
	return nil
}

// keyID is the id of "kind/id".
func keyID(key string) string {
	_, id, _ := strings.Cut(key, "/")
	return id
}
