package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/kb"
)

type benchCmd struct {
	Engine benchEngineCmd `cmd:"" help:"Answers inside the engine, on one core."`
	WS     benchWSCmd     `cmd:"" name:"ws" help:"Questions answered over WebSocket by a service of its own."`
	WeChat benchWeChatCmd `cmd:"" name:"wechat" help:"Pushes of a played WeChat, answered within the request by a service of its own."`
	Desk   benchDeskCmd   `cmd:"" help:"Agents and citizens who talk over a service of its own."`
}

type benchEngineCmd struct {
	Rounds int  `help:"How often every question is asked." default:"5"`
	JSON   bool `name:"json" help:"Print the figures as JSON."`
}

// latencies are quantiles of one run, in microseconds.
type latencies struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_us"`
	P99   float64 `json:"p99_us"`
	Max   float64 `json:"max_us"`
}

func quantiles(took []time.Duration) latencies {
	if len(took) == 0 {
		return latencies{}
	}
	sort.Slice(took, func(a, b int) bool { return took[a] < took[b] })
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))]) / 1000 }
	return latencies{Count: len(took), P50: at(0.5), P99: at(0.99), Max: at(1)}
}

// Run asks the shipped knowledge's own phrasings, joined in pairs for longer ones, so that the
// figures need no file.
func (b *benchEngineCmd) Run(ctx context.Context, c *cli) error {
	runtime.GOMAXPROCS(1)
	start := time.Now()
	app, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = app.close() }()
	ready := time.Since(start)
	questions := benchQuestions(app.live.Current().Knowledge())
	ask := func(text string) error {
		_, err := app.live.Answer(ctx, bot.Turn{Message: bot.Message{Channel: bot.CLI, Text: text}, Owner: bot.OwnerBot})
		return err
	}
	for _, q := range questions[:min(500, len(questions))] { // warm up
		if err := ask(q); err != nil {
			return err
		}
	}
	bar := newProgress(os.Stderr, "rounds", b.Rounds)
	took := make([]time.Duration, 0, b.Rounds*len(questions))
	for r := range b.Rounds {
		for _, q := range questions {
			t := time.Now()
			if err := ask(q); err != nil {
				return err
			}
			took = append(took, time.Since(t))
		}
		bar.set(r + 1)
	}
	bar.finish()
	return b.print(ready, quantiles(took))
}

func (b *benchEngineCmd) print(ready time.Duration, l latencies) error {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if b.JSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"engine": l, "start_ms": ready.Milliseconds(), "resident_mb": residentMB(os.Getpid())})
	}
	fmt.Printf("questions %d\nstart to ready %d ms\nengine p50 %.0f us\nengine p99 %.0f us\nengine max %.0f us\nresident %d MB (Go heap %d MB)\n",
		l.Count, ready.Milliseconds(), l.P50, l.P99, l.Max, residentMB(os.Getpid()), m.HeapInuse>>20)
	return nil
}

func benchQuestions(k *kb.Knowledge) []string {
	var all []string
	for _, it := range k.Items {
		for i, ask := range it.Asks {
			if i%5 == 4 {
				ask = "您好，我想咨询一下，" + ask + "，" + it.Asks[i-1]
			}
			all = append(all, ask)
		}
	}
	for _, a := range k.Articles {
		all = append(all, a.Asks...)
	}
	return all
}

// residentMB is a process's resident memory in MB, 0 where the system does not tell.
func residentMB(pid int) int {
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) //nolint:gosec // a process of ours
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kB int
			_, _ = fmt.Sscanf(rest, "%d", &kB)
			return kB >> 10
		}
	}
	return 0
}
