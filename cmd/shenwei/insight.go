package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"shenwei/bot/insight"
	"shenwei/bot/release"
	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/studio"
)

// The draft engines that are kept to try answers out: each has its own index.
const (
	benchEngines = 2
	benchIdle    = 5 * time.Minute
)

// insightConfig is what editors look at, over this process's record and engines.
func (a *app) insightConfig() (*studio.InsightConfig, error) {
	loc, err := time.LoadLocation(a.cfg.Timezone)
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "timezone: %q is not known; write for example Asia/Shanghai", a.cfg.Timezone)
	}
	a.bench = release.NewBench(a.builder, benchEngines, benchIdle, time.Now, a.log)
	return &studio.InsightConfig{
		Trials: trials{a.live, a.bench, a.store, a.studio}, Drafts: draftDesk{a.store, a.studio}, Store: a.store.Insight(),
		Audit: a.store.AppendAudit, Location: loc,
	}, nil
}

// follower counts questions in the background.
func (a *app) follower(loc *time.Location) *insight.Follower {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return insight.NewFollower(insight.Config{
		Store: a.store.Insight(), Node: fmt.Sprintf("%.100s-%d-%s", host, os.Getpid(), rand.Text()[:8]), Location: loc, Log: a.log,
		Live: func() insight.Live {
			if e := a.live.Current(); e != nil {
				return e
			}
			return nil
		},
	})
}

// trials opens engines for editors.
type trials struct {
	live   *release.Live
	bench  *release.Bench
	store  *store.DB
	studio *kb.Studio
}

// Live implements studio.Trials.
func (t trials) Live() (studio.TrialEngine, func(), error) {
	r, done, err := t.live.Use()
	if err != nil {
		return nil, nil, err
	}
	return r, done, nil
}

// Candidate implements studio.Trials.
func (t trials) Candidate(ctx context.Context, p studio.Pick) (studio.TrialEngine, []kb.Problem, func(), error) {
	current, err := t.store.Current(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	if current == nil {
		return nil, nil, nil, fault.New(fault.Unavailable, "还没有任何已发布的知识")
	}
	drafts, err := t.drafts(ctx, p)
	if err != nil {
		return nil, nil, nil, err
	}
	if p.Document != nil {
		drafts = append(drafts, kb.Revision{Document: *p.Document})
	}
	candidate, left := soundCandidate(current, drafts)
	r, done, err := t.bench.Use(ctx, candidate)
	if err != nil {
		return nil, nil, nil, err
	}
	return r, left, done, nil
}

// drafts are the stored ones that are to be tried.
func (t trials) drafts(ctx context.Context, p studio.Pick) ([]kb.Revision, error) {
	switch {
	case p.Drafts:
		return t.store.Drafts(ctx)
	case p.Change == 0:
		return nil, nil
	}
	change, err := t.studio.Proposal(ctx, p.Change)
	if err != nil {
		return nil, err
	}
	var drafts []kb.Revision
	for _, d := range change.Drafts {
		kind, id := kb.SplitKey(d.Key)
		rev, err := t.store.Revision(ctx, kind, id, d.Revision)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, rev)
	}
	return drafts, nil
}

// soundCandidate leaves out drafts that cannot be put together with the rest, one problem's
// file after the other: somebody's half-written article must not keep others from trying.
func soundCandidate(current *kb.Release, drafts []kb.Revision) (*kb.Release, []kb.Problem) {
	var left []kb.Problem
	for {
		candidate := kb.Candidate(current, drafts)
		_, err := kb.Parse(candidate.Documents())
		var problems kb.Problems
		if !errors.As(err, &problems) {
			return candidate, left
		}
		blamed := map[string]bool{}
		for _, p := range problems {
			blamed[p.Path] = true
		}
		sound := slices.DeleteFunc(slices.Clone(drafts), func(d kb.Revision) bool { return blamed[d.Path()] })
		left = append(left, problems...)
		if len(sound) == len(drafts) { // a draft that breaks another's file: none can be kept apart
			return kb.Candidate(current, nil), left
		}
		drafts = sound
	}
}

// draftDesk keeps drafts in the archive.
type draftDesk struct {
	store  *store.DB
	studio *kb.Studio
}

// Versions implements studio.DraftDesk.
func (d draftDesk) Versions(ctx context.Context, kind kb.Kind) ([]studio.Version, error) {
	all, err := d.all(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(v studio.Version) bool { return v.Kind != kind }), nil
}

// Version implements studio.DraftDesk.
func (d draftDesk) Version(ctx context.Context, key string) (studio.Version, bool, error) {
	all, err := d.all(ctx)
	if err != nil {
		return studio.Version{}, false, err
	}
	i := slices.IndexFunc(all, func(v studio.Version) bool { return v.Key() == key })
	if i < 0 {
		return studio.Version{}, false, nil
	}
	return all[i], true, nil
}

func (d draftDesk) all(ctx context.Context) ([]studio.Version, error) {
	current, err := d.store.Current(ctx)
	if err != nil {
		return nil, err
	}
	drafts, err := d.store.Drafts(ctx)
	if err != nil {
		return nil, err
	}
	var all []studio.Version
	at := map[string]int{}
	if current != nil {
		for _, r := range current.Revisions {
			at[r.Key()] = len(all)
			all = append(all, studio.Version{Document: r.Document, Live: r.Body, Base: r.Number})
		}
	}
	for _, r := range drafts {
		i, known := at[r.Key()]
		if !known {
			i = len(all)
			all = append(all, studio.Version{})
		}
		all[i].Document, all[i].Draft = r.Document, r.Number
	}
	slices.SortStableFunc(all, func(a, b studio.Version) int { return strings.Compare(a.Path(), b.Path()) })
	return all, nil
}

// Save implements studio.DraftDesk. It takes somebody else's open draft over: what it adds to
// was read from that very draft, and the studio refuses when another one is there by now.
func (d draftDesk) Save(ctx context.Context, seen studio.Version, doc kb.Document, by auth.Principal) error {
	name := by.Display
	if name == "" {
		name = by.Name
	}
	_, err := d.studio.Save(ctx, kb.Edit{
		Kind: doc.Kind, ID: doc.ID, Base: seen.Base, Draft: seen.Draft, Take: true, Body: doc.Body,
		By: kb.Member{ID: by.ID, Login: by.Name, Name: name},
	})
	var conflict *kb.DraftConflict
	if errors.As(err, &conflict) {
		return fault.Wrap(fault.Conflict, err, "%s 刚被别人改过，请再试一次", doc.Key())
	}
	return err
}
