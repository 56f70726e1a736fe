package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/bot/insight"
)

// BenchmarkQuestionsNobodyAnswered follows 100,000 stored questions that were all declined,
// each written a little otherwise, and puts them into clusters, in the background of an
// engine that answers: how long it takes, and what it does to the answers' latency.
func BenchmarkQuestionsNobodyAnswered(b *testing.B) {
	const questions = 100_000
	a, err := (&cli{Dir: b.TempDir()}).open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = a.close() }()
	a.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	texts := variations(a, questions)
	for b.Loop() {
		fill(b, a, texts)
		quiet := answerTimes(a, func(stop func()) { time.AfterFunc(5*time.Second, stop) })
		var took time.Duration
		busy := answerTimes(a, func(stop func()) {
			begun := time.Now()
			go func() {
				defer stop()
				f := insight.NewFollower(insight.Config{Store: a.store.Insight(), Node: "bench", Location: time.UTC, Log: a.log,
					Live: func() insight.Live { return a.live.Current() }})
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				go func() { _ = f.Run(ctx) }()
				for followed(b, a) < questions {
					time.Sleep(100 * time.Millisecond)
				}
				took = time.Since(begun)
			}()
		})
		b.ReportMetric(took.Seconds(), "s/100k")
		for name, all := range map[string][]time.Duration{"quiet": quiet, "beside": busy} {
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), name+"-p50-us")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), name+"-p99-us")
		}
		_, clusters, err := a.store.Insight().Clusters(b.Context(), insight.Filter{Days: insight.Days{From: "2000-01-01", To: "2100-01-01"}, Limit: 1})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(clusters), "clusters")
	}
}

func followed(b *testing.B, a *app) int64 {
	n, err := a.store.Insight().Numbers(b.Context(), insight.Days{From: "2000-01-01", To: "2100-01-01"})
	if err != nil {
		b.Error(err)
		return 1 << 60
	}
	var total int64
	for _, h := range n.Hours {
		total += h.Questions
	}
	return total
}

// variations are the shipped asks, each several times with words before, after or missing.
func variations(a *app, n int) []string {
	var asks []string
	for _, it := range a.live.Current().Knowledge().Items {
		asks = append(asks, it.Asks...)
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same lines in every run
	before := []string{"", "", "请问", "我想问一下，", "你好 ", "麻烦问下"}
	after := []string{"", "", "？", "怎么办", "，谢谢", "呢", " 急", "啊"}
	texts := make([]string, n)
	for i := range texts {
		r := []rune(asks[random.IntN(len(asks))])
		if len(r) > 6 && random.IntN(2) == 0 {
			at := random.IntN(len(r))
			r = slices.Delete(r, at, at+1)
		}
		texts[i] = before[random.IntN(len(before))] + string(r) + after[random.IntN(len(after))]
	}
	return texts
}

// fill stores each text as a conversation whose line was declined.
func fill(b *testing.B, a *app, texts []string) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 128 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(texts)); i = next.Add(1) - 1 {
				ref := fmt.Sprint("bench", i)
				r, err := a.store.Receive(b.Context(), bot.Message{Channel: bot.Web, Ref: ref, Text: texts[i], At: time.Now()})
				if err != nil {
					b.Error(err)
					return
				}
				_, err = a.store.Commit(b.Context(), bot.Outcome{Conversation: r.Conversation.ID, Version: 1, Line: 1, Channel: bot.Web, Ref: ref,
					Reply: &bot.Reply{Action: bot.Decline, Text: "没有找到"}, Trace: &bot.Trace{Policy: "decide"}, At: time.Now()})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// answerTimes answers one question after the other until stop is called.
func answerTimes(a *app, begin func(stop func())) []time.Duration {
	var done atomic.Bool
	begin(func() { done.Store(true) })
	questions := []string{"护照到期了怎么换", "身份证丢了去哪里补", "驾驶证到期换证要带什么", "去香港的签注怎么办", "电动车上牌多少钱", "新生儿怎么上户口"}
	var all []time.Duration
	for i := 0; !done.Load(); i++ {
		start := time.Now()
		_, _ = a.live.Answer(context.Background(), bot.Turn{Message: bot.Message{Channel: bot.Web, Text: questions[i%len(questions)]}, Owner: bot.OwnerBot})
		all = append(all, time.Since(start))
		time.Sleep(time.Millisecond) // as citizens come, not as fast as one core can
	}
	return all
}
