package wechat

import (
	"encoding/json"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// MenuButton is one button of the account's own menu, below the chat.
type MenuButton struct {
	Name string `yaml:"name" json:"name"`
	// Type is click, view, miniprogram, scancode_waitmsg, scancode_push or location_select; a
	// button with Sub has none.
	Type string `yaml:"type,omitempty" json:"type,omitempty"`
	// Key is what a click tells us: an item's code, "say:" with words, or anything for a greeting.
	Key      string       `yaml:"key,omitempty" json:"key,omitempty"`
	URL      string       `yaml:"url,omitempty" json:"url,omitempty"`
	AppID    string       `yaml:"appid,omitempty" json:"appid,omitempty"`
	PagePath string       `yaml:"pagepath,omitempty" json:"pagepath,omitempty"`
	Sub      []MenuButton `yaml:"sub_button,omitempty" json:"sub_button,omitempty"`
}

// AccountMenu is the account's own menu.
type AccountMenu struct {
	Buttons []MenuButton `yaml:"button" json:"button"`
}

// The limits of a menu.
const (
	maxButtons, maxSub        = 3, 5
	maxName, maxSubName       = 4, 8 // characters, as wide as Chinese ones
	maxKey, maxURL            = 128, 1024
	clickType, viewType, mini = "click", "view", "miniprogram"
)

// DefaultMenu asks, brings to a person, and leads to our own page where there is one.
func DefaultMenu(base string) AccountMenu {
	m := AccountMenu{Buttons: []MenuButton{
		{Name: "办事咨询", Type: clickType, Key: "ASK"},
		{Name: "人工服务", Type: clickType, Key: "say:转人工"},
	}}
	if base != "" {
		m.Buttons = append(m.Buttons, MenuButton{Name: "办事指南", Sub: []MenuButton{
			{Name: "全部事项", Type: viewType, URL: base + "/items"},
			{Name: "网页版咨询", Type: viewType, URL: base + "/wechat/enter"},
		}})
	}
	return m
}

// JSON checks a menu by the platform's limits and returns it as the platform reads it. The fault
// names the button.
func (m AccountMenu) JSON() (json.RawMessage, error) {
	if n := len(m.Buttons); n < 1 || n > maxButtons {
		return nil, fault.New(fault.BadRequest, "button: a menu has 1 to %d buttons, this one %d", maxButtons, n)
	}
	for _, b := range m.Buttons {
		if utf8.RuneCountInString(b.Name) > maxName {
			return nil, fault.New(fault.BadRequest, "button %q: at most %d characters are shown", b.Name, maxName)
		}
		if len(b.Sub) > maxSub {
			return nil, fault.New(fault.BadRequest, "button %q: it has %d buttons below it, at most %d are allowed", b.Name, len(b.Sub), maxSub)
		}
		if len(b.Sub) == 0 {
			if err := b.check(); err != nil {
				return nil, err
			}
			continue
		}
		if b.Type != "" || b.Key != "" || b.URL != "" {
			return nil, fault.New(fault.BadRequest, "button %q: one with buttons below it does nothing itself; leave out type, key and url", b.Name)
		}
		for _, s := range b.Sub {
			if len(s.Sub) > 0 {
				return nil, fault.New(fault.BadRequest, "button %q: buttons stand on two levels, not on three", s.Name)
			}
			if utf8.RuneCountInString(s.Name) > maxSubName {
				return nil, fault.New(fault.BadRequest, "button %q: at most %d characters are shown", s.Name, maxSubName)
			}
			if err := s.check(); err != nil {
				return nil, err
			}
		}
	}
	out, err := json.Marshal(m)
	return out, err
}

func (b MenuButton) check() error {
	switch {
	case b.Name == "":
		return fault.New(fault.BadRequest, "a button has no name")
	case len(b.Key) > maxKey || len(b.URL) > maxURL:
		return fault.New(fault.BadRequest, "button %q: key has at most %d bytes, url %d", b.Name, maxKey, maxURL)
	}
	switch b.Type {
	case clickType, "scancode_waitmsg", "scancode_push", "location_select", "pic_photo_or_album", "pic_sysphoto", "pic_weixin":
		if b.Key == "" {
			return fault.New(fault.BadRequest, "button %q: type %s needs a key", b.Name, b.Type)
		}
	case viewType:
		if (Shape{}).absolute(b.URL) == "" {
			return fault.New(fault.BadRequest, "button %q: type view needs a url with https://", b.Name)
		}
	case mini:
		if b.AppID == "" || b.PagePath == "" || (Shape{}).absolute(b.URL) == "" {
			return fault.New(fault.BadRequest, "button %q: type miniprogram needs appid, pagepath and a url for phones that cannot open it", b.Name)
		}
	default:
		return fault.New(fault.BadRequest, "button %q: type %q is not known; use click, view or miniprogram", b.Name, b.Type)
	}
	return nil
}
