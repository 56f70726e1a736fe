// Package meaning tells how near a line is to the phrases of the knowledge by the vectors of an
// embedding model. Without a configured server nothing of it runs.
//
// Start at Service: Fill makes the vectors that are missing, in the background; Table.Near compares a
// question with them, within a time limit and behind a breaker. What it finds is one kind of evidence
// among others: package intents weighs it.
package meaning

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/kb"
)

// Limits.
const (
	// within is how long a question's vector may take.
	within = 250 * time.Millisecond
	// batchWithin is how long a batch of phrases may take.
	batchWithin = 30 * time.Second
	// maxQuestion bounds what of a question is sent, in characters.
	maxQuestion = 500
	// cached is how many questions' vectors are kept.
	cached = 2048
	// breakAfter failures in a row nobody is asked for openFor; then one probe is made, for which nobody
	// waits.
	breakAfter = 3
	openFor    = 30 * time.Second
	// staleAfter is how long vectors of other models and versions are kept.
	staleAfter = 30 * 24 * time.Hour
)

// Store keeps vectors by model, version and the SHA-256 of their phrases.
type Store interface {
	Vectors(ctx context.Context, model, version string, each func(hash [32]byte, vector []float32)) error
	SaveVectors(ctx context.Context, model, version string, vectors map[[32]byte][]float32) error
	PruneVectors(ctx context.Context, model, version string, before time.Time) (int64, error)
}

// Config is what a service needs.
type Config struct {
	Client *Client
	Store  Store
	// Model and Version name what made the vectors. The version is the operator's: another one has all
	// of them made anew.
	Model, Version string
	// Batch is how many phrases are sent at once; 10 when 0, which every server takes.
	Batch int
	Now   func() time.Time
	Log   *slog.Logger
}

// Service makes and compares vectors. It is safe for concurrent use.
type Service struct {
	cfg     Config
	breaker breaker
	asked   *lru.Cache[string, []float32]
	// life ends with Close, and with it the probes that nobody waits for.
	life context.Context
	end  context.CancelFunc
	work sync.WaitGroup

	mu    sync.RWMutex
	known map[[32]byte][]float32
	size  int   // dimensions of those that are known; 0 for none
	round int64 // grows when known does
}

// New returns a service with the vectors that are in the store.
func New(ctx context.Context, cfg Config) (*Service, error) {
	if cfg.Batch == 0 {
		cfg.Batch = 10
	}
	asked, err := lru.New[string, []float32](cached)
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	s := &Service{cfg: cfg, asked: asked, life: life, end: end, known: map[[32]byte][]float32{}, breaker: breaker{now: cfg.Now}}
	err = cfg.Store.Vectors(ctx, cfg.Model, cfg.Version, func(hash [32]byte, v []float32) { s.learn(hash, v) })
	if err != nil {
		end()
		return nil, err
	}
	return s, nil
}

// Close ends what nobody waits for.
func (s *Service) Close() {
	s.end()
	s.work.Wait()
	s.cfg.Client.Close()
}

// learn takes a vector in, unless its size is another than that of the others.
func (s *Service) learn(hash [32]byte, v []float32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size == 0 {
		s.size = len(v)
	}
	if len(v) != s.size {
		return false
	}
	s.known[hash] = v
	s.round++
	return true
}

// Missing is how many phrases of the knowledge have no vector yet, of how many.
func (s *Service) Missing(k *kb.Knowledge) (missing, all int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, p := range phrasesOf(k) {
		all++
		if s.known[p.hash] == nil {
			missing++
		}
	}
	return missing, all
}

