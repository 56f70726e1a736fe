// Package auth is who works here: staff accounts, their roles, passwords, second factor and
// sessions. It knows no HTTP and no SQL: web/staff asks it, internal/store keeps what it
// decides. Start reading at Principal, then Service.
package auth

import (
	"context"
	"slices"
)

// Role is what a person may do. A person may have several.
type Role string

// The roles. What each may call stands in one table, web/routes.go.
const (
	Editor        Role = "editor"        // 编辑: changes knowledge
	Reviewer      Role = "reviewer"      // 审核: decides on others' changes
	Agent         Role = "agent"         // 坐席: talks with citizens
	Supervisor    Role = "supervisor"    // 班长: sees and steers the desk
	Administrator Role = "administrator" // 管理员: accounts and switches
	Auditor       Role = "auditor"       // 审计: reads the audit log
)

// Roles that no account can have: they say whom a route admits beside those of Known.
const (
	// Anyone admits also who is not signed in.
	Anyone Role = "*"
	// Enrolling admits who has given the password and must set up a second factor first.
	Enrolling Role = "enrolling"
)

// Known returns every role that an account can have, in the order in which screens list them.
func Known() []Role {
	return []Role{Editor, Reviewer, Agent, Supervisor, Administrator, Auditor}
}

// Principal is a signed-in person.
type Principal struct {
	// ID is the account's id and never changes; Name is what she signs in with.
	ID, Name string
	// Display is how others read her name.
	Display string
	Roles   []Role
	// Session is the public id of her session, not the secret in her cookie.
	Session string
}

// Has tells whether she has one of the roles.
func (p Principal) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

type principalKey struct{}

// With returns a context that carries p.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From returns who asks; false when nobody is signed in.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}
