package release_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"shenwei/bot"
	"shenwei/bot/release"
	"shenwei/internal/fault"
	"shenwei/kb"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func TestABuilderRefusesABrokenSiteAndADirectoryThatCannotBeWritten(t *testing.T) {
	_, err := release.NewBuilder(t.TempDir(), bot.Site{Links: map[bot.LinkKind]string{bot.LinkWeb: "https://example.org"}})
	if !fault.Is(err, fault.BadRequest) || !strings.Contains(err.Error(), "links.web") {
		t.Errorf("%v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := release.NewBuilder(file, bot.Site{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
}

func TestAReleaseThatIsBrokenIsNotBuilt(t *testing.T) {
	for name, edit := range map[string]func(*kb.Revision){
		"an item": func(r *kb.Revision) {
			if r.Key() == "item/CRJ-002" {
				r.Body += "\ncolour: blue\n"
			}
		},
		"the weights": func(r *kb.Revision) {
			if r.Kind == kb.KindWeights {
				r.Body = "entry: {}\nnone: {}\n"
			}
		},
	} {
		broken := stored(8, 1)
		for i := range broken.Revisions {
			edit(&broken.Revisions[i])
		}
		if _, err := builder().BuildRelease(broken); err == nil {
			t.Errorf("%s: built", name)
		}
	}
}

func TestAnEngineKnowsItsRelease(t *testing.T) {
	r := running()
	if r.Release() != testRelease || len(r.Knowledge().Items) != 262 || r.Revision(kb.KindItem, "CRJ-002") != 70 || r.Revision(kb.KindItem, "NO-001") != 0 {
		t.Errorf("release %d, %d items", r.Release(), len(r.Knowledge().Items))
	}
}

func TestNothingIsAnsweredBeforeTheFirstRelease(t *testing.T) {
	l := release.NewLive(quiet)
	if l.Ready() || l.Current() != nil {
		t.Error("ready without an engine")
	}
	_, err := l.Answer(context.Background(), bot.Turn{Message: bot.Message{Text: "护照"}})
	if !fault.Is(err, fault.Unavailable) || fault.MessageOf(err) == "" {
		t.Errorf("%v", err)
	}
}

func TestAnEngineWhoseIndexIsClosedAnswersByNames(t *testing.T) {
	r, err := builder().BuildRelease(small(3, 3))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	a := r.Answer(context.Background(), bot.Turn{Message: bot.Message{Text: "CRJ-002"}})
	if a.Reply.Item != "CRJ-002" {
		t.Errorf("%+v", a.Reply)
	}
	if a = r.Answer(context.Background(), bot.Turn{Message: bot.Message{Text: "护照快到期了怎么换"}}); a.Reply.Text == "" {
		t.Errorf("%+v", a.Reply)
	}
	un := r.Understander().Read("护照")
	if _, err := r.Search(context.Background(), un, 3); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
}

func TestSearchFindsBySynonymAndMistypedWords(t *testing.T) {
	for _, line := range []string{"港澳卡怎么换", "护罩到期", "身分证丢了", "huzhao diule", "護照過期"} {
		found, err := running().Search(context.Background(), running().Understander().Read(line), 12)
		if err != nil || len(found) == 0 {
			t.Errorf("%q: %v, %v", line, found, err)
		}
		best := 0.0
		for _, score := range found {
			best = max(best, score)
		}
		if best != 1 {
			t.Errorf("%q: the best is %v, want 1", line, best)
		}
	}
}

// TestReleasesAreSwappedUnderLoadWithoutAFailedOrMixedAnswer gives every document of
// release n the revision 100·n: an answer may not name one of another release.
func TestReleasesAreSwappedUnderLoadWithoutAFailedOrMixedAnswer(t *testing.T) {
	const swaps = 4
	live := release.NewLive(quiet)
	build := func(n int64) *release.Running {
		r, err := builder().BuildRelease(small(n, 100*n))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	engines := []*release.Running{build(1)}
	for n := int64(2); n <= swaps+1; n++ {
		engines = append(engines, build(n))
	}
	live.Swap(engines[0])
	stop := make(chan struct{})
	ticks := make(chan int64)
	var load sync.WaitGroup
	var failed sync.Once
	lines := []string{"CRJ-002", "身份证丢了怎么补", "护照快到期了怎么换", "你好", "驾驶证到期换证"}
	for w := range 4 {
		load.Go(func() {
			for i := 0; ; i++ {
				a, err := live.Answer(context.Background(), bot.Turn{Message: bot.Message{Text: lines[(i+w)%len(lines)]}, Owner: bot.OwnerBot})
				if err != nil {
					t.Errorf("an answer failed: %v", err)
					failed.Do(func() { close(stop) })
					return
				}
				if a.Trace.Release != a.Reply.Release {
					t.Errorf("reply of release %d, trace of %d", a.Reply.Release, a.Trace.Release)
				}
				for _, s := range a.Reply.Sources {
					if s.Revision != 100*a.Reply.Release {
						t.Errorf("release %d names %+v", a.Reply.Release, s)
					}
				}
				select {
				case ticks <- a.Reply.Release:
				case <-stop:
					return
				}
			}
		})
	}
	for n := int64(1); n <= swaps+1; n++ { // swap as soon as the release has answered some lines
		for answered := 0; answered < 50; {
			select {
			case release := <-ticks:
				if release > n {
					t.Fatalf("release %d answers before its swap", release)
				}
				if release == n {
					answered++
				}
			case <-stop:
				t.FailNow()
			}
		}
		if n <= swaps {
			live.Swap(engines[n])
			if got := live.Current().Release(); got != n+1 {
				t.Errorf("release %d is live, want %d", got, n+1)
			}
		}
	}
	failed.Do(func() { close(stop) })
	load.Wait()
	a, err := live.Answer(context.Background(), bot.Turn{Message: bot.Message{Text: "CRJ-002"}})
	if err != nil || a.Reply.Release != swaps+1 {
		t.Errorf("%+v, %v", a.Reply, err)
	}
}

func BenchmarkAnswer(b *testing.B) {
	lines := []string{"护照快到期了怎么换", "身份证丢了怎么补", "港澳通行证快到期了，周末能换吗", "居住证到期了", "今天天气怎么样"}
	r := running()
	for i := 0; b.Loop(); i++ {
		r.Answer(context.Background(), bot.Turn{Message: bot.Message{Text: lines[i%len(lines)]}})
	}
}

func ExampleBuilder() {
	dir := filepath.Join(os.TempDir(), "shenwei-test-release")
	b, err := release.NewBuilder(dir, bot.Site{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := b.BuildRelease(small(1, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	live := release.NewLive(slog.Default())
	live.Swap(r)
	a, err := live.Answer(context.Background(), bot.Turn{Message: bot.Message{Text: "人工"}, Owner: bot.OwnerBot})
	fmt.Println(a.Reply.Action, a.Reply.Release, err)
	// Output: handoff 1 <nil>
}
