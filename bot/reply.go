package bot

import (
	"fmt"

	"shenwei/kb"
)

// Action is the kind of a reply.
type Action string

// The actions of the public interface.
const (
	Answer    Action = "answer"
	Clarify   Action = "clarify"
	Handoff   Action = "handoff"
	Emergency Action = "emergency"
	SmallTalk Action = "smalltalk"
	Decline   Action = "decline"
	Relayed   Action = "relayed"
)

// Reply is what a citizen gets for one line, shaped for every channel. Text says
// everything that the blocks say.
type Reply struct {
	Conversation string `json:"conversation"`
	Seq          int64  `json:"seq"`
	Token        string `json:"token,omitempty"`
	Action       Action `json:"action"`
	// Lang is the language that the reply is written in.
	Lang        Lang       `json:"lang"`
	Item        string     `json:"item"`
	Article     string     `json:"article"`
	Facet       kb.Facet   `json:"facet"`
	Confidence  float64    `json:"confidence"`
	Items       []ItemHit  `json:"items"`
	Options     []Option   `json:"options"`
	Text        string     `json:"text"`
	Blocks      []Block    `json:"blocks"`
	Links       []Link     `json:"links"`
	Sources     []Source   `json:"sources"`
	Release     int64      `json:"release"`
	AIGenerated bool       `json:"ai_generated"`
	TookMicros  int64      `json:"took_us"`
	Refs        []string   `json:"refs,omitempty"`
	Handoff     *HandoffNo `json:"handoff,omitempty"`
}

// HandoffNo tells the citizen her place in the hotline's queue.
type HandoffNo struct {
	Number   string `json:"number"`
	Position int    `json:"position"`
	Group    string `json:"group"`
	// Minutes is the estimated wait, 0 where it is not known. Callback says that nobody can
	// speak now and that a call-back form is offered instead.
	Minutes  int  `json:"minutes,omitempty"`
	Callback bool `json:"callback,omitempty"`
}

// SetTicket sets the handoff's number in the reply, its card and its text.
func (r *Reply) SetTicket(number string) {
	if r.Handoff == nil {
		return
	}
	r.Handoff.Number = number
	for i := range r.Blocks {
		if r.Blocks[i].Type == BlockHotline {
			r.Blocks[i].Number = number
		}
	}
	r.Text += "\n" + fmt.Sprintf(r.ticketWord(0), number)
}

// Place sets the place in the hotline's queue (1 is next) in the reply, its cards and its
// text. It does nothing for a reply that hands nothing over.
func (r *Reply) Place(position int) {
	if r.Handoff == nil || position < 1 {
		return
	}
	r.Handoff.Position = position
	for i := range r.Blocks {
		if r.Blocks[i].Type == BlockHotline {
			r.Blocks[i].Position = position
		}
	}
	r.Text += "\n" + fmt.Sprintf(r.ticketWord(1), position)
}

// ItemHit is one item of a reply, in the order asked.
type ItemHit struct {
	Code       string   `json:"code"`
	Facet      kb.Facet `json:"facet"`
	Confidence float64  `json:"confidence"`
}

// Option is one choice. Exactly one of Code and ID is set.
type Option struct {
	Code  string `json:"code,omitempty"`
	ID    string `json:"id,omitempty"`
	Label string `json:"label"`
	// Hint says what tells it from its neighbours.
	Hint string `json:"hint,omitempty"`
}

// Key is the option's code or article id.
func (o Option) Key() string {
	if o.Code != "" {
		return o.Code
	}
	return o.ID
}

// LinkKind is the kind of a link.
type LinkKind string

// The kinds of link.
const (
	LinkWeb      LinkKind = "web"
	LinkMini     LinkKind = "miniprogram"
	LinkTerminal LinkKind = "terminal"
	LinkTel      LinkKind = "tel"
)

// Link is one button.
type Link struct {
	Kind  LinkKind `json:"kind"`
	Label string   `json:"label"`
	URL   string   `json:"url"`
}

