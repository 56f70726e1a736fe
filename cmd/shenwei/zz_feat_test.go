package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"slices"

	"shenwei/intents"
)

func TestFeat(t *testing.T) {
	path := os.Getenv("FEAT")
	if path == "" { t.Skip() }
	c := &cli{Dir: t.TempDir()}
	ctx := context.Background()
	app, err := c.open(ctx)
	if err != nil { t.Fatal(err) }
	defer app.close()
	running, err := app.builder.BuildRelease(app.started.Release)
	if err != nil { t.Fatal(err) }
	k := running.Knowledge()
	for _, p := range strings.Split(path, ",") {
	rows, err := labelledFile(p, k)
	if err != nil { t.Fatal(err) }
	names := intents.LabNames()
	top1 := make([]int, len(names)); top5 := make([]int, len(names)); n := 0
	for _, row := range rows {
		if row.Action != "answer" { continue }
		un := running.Understander().Read(row.Question)
		ev, _ := running.Search(ctx, un, 12)
		codes, items, fs := running.Understander().LabRow(un, ev)
		n++
		for fi := range names {
			best := float32(-1e9)
			for i := range codes { if items[i] && slices.Contains(row.Codes, codes[i]) { best = max(best, fs[i][fi]) } }
			higher := 0
			for i := range codes { if items[i] && !slices.Contains(row.Codes, codes[i]) && fs[i][fi] >= best { higher++ } }
			if higher == 0 { top1[fi]++ }
			if higher < 5 { top5[fi]++ }
		}
	}
	fmt.Println(p, n)
	for fi, name := range names {
		if p1 := 100*float64(top1[fi])/float64(n); p1 > 20 || strings.HasPrefix(name, "likely") { fmt.Printf("  %-14s top1 %.1f top5 %.1f\n", name, p1, 100*float64(top5[fi])/float64(n)) }
	}
	}
}
