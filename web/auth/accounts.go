package auth

import (
	"context"
	"fmt"
	"strings"

	"shenwei/internal/fault"
)

// FirstLink returns the token of a new one-time link that makes the first administrator; the
// ones before it stop working. It is fault.Conflict when there is an account.
func (s *Service) FirstLink(ctx context.Context, actor string) (string, error) {
	empty, err := s.Empty(ctx)
	if err != nil {
		return "", err
	}
	if !empty {
		return "", fault.New(fault.Conflict, "there are accounts already; use shenwei user add or shenwei user reset")
	}
	token, l := s.link("")
	return token, s.cfg.Store.AddLink(ctx, l, s.entry(actor, "account.first_link", "", ""))
}

// Add makes an account without a password and returns it with the token of the one-time link
// by which its person chooses one.
func (s *Service) Add(ctx context.Context, actor string, a Account) (Account, string, error) {
	if err := checkAccount(&a); err != nil {
		return Account{}, "", err
	}
	now := s.cfg.Now()
	a = Account{ID: newID(), Name: a.Name, Display: a.Display, Roles: a.Roles, Epoch: 1, Created: now, Updated: now}
	token, l := s.link(a.ID)
	err := s.cfg.Store.CreateAccount(ctx, a, l, s.entry(actor, "account.add", objectOf(a), rolesDetail(a)))
	if err != nil {
		return Account{}, "", err
	}
	return a, token, nil
}

func rolesDetail(a Account) string { return fmt.Sprintf(`{"roles":%q}`, joinRoles(a.Roles)) }

func joinRoles(roles []Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ",")
}

// Patch is a change of an account; nil leaves a field as it is.
type Patch struct {
	Display  *string
	Roles    *[]Role
	Disabled *bool
}

// Change changes an account. New roles or being disabled end its sessions and close its
// sockets. Nobody changes her own roles or disables herself: actor is by, self her id.
func (s *Service) Change(ctx context.Context, by Principal, id string, p Patch) (Account, error) {
	if by.ID == id && by.ID != "" && (p.Roles != nil || p.Disabled != nil) {
		return Account{}, fault.New(fault.Forbidden, "自己的角色和停用状态要由另一位管理员来改")
	}
	was, err := s.cfg.Store.Account(ctx, id)
	if err != nil {
		return Account{}, err
	}
	action, detail := "account.change", ""
	switch {
	case p.Disabled != nil && *p.Disabled != was.Disabled:
		action = map[bool]string{true: "account.disable", false: "account.enable"}[*p.Disabled]
	case p.Roles != nil:
		action, detail = "account.roles", fmt.Sprintf(`{"was":%q,"now":%q}`, joinRoles(was.Roles), joinRoles(*p.Roles))
	}
	a, err := s.cfg.Store.ChangeAccount(ctx, id, s.entry(by.Name, action, objectOf(was), detail), func(a *Account) error {
		before := *a
		if p.Display != nil {
			a.Display = *p.Display
		}
		if p.Roles != nil {
			a.Roles = *p.Roles
		}
		if p.Disabled != nil {
			a.Disabled = *p.Disabled
		}
		if err := checkAccount(a); err != nil {
			return err
		}
		if a.Disabled != before.Disabled || joinRoles(a.Roles) != joinRoles(before.Roles) {
			a.Epoch++
		}
		a.Updated = s.cfg.Now()
		return nil
	})
	s.sweepSoon()
	return a, err
}

// Reset gives an account a new one-time link: by it the person chooses a new password and,
// where she must have one, sets up a new second factor. Her sessions end now. Nobody resets
// herself: a stolen session must not become an account.
func (s *Service) Reset(ctx context.Context, by Principal, id string) (token string, err error) {
	if by.ID == id && by.ID != "" {
		return "", fault.New(fault.Forbidden, "自己的账号要由另一位管理员来重置；只是换密码请用「修改密码」")
	}
	was, err := s.cfg.Store.Account(ctx, id)
	if err != nil {
		return "", err
	}
	a, err := s.cfg.Store.ChangeAccount(ctx, id, s.entry(by.Name, "account.reset", objectOf(was), ""), func(a *Account) error {
		if a.Disabled {
			return fault.New(fault.Conflict, "这个账号已停用，请先启用它")
		}
		a.Epoch++
		a.Updated = s.cfg.Now()
		return nil
	})
	if err != nil {
		return "", err
	}
	s.sweepSoon()
	token, l := s.link(a.ID)
	if err := s.cfg.Store.AddLink(ctx, l, s.entry(by.Name, "account.link", objectOf(a), "")); err != nil {
		return "", err
	}
	return token, s.cfg.Store.Forgive(ctx, nil, []string{accountKey(a.Name)})
}

// SignOutAll ends every session of an account and closes its sockets.
func (s *Service) SignOutAll(ctx context.Context, by Principal, id string) error {
	a, err := s.cfg.Store.Account(ctx, id)
	if err != nil {
		return err
	}
	_, err = s.cfg.Store.ChangeAccount(ctx, id, s.entry(by.Name, "account.signout", objectOf(a), ""), func(a *Account) error {
		a.Epoch++
		return nil
	})
	s.sweepSoon()
	return err
}
