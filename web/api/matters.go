package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
)

// The bounds of 能不能办 and of the popular items.
const (
	maxSaid     = 20  // answers of one request
	maxSaidText = 100 // characters of a matter, a question or an answer
	maxPopular  = 24  // items of one police type
)

// shortItem is an item as a list or the end of 能不能办 shows it.
type shortItem struct {
	Code       string `json:"code"`
	Name       string `json:"name"`
	Choice     string `json:"choice"`
	PoliceType string `json:"police_type"`
	TripsLabel string `json:"trips_label"`
}

type mattersBody struct {
	Matters []matterLine `json:"matters"`
}

type matterLine struct {
	// Name is the matter's key and Label its name in the language asked for.
	Name  string `json:"name"`
	Label string `json:"label"`
	Items int    `json:"items"`
}

// langOf reads the parameter lang, simplified Chinese when it is missing.
func langOf(r *http.Request) (bot.Lang, error) {
	l := bot.Lang(r.URL.Query().Get("lang"))
	if l == "" {
		return bot.Hans, nil
	}
	return l, bot.CheckLang(l)
}

// Matters lists what 能不能办 can decide.
func (a *API) Matters(w http.ResponseWriter, r *http.Request) {
	lang, err := langOf(r)
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	l := a.live(w, r)
	if l == nil {
		return
	}
	body := mattersBody{Matters: []matterLine{}}
	for _, m := range l.Knowledge().Matters() {
		body.Matters = append(body.Matters, matterLine{m.Name, sayMatter(l, lang, m, m.Name), len(m.Items)})
	}
	a.cfg.Respond.JSON(w, r, body)
}

type forkBody struct {
	Matter string `json:"matter"`
	Label  string `json:"label"`
	// Ask is the next question, "" at the end; Question is how it reads in the language asked for.
	Ask      string     `json:"ask"`
	Question string     `json:"question"`
	Answers  []saidLine `json:"answers"`
	// Left are the items that the answers so far leave.
	Left []shortItem `json:"left"`
	// Item is the one at the end; null before, and where nothing tells those left apart.
	Item *foundItem `json:"item"`
}

type saidLine struct {
	Is    string `json:"is"`
	Label string `json:"label"`
}

// foundItem is where the answers lead.
type foundItem struct {
	shortItem
	Summary string `json:"summary"`
	// Trips holds for this person, whatever it says for the item.
	Trips     int        `json:"trips"`
	TripsNote string     `json:"trips_note"`
	Materials []string   `json:"materials"`
	Fee       string     `json:"fee"`
	TimeLimit string     `json:"time_limit"`
	Links     []bot.Link `json:"links"`
}

// Matter is one step of 能不能办: parameters ask and is, as often as questions were answered and in
// their order, lead to the next question or to the item.
func (a *API) Matter(w http.ResponseWriter, r *http.Request) {
	lang, err := langOf(r)
	said, bad := saidOf(r)
	if err == nil {
		err = bad
	}
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	l := a.live(w, r)
	if l == nil {
		return
	}
	name := r.PathValue("name")
	matters := l.Knowledge().Matters()
	i := slices.IndexFunc(matters, func(m kb.Matter) bool { return m.Name == name })
	if i < 0 {
		a.cfg.Respond.Error(w, r, fault.New(fault.NotFound, "没有这一类事；全部类别见 /api/v1/matters"))
		return
	}
	a.cfg.Respond.JSON(w, r, forkOf(l, lang, matters[i], said))
}

// saidOf reads the answers so far.
func saidOf(r *http.Request) ([]kb.Said, error) {
	q := r.URL.Query()
	asks, is := q["ask"], q["is"]
	if len(asks) != len(is) || len(asks) > maxSaid {
		return nil, fault.New(fault.BadRequest, "参数 ask 和 is 要成对出现，最多 %d 对", maxSaid)
	}
	var said []kb.Said
	for i := range asks {
		for _, text := range []string{asks[i], is[i]} {
			if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxSaidText {
				return nil, fault.New(fault.BadRequest, "参数 ask 和 is 最长 %d 字，以 UTF-8 发送", maxSaidText)
			}
		}
		said = append(said, kb.Said{Ask: asks[i], Is: is[i]})
	}
	return said, nil
}

func forkOf(l Live, lang bot.Lang, m kb.Matter, said []kb.Said) forkBody {
	fork := m.Next(said)
	body := forkBody{
		Matter: m.Name, Label: sayMatter(l, lang, m, m.Name), Ask: fork.Ask, Question: sayMatter(l, lang, m, fork.Ask), Answers: []saidLine{}, Left: []shortItem{},
	}
	for _, answer := range fork.Answers {
		body.Answers = append(body.Answers, saidLine{answer, sayMatter(l, lang, m, answer)})
	}
	for _, it := range fork.Items {
		body.Left = append(body.Left, short(l, lang, it))
	}
	if fork.Ask == "" && len(fork.Items) == 1 {
		body.Item = found(l, lang, fork.Items[0], fork.Visit)
	}
	return body
}

