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

	"shenwei/bot"
	"shenwei/bot/insight"
	"shenwei/bot/release"
	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/kb"
	"shenwei/web/studio"
)

// The draft engines that are kept to try answers out: each has its own index.
const (
	benchEngines = 2
	benchIdle    = 5 * time.Minute
)

// insights are what editors look at, over this process's record and engines, and what follows
// the record for them.
func (a *app) insights() (*studio.InsightConfig, error) {
	loc, err := time.LoadLocation(a.cfg.Timezone)
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "timezone: %q is not known; write for example Asia/Shanghai", a.cfg.Timezone)
	}
	a.bench = release.NewBench(a.builder, benchEngines, benchIdle, a.now, a.log)
	return &studio.InsightConfig{
		Trials: trials{a.live, a.bench, a.store}, Drafts: draftDesk{a.store, a.studio}, Store: a.store.Insight(),
		Audit: a.store.AppendAudit, Location: loc, Shapes: a.shapes(),
	}, nil
}

// follower counts questions in the background.
func (a *app) follower(loc *time.Location) *insight.Follower {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return insight.NewFollower(insight.Config{
		Store: a.store.Insight(), Now: a.now, Node: fmt.Sprintf("%.100s-%d-%s", host, os.Getpid(), rand.Text()[:8]), Location: loc, Log: a.log,
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
	live  *release.Live
	bench *release.Bench
	store *store.DB
}

// trial is an engine that answers as citizens are answered: with what is set for the moment.
type trial struct {
	*release.Running
	over *bot.Overrides
}

// Answer implements studio.TrialEngine.
func (t trial) Answer(ctx context.Context, turn bot.Turn) bot.Answered {
	turn.Overrides = t.over
	return t.Running.Answer(ctx, turn)
}

// Live implements studio.Trials.
func (t trials) Live() (studio.TrialEngine, func(), error) {
	r, over, done, err := t.live.Use()
	if err != nil {
		return nil, nil, err
	}
	return trial{r, over}, done, nil
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
	candidate, left := soundCandidate(current, drafts)
	_, over, release, err := t.live.Use()
	if err != nil {
		return nil, nil, nil, err
	}
	release()
	r, done, err := t.bench.Use(ctx, candidate)
	if err != nil {
		return nil, nil, nil, err
	}
	return trial{r, over}, left, done, nil
}

// drafts are the revisions that a candidate is made of.
func (t trials) drafts(ctx context.Context, p studio.Pick) ([]kb.Revision, error) {
	switch {
	case p.Document != nil:
		return []kb.Revision{{Document: *p.Document}}, nil
	case p.Change == 0:
		return t.store.Drafts(ctx)
	}
	change, err := t.store.Proposal(ctx, p.Change)
	if err != nil {
		return nil, err
	}
	var drafts []kb.Revision
	for _, d := range change.Drafts {
		kind, id := kb.SplitKey(d.Key)
		r, err := t.store.Revision(ctx, kind, id, d.Revision)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, r)
	}
	return drafts, nil
}

// soundCandidate leaves out drafts that cannot be put together with the rest: somebody's
// half-written article must not keep others from trying. The candidate stands for an instant
// at which every draft is in force: tomorrow's rule can be tried today.
func soundCandidate(current *kb.Release, drafts []kb.Revision) (*kb.Release, []kb.Problem) {
	var left []kb.Problem
	for {
		candidate := kb.Candidate(current, drafts)
		for _, d := range drafts {
			if from := d.Span().Effective; from.After(candidate.AsOf) {
				candidate.AsOf = from
			}
		}
		_, _, err := candidate.Knowledge()
		var problems kb.Problems
		if !errors.As(err, &problems) {
			return candidate, left
		}
		blamed := map[string]bool{}
		for _, p := range problems {
			blamed[p.Path] = true
		}
		left = append(left, problems...)
		sound := slices.DeleteFunc(slices.Clone(drafts), func(d kb.Revision) bool { return blamed[d.Path()] })
		if len(sound) == len(drafts) { // a draft that breaks another's file: none can be kept apart
			return current, left
		}
		drafts = sound
	}
}

// draftDesk keeps drafts by the studio's rules.
type draftDesk struct {
	store  *store.DB
	studio *kb.Studio
}

// Versions implements studio.DraftDesk.
func (d draftDesk) Versions(ctx context.Context, kind kb.Kind) ([]studio.Version, error) {
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
			if r.Kind == kind {
				at[r.Key()] = len(all)
				all = append(all, studio.Version{Document: r.Document, Live: r.Body, Base: r.Number})
			}
		}
	}
	for _, r := range drafts {
		if r.Kind != kind {
			continue
		}
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

// Version implements studio.DraftDesk.
func (d draftDesk) Version(ctx context.Context, key string) (studio.Version, bool, error) {
	kind, _ := kb.SplitKey(key)
	all, err := d.Versions(ctx, kind)
	if err != nil {
		return studio.Version{}, false, err
	}
	i := slices.IndexFunc(all, func(v studio.Version) bool { return v.Key() == key })
	if i < 0 {
		return studio.Version{}, false, nil
	}
	return all[i], true, nil
}

// Save implements studio.DraftDesk.
func (d draftDesk) Save(ctx context.Context, seen studio.Version, doc kb.Document, by kb.Member, take bool) error {
	_, err := d.studio.Save(ctx, kb.Edit{
		Kind: doc.Kind, ID: doc.ID, Base: seen.Base, Draft: seen.Draft, Take: take, Body: doc.Body, By: by,
	})
	return err
}
