package web

import "shenwei/web/auth"

// Who may do what with the knowledge.
var (
	readsKnowledge   = []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator, auth.Auditor}
	changesKnowledge = []auth.Role{auth.Editor, auth.Reviewer, auth.Administrator}
	decidesKnowledge = []auth.Role{auth.Reviewer, auth.Administrator}
	setsTheMoment    = []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator}
	exportsKnowledge = []auth.Role{auth.Editor, auth.Reviewer, auth.Administrator, auth.Auditor}
	triesAnswers     = []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator}
	sendsToPeople    = []auth.Role{auth.Supervisor, auth.Administrator}
)

// studioRoutes are those of the editors' studio.
func (s *Server) studioRoutes() []route {
	if s.studio == nil {
		return nil
	}
	const studio = "/api/v1/studio"
	const document = studio + "/documents/{kind}/{id}"
	const change = studio + "/changes/{id}"
	h := s.studio
	return []route{
		{"GET", studio + "/documents", staff, readsKnowledge, h.Documents},
		{"POST", studio + "/documents/{kind}", staff, changesKnowledge, h.Create},
		{"GET", document, staff, readsKnowledge, h.Document},
		{"PUT", document + "/draft", staff, changesKnowledge, h.SaveDraft},
		{"DELETE", document + "/draft", staff, changesKnowledge, h.DropDraft},
		{"GET", document + "/history", staff, readsKnowledge, h.History},
		{"GET", document + "/diff", staff, readsKnowledge, h.Diff},
		{"POST", document + "/restore", staff, changesKnowledge, h.Restore},
		{"POST", studio + "/hints", staff, changesKnowledge, h.Hints},
		{"POST", studio + "/preview", staff, readsKnowledge, h.Preview},
		{"POST", studio + "/matter", staff, changesKnowledge, h.Matter},

		{"GET", studio + "/changes", staff, readsKnowledge, h.Changes},
		{"POST", studio + "/changes", staff, changesKnowledge, h.Submit},
		{"GET", change, staff, readsKnowledge, h.Change},
		{"POST", change + "/gate", staff, changesKnowledge, h.StartGate},
		{"GET", studio + "/gate/{run}", staff, readsKnowledge, h.Gate},
		{"POST", change + "/decide", staff, decidesKnowledge, h.Decide},
		{"POST", change + "/publish", staff, decidesKnowledge, h.Publish},
		{"POST", change + "/confirm", staff, decidesKnowledge, h.Confirm},
		{"POST", change + "/withdraw", staff, changesKnowledge, h.Withdraw},
		{"DELETE", studio + "/schedules/{id}", staff, decidesKnowledge, h.Unschedule},

		{"GET", studio + "/releases", staff, readsKnowledge, h.Releases},
		{"GET", studio + "/releases/{n}", staff, readsKnowledge, h.Release},
		{"POST", studio + "/releases/{n}/rollback", staff, decidesKnowledge, h.Rollback},

		{"GET", studio + "/takedowns", staff, readsKnowledge, h.Takedowns},
		{"POST", studio + "/takedowns", staff, setsTheMoment, h.AddTakedown},
		{"DELETE", studio + "/takedowns/{id}", staff, setsTheMoment, h.EndTakedown},
		{"GET", studio + "/notices", staff, readsKnowledge, h.Notices},
		{"POST", studio + "/notices", staff, setsTheMoment, h.AddNotice},
		{"DELETE", studio + "/notices/{id}", staff, setsTheMoment, h.EndNotice},
		{"GET", studio + "/links", staff, readsKnowledge, h.Links},
		{"GET", studio + "/switches", staff, readsKnowledge, h.Switches},
		{"PUT", studio + "/switches", staff, sendsToPeople, h.SetSwitches},
	}
}

// insightRoutes are those of what editors look at.
func (s *Server) insightRoutes() []route {
	if s.insight == nil {
		return nil
	}
	const studio = "/api/v1/studio"
	h := s.insight
	return []route{
		{"POST", studio + "/try", staff, triesAnswers, h.Try},
		{"POST", studio + "/segment", staff, readsKnowledge, h.Segment},
		{"GET", studio + "/gold", staff, readsKnowledge, h.Gold},
		{"POST", studio + "/gold", staff, changesKnowledge, h.AddGold},
		{"POST", studio + "/gold/from", staff, changesKnowledge, h.GoldFrom},
		{"GET", studio + "/missed", staff, readsKnowledge, h.Missed},
		{"POST", studio + "/missed/{id}/resolve", staff, changesKnowledge, h.ResolveMissed},
		{"GET", studio + "/stats", staff, readsKnowledge, h.Stats},
		{"GET", studio + "/stats.xlsx", staff, readsKnowledge, h.StatsXLSX},
		{"GET", studio + "/stats.csv", staff, readsKnowledge, h.StatsCSV},
	}
}

func (s *Server) exchangeRoutes() []route {
	if s.exchange == nil {
		return nil
	}
	return []route{
		{"POST", "/api/v1/studio/import", staff, changesKnowledge, s.exchange.Import},
		{"GET", "/api/v1/studio/export", staff, exportsKnowledge, s.exchange.Export},
	}
}
