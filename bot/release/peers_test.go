package release_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/cjk" // the analyzer that is measured
	"github.com/blevesearch/bleve/v2/index/scorch"
	bleveindex "github.com/blevesearch/bleve_index_api"

	"shenwei/bot"
	"shenwei/kb"
)

// peersFile names the labelled file that TestPeers asks; unset, the test is skipped.
// peersDir is where its parts leave their figures for one another and for the peers outside
// Go. scripts/bench-peers.sh runs each part in a process of its own, so that the memory is
// that of one engine.
const (
	peersFile = "SHENWEI_PEERS"
	peersDir  = "SHENWEI_PEERS_DIR"
)

// within is how many choices count.
const within = 5

// peerCorpus is what a peer outside Go reads: the phrases to learn, the questions to answer.
type peerCorpus struct {
	Phrases   []peerPhrase   `json:"phrases"`
	WarmUp    []string       `json:"warm_up"`
	Questions []peerQuestion `json:"questions"`
}

type peerPhrase struct {
	Text  string `json:"text"`
	Label string `json:"label"` // an item's code or an article's id
	Ask   bool   `json:"ask"`   // false: the entry's name or one of its aliases
}

type peerQuestion struct {
	ID     string   `json:"id"`
	Text   string   `json:"text"`
	Action string   `json:"action"`
	Codes  []string `json:"codes"`
}

// peerRun is what one engine did with the questions. Resident and Peak are of its process
// after the last question.
type peerRun struct {
	Name     string      `json:"name"`
	ReadyMS  float64     `json:"ready_ms"`
	Resident int         `json:"resident_mb"`
	Peak     int         `json:"peak_mb"`
	Replies  []peerReply `json:"replies"`
}

// peerReply is the reply to one question: the entry that it answers with at once ("" for
// none), then everything that can be chosen with one tap, that entry included, best first.
type peerReply struct {
	Answer  string   `json:"answer"`
	Choices []string `json:"choices"`
	Micros  float64  `json:"us"`
}

