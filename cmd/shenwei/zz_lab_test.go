package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"shenwei/bot"
	"shenwei/bot/eval"
)

func TestLab(t *testing.T) {
	path := os.Getenv("LAB")
	if path == "" {
		t.Skip()
	}
	c := &cli{Dir: t.TempDir()}
	c.DB = ""
	ctx := context.Background()
	app, err := c.open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer app.close()
	running, err := app.builder.BuildRelease(app.started.Release)
	if err != nil {
		t.Fatal(err)
	}
	k := running.Knowledge()
	rows, err := labelledFile(path, k)
	if err != nil {
		t.Fatal(err)
	}
	out, _ := os.Create("/tmp/lab.txt")
	defer out.Close()
	at := map[int]int{}
	n, art := 0, 0
	for _, row := range rows {
		a := running.Answer(ctx, bot.Turn{Message: bot.Message{Channel: bot.CLI, Text: row.Question}, Owner: bot.OwnerBot})
		j := eval.Judge(row, a.Reply)
		un := running.Understander().Read(row.Question)
		ev, _ := running.Search(ctx, un, 12)
		r := running.Understander().Rank(un, ev)
		if row.Action == "answer" {
			n++
			pos := 0
			ipos := 0
			for _, e := range r.Entries {
				pos++
				if e.Kind == "item" {
					ipos++
				}
				if strings.Contains("|"+strings.Join(row.Codes, "|")+"|", "|"+e.Code+"|") {
					at[ipos]++
					if ipos == 1 && pos > 1 {
						art++
					}
					break
				}
			}
		}
		if j.Outcome == eval.Hit && row.Action != "oos" {
			continue
		}
		if j.Outcome == eval.Hit {
			continue
		}
		fmt.Fprintf(out, "%s %s sure=%s [%s] %s\n   want %s\n   got %s %s%s policy=%s none=%.2f concepts=%v opts=", j.Outcome, row.ID, row.Sure, row.Action, row.Question, labels(row.Codes, running), a.Reply.Action, a.Reply.Item, a.Reply.Article, a.Trace.Policy, r.None, a.Trace.Concepts)
		for _, o := range a.Reply.Options {
			fmt.Fprintf(out, "%s%s ", o.Code, o.ID)
		}
		fmt.Fprintln(out)
		for i, e := range r.Entries {
			if i >= 5 {
				break
			}
			fmt.Fprintf(out, "      %.2f %s %s ~ %s\n", e.P, e.Code, running.Label(string(e.Kind)+"/"+e.Code), e.Phrase)
		}
	}
	fmt.Println(n, at, "article above right item:", art)
}

func labels(codes []string, r interface{ Label(string) string }) string {
	var s []string
	for _, c := range codes {
		s = append(s, c+" "+r.Label("item/"+c))
	}
	return strings.Join(s, " | ")
}
