package main

import (
	"context"
	"strings"

	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/studio"
)

// exchange lets editors take knowledge in and out as files, by the studio's rules.
func (a *app) exchange() *studio.ExchangeConfig {
	return &studio.ExchangeConfig{Live: a.store.Current, TakeIn: a.takeIn, Audit: a.store.AppendAudit}
}

// takeIn saves documents as a person's drafts: all of them, or none where somebody else's draft
// is in the way.
func (a *app) takeIn(ctx context.Context, by auth.Principal, docs []kb.Document) ([]kb.Revision, error) {
	me := kb.Member{ID: by.ID, Login: by.Name, Name: by.Display}
	current, err := a.store.Current(ctx)
	if err != nil {
		return nil, err
	}
	bases := map[string]int64{}
	if current != nil {
		for _, r := range current.Revisions {
			bases[r.Key()] = r.Number
		}
	}
	drafts, err := a.waitingDrafts(ctx, me, docs)
	if err != nil {
		return nil, err
	}
	var saved []kb.Revision
	for _, d := range docs {
		s, err := a.studio.Save(ctx, kb.Edit{
			Kind: d.Kind, ID: d.ID, Base: bases[d.Key()], Draft: drafts[d.Key()], Body: d.Body, By: me, Origin: kb.FromImport,
		})
		if err != nil {
			return saved, err
		}
		saved = append(saved, s.Revision)
	}
	return saved, nil
}

// waitingDrafts are the numbers of the person's own drafts of these documents; somebody else's
// are a conflict that names them.
func (a *app) waitingDrafts(ctx context.Context, me kb.Member, docs []kb.Document) (map[string]int64, error) {
	all, err := a.store.Drafts(ctx)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, d := range docs {
		wanted[d.Key()] = true
	}
	own := map[string]int64{}
	var others []string
	for _, r := range all {
		switch {
		case !wanted[r.Key()]:
		case r.Author.ID == me.ID:
			own[r.Key()] = r.Number
		default:
			others = append(others, r.Key())
		}
	}
	if len(others) > 0 {
		return nil, fault.New(fault.Conflict, "其他人正在修改：%s。请等对方送审或放弃后再导入", strings.Join(others, "、"))
	}
	return own, nil
}
