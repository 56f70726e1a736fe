package desk

import (
	"encoding/csv"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// span reads the days from and to (both counted) of a request; the default is the last seven.
func (d *Desk) span(r *http.Request) (from, to time.Time, err error) {
	now := d.cfg.Now().In(zone)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	from, to = today.AddDate(0, 0, -6), today.AddDate(0, 0, 1)
	for name, t := range map[string]*time.Time{"from": &from, "to": &to} {
		given := r.URL.Query().Get(name)
		if given == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, given, zone)
		if err != nil {
			return from, to, fault.New(fault.BadRequest, "参数 %s 应为日期，例如 2026-11-22", name)
		}
		if *t = day; name == "to" {
			*t = day.AddDate(0, 0, 1)
		}
	}
	if !from.Before(to) || to.Sub(from) > 93*24*time.Hour {
		return from, to, fault.New(fault.BadRequest, "时间段应为 1 到 93 天")
	}
	return from, to, nil
}

// Sample is the handler of GET /api/v1/desk/sample?n=&agent=, for supervisors: ended tickets
// drawn at random for a quality check.
func (d *Desk) Sample() http.HandlerFunc {
	return d.answer(func(r *http.Request, _ auth.Principal) (any, error) {
		from, to, err := d.span(r)
		if err != nil {
			return nil, err
		}
		n, err := number(r, "n", 5)
		if err != nil || n < 1 || n > 50 {
			return nil, fault.New(fault.BadRequest, "参数 n 应为 1 到 50")
		}
		list, err := d.cfg.Store.EndedTickets(r.Context(), from, to, 10_000)
		if err != nil {
			return nil, err
		}
		agent := r.URL.Query().Get("agent")
		b := ticketsBody{Tickets: []ticketView{}}
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] }) //nolint:gosec // no secret
		for _, t := range list {
			if t.Last != "" && (agent == "" || t.Last == agent) && int64(len(b.Tickets)) < n {
				b.Tickets = append(b.Tickets, d.view(t))
			}
		}
		return b, nil
	})
}

type checkBody struct {
	Ticket  string         `json:"ticket"`
	Sheet   string         `json:"sheet"`
	Points  map[string]int `json:"points"`
	Comment string         `json:"comment"`
}

// SaveCheck is the handler of POST /api/v1/desk/checks, for supervisors.
func (d *Desk) SaveCheck() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b checkBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) {
			t, err := d.cfg.Desk.Ticket(r.Context(), b.Ticket)
			if err != nil {
				return nil, err
			}
			c := desk.Check{Ticket: t.Number, Agent: t.Last, Reviewer: who.Name, Sheet: b.Sheet, Points: b.Points, Comment: b.Comment, At: d.cfg.Now()}
			if err := c.Score(); err != nil {
				return nil, err
			}
			return c, d.cfg.Store.SaveCheck(r.Context(), c)
		})(w, r)
	}
}

type checksBody struct {
	Checks []desk.Check `json:"checks"`
}

// Checks is the handler of GET /api/v1/desk/checks?from=&to=, for supervisors.
func (d *Desk) Checks() http.HandlerFunc {
	return d.answer(func(r *http.Request, _ auth.Principal) (any, error) {
		from, to, err := d.span(r)
		if err != nil {
			return nil, err
		}
		list, err := d.cfg.Store.Checks(r.Context(), from, to, maxList)
		return checksBody{list}, err
	})
}

// Report is the handler of GET /api/v1/desk/report?from=&to=&format=json|csv, for supervisors.
func (d *Desk) Report() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, to, err := d.span(r)
		if err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		if r.URL.Query().Get("format") != "csv" {
			d.answer(func(r *http.Request, _ auth.Principal) (any, error) { return d.cfg.Store.Tally(r.Context(), from, to) })(w, r)
			return
		}
		list, err := d.cfg.Store.EndedTickets(r.Context(), from, to, 10_000)
		if err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		writeCSV(w, "tickets", d.reportRows(list))
	}
}

func (d *Desk) reportRows(list []desk.Ticket) [][]string {
	rows := [][]string{{"编号", "渠道", "组", "原因", "事项", "转人工时间", "等待秒数", "首次回复秒数", "服务秒数", "坐席", "状态", "小结", "找回次数", "星级", "已解决"}}
	numbers := map[string]string{}
	for _, a := range d.cfg.Desk.Agents() {
		numbers[a.ID] = a.Number
	}
	seconds := func(from, to time.Time) string {
		if from.IsZero() || to.IsZero() {
			return ""
		}
		return strconv.Itoa(int(to.Sub(from) / time.Second))
	}
	for _, t := range list {
		stars, solved := "", ""
		if t.Rating != nil {
			stars, solved = strconv.Itoa(t.Rating.Stars), strconv.FormatBool(t.Rating.Solved)
		}
		rows = append(rows, []string{
			t.Number, t.Channel, t.Group, t.Reason, t.Item, t.Created.In(zone).Format("2006-01-02 15:04:05"), seconds(t.Enqueued, t.Accepted),
			seconds(t.Accepted, t.Replied), seconds(t.Accepted, t.Ended), numbers[t.Last], desk.StateNames[t.State], desk.WrapupCodes[t.Code],
			strconv.Itoa(t.Reopens), stars, solved,
		})
	}
	return rows
}

// writeCSV answers with a file for a spreadsheet: UTF-8 with its mark, and no cell that a
// spreadsheet would take for a formula.
func writeCSV(w http.ResponseWriter, name string, rows [][]string) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	_, _ = w.Write([]byte("\xEF\xBB\xBF"))
	out := csv.NewWriter(w)
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		if out.Write(row) != nil {
			return // the reader has left
		}
	}
	out.Flush()
}
