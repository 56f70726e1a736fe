package staff

import (
	"net/http"
	"time"

	"shenwei/internal/fault"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

type loginBody struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Code     string `json:"code"`
}

// Login signs in with name, password and, where the account has one, the second factor's code.
func (s *Staff) Login(w http.ResponseWriter, r *http.Request) {
	var in loginBody
	if !s.body(w, r, &in) {
		return
	}
	if err := encrypted(r); err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	if in.Name == "" || in.Password == "" || len(in.Name) > maxField || len(in.Code) > maxField {
		s.cfg.Respond.Error(w, r, fault.New(fault.BadRequest, "请输入账号和密码"))
		return
	}
	out, err := s.cfg.Service.SignIn(r.Context(), auth.Attempt{
		Name: in.Name, Password: in.Password, Code: in.Code, Addr: respond.CallerOf(r).Addr, Old: s.cookie(r),
	})
	s.signed(w, r, out, err)
}

type setupBody struct {
	Token    string `json:"token"`
	Name     string `json:"name"`
	Display  string `json:"display"`
	Password string `json:"password"`
}

// Setup uses a one-time link and signs in.
func (s *Staff) Setup(w http.ResponseWriter, r *http.Request) {
	var in setupBody
	if !s.body(w, r, &in) {
		return
	}
	if err := encrypted(r); err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	out, err := s.cfg.Service.SetUp(r.Context(), auth.Setup{
		Token: in.Token, Name: in.Name, Display: in.Display, Password: in.Password, Addr: respond.CallerOf(r).Addr, Old: s.cookie(r),
	})
	s.signed(w, r, out, err)
}

type meBody struct {
	State        string   `json:"state"`
	User         userBody `json:"user"`
	CSRF         string   `json:"csrf"`
	SecondFactor bool     `json:"second_factor"`
	IdleSeconds  int      `json:"idle_seconds"`
	Setup        bool     `json:"setup"`
}

type signedOutBody struct {
	// Setup is set while there is no account: the one-time link makes the first.
	Setup bool `json:"setup"`
	// OIDC is set when one can sign in through another service.
	OIDC bool `json:"oidc"`
}

// Me tells who is signed in; 401 with what can be done when nobody is.
func (s *Staff) Me(w http.ResponseWriter, r *http.Request) {
	o, err := s.opened(r)
	if fault.Is(err, fault.Unauthorized) {
		empty, emptyErr := s.cfg.Service.Empty(r.Context())
		if emptyErr == nil {
			err = respond.Detailed(err, signedOutBody{Setup: empty, OIDC: s.cfg.OIDC != nil})
		}
	}
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	s.cfg.Respond.JSON(w, r, meBody{
		State: o.State(), User: userOf(o.Account), CSRF: o.Session.CSRF, SecondFactor: o.Account.TOTP != "",
		IdleSeconds: int(s.cfg.Service.Idle() / time.Second),
	})
}

// Logout ends the session.
func (s *Staff) Logout(w http.ResponseWriter, r *http.Request) {
	p, _ := auth.From(r.Context())
	if err := s.cfg.Service.SignOut(r.Context(), p); err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	s.setCookie(w, r, "")
	w.Header().Set("Clear-Site-Data", `"cache"`)
	s.cfg.Respond.JSON(w, r, struct{}{})
}

type passwordBody struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// Password changes one's own password.
func (s *Staff) Password(w http.ResponseWriter, r *http.Request) {
	var in passwordBody
	if !s.body(w, r, &in) {
		return
	}
	o, err := s.opened(r)
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	out, err := s.cfg.Service.ChangePassword(r.Context(), o, s.cookie(r), in.Old, in.New, respond.CallerOf(r).Addr)
	s.signed(w, r, out, err)
}

type enrolBody struct {
	Code string `json:"code"`
}

// Enrol sets up a second factor by its first code, or takes the code that a session still
// owes. Without a code it returns what the app needs.
func (s *Staff) Enrol(w http.ResponseWriter, r *http.Request) {
	var in enrolBody
	if !s.body(w, r, &in) {
		return
	}
	o, err := s.opened(r)
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	if in.Code == "" {
		enrol, err := s.cfg.Service.Enrolment(r.Context(), o)
		s.signed(w, r, auth.SignedIn{State: auth.StateEnrol, CSRF: o.Session.CSRF, Enrol: enrol}, err)
		return
	}
	out, err := s.cfg.Service.Enrol(r.Context(), o, s.cookie(r), in.Code, respond.CallerOf(r).Addr)
	s.signed(w, r, out, err)
}
