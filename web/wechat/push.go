package wechat

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"time"
)

// Push is one message or event that WeChat sent, with the values of the types that mean
// something to us. It is stored as JSON until its answer is out.
type Push struct {
	To   string `json:"to"`   // the account's own id, gh_…
	From string `json:"from"` // the citizen's openid
	// Created is WeChat's time in seconds since 1970.
	Created int64  `json:"created"`
	Type    string `json:"type"`
	ID      string `json:"id,omitempty"` // MsgId; events have none

	Text   string `json:"text,omitempty"`    // text; recognition of a voice; title of a link
	MenuID string `json:"menu_id,omitempty"` // bizmsgmenuid, when a menu message was tapped
	// Media is the temporary id of a picture, voice or video, Format a voice's encoding.
	Media  string `json:"media,omitempty"`
	Format string `json:"format,omitempty"`
	// Lat and Lng are a location in GCJ-02 degrees, Label what WeChat calls it.
	Lat   float64 `json:"lat,omitempty"`
	Lng   float64 `json:"lng,omitempty"`
	Label string  `json:"label,omitempty"`

	Event string `json:"event,omitempty"`
	// Key is an event's key: a button's key, a QR code's scene, the result of a scan.
	Key string `json:"key,omitempty"`
	// Status is the state of a notice that was sent before, Notice its id.
	Status string `json:"status,omitempty"`
	Notice string `json:"notice,omitempty"`
	// Kf is set for a message of 微信客服.
	Kf bool `json:"kf,omitempty"`
}

// The types of a message.
const (
	typeText     = "text"
	typeImage    = "image"
	typeVoice    = "voice"
	typeVideo    = "video"
	typeShort    = "shortvideo"
	typeLocation = "location"
	typeLink     = "link"
	typeEvent    = "event"
	typeFile     = "file" // of 微信客服 only
)

const (
	// maxID bounds openids and message ids, in bytes.
	maxID = 64
	// maxText is more than WeChat lets a person write (2,048 bytes), with room for recognition.
	maxText = 16 << 10
)

// read makes a push of parsed fields. It fails for what names no sender or type.
func read(f Fields) (Push, error) {
	p := Push{
		To: f.Get("ToUserName"), From: f.Get("FromUserName"), Created: f.Number("CreateTime"), Type: f.Get("MsgType"),
		ID: f.Get("MsgId"), MenuID: f.Get("bizmsgmenuid"), Media: f.Get("MediaId"), Format: f.Get("Format"),
	}
	if p.To == "" || p.From == "" || p.Type == "" || len(p.To) > maxID || len(p.From) > maxID || len(p.ID) > maxID ||
		len(p.Type) > maxID || p.Created <= 0 {
		return Push{}, ErrFormat
	}
	switch p.Type {
	case typeText:
		p.Text = f.Get("Content")
	case typeVoice:
		p.Text = strings.TrimSpace(f.Get("Recognition"))
	case typeLocation:
		p.Lat, p.Lng, p.Label = f.Decimal("Location_X"), f.Decimal("Location_Y"), f.Get("Label")
	case typeLink:
		p.Text = f.Get("Title")
	case typeEvent:
		readEvent(f, &p)
	}
	if len(p.Text) > maxText || len(p.Media) > 1024 || len(p.Event) > maxID {
		return Push{}, ErrFormat
	}
	return p, nil
}

func readEvent(f Fields, p *Push) {
	p.Event, p.Key = f.Get("Event"), f.Get("EventKey")
	switch p.Event {
	case eventScanPush, eventScanWait:
		p.Key = f.Get("ScanCodeInfo.ScanResult")
	case eventTemplateDone:
		p.Notice, p.Status = first(f.Get("MsgID"), f.Get("MsgId")), f.Get("Status")
		p.ID = ""
	case eventNoticeSent:
		const list = "SubscribeMsgSentEvent.List."
		p.Notice, p.Status = f.Get(list+"MsgID"), f.Get(list+"ErrorStatus")
	case eventNoticeAsked, eventNoticeChanged:
		list := "SubscribeMsgPopupEvent.List."
		if p.Event == eventNoticeChanged {
			list = "SubscribeMsgChangeEvent.List."
		}
		p.Notice, p.Status = f.Get(list+"TemplateId"), f.Get(list+"SubscribeStatusString")
	}
	if len(p.Key) > 1024 {
		p.Key = p.Key[:1024]
	}
	p.Key = strings.ToValidUTF8(p.Key, "")
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// The events that mean something to us; their names are written as WeChat sends them.
const (
	eventSubscribe     = "subscribe"
	eventUnsubscribe   = "unsubscribe"
	eventScan          = "SCAN"
	eventClick         = "CLICK"
	eventScanPush      = "scancode_push"
	eventScanWait      = "scancode_waitmsg"
	eventTemplateDone  = "TEMPLATESENDJOBFINISH"
	eventNoticeAsked   = "subscribe_msg_popup_event"
	eventNoticeChanged = "subscribe_msg_change_event"
	eventNoticeSent    = "subscribe_msg_sent_event"
)

// Ref names the push: two copies of one have the same, whatever signs they come with. A
// message has its MsgId; an event its sender, time, name and key.
func (p Push) Ref() string {
	if p.ID != "" {
		return p.To + "-" + p.ID
	}
	return p.To + "-" + digest("event", p.From, strconv.FormatInt(p.Created, 10), p.Type, p.Event, p.Key, p.Notice, p.Text)
}

// Conversation is the citizen's thread with the account that an AppId (or a 客服 id) names. It
// can be told from the openid, so that every node names the same one, and the openid cannot be
// told from it.
func Conversation(account, openid string) string { return "wx-" + digest("citizen", account, openid) }

var letters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return letters.EncodeToString(sum[:])[:32]
}

// At is when WeChat took the push.
func (p Push) At() time.Time { return time.Unix(p.Created, 0) }

// Lane keeps what is sent to one citizen in order.
func Lane(conversation string) string { return lanePrefix + conversation }

const lanePrefix = "wechat "

// ConversationOf is the conversation of a lane.
func ConversationOf(lane string) string { return strings.TrimPrefix(lane, lanePrefix) }
