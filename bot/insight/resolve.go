package insight

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// How somebody resolves a cluster.
const (
	HowAsk    = "ask"    // 加为问法: one phrasing becomes an ask of an entry
	HowMerge  = "merge"  // 并入事项: all samples become asks of an entry
	HowNew    = "new"    // 新建条目: an article is begun with the samples as its asks
	HowIgnore = "ignore" // 忽略
	HowReopen = "reopen" // 重新打开: what was decided is taken back
)

// Decision is what somebody wants done about a cluster. Text is the phrasing of HowAsk
// (the first sample when empty) or the title of HowNew.
type Decision struct {
	How  string
	Key  string
	Text string
}

// Resolve returns the resolution of a decision and the document to draft, nil for none. body
// finds a document as its newest draft or release has it. It fails where the knowledge could
// not take the change.
func Resolve(c Cluster, d Decision, body func(key string) (kb.Document, bool), now time.Time) (Resolution, *kb.Document, error) {
	r := Resolution{Cluster: c.ID, State: Drafted, How: d.How, Key: d.Key, At: now}
	switch d.How {
	case HowIgnore:
		r.State, r.Key = Ignored, ""
		return r, nil, nil
	case HowReopen:
		r.State, r.Key, r.How = Open, "", ""
		return r, nil, nil
	case HowAsk:
		if r.Asks = []string{strings.TrimSpace(d.Text)}; r.Asks[0] == "" {
			r.Asks = c.Samples[:min(1, len(c.Samples))]
		}
	case HowMerge:
		r.Asks = unmasked(c.Samples)
		if len(r.Asks) == 0 {
			return r, nil, fault.New(fault.BadRequest, "这一组的问题里都有隐去的个人信息，请用「加为问法」写一句一般的问法")
		}
	case HowNew:
		doc, err := begin(c, d, now)
		if err != nil {
			return r, nil, err
		}
		r.Key, r.Asks = doc.Key(), nil
		if _, taken := body(r.Key); taken {
			return r, nil, fault.New(fault.Conflict, "已有条目 %s，请选「并入」或「加为问法」", r.Key)
		}
		return r, &doc, nil
	default:
		return r, nil, fault.New(fault.BadRequest, "how 可以是 ask、merge、new、ignore、reopen")
	}
	doc, ok := body(d.Key)
	if !ok {
		return r, nil, fault.New(fault.NotFound, "没有 %s，请重新选择事项或条目", d.Key)
	}
	for _, a := range r.Asks {
		if masked(a) {
			return r, nil, fault.New(fault.BadRequest, "问法「%s」里有隐去的个人信息，请改写成一句一般的问法再加", a)
		}
	}
	changed, added, err := kb.AddAsks(doc, short(r.Asks)...)
	if err != nil {
		return r, nil, err
	}
	r.Asks = short(r.Asks)
	if len(added) == 0 {
		return r, nil, nil // it has them all: the draft or release is there already
	}
	return r, &changed, nil
}

// masked tells whether something personal was taken out of a text.
func masked(text string) bool {
	return strings.Contains(text, "号]") || strings.Contains(text, "号码]")
}

func unmasked(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), masked)
}

// short cuts stories to the length of an ask.
func short(asks []string) []string {
	out := make([]string, 0, len(asks))
	for _, a := range asks {
		if utf8.RuneCountInString(a) > kb.MaxAsk {
			a = string([]rune(a)[:kb.MaxAsk])
		}
		out = append(out, a)
	}
	return out
}

// begin writes the file of a new article. What only a person can say stays empty, so that
// the check refuses to publish it before somebody wrote it.
func begin(c Cluster, d Decision, now time.Time) (kb.Document, error) {
	id := strings.TrimPrefix(d.Key, "article/")
	if id == "" {
		id = fmt.Sprintf("wenda-%s-%d", now.Format("20060102"), c.ID)
	}
	if !kb.IsArticleID(id) {
		return kb.Document{}, fault.New(fault.BadRequest, "条目编号 %q 不行：只用小写字母、数字和连字符", id)
	}
	title := strings.Join(strings.Fields(d.Text), " ")
	if title == "" && len(c.Samples) > 0 {
		title = short(c.Samples)[0]
	}
	form, err := json.Marshal(map[string]any{
		"title": title, "kind": kb.KindGuide, "asks": short(unmasked(c.Samples)), "review": now.AddDate(0, 6, 0).Format(time.DateOnly),
	})
	if err != nil {
		return kb.Document{}, fmt.Errorf("write a new article: %w", err)
	}
	doc := kb.Document{Kind: kb.KindArticle, ID: id}
	doc.Body, err = kb.SetFields(doc, form)
	return doc, err
}

// asksOf returns the asks of an entry and whether there is one.
func asksOf(k *kb.Knowledge, key string) ([]string, bool) {
	it, a := (namer{k}).find(key)
	switch {
	case it != nil:
		return it.Asks, true
	case a != nil:
		return a.Asks, true
	}
	return nil, false
}

// Change is how often a cluster's question came before and after its answer went live.
type Change struct {
	BeforePerWeek float64 `json:"before_per_week"`
	AfterPerWeek  float64 `json:"after_per_week"`
	// Days are how many days after were counted.
	Days int `json:"days"`
}

// before is how many days before its answer a cluster's questions are counted.
const before = 28

// Ranges are the days before and after a cluster was solved, in loc: the day itself and what
// follows is after.
func (c Cluster) Ranges(now time.Time, loc *time.Location) (was, is Days) {
	done, _ := Bucket(c.Done, loc)
	first, _ := Bucket(c.First, loc)
	today, _ := Bucket(now, loc)
	return Days{max(first, Shift(done, -before)), Shift(done, -1)}, Days{done, today}
}

// NewChange makes weekly numbers of what was counted within Ranges. Less than a week counts
// as one: three questions in one day are not twenty-one a week.
func NewChange(was, is Days, before, after int64) Change {
	perWeek := func(d Days, n int64) float64 {
		weeks := float64(max(7, d.Len())) / 7
		return float64(int64(float64(n)/weeks*10+0.5)) / 10
	}
	return Change{perWeek(was, before), perWeek(is, after), is.Len()}
}