// TestPeers holds the engine against others on the same knowledge and the same questions.
// It judges nobody: it measures.
func TestPeers(t *testing.T) {
	file := os.Getenv(peersFile)
	if file == "" {
		t.Skip(peersFile + " names no labelled file")
	}
	dir := os.Getenv(peersDir)
	if dir == "" {
		dir = t.TempDir()
	}
	questions := readPeerQuestions(t, file)
	t.Run("corpus", func(t *testing.T) {
		writePeerJSON(t, filepath.Join(dir, "corpus.json"), peerCorpus{peerPhrases(t), peerWarmUp(questions), questions})
	})
	t.Run("shenwei", func(t *testing.T) { writePeerJSON(t, filepath.Join(dir, "1-shenwei.json"), runShenwei(t, questions)) })
	t.Run("bleve", func(t *testing.T) {
		writePeerJSON(t, filepath.Join(dir, "6-bleve.json"), runBleve(t, questions, ""))
	})
	t.Run("bm25", func(t *testing.T) {
		writePeerJSON(t, filepath.Join(dir, "7-bm25.json"), runBleve(t, questions, bleveindex.BM25Scoring))
	})
	t.Run("table", func(t *testing.T) {
		table := peerTable(t, dir, questions)
		if err := os.WriteFile(filepath.Join(dir, "table.md"), []byte(table), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Log("\n" + table)
	})
}

// readPeerQuestions reads a labelled file, or several of them joined with their headers.
func readPeerQuestions(t *testing.T, file string) []peerQuestion {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []peerQuestion
	for n, line := range strings.Split(strings.TrimSuffix(string(body), "\n"), "\n") {
		f := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		if len(f) == 6 && f[0] == "id" {
			continue
		}
		if len(f) != 6 || strings.TrimSpace(f[1]) == "" {
			t.Fatalf("%s:%d: want six columns and a question", file, n+1)
		}
		q := peerQuestion{ID: f[0], Text: f[1], Action: f[2]}
		if f[3] != "" {
			q.Codes = strings.Split(f[3], "|")
		}
		all = append(all, q)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no questions", file)
	}
	return all
}

func peerKnowledge(t *testing.T) *kb.Knowledge {
	t.Helper()
	k, err := kb.Parse(documents())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// peerPhrases are the names and asks of everything, each phrase of an entry once. The first
// phrases of all entries come first, then the second ones and so on: node-nlp learns in the
// order given, and entry by entry it forgets the early ones.
func peerPhrases(t *testing.T) []peerPhrase {
	t.Helper()
	k := peerKnowledge(t)
	var entries [][]peerPhrase
	add := func(label string, names, asks []string) {
		var all []peerPhrase
		seen := map[string]bool{"": true}
		for i, text := range slices.Concat(names, asks) {
			if text = strings.TrimSpace(text); !seen[text] {
				seen[text] = true
				all = append(all, peerPhrase{text, label, i >= len(names)})
			}
		}
		entries = append(entries, all)
	}
	for _, it := range k.Items {
		names, asks := itemPhrases(it)
		add(it.Code, names, asks)
	}
	for _, a := range k.Articles {
		add(a.ID, []string{a.Title}, a.Asks)
	}
	var all []peerPhrase
	for round, more := 0, true; more; round++ {
		more = false
		for _, entry := range entries {
			if round < len(entry) {
				all, more = append(all, entry[round]), true
			}
		}
	}
	return all
}

func itemPhrases(it *kb.Item) (names, asks []string) {
	names, asks = slices.Concat([]string{it.Name}, it.Aliases), it.Asks
	if it.English != nil {
		names, asks = append(names, it.English.Name), slices.Concat(asks, it.English.Asks)
	}
	return names, asks
}

// peerWarmUp is asked before the clock runs: like the questions, but none of them.
func peerWarmUp(questions []peerQuestion) []string {
	var all []string
	for _, q := range questions[:min(300, len(questions))] {
		all = append(all, "请问，"+q.Text)
	}
	return all
}

// askPeer warms up, then asks every question once and measures each.
func askPeer(run *peerRun, questions []peerQuestion, ask func(text string) peerReply) {
	for _, text := range peerWarmUp(questions) {
		ask(text)
	}
	for _, q := range questions {
		start := time.Now()
		r := ask(q.Text)
		r.Micros = float64(time.Since(start)) / float64(time.Microsecond)
		run.Replies = append(run.Replies, r)
	}
	run.Resident, run.Peak = processMB("VmRSS:"), processMB("VmHWM:")
}

func runShenwei(t *testing.T, questions []peerQuestion) peerRun {
	run := peerRun{Name: "深微"}
	start := time.Now()
	engine := running()
	run.ReadyMS = float64(time.Since(start)) / float64(time.Millisecond)
	askPeer(&run, questions, func(text string) peerReply {
		m := bot.Message{Channel: bot.CLI, Text: text}
		reply := engine.Answer(context.Background(), bot.Turn{Message: m, Owner: bot.OwnerBot}).Reply
		r := peerReply{}
		if reply.Action == bot.Answer {
			if r.Answer = reply.Item; r.Answer == "" {
				r.Answer = reply.Article
			}
		}
		if r.Answer != "" {
			r.Choices = append(r.Choices, r.Answer)
		}
		for _, o := range reply.Options {
			r.Choices = append(r.Choices, o.Key())
		}
		return r
	})
	return run
}

// runBleve asks an index with Bleve's cjk analyzer (pairs of characters), one document per
// entry. Scoring is Bleve's name for a model, "" for its default.
func runBleve(t *testing.T, questions []peerQuestion, scoring string) peerRun {
	run := peerRun{Name: "Bleve cjk, its default scoring"}
	start := time.Now()
	m := bleve.NewIndexMapping()
	m.DefaultAnalyzer = "cjk"
	m.StoreDynamic, m.DocValuesDynamic = false, false // nobody reads them: only memory
	if scoring != "" {
		run.Name, m.ScoringModel = "Bleve cjk, "+scoring, scoring
	}
	index, err := bleve.NewUsing("", m, scorch.Name, scorch.Name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = index.Close() }()
	batch := index.NewBatch()
	put := func(id string, phrases, texts []string) {
		if err := batch.Index(id, map[string]any{"phrases": phrases, "texts": texts}); err != nil {
			t.Fatal(err)
		}
	}
	k := peerKnowledge(t)
	for _, it := range k.Items {
		texts := slices.Concat([]string{it.Summary}, it.Tags, it.Materials)
		for _, f := range kb.Facets {
			texts = append(texts, it.Facets[f])
		}
		names, asks := itemPhrases(it)
		put(it.Code, slices.Concat(names, asks), texts)
	}
	for _, a := range k.Articles {
		put(a.ID, append([]string{a.Title}, a.Asks...), []string{a.Category, a.Summary, a.Body})
	}
	if err := index.Batch(batch); err != nil {
		t.Fatal(err)
	}
	run.ReadyMS = float64(time.Since(start)) / float64(time.Millisecond)
	askPeer(&run, questions, func(text string) peerReply {
		found, err := index.Search(bleve.NewSearchRequestOptions(bleve.NewMatchQuery(text), within, 0, false))
		if err != nil {
			t.Fatal(err)
		}
		r := peerReply{}
		for _, hit := range found.Hits {
			r.Choices = append(r.Choices, hit.ID)
		}
		if len(r.Choices) > 0 {
			r.Answer = r.Choices[0]
		}
		return r
	})
	return run
}

// peerTable scores every run that is in dir.
func peerTable(t *testing.T, dir string, questions []peerQuestion) string {
	t.Helper()
	var b strings.Builder
	answers := 0
	for _, q := range questions {
		if q.Action == "answer" {
			answers++
		}
	}
	k := peerKnowledge(t)
	fmt.Fprintf(&b, "%d questions, %d of them labelled answer; %d phrases of %d items and %d articles\n\n",
		len(questions), answers, len(peerPhrases(t)), len(k.Items), len(k.Articles))
	b.WriteString("| | first answer right | within five | another item at once | answers at once | choices shown | p50 ms | p99 ms | ready s | resident MB | peak MB |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
	files, err := filepath.Glob(filepath.Join(dir, "[0-9]-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var run peerRun
		if err := json.Unmarshal(body, &run); err != nil || len(run.Replies) != len(questions) {
			t.Fatalf("%s: %d replies to %d questions, %v", filepath.Base(file), len(run.Replies), len(questions), err)
		}
		b.WriteString(run.row(t, questions))
	}
	checkAgainstEval(t, dir, questions)
	return b.String()
}

// peerScore counts over the rows labelled answer: first and within five as shares of them,
// wrong when the answer at once is an item that is not among the codes.
func (run *peerRun) score(questions []peerQuestion) (first, five, wrong, rows int) {
	for i, r := range run.Replies {
		q := questions[i]
		if q.Action != "answer" {
			continue
		}
		rows++
		switch {
		case slices.Contains(q.Codes, r.Answer):
			first++
		case itemCode(r.Answer):
			wrong++
		}
		if slices.ContainsFunc(r.Choices[:min(within, len(r.Choices))], func(c string) bool { return slices.Contains(q.Codes, c) }) {
			five++
		}
	}
	return first, five, wrong, rows
}

func (run *peerRun) row(t *testing.T, questions []peerQuestion) string {
	t.Helper()
	first, five, wrong, rows := run.score(questions)
	spoke, shown := 0, 0
	micros := make([]float64, 0, len(run.Replies))
	for _, r := range run.Replies {
		if r.Answer != "" {
			spoke++
		}
		shown += min(within, len(r.Choices))
		micros = append(micros, r.Micros)
	}
	slices.Sort(micros)
	at := func(q float64) float64 { return micros[int(q*float64(len(micros)-1))] / 1000 }
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %.1f | %.2f | %.2f | %.1f | %d | %d |\n", run.Name,
		percent(first, rows), percent(five, rows), percent(wrong, rows), percent(spoke, len(run.Replies)),
		float64(shown)/float64(len(run.Replies)), at(0.5), at(0.99), run.ReadyMS/1000, run.Resident, run.Peak)
}

func percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// itemCode reports whether a label is an item's code rather than an article's id.
func itemCode(label string) bool {
	prefix, _, ok := strings.Cut(label, "-")
	return ok && prefix != "" && prefix == strings.ToUpper(prefix)
}

// checkAgainstEval fails when the product's own `shenwei eval`, where it has run, counts
// other first answers than this benchmark does.
func checkAgainstEval(t *testing.T, dir string, questions []peerQuestion) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(dir, "eval.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var report struct{ First float64 }
	if err == nil {
		err = json.Unmarshal(body, &report)
	}
	var run peerRun
	if err == nil {
		body, err = os.ReadFile(filepath.Join(dir, "1-shenwei.json"))
	}
	if err == nil {
		err = json.Unmarshal(body, &run)
	}
	if err != nil {
		t.Fatal(err)
	}
	first, _, _, rows := run.score(questions)
	if rows > 0 && math.Abs(report.First-float64(first)/float64(rows)) > 1e-9 {
		t.Errorf("shenwei eval says %.4f for the first answer, the benchmark counts %d of %d", report.First, first, rows)
	}
}

func writePeerJSON(t *testing.T, path string, v any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// processMB is a figure of this process's /proc status in MB, 0 where there is none.
func processMB(key string) int {
	body, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			kB, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return kB >> 10
		}
	}
	return 0
}
