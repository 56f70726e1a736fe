package staff

import "net/http"

type verifiedBody struct {
	OK bool `json:"ok"`
	// N is the number of the last entry.
	N int64 `json:"n"`
	// Problem says where the chain breaks; it is empty when OK.
	Problem string `json:"problem,omitempty"`
}

// VerifyAudit tells whether the audit log is whole. It walks all of it.
func (s *Staff) VerifyAudit(w http.ResponseWriter, r *http.Request) {
	report, err := s.cfg.Record.VerifyAudit(r.Context(), 0, "")
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	s.cfg.Respond.JSON(w, r, verifiedBody{OK: report.Broken == "", N: report.Last, Problem: report.Broken})
}
