package studio

import (
	"context"
	"net/http"

	"shenwei/bot/insight"
)

// statsSpan is how many days are added up when no range is named.
const statsSpan = 7

// Stats answers with the numbers of a range of days.
func (h *Insight) Stats(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func() (any, error) { return h.report(r) })
}

func (h *Insight) report(r *http.Request) (*insight.Report, error) {
	q := r.URL.Query()
	now := h.cfg.Now().In(h.cfg.Location)
	days, err := insight.ParseDays(q.Get("from"), q.Get("to"), statsSpan, now, h.cfg.Location)
	if err != nil {
		return nil, err
	}
	by := insight.By(q.Get("by"))
	if by == "" {
		by = insight.ByDay
	}
	live, done, err := h.cfg.Trials.Live()
	if err != nil {
		return nil, err
	}
	defer done()
	numbers, err := h.cfg.Store.Numbers(r.Context(), days)
	if err != nil {
		return nil, err
	}
	return insight.Build(numbers, by, live.Knowledge(), now)
}

// exported is how many groups of what nobody could answer an export lists.
const exported = 200

// export is the report with what nobody could answer.
func (h *Insight) export(ctx context.Context, rep *insight.Report) (sheets, error) {
	list, err := h.missed(ctx, insight.Filter{Days: insight.Days{From: rep.From, To: rep.To}, Limit: exported})
	if err != nil {
		return nil, err
	}
	return tables(rep, list.Clusters), nil
}

// StatsXLSX sends the numbers as a workbook.
func (h *Insight) StatsXLSX(w http.ResponseWriter, r *http.Request) {
	h.download(w, r, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook)
}

// StatsCSV sends one table of the numbers as CSV with a byte order mark: rows (the default),
// top, failed, never_hit, due, missed or trips.
func (h *Insight) StatsCSV(w http.ResponseWriter, r *http.Request) {
	h.download(w, r, "csv", "text/csv; charset=utf-8", func(all sheets) ([]byte, error) {
		return all.csv(r.URL.Query().Get("table"))
	})
}

func (h *Insight) download(w http.ResponseWriter, r *http.Request, ext, kind string, encode func(sheets) ([]byte, error)) {
	rep, err := h.report(r)
	var all sheets
	if err == nil {
		all, err = h.export(r.Context(), rep)
	}
	var body []byte
	if err == nil {
		body, err = encode(all)
	}
	if err != nil {
		h.cfg.Respond.Error(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", `attachment; filename="shenwei-`+rep.From+`-`+rep.To+`.`+ext+`"`)
	header.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(body) // the reader may have left
}
