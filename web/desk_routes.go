package web

import "shenwei/web/auth"

// deskRoutes are those of the hotline; none where there is none.
func (s *Server) deskRoutes() []route {
	d := s.desk
	if d == nil {
		return nil
	}
	agents, chiefs := []auth.Role{auth.Agent, auth.Supervisor}, []auth.Role{auth.Supervisor}
	return []route{
		{"GET", "/ws/desk", socket, agents, d.Socket},
		{"GET", "/api/v1/desk/choices", staff, agents, d.Choices()},
		{"GET", "/api/v1/desk/tickets", staff, agents, d.Tickets()},
		{"GET", "/api/v1/desk/tickets/{number}", staff, agents, d.Packet()},
		{"GET", "/api/v1/desk/tickets/{number}/messages", staff, agents, d.Messages()},
		{"GET", "/api/v1/desk/tickets/{number}/suggest", staff, agents, d.Suggest()},
		{"POST", "/api/v1/desk/tickets/{number}/do", staff, agents, d.Do()},
		{"POST", "/api/v1/desk/tickets/{number}/unmask", staff, agents, d.Unmask()},
		{"POST", "/api/v1/desk/tickets/{number}/pictures", staff, agents, d.SendPicture()},
		{"GET", "/api/v1/desk/conversations/{conversation}/pictures/{seq}", staff, agents, d.Picture()},
		{"POST", "/api/v1/desk/tickets/{number}/knowledge", staff, agents, d.Keep()},
		{"GET", "/api/v1/desk/search", staff, agents, d.Search()},
		{"GET", "/api/v1/desk/agents", staff, agents, d.Agents()},
		{"PUT", "/api/v1/desk/draft", staff, agents, d.Draft()},
		{"GET", "/api/v1/desk/canned", staff, agents, d.Canned()},
		{"POST", "/api/v1/desk/canned", staff, chiefs, d.SaveCanned()},
		{"GET", "/api/v1/desk/orders", staff, agents, d.Orders()},
		{"POST", "/api/v1/desk/orders", staff, agents, d.AddOrder()},
		{"POST", "/api/v1/desk/orders/{number}/do", staff, agents, d.DoOrder()},
		{"GET", "/api/v1/desk/orders/export", staff, chiefs, d.ExportOrders()},
		{"GET", "/api/v1/desk/board", staff, chiefs, d.Board()},
		{"PUT", "/api/v1/desk/agents/{id}", staff, chiefs, d.SetAgent()},
		{"POST", "/api/v1/desk/pull", staff, chiefs, d.Pull()},
		{"POST", "/api/v1/desk/limits", staff, chiefs, d.Limit()},
		{"POST", "/api/v1/desk/alerts/{conversation}/seen", staff, chiefs, d.SeeAlert()},
		{"GET", "/api/v1/desk/sample", staff, chiefs, d.Sample()},
		{"GET", "/api/v1/desk/checks", staff, chiefs, d.Checks()},
		{"POST", "/api/v1/desk/checks", staff, chiefs, d.SaveCheck()},
		{"GET", "/api/v1/desk/report", staff, chiefs, d.Report()},
	}
}
