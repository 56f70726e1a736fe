package live

import "slices"

// Belong says to whose session a connection belongs, so that it closes when the session ends.
// Call it in the open function of Serve. Citizens' connections belong to none.
func (h *Hub) Belong(c *Conn, session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.disown(c)
	c.owner = session
	if _, open := h.conns[c]; open {
		h.own(c)
	}
}

// own lists a connection that is open with its owner. The caller holds h.mu.
func (h *Hub) own(c *Conn) {
	if c.owner != "" {
		h.owners[c.owner] = append(h.owners[c.owner], c)
	}
}

// disown takes the connection from its owner. The caller holds h.mu.
func (h *Hub) disown(c *Conn) {
	if c.owner == "" {
		return
	}
	kept := slices.DeleteFunc(slices.Clone(h.owners[c.owner]), func(other *Conn) bool { return other == c })
	if len(kept) == 0 {
		delete(h.owners, c.owner)
	} else {
		h.owners[c.owner] = kept
	}
	c.owner = ""
}

// Owners lists the sessions that have open connections.
func (h *Hub) Owners() []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	all := make([]string, 0, len(h.owners))
	for session := range h.owners {
		all = append(all, session)
	}
	return all
}

// SignOut closes the connections of a session for good, with 4401.
func (h *Hub) SignOut(session string) {
	h.mu.RLock()
	list := h.owners[session]
	h.mu.RUnlock()
	for _, c := range list {
		c.Close(CloseSignedOut, "signed out")
	}
}
