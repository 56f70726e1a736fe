package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"shenwei/internal/fault"
	"shenwei/web/auth"
	pages "shenwei/web/staff"
)

type userCmd struct {
	Add     userAddCmd     `cmd:"" help:"Make an account and print its one-time link."`
	List    userListCmd    `cmd:"" help:"List all accounts."`
	Reset   userResetCmd   `cmd:"" help:"Print a one-time link for a new password and a new second factor."`
	Disable userDisableCmd `cmd:"" help:"Disable an account: its sessions end, its sockets close."`
	Enable  userEnableCmd  `cmd:"" help:"Enable a disabled account."`
	Signout userSignoutCmd `cmd:"" help:"End an account's sessions and close its sockets."`
}

// withStaff carries out a command on accounts, beside a running service or without one.
func withStaff(ctx context.Context, c *cli, do func(a *app) error) error {
	a, err := c.openRecord(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = a.close() }()
	return do(a)
}

// onAccount carries out a command on the account of the name.
func onAccount(ctx context.Context, c *cli, name string, do func(a *app, id string) error) error {
	return withStaff(ctx, c, func(a *app) error {
		u, err := a.staff.AccountByName(ctx, name)
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.NotFound, "there is no account %q; shenwei user list shows all", name)
		}
		if err != nil {
			return err
		}
		return do(a, u.ID)
	})
}

// byOperator is who runs a command on the server: no account, so that no rule on one's own
// account applies.
func byOperator() auth.Principal { return auth.Principal{Name: actor()} }

func (a *app) staffLink(token string) string {
	base := a.cfg.Site.BaseURL
	if base == "" {
		base = "http://localhost:" + portOf(a.cfg.Addr)
	}
	return pages.SetupLink(base, token)
}

type userAddCmd struct {
	Name    string   `arg:"" help:"What the person signs in with."`
	Display string   `help:"How others read her name."`
	Role    []string `help:"Roles: editor, reviewer, agent, supervisor, administrator, auditor." placeholder:"ROLE,…"`
	Admin   bool     `help:"The same as --role administrator."`
}

// Run makes an account and prints its link to standard output.
func (u userAddCmd) Run(ctx context.Context, c *cli) error {
	return withStaff(ctx, c, func(a *app) error {
		account := auth.Account{Name: u.Name, Display: u.Display}
		for _, r := range u.Role {
			account.Roles = append(account.Roles, auth.Role(strings.TrimSpace(r)))
		}
		if u.Admin {
			account.Roles = append(account.Roles, auth.Administrator)
		}
		made, token, err := a.staff.Add(ctx, actor(), account)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: the account is made. Hand this one-time link to its person; it works for 24 hours:\n", made.Name)
		fmt.Println(a.staffLink(token))
		return nil
	})
}

type userListCmd struct{}

// Run prints a table of accounts.
func (userListCmd) Run(ctx context.Context, c *cli) error {
	return withStaff(ctx, c, func(a *app) error {
		all, err := a.staff.Accounts(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tDISPLAY\tROLES\tSTATE\tSECOND FACTOR\tSIGNED IN")
		for _, u := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", u.Name, u.Display, rolesOf(u), stateOf(u), yesNo(u.TOTP != ""), when(u.SignedIn))
		}
		return w.Flush()
	})
}

func rolesOf(u auth.Account) string {
	names := make([]string, len(u.Roles))
	for i, r := range u.Roles {
		names[i] = string(r)
	}
	return strings.Join(names, ",")
}

func stateOf(u auth.Account) string {
	switch {
	case u.Disabled:
		return "disabled"
	case u.Password == "":
		return "invited"
	}
	return "active"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04")
}

type userResetCmd struct {
	Name string `arg:"" help:"The account's name."`
}

// Run ends the account's sessions and prints a link to standard output.
func (u userResetCmd) Run(ctx context.Context, c *cli) error {
	return onAccount(ctx, c, u.Name, func(a *app, id string) error {
		token, err := a.staff.Reset(ctx, byOperator(), id)
		if err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "Its sessions have ended. Hand this one-time link to the account's person; it works for 24 hours:")
		fmt.Println(a.staffLink(token))
		return nil
	})
}

type userDisableCmd struct {
	Name string `arg:"" help:"The account's name."`
}

// Run disables an account.
func (u userDisableCmd) Run(ctx context.Context, c *cli) error {
	return setDisabled(ctx, c, u.Name, true)
}

type userEnableCmd struct {
	Name string `arg:"" help:"The account's name."`
}

// Run enables an account.
func (u userEnableCmd) Run(ctx context.Context, c *cli) error {
	return setDisabled(ctx, c, u.Name, false)
}

func setDisabled(ctx context.Context, c *cli, name string, disabled bool) error {
	return onAccount(ctx, c, name, func(a *app, id string) error {
		_, err := a.staff.Change(ctx, byOperator(), id, auth.Patch{Disabled: &disabled})
		return err
	})
}

type userSignoutCmd struct {
	Name string `arg:"" help:"The account's name."`
}

// Run ends an account's sessions.
func (u userSignoutCmd) Run(ctx context.Context, c *cli) error {
	return onAccount(ctx, c, u.Name, func(a *app, id string) error { return a.staff.SignOutAll(ctx, byOperator(), id) })
}
