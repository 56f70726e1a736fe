package main

import (
	"crypto/rand"
	"net/url"
	"time"

	"shenwei/internal/fault"
	"shenwei/web/wechat"
)

// wechatConfig is an official account. It is switched on by app_id.
type wechatConfig struct {
	AppID          string `yaml:"app_id"`
	Secret         string `yaml:"secret"`
	Token          string `yaml:"token"`
	EncodingAESKey string `yaml:"encoding_aes_key"`
	PreviousAESKey string `yaml:"previous_aes_key"`
	// Mode is plain, compat or safe, as in the platform's console.
	Mode    string `yaml:"mode"`
	APIBase string `yaml:"api_base"`
	// MaxAge is how old a push may be, in seconds; 0 takes pushes of any age.
	MaxAge           int    `yaml:"max_age"`
	MiniProgramAppID string `yaml:"miniprogram_app_id"`
	// MiniProgramSecret opens the mini-program from outside of WeChat.
	MiniProgramSecret string `yaml:"miniprogram_secret"`
	// Custom says that the account may send customer-service messages (it is verified), Menus that
	// it may send menus, Cards that an answer about one item is followed by a card.
	Custom bool `yaml:"custom"`
	Menus  bool `yaml:"menus"`
	Cards  bool `yaml:"cards"`
	// CardPicture is the address of the cards' picture.
	CardPicture    string `yaml:"card_picture"`
	NoticeTemplate string `yaml:"notice_template"`
}

// wecomConfig is an account of 微信客服. It is switched on by corp_id.
type wecomConfig struct {
	CorpID         string `yaml:"corp_id"`
	Secret         string `yaml:"secret"`
	Token          string `yaml:"token"`
	EncodingAESKey string `yaml:"encoding_aes_key"`
	PreviousAESKey string `yaml:"previous_aes_key"`
	APIBase        string `yaml:"api_base"`
	MaxAge         int    `yaml:"max_age"`
}

// asrConfig is an OpenAI-compatible endpoint that writes recordings down. It is switched on by
// base_url.
type asrConfig struct {
	BaseURL string `yaml:"base_url"`
	APIKey  string `yaml:"api_key"`
	Model   string `yaml:"model"`
}

// pushAge is how old a push may be unless configured, in seconds.
const pushAge = 300

func (w wechatConfig) keys() wechat.Keys {
	return wechat.Keys{Token: w.Token, AESKey: w.EncodingAESKey, PreviousAESKey: w.PreviousAESKey, Receiver: w.AppID}
}

func (w wecomConfig) keys() wechat.Keys {
	return wechat.Keys{Token: w.Token, AESKey: w.EncodingAESKey, PreviousAESKey: w.PreviousAESKey, Receiver: w.CorpID}
}

// check returns a fault that names the first wrong key of an account that is switched on.
func (w wechatConfig) check() error {
	if w.AppID == "" {
		if w.Secret != "" || w.Token != "" || w.EncodingAESKey != "" {
			return fault.New(fault.BadRequest, "wechat.app_id: it is empty, and other keys of wechat are set; copy it from 公众平台 → 基本配置")
		}
		return nil
	}
	if err := checkAccount("wechat", w.keys(), wechat.Mode(w.Mode), w.MaxAge, w.APIBase); err != nil {
		return err
	}
	if w.Custom && w.Secret == "" {
		return fault.New(fault.BadRequest, "wechat.secret: it is empty; an account that sends messages needs it (for one that is not verified set wechat.custom: false)")
	}
	if w.MiniProgramSecret != "" && w.MiniProgramAppID == "" {
		return fault.New(fault.BadRequest, "wechat.miniprogram_app_id: it is empty, and miniprogram_secret is set")
	}
	return checkAddress("wechat.card_picture", w.CardPicture)
}

func (w wecomConfig) check() error {
	if w.CorpID == "" {
		if w.Secret != "" || w.Token != "" || w.EncodingAESKey != "" {
			return fault.New(fault.BadRequest, "wecom.corp_id: it is empty, and other keys of wecom are set; copy it from 企业微信 → 我的企业")
		}
		return nil
	}
	if w.Secret == "" {
		return fault.New(fault.BadRequest, "wecom.secret: it is empty; copy it from 微信客服 → 开发配置")
	}
	return checkAccount("wecom", w.keys(), wechat.Safe, w.MaxAge, w.APIBase)
}

func checkAccount(name string, keys wechat.Keys, mode wechat.Mode, maxAge int, base string) error {
	if maxAge < 0 {
		return fault.New(fault.BadRequest, "%s.max_age: write seconds, 0 for no limit", name)
	}
	crypt, err := wechat.NewCrypt(keys, rand.Reader)
	if err == nil {
		_, err = wechat.NewDoor(wechat.DoorConfig{Crypt: crypt, Mode: mode, Now: time.Now})
	}
	if err != nil {
		return fault.New(fault.BadRequest, "%s.%s", name, fault.MessageOf(err))
	}
	return checkAddress(name+".api_base", base)
}

func (a asrConfig) check() error {
	if a.BaseURL == "" {
		return nil
	}
	if a.Model == "" {
		return fault.New(fault.BadRequest, "asr.model: it is empty; name the endpoint's model, for example whisper-1")
	}
	return checkAddress("asr.base_url", a.BaseURL)
}

func checkAddress(key, address string) error {
	if address == "" {
		return nil
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" {
		return fault.New(fault.BadRequest, "%s: it is no address; write for example https://example.org", key)
	}
	return nil
}