// sayMatter is a matter's name, question or answer in a language; what nobody has put into English
// stays Chinese.
func sayMatter(l Live, lang bot.Lang, m kb.Matter, text string) string {
	if said := m.English(text); lang == bot.English && said != "" {
		return said
	}
	return l.Say(lang, text)
}

func short(l Live, lang bot.Lang, it *kb.Item) shortItem {
	s := shortItem{it.Code, l.Say(lang, it.Name), l.Say(lang, it.Choice), l.Say(lang, it.PoliceType), l.Say(lang, it.TripsLabel())}
	if lang == bot.English {
		s.Choice = ""
		if it.English != nil {
			s.Name = it.English.Name
		}
	}
	return s
}

func found(l Live, lang bot.Lang, it *kb.Item, visit bool) *foundItem {
	hers := *it
	if visit {
		hers.Trips = max(1, it.Trips)
	}
	f := &foundItem{
		shortItem: short(l, lang, &hers), Summary: l.Say(lang, it.Summary), Trips: hers.Trips, TripsNote: l.Say(lang, it.TripsNote),
		Materials: []string{}, Fee: l.Say(lang, it.Fee), TimeLimit: l.Say(lang, it.TimeLimit), Links: []bot.Link{},
	}
	for _, m := range it.Materials {
		f.Materials = append(f.Materials, l.Say(lang, m))
	}
	for _, link := range l.Links(it) {
		link.Label = l.Say(lang, link.Label)
		f.Links = append(f.Links, link)
	}
	if lang == bot.English && it.English != nil {
		f.inEnglish(it.English)
	}
	return f
}

// inEnglish takes what an item has in English.
func (f *foundItem) inEnglish(en *kb.English) {
	f.Summary, f.TripsNote = en.Text, en.TripsNote
	f.Fee, f.TimeLimit = cmp.Or(en.Fee, f.Fee), cmp.Or(en.TimeLimit, f.TimeLimit)
	if len(en.Materials) > 0 {
		f.Materials = en.Materials
	}
}

type popularBody struct {
	Groups []popularGroup `json:"groups"`
}

// popularGroup is a police type with its items, those that most people need first.
type popularGroup struct {
	// Name is "" for the group of what is popular in all.
	Name  string      `json:"name"`
	Label string      `json:"label"`
	Items []shortItem `json:"items"`
}

// Popular lists what people need most: in all, and by police type; first in all is what the readers of
// the language need (foreigners, residents of Hong Kong, Macao and Taiwan), where the knowledge lists it. It is what the knowledge marks
// as popular, then what stands in most of its lists of life events and audiences.
func (a *API) Popular(w http.ResponseWriter, r *http.Request) {
	lang, err := langOf(r)
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	l := a.live(w, r)
	if l == nil {
		return
	}
	k := l.Knowledge()
	body := popularBody{Groups: []popularGroup{{Items: []shortItem{}}}}
	at := map[string]int{}
	theirs := readersOf(k, lang)
	for _, code := range theirs {
		body.Groups[0].Items = append(body.Groups[0].Items, short(l, lang, k.Item(code)))
	}
	for _, it := range byNeed(k) {
		if it.Popular && !slices.Contains(theirs, it.Code) {
			body.Groups[0].Items = append(body.Groups[0].Items, short(l, lang, it))
		}
		i, ok := at[it.PoliceType]
		if !ok {
			i = len(body.Groups)
			at[it.PoliceType] = i
			body.Groups = append(body.Groups, popularGroup{Name: it.PoliceType, Label: l.Say(lang, it.PoliceType), Items: []shortItem{}})
		}
		if g := &body.Groups[i]; len(g.Items) < maxPopular {
			g.Items = append(g.Items, short(l, lang, it))
		}
	}
	a.cfg.Respond.JSON(w, r, body)
}

// audienceOf names the list of the audience that mostly reads a language: its items come first there.
var audienceOf = map[bot.Lang]string{bot.English: "foreigner", bot.Hant: "hmt"}

// readersOf are the items that those who read a language need, as the knowledge lists them.
func readersOf(k *kb.Knowledge, lang bot.Lang) []string {
	for _, list := range k.Lists {
		if list.By == kb.ByAudience && list.ID == audienceOf[lang] {
			return list.Items
		}
	}
	return nil
}

// byNeed are the items, those that most people need first.
func byNeed(k *kb.Knowledge) []*kb.Item {
	lists := map[string]int{}
	for _, list := range k.Lists {
		for _, code := range list.Items {
			lists[code]++
		}
	}
	weight := func(it *kb.Item) int {
		if it.Popular {
			return len(k.Lists) + 1 // more than any list can say; among these the catalogue's order holds
		}
		return lists[it.Code]
	}
	items := slices.Clone(k.Items)
	slices.SortStableFunc(items, func(x, y *kb.Item) int {
		if d := weight(y) - weight(x); d != 0 {
			return d
		}
		return strings.Compare(x.Code, y.Code)
	})
	return items
}
