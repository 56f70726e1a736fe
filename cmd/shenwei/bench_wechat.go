package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"

	"shenwei/internal/fault"
	"shenwei/web/wechat/simulator"
)

type benchWeChatCmd struct {
	Rate     int           `help:"Pushes a second, each from WeChat's own schedule and not waiting for the one before." default:"300"`
	Citizens int           `help:"Citizens who write." default:"1000"`
	Duration time.Duration `help:"How long to push." default:"10s"`
	Warmup   time.Duration `help:"How long to push before that, not counted." default:"2s"`
	JSON     bool          `name:"json" help:"Print the figures as JSON."`
}

// wechatFigures are what a played WeChat saw.
type wechatFigures struct {
	Pushes   int       `json:"pushes"`
	Answered int       `json:"answered"`
	Failed   int       `json:"failed"`
	Callback latencies `json:"callback"`
}

// Run starts a service in a process of its own with a fresh directory and pushes to it. Time
// counts from when a push was due, so that waiting for a busy service shows.
func (b *benchWeChatCmd) Run(ctx context.Context, c *cli) error {
	if b.Rate < 1 || b.Citizens < 1 {
		return fault.New(fault.BadRequest, "rate and citizens must be at least 1")
	}
	dir, err := os.MkdirTemp("", "shenwei-bench-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	account := simulator.TestAccount()
	sim, err := simulator.New(simulator.Config{Account: account, HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}}})
	if err != nil {
		return err
	}
	api := httptest.NewServer(sim.Handler())
	defer api.Close()
	for key, value := range map[string]string{"APP_ID": account.AppID, "SECRET": account.Secret, "TOKEN": account.Token, "ENCODING_AES_KEY": account.AESKey, "API_BASE": api.URL} {
		if err := os.Setenv("SHENWEI_WECHAT_"+key, value); err != nil {
			return err
		}
	}
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	child, err := startServe(ctx, addr, dir, c.DB)
	if err != nil {
		return err
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	if err := waitReady(ctx, addr, time.Minute); err != nil {
		return err
	}
	sim.SetTarget("http://" + addr + "/wechat")
	b.load(ctx, sim, b.Warmup)
	return b.print(b.load(ctx, sim, b.Duration))
}

func (b *benchWeChatCmd) load(ctx context.Context, sim *simulator.Simulator, length time.Duration) wechatFigures {
	total := int(length.Seconds() * float64(b.Rate))
	took := make([]time.Duration, total)
	var figures wechatFigures
	var mu sync.Mutex
	var pushes sync.WaitGroup
	begun := time.Now()
	for i := range total {
		due := begun.Add(time.Duration(i) * time.Second / time.Duration(b.Rate))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return figures
		}
		pushes.Go(func() {
			body, status, err := sim.Deliver(ctx, sim.Text(fmt.Sprint("citizen-", i%b.Citizens), benchTexts[i%len(benchTexts)]))
			took[i] = time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || status != http.StatusOK || len(body) <= len("success") {
				figures.Failed++
			} else {
				figures.Answered++
			}
		})
	}
	pushes.Wait()
	figures.Pushes, figures.Callback = total, quantiles(took)
	return figures
}

func (b *benchWeChatCmd) print(f wechatFigures) error {
	if b.JSON {
		return json.NewEncoder(os.Stdout).Encode(f)
	}
	fmt.Printf("%d pushes at %d a second: %d answered within the request, %d not; p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n",
		f.Pushes, b.Rate, f.Answered, f.Failed, f.Callback.P50/1000, f.Callback.P99/1000, f.Callback.Max/1000)
	if f.Answered == 0 {
		return fault.New(fault.Unavailable, "nothing was answered")
	}
	return nil
}
