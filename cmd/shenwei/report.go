package main

import (
	"encoding/json"
	"html/template"
	"math"
	"os"
	"path/filepath"
	"sort"

	"shenwei/bot/eval"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
)

var reportPage = template.Must(template.New("report").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Evaluation: {{.File}}</title>
<style>body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #ddd;padding:.3rem .7rem;text-align:left;vertical-align:top}
.wrong{color:#b3261e}.n{text-align:right;font-variant-numeric:tabular-nums}</style>
<h1>{{.File}}</h1>
<table>{{if .Against}}<tr><th><td class="n">now<td class="n">before</tr>{{end}}{{range .Figures}}<tr><th>{{.Name}}<td class="n">{{.Value}}{{if .Before}}<td class="n">{{.Before}}{{end}}</tr>{{end}}</table>
<h2>Reliability of answers</h2>
<p>Answers by the confidence that they claim, and the share that was right. On the line both are the same.</p>
<svg viewBox="0 0 220 220" width="330" height="330" role="img" aria-label="reliability plot">
<rect x="10" y="10" width="200" height="200" fill="none" stroke="#999"/><line x1="10" y1="210" x2="210" y2="10" stroke="#bbb"/>
{{range .Bins}}{{if .Count}}<circle cx="{{.X}}" cy="{{.Y}}" r="{{.R}}" fill="#1f4e9c" fill-opacity=".7"/>{{end}}{{end}}</svg>
<table><tr><th>claimed<th class="n">answers<th class="n">mean claim<th class="n">right</tr>{{range .Bins}}{{if .Count}}<tr><td>{{printf "%.1f–%.1f" .From .To}}<td class="n">{{.Count}}<td class="n">{{printf "%.2f" .Claimed}}<td class="n">{{printf "%.2f" .Right}}</tr>{{end}}{{end}}</table>
{{range .Splits}}<h2>{{.Title}}</h2>
<table><tr><th><th class="n">rows<th class="n">first<th class="n">one tap<th class="n">wrong<th class="n">silence</tr>{{range .Groups}}<tr><td>{{.Name}}<td class="n">{{.Rows}}<td class="n">{{.First}}<td class="n">{{.Tap}}<td class="n">{{.Wrong}}<td class="n">{{.Silence}}</tr>{{end}}</table>
{{end}}<h2>Confusion between items</h2>
<table><tr><th>wanted<th>answered<th class="n">times</tr>{{range .Confusions}}<tr><td>{{.Want}}<td>{{.Got}}<td class="n">{{.Times}}</tr>{{end}}</table>
<h2>Rows that were not hit, the surest first</h2>
<table><tr><th>id<th>question<th>wanted<th>got<th class="n">confidence</tr>
{{range .Worst}}<tr><td>{{.ID}}<td>{{.Question}}<td>{{.Want}}<td class="{{.Outcome}}">{{.Outcome}}: {{.Got}}<td class="n">{{printf "%.2f" .Confidence}}</tr>{{end}}</table>
</html>`))

type confusion struct {
	Want, Got string
	Times     int
}

type worst struct {
	ID, Question, Want, Got, Outcome string
	Confidence                       float64
}

// plotted is a bin with its place in the plot.
type plotted struct {
	eval.Bin
	X, Y, R float64
}

func plot(all []eval.Bin) []plotted {
	const left, size = 10, 200
	out := make([]plotted, len(all))
	for i, b := range all {
		out[i] = plotted{b, left + size*b.Claimed, left + size*(1-b.Right), 3 + math.Sqrt(float64(b.Count))/4}
	}
	return out
}

type groupRow struct {
	Name                       string
	Rows                       int
	First, Tap, Wrong, Silence string
}

type split struct {
	Title  string
	Groups []groupRow
}

func splits(r eval.Report) []split {
	var out []split
	for _, by := range []struct {
		title    string
		property func(eval.Row) string
	}{
		{"By label", func(row eval.Row) string { return row.Action }}, {"By kind of writing", eval.Writing},
		{"By family of items", eval.Family}, {"By length", eval.Length},
	} {
		groups := eval.GroupBy(r.Judgements, by.property)
		if len(groups) == 0 {
			continue
		}
		s := split{Title: by.title}
		for _, g := range groups {
			s.Groups = append(s.Groups, groupRow{g.Name, g.Rows, percent(g.First), percent(g.OneTap), percent(g.WrongLink), percent(g.Silence)})
		}
		out = append(out, s)
	}
	return out
}

// readBefore reads the JSON of an earlier run.
func readBefore(path string) (*eval.Report, error) {
	body, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "--against: %s cannot be read", path)
	}
	var r eval.Report
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "--against: %s is not what eval --json prints", path)
	}
	return &r, nil
}

// writeReport writes the HTML report, beside an earlier run where there is one; citizens' data
// in the questions is masked.
func writeReport(path, file, against string, r eval.Report) error {
	now := figures(r)
	if against != "" {
		before, err := readBefore(against)
		if err != nil {
			return err
		}
		for i, f := range figures(*before) {
			now[i].Before = f.Value
		}
	}
	f, err := os.Create(path) //nolint:gosec // the operator names the file
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "the report %s cannot be written", path)
	}
	err = reportPage.Execute(f, map[string]any{
		"File": filepath.Base(file), "Figures": now, "Against": against, "Bins": plot(eval.Reliability(r.Judgements)), "Splits": splits(r), "Confusions": confusions(r), "Worst": worstRows(r),
	})
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

type figure struct{ Name, Value, Before string }

func figures(r eval.Report) []figure {
	return []figure{
		{Name: "rows", Value: itoa(r.Rows)}, {Name: "first answer", Value: percent(r.First)}, {Name: "first answer, sure rows", Value: percent(r.SureFirst)}, {Name: "one tap", Value: percent(r.OneTap)},
		{Name: "wrong link", Value: percent(r.WrongLink)}, {Name: "precision", Value: percent(r.Precision)}, {Name: "silence", Value: percent(r.Silence)},
		{Name: "handed over", Value: percent(r.HandedOver)}, {Name: "general answered", Value: percent(r.GeneralAnswers)},
		{Name: "emergency found", Value: percent(r.Emergency)}, {Name: "false alarm", Value: percent(r.FalseAlarm)},
	}
}

func confusions(r eval.Report) []confusion {
	counts := map[confusion]int{}
	for _, j := range r.Judgements {
		if j.Outcome == eval.Wrong && len(j.Row.Codes) > 0 && j.Reply.Item != "" {
			counts[confusion{Want: j.Row.Codes[0], Got: j.Reply.Item}]++
		}
	}
	all := make([]confusion, 0, len(counts))
	for c, n := range counts {
		c.Times = n
		all = append(all, c)
	}
	sort.Slice(all, func(a, b int) bool {
		if all[a].Times != all[b].Times {
			return all[a].Times > all[b].Times
		}
		return all[a].Want+all[a].Got < all[b].Want+all[b].Got
	})
	return all
}

func worstRows(r eval.Report) []worst {
	var all []worst
	for _, j := range r.Judgements {
		if j.Outcome == eval.Hit {
			continue
		}
		want := j.Row.Action
		if len(j.Row.Codes) > 0 {
			want += " " + j.Row.Codes[0]
		}
		all = append(all, worst{j.Row.ID, mask.Text(j.Row.Question), want, string(j.Reply.Action) + " " + j.Reply.Item + j.Reply.Article, string(j.Outcome), j.Reply.Confidence})
	}
	sort.SliceStable(all, func(a, b int) bool {
		if (all[a].Outcome == "wrong") != (all[b].Outcome == "wrong") {
			return all[a].Outcome == "wrong"
		}
		return all[a].Confidence > all[b].Confidence
	})
	return all
}
