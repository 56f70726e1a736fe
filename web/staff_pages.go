package web

// staffPages is the one page of people who work here, at each address of its screens. It is
// open, since it holds nothing: what its screens show, they ask for.
func (s *Server) staffPages() []route {
	var list []route
	for _, path := range []string{"/staff", "/staff/{screen...}", "/studio", "/studio/{screen...}", "/desk", "/desk/{screen...}"} {
		list = append(list, route{"GET", path, page, nil, s.chat.Staff})
	}
	return list
}
