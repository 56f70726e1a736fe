package api

import (
	"net/http"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
)

const (
	maxQuery    = 100 // characters
	maxSuggest  = 8
	cacheSize   = 4096
	suggestMore = 2 * maxSuggest // asked for, since several may lead to one place
)

// Suggestion is one question that can be asked instead. One of Code and ID is set.
type Suggestion struct {
	Text string `json:"text"`
	Code string `json:"code,omitempty"`
	ID   string `json:"id,omitempty"`
}

type suggestBody struct {
	Suggestions []Suggestion `json:"suggestions"`
}

// suggester remembers suggestions as long as the release lives and nothing is taken down or
// shown again.
type suggester struct {
	mu    sync.Mutex
	of    moment
	cache *lru.Cache[string, []Suggestion]
}

// moment is what suggestions depend on: the release, and what is set for the moment.
type moment struct{ release, overrides int64 }

func momentOf(l Live) moment {
	m := moment{release: l.Release()}
	if o := l.Overrides(); o != nil {
		m.overrides = o.Version
	}
	return m
}

func newSuggester() *suggester {
	cache, err := lru.New[string, []Suggestion](cacheSize)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &suggester{cache: cache}
}

// at returns the cache of a moment.
func (s *suggester) at(m moment) *lru.Cache[string, []Suggestion] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != m {
		fresh, err := lru.New[string, []Suggestion](cacheSize)
		if err != nil {
			panic(err) // only for a size below 1
		}
		s.of, s.cache = m, fresh
	}
	return s.cache
}

// Suggest completes what is being typed.
func (a *API) Suggest(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query().Get("q")
	if !utf8.ValidString(q) {
		a.cfg.Respond.Error(w, r, fault.New(fault.BadRequest, "文字编码有误，请以 UTF-8 发送"))
		return
	}
	q = strings.Join(strings.FieldsFunc(q, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)
	}), " ")
	if utf8.RuneCountInString(q) > maxQuery {
		a.cfg.Respond.Error(w, r, fault.New(fault.BadRequest, "参数 q 最多 %d 个字", maxQuery))
		return
	}
	lang, err := langOf(r)
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	l := a.live(w, r)
	if l == nil {
		return
	}
	body := suggestBody{Suggestions: []Suggestion{}}
	if q != "" {
		cache := a.suggest.at(momentOf(l))
		key := string(lang) + " " + q
		known, ok := cache.Get(key)
		if !ok {
			known = nearest(l, lang, q)
			cache.Add(key, known)
		}
		body.Suggestions = known
	}
	a.cfg.Respond.JSON(w, r, body)
}

// nearest returns the best ask of each place that a beginning may lead to.
func nearest(l Live, lang bot.Lang, q string) []Suggestion {
	out := []Suggestion{}
	seen := map[string]bool{}
	for _, s := range l.Nearest(q, suggestMore) {
		if len(out) == maxSuggest {
			break
		}
		if s.Phrase == "" || seen[s.Code] || seen[s.Phrase] {
			continue
		}
		seen[s.Code], seen[s.Phrase] = true, true
		next := Suggestion{Text: spoken(l, lang, s.Phrase)}
		if s.Kind == kb.KindArticle {
			next.ID = s.Code
		} else {
			next.Code = s.Code
		}
		out = append(out, next)
	}
	return out
}

// spoken is a question in the writing of its reader. English readers get questions as they are: what
// they type in English finds English ones.
func spoken(l Live, lang bot.Lang, phrase string) string {
	if lang != bot.Hant {
		return phrase
	}
	return l.Say(lang, phrase)
}
