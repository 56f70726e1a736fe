package web

// Described lists the routes that answer JSON, which openapi.json must describe.
func (s *Server) Described() (list []string) {
	for _, rt := range s.routes() {
		if rt.kind == data || rt.kind == health {
			list = append(list, rt.method+" "+rt.path)
		}
	}
	return list
}
