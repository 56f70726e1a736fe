package staff

import (
	"net/http"
	"strconv"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/web/auth"
)

type usersBody struct {
	Users []userBody `json:"users"`
	// Roles are all that an account can have.
	Roles []auth.Role `json:"roles"`
}

// Users lists all accounts.
func (s *Staff) Users(w http.ResponseWriter, r *http.Request) {
	all, err := s.cfg.Service.Accounts(r.Context())
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	body := usersBody{Users: []userBody{}, Roles: auth.Known()}
	for _, a := range all {
		body.Users = append(body.Users, userOf(a))
	}
	s.cfg.Respond.JSON(w, r, body)
}

type addBody struct {
	Name    string      `json:"name"`
	Display string      `json:"display"`
	Roles   []auth.Role `json:"roles"`
}

// linkBody carries a one-time link, to be handed to its person.
type linkBody struct {
	User    *userBody `json:"user,omitempty"`
	Link    string    `json:"link"`
	Expires time.Time `json:"expires"`
}

// AddUser makes an account; the answer has the one-time link by which its person chooses a
// password.
func (s *Staff) AddUser(w http.ResponseWriter, r *http.Request) {
	var in addBody
	if !s.body(w, r, &in) {
		return
	}
	p, _ := auth.From(r.Context())
	a, token, err := s.cfg.Service.Add(r.Context(), p.Name, auth.Account{Name: in.Name, Display: in.Display, Roles: in.Roles})
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	u := userOf(a)
	s.cfg.Respond.JSON(w, r, linkBody{&u, SetupLink(s.base(r), token), s.cfg.Service.LinkExpires().UTC()})
}

// base is our address as links begin.
func (s *Staff) base(r *http.Request) string {
	if s.cfg.BaseURL != "" {
		return s.cfg.BaseURL
	}
	if plainLoopback(r) {
		return "http://" + r.Host
	}
	return "https://" + r.Host
}

// SetupLink is the address of a one-time link. The token stands behind the #: browsers do not
// send it, so that no log on the way has it.
func SetupLink(base, token string) string { return base + "/staff/setup#" + token }

type patchBody struct {
	Display  *string      `json:"display"`
	Roles    *[]auth.Role `json:"roles"`
	Disabled *bool        `json:"disabled"`
}

// ChangeUser changes display name, roles, or whether an account is disabled.
func (s *Staff) ChangeUser(w http.ResponseWriter, r *http.Request) {
	var in patchBody
	if !s.body(w, r, &in) {
		return
	}
	p, _ := auth.From(r.Context())
	a, err := s.cfg.Service.Change(r.Context(), p, r.PathValue("id"), auth.Patch{Display: in.Display, Roles: in.Roles, Disabled: in.Disabled})
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	s.cfg.Respond.JSON(w, r, userOf(a))
}

// ResetUser ends an account's sessions and returns a one-time link for a new password and a
// new second factor.
func (s *Staff) ResetUser(w http.ResponseWriter, r *http.Request) {
	p, _ := auth.From(r.Context())
	token, err := s.cfg.Service.Reset(r.Context(), p, r.PathValue("id"))
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	s.cfg.Respond.JSON(w, r, linkBody{Link: SetupLink(s.base(r), token), Expires: s.cfg.Service.LinkExpires().UTC()})
}

// SignOutUser ends an account's sessions and closes its sockets.
func (s *Staff) SignOutUser(w http.ResponseWriter, r *http.Request) {
	p, _ := auth.From(r.Context())
	if err := s.cfg.Service.SignOutAll(r.Context(), p, r.PathValue("id")); err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	s.cfg.Respond.JSON(w, r, struct{}{})
}

type entryBody struct {
	N      int64     `json:"n"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Action string    `json:"action"`
	Object string    `json:"object"`
	Detail string    `json:"detail"`
}

type auditBody struct {
	Entries []entryBody `json:"entries"`
	// Next is what to send as before for the next page, 0 when there is none.
	Next int64 `json:"next"`
}

const auditPage = 100

// Audit lists entries of the audit log, newest first. To read it is itself recorded, once for
// each first page.
func (s *Staff) Audit(w http.ResponseWriter, r *http.Request) {
	q, err := auditQuery(r)
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	if q.Before == 0 {
		p, _ := auth.From(r.Context())
		if err := s.cfg.Record.AppendAudit(r.Context(), audit.Entry{Actor: p.Name, Action: "audit.read", Object: "audit"}); err != nil {
			s.cfg.Respond.Error(w, r, err)
			return
		}
	}
	all, err := s.cfg.Record.ListAudit(r.Context(), q)
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	body := auditBody{Entries: []entryBody{}}
	for _, e := range all {
		body.Entries = append(body.Entries, entryBody{e.N, e.At, e.Actor, e.Action, e.Object, e.Detail})
	}
	if len(all) == auditPage {
		body.Next = all[len(all)-1].N
	}
	s.cfg.Respond.JSON(w, r, body)
}

func auditQuery(r *http.Request) (audit.Query, error) {
	v := r.URL.Query()
	q := audit.Query{Actor: v.Get("actor"), Action: v.Get("action"), Object: v.Get("object"), Limit: auditPage}
	for _, s := range []string{q.Actor, q.Action, q.Object} {
		if len(s) > audit.MaxName {
			return q, fault.New(fault.BadRequest, "actor、action、object 最多 %d 个字节", audit.MaxName)
		}
	}
	for name, to := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if s := v.Get(name); s != "" {
			t, err := time.Parse(time.RFC3339, s)
			if err != nil {
				return q, fault.New(fault.BadRequest, "%s 应为时间，例如 2026-11-22T08:00:00Z", name)
			}
			*to = t
		}
	}
	if s := v.Get("before"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 1 {
			return q, fault.New(fault.BadRequest, "before 应为上一页的 next")
		}
		q.Before = n
	}
	return q, nil
}

type citizenBody struct {
	Conversation string `json:"conversation"`
}

// ExportCitizen returns all that is known of one conversation, as a file.
func (s *Staff) ExportCitizen(w http.ResponseWriter, r *http.Request) {
	var in citizenBody
	if !s.body(w, r, &in) {
		return
	}
	p, _ := auth.From(r.Context())
	body, err := s.cfg.Record.ExportCitizen(r.Context(), p.Name, in.Conversation)
	if err != nil {
		s.cfg.Respond.Error(w, r, citizenFault(err))
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="citizen.json"`)
	s.cfg.Respond.JSON(w, r, body)
}

// DeleteCitizen deletes all that is known of one conversation.
func (s *Staff) DeleteCitizen(w http.ResponseWriter, r *http.Request) {
	var in citizenBody
	if !s.body(w, r, &in) {
		return
	}
	p, _ := auth.From(r.Context())
	deleted, err := s.cfg.Record.DeleteCitizen(r.Context(), p.Name, in.Conversation)
	if err != nil {
		s.cfg.Respond.Error(w, r, citizenFault(err))
		return
	}
	s.cfg.Respond.JSON(w, r, struct {
		Deleted any `json:"deleted"`
	}{deleted})
}

func citizenFault(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.Wrap(fault.NotFound, err, "没有这个会话，或者它已被删除")
	}
	return err
}
