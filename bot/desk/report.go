package desk

import "time"

// Glance is a conversation that the bot answers, as a supervisor sees it in a list.
type Glance struct {
	Conversation string    `json:"conversation"`
	Channel      string    `json:"channel"`
	Owner        string    `json:"owner"`
	Seq          int64     `json:"seq"`
	Updated      time.Time `json:"updated"`
	// Misses counts turns in a row that were not answered; Item is what it is about.
	Misses int    `json:"misses"`
	Item   string `json:"item,omitempty"`
	// Name is the item's, for people. The store does not keep it.
	Name string `json:"name,omitempty"`
}

// Tally is what happened from one time to another.
type Tally struct {
	Conversations int64 `json:"conversations"` // begun
	HandedOver    int64 `json:"handed_over"`   // of these, with a ticket
	Tickets       int64 `json:"tickets"`
	Accepted      int64 `json:"accepted"`
	Abandoned     int64 `json:"abandoned"`
	Callbacks     int64 `json:"callbacks"`
	Transfers     int64 `json:"transfers"`
	Reopened      int64 `json:"reopened"`
	Lost          int64 `json:"lost"`
	Rated         int64 `json:"rated"`
	Stars         int64 `json:"stars"` // their sum
	Solved        int64 `json:"solved"`
}