// Source names what an answer rests on.
type Source struct {
	Kind     kb.Kind `json:"kind"`
	ID       string  `json:"id"`
	Revision int64   `json:"revision"`
}

// BlockType is the type of a block.
type BlockType string

// The types of block.
const (
	BlockCaution   BlockType = "caution"
	BlockText      BlockType = "text"
	BlockItem      BlockType = "item"
	BlockChoices   BlockType = "choices"
	BlockSteps     BlockType = "steps"
	BlockOutlets   BlockType = "outlets"
	BlockHotline   BlockType = "hotline"
	BlockEmergency BlockType = "emergency"
	BlockRating    BlockType = "rating"
)

// Block is one card of a reply. Which fields are set depends on Type:
//
//	caution    title, text, links (tel, most urgent first)
//	text       text
//	item       item
//	choices    text (the question), options, extra (none of these, a person)
//	steps      title, sections, folded
//	outlets    title, outlets, metres and visits (how far each is, -1 where that is not known, and
//	           whether it is open), links (all of them)
//	hotline    title, text, numbers, prepare, number, position
//	emergency  title, text, numbers, advice
//	rating     title
type Block struct {
	Type     BlockType   `json:"type"`
	Title    string      `json:"title,omitempty"`
	Text     string      `json:"text,omitempty"`
	Item     *ItemCard   `json:"item,omitempty"`
	Options  []Option    `json:"options,omitempty"`
	Extra    []Say       `json:"extra,omitempty"`
	Sections []Section   `json:"sections,omitempty"`
	Folded   bool        `json:"folded,omitempty"`
	Outlets  []kb.Outlet `json:"outlets,omitempty"`
	Metres   []int       `json:"metres,omitempty"`
	Visits   []Visit     `json:"visits,omitempty"`
	Numbers  []Number    `json:"numbers,omitempty"`
	Advice   []string    `json:"advice,omitempty"`
	Prepare  []string    `json:"prepare,omitempty"`
	Links    []Link      `json:"links,omitempty"`
	// Number and Position are the handoff's ticket and its place in the queue.
	Number   string `json:"number,omitempty"`
	Position int    `json:"position,omitempty"`
}

// ItemCard is an item as a card: the conclusion, the button, then the facts.
type ItemCard struct {
	Code       string   `json:"code"`
	Name       string   `json:"name"`
	PoliceType string   `json:"police_type"`
	Summary    string   `json:"summary"`
	Facet      kb.Facet `json:"facet"`
	// FacetName and FacetText answer what was asked.
	FacetName string   `json:"facet_name,omitempty"`
	FacetText string   `json:"facet_text,omitempty"`
	Trips     string   `json:"trips"`
	TripsNote string   `json:"trips_note,omitempty"`
	Fee       string   `json:"fee"`
	TimeLimit string   `json:"time_limit"`
	Materials []string `json:"materials"`
	Links     []Link   `json:"links"`
	Handover  string   `json:"handover,omitempty"`
	// QR is the picture of a code that opens the item on a telephone, "" where the site has no address of its own.
	QR     string `json:"qr,omitempty"`
	Review string `json:"review,omitempty"`
	// Sources name where the facts come from.
	Sources []string `json:"sources,omitempty"`
	// Related are items that are easily taken for this one.
	Related []Option `json:"related,omitempty"`
	// Matter is the 能不能办 that leads to this item: see kb.Matter.
	Matter string `json:"matter,omitempty"`
	// Foreign says which parts are in another language than the reply, and whom to ask; "" for none.
	Foreign string `json:"foreign,omitempty"`
}

// Section is one folded part of a card.
type Section struct {
	Facet kb.Facet `json:"facet"`
	Title string   `json:"title"`
	Text  string   `json:"text"`
}

// Say is a button that sends a line.
type Say struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

// Number is a telephone number with what it is for.
type Number struct {
	Label  string `json:"label"`
	Number string `json:"number"`
	Hours  string `json:"hours,omitempty"`
	For    string `json:"for,omitempty"`
}
