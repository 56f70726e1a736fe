package web

import "net/http"

// Described lists the routes that answer JSON, which openapi.json must describe.
func (s *Server) Described() (list []string) {
	for _, rt := range s.routes() {
		if rt.kind == data || rt.kind == health || rt.kind == partner {
			list = append(list, rt.method+" "+rt.path)
		}
	}
	return list
}

// Route is one line of the table of routes.
type Route struct{ Method, Path string }

// Routes lists everything that the server answers.
func Routes(s *Server) (list []Route) {
	for _, rt := range s.routes() {
		list = append(list, Route{rt.method, rt.path})
	}
	return list
}

// Reached is what the handlers of OnlyAdmission answer.
const Reached = "the handler is reached"

// OnlyAdmission is the server with handlers that do nothing: what stands before them is all there is.
func OnlyAdmission(s *Server) http.Handler {
	list := s.routes()
	for i := range list {
		list[i].handle = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(Reached)) }
	}
	return s.observe(s.mux(list))
}
