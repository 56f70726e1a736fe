package release_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"shenwei/bot"
	"shenwei/bot/release"
	"shenwei/data"
	"shenwei/kb"
)

// The tests of this package hold whole engines of the shipped knowledge against what a
// citizen may expect: only release may put the parts of an engine together.

const testRelease = 7

var site = bot.Site{BaseURL: "https://a.example", Links: map[bot.LinkKind]string{
	bot.LinkWeb: "https://do.example/item?code={code}", bot.LinkMini: "weixin://dl/item?code={code}", bot.LinkTerminal: "{base_url}/terminals?item={code}",
}}

var documents = sync.OnceValue(func() []kb.Document {
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		panic(err)
	}
	return docs
})

var builder = sync.OnceValue(func() *release.Builder {
	b, err := release.NewBuilder(filepath.Join(os.TempDir(), "shenwei-test-release"), site)
	if err != nil {
		panic(err)
	}
	return b
})

// stored is the shipped knowledge as a release whose documents all have one revision number.
func stored(number, revision int64) *kb.Release {
	r := &kb.Release{Number: number}
	for _, d := range documents() {
		r.Revisions = append(r.Revisions, kb.Revision{Document: d, Number: revision})
	}
	return r
}

// small is a release of three plain items with the shipped lexicon and weights: quick to build
// where a test needs several.
func small(number, revision int64) *kb.Release {
	r := &kb.Release{Number: number}
	for _, d := range documents() {
		if d.Kind == kb.KindLexicon || d.Kind == kb.KindWeights {
			r.Revisions = append(r.Revisions, kb.Revision{Document: d, Number: revision})
		}
	}
	for code, name := range map[string]string{"CRJ-002": "普通护照换发", "RK-050": "居民身份证丢失补领", "JJ-007": "机动车驾驶证有效期满换证"} {
		body := "code: " + code + "\nname: " + name + "\npolice_type: 出入境\naliases: []\naudience: 个人\ntrips: 0\nterminal: false\npopular: true\nfee: 免费\n" +
			"time_limit: 当天\nmaterials: []\ngroup: 综合\ntags: []\nsources: [测试]\n"
		r.Revisions = append(r.Revisions, kb.Revision{Document: kb.Document{Kind: kb.KindItem, ID: code, Body: body}, Number: revision})
	}
	return r
}

var running = sync.OnceValue(func() *release.Running {
	r, err := builder().BuildRelease(stored(testRelease, 70))
	if err != nil {
		panic(err)
	}
	return r
})

// talk is a conversation without a store.
type talk struct {
	state   bot.State
	owner   string
	crowded bool
	last    bot.Answered
}

func (k *talk) turn(m bot.Message) *bot.Reply {
	m.Channel = bot.Web
	owner := k.owner
	if owner == "" {
		owner = bot.OwnerBot
	}
	k.last = running().Answer(context.Background(), bot.Turn{Message: m, State: k.state, Owner: owner, Crowded: k.crowded})
	k.state = k.last.State
	return k.last.Reply
}

func (k *talk) say(text string) *bot.Reply { return k.turn(bot.Message{Text: text}) }

func (k *talk) tap(key string) *bot.Reply { return k.turn(bot.Message{Choice: key}) }

// about is a conversation in which the item was answered last.
func about(t testing.TB, code string) *talk {
	t.Helper()
	k := &talk{}
	if r := k.tap(code); r.Item != code {
		t.Fatalf("a tap on %s answers %q", code, r.Item)
	}
	return k
}

func itemOption(code string) bot.Option {
	it := running().Knowledge().Item(code)
	return bot.Option{Code: it.Code, Label: it.Name, Hint: it.Choice}
}

// asked is a conversation in which the bot asked back with these items.
func asked(facet kb.Facet, codes ...string) *talk {
	k := &talk{state: bot.State{Asked: string(facet), Question: "换证"}}
	for _, c := range codes {
		k.state.Options = append(k.state.Options, itemOption(c))
	}
	return k
}

func block(r *bot.Reply, typ bot.BlockType) *bot.Block {
	for i := range r.Blocks {
		if r.Blocks[i].Type == typ {
			return &r.Blocks[i]
		}
	}
	return nil
}