// Fill makes the vectors that phrases of the knowledge lack and stores them, batch by batch, and
// returns how many. What was made before an error is kept. progress, where not nil, is told how
// far it is.
func (s *Service) Fill(ctx context.Context, k *kb.Knowledge, progress func(done, all int)) (int, error) {
	var missing []phrase
	seen := map[[32]byte]bool{}
	s.mu.RLock()
	for _, p := range phrasesOf(k) {
		if s.known[p.hash] == nil && !seen[p.hash] {
			seen[p.hash] = true
			missing = append(missing, p)
		}
	}
	s.mu.RUnlock()
	for done := 0; done < len(missing); {
		batch := missing[done:min(len(missing), done+s.cfg.Batch)]
		if err := s.fill(ctx, batch); err != nil {
			return done, err
		}
		done += len(batch)
		if progress != nil {
			progress(done, len(missing))
		}
	}
	if len(missing) > 0 {
		if _, err := s.cfg.Store.PruneVectors(ctx, s.cfg.Model, s.cfg.Version, s.cfg.Now().Add(-staleAfter)); err != nil {
			return len(missing), err
		}
	}
	return len(missing), nil
}

func (s *Service) fill(ctx context.Context, batch []phrase) error {
	texts := make([]string, len(batch))
	for i, p := range batch {
		texts[i] = p.text
	}
	within, cancel := context.WithTimeout(ctx, batchWithin)
	defer cancel()
	vectors, err := s.cfg.Client.Embed(within, texts)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the server of embeddings gives no vectors; questions are answered without them")
	}
	made := make(map[[32]byte][]float32, len(batch))
	for i, p := range batch {
		made[p.hash] = vectors[i]
	}
	s.mu.RLock()
	other := s.size != 0 && s.size != len(vectors[0])
	s.mu.RUnlock()
	if other {
		return fault.New(fault.Conflict, "embeddings: the model's vectors have another size than those in the database; set embeddings.version to another word, and all are made anew")
	}
	if err := s.cfg.Store.SaveVectors(ctx, s.cfg.Model, s.cfg.Version, made); err != nil {
		return err
	}
	for hash, v := range made {
		s.learn(hash, v)
	}
	return nil
}

// Try asks the server for one vector.
func (s *Service) Try(ctx context.Context) error {
	_, err := s.cfg.Client.Embed(ctx, []string{"护照"})
	return err
}

// question is the vector of a citizen's line; nil where there is none in time. What leaves is masked.
func (s *Service) question(ctx context.Context, text string, patience time.Duration) []float32 {
	text = mask.Text(text)
	if utf8.RuneCountInString(text) > maxQuestion {
		text = string([]rune(text)[:maxQuestion])
	}
	if text == "" {
		return nil
	}
	if v, ok := s.asked.Get(text); ok {
		return v
	}
	switch s.breaker.look() {
	case open:
		return nil
	case halfOpen:
		s.probe()
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	vectors, err := s.cfg.Client.Embed(ctx, []string{text})
	if opened := s.breaker.done(err == nil); opened {
		s.cfg.Log.Warn("embeddings: no vectors for questions; they are answered without, and it is tried again", "err", err, "after", openFor)
	}
	if err != nil {
		return nil
	}
	s.asked.Add(text, vectors[0])
	return vectors[0]
}

// probe asks for one vector, to see whether the server is there again. Nobody waits for it.
func (s *Service) probe() {
	if !s.breaker.probe() {
		return
	}
	s.work.Go(func() {
		ctx, cancel := context.WithTimeout(s.life, within)
		defer cancel()
		_, err := s.cfg.Client.Embed(ctx, []string{"护照"})
		s.breaker.done(err == nil)
	})
}

// phrase is a text that an entry of the knowledge is known by.
type phrase struct {
	key  string // of the entry, "item/…" or "article/…"
	text string
	hash [32]byte
}

// phrasesOf are the names and asks of every item and article, in order.
func phrasesOf(k *kb.Knowledge) []phrase {
	var out []phrase
	add := func(key string, texts ...string) {
		for _, t := range texts {
			if t != "" {
				out = append(out, phrase{key, t, sha256.Sum256([]byte(t))})
			}
		}
	}
	for _, it := range k.Items {
		key := string(kb.KindItem) + "/" + it.Code
		add(key, it.Name)
		add(key, it.Aliases...)
		add(key, it.Asks...)
	}
	for _, a := range k.Articles {
		key := string(kb.KindArticle) + "/" + a.ID
		add(key, a.Title)
		add(key, a.Asks...)
	}
	return out
}
