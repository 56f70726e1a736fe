package wechat

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // the protocol's signature is SHA-1
	"encoding/hex"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shenwei/internal/fault"
)

// custom is a customer-service message. Exactly one of the parts is set.
type custom struct {
	To      string       `json:"touser"`
	Type    string       `json:"msgtype"`
	Text    *customText  `json:"text,omitempty"`
	Image   *customMedia `json:"image,omitempty"`
	News    *customNews  `json:"news,omitempty"`
	Menu    *customMenu  `json:"msgmenu,omitempty"`
	Service *customAgent `json:"customservice,omitempty"`
}

type customText struct {
	Content string `json:"content"`
}

type customMedia struct {
	ID string `json:"media_id"`
}

type customNews struct {
	Articles []customArticle `json:"articles"`
}

type customArticle struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	Picture     string `json:"picurl"`
}

type customMenu struct {
	Head string           `json:"head_content"`
	List []customMenuItem `json:"list"`
	Tail string           `json:"tail_content,omitempty"`
}

type customMenuItem struct {
	ID      string `json:"id"`
	Content string `json:"content"`
}

type customAgent struct {
	Account string `json:"kf_account"`
}

// Send sends a message to a citizen who wrote lately. Menus are sent as such only where menus is
// set, else as the text that says the same.
func (c *Client) Send(ctx context.Context, openid string, m Message, menus bool) error {
	return c.call(ctx, "message/custom/send", customOf(openid, m, menus), nil)
}

func customOf(openid string, m Message, menus bool) custom {
	out := custom{To: openid}
	switch {
	case m.Kind == KindImage:
		out.Type, out.Image = "image", &customMedia{m.MediaID}
	case m.Kind == KindCard:
		out.Type, out.News = "news", &customNews{[]customArticle{{m.Card.Title, m.Card.Description, m.Card.URL, m.Card.Picture}}}
	case m.Kind == KindMenu && menus:
		list := make([]customMenuItem, 0, len(m.Menu.Choices))
		for _, ch := range m.Menu.Choices {
			list = append(list, customMenuItem{ch.ID, ch.Label})
		}
		out.Type, out.Menu = "msgmenu", &customMenu{m.Menu.Head, list, m.Menu.Tail}
	default:
		out.Type, out.Text = "text", &customText{m.Text}
	}
	return out
}

// Typing shows or hides that an answer is being written.
func (c *Client) Typing(ctx context.Context, openid string, on bool) error {
	command := "Typing"
	if !on {
		command = "CancelTyping"
	}
	return c.call(ctx, "message/custom/typing", map[string]string{"touser": openid, "command": command}, nil)
}

// CreateMenu replaces the account's menu. Menu is the JSON object {"button":[…]}.
func (c *Client) CreateMenu(ctx context.Context, menu json.RawMessage) error {
	return c.call(ctx, "menu/create", menu, nil)
}

// Menu reads the account's menu as WeChat shows it now.
func (c *Client) Menu(ctx context.Context) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "get_current_selfmenu_info", nil, &out)
	return out, err
}

// Notice is a subscription notice or template message: what it is about is on the page, never in
// the notice.
type Notice struct {
	OpenID, Template string
	// Page is the address that a tap opens; MiniAppID and MiniPath open a mini-program instead.
	Page                string
	MiniAppID, MiniPath string
	// Data are the template's fields.
	Data map[string]string
}

func (n Notice) body() map[string]any {
	data := map[string]any{}
	for k, v := range n.Data {
		data[k] = map[string]string{"value": v}
	}
	body := map[string]any{"touser": n.OpenID, "template_id": n.Template, "data": data}
	if n.MiniAppID != "" {
		body["miniprogram"] = map[string]string{"appid": n.MiniAppID, "pagepath": n.MiniPath}
	}
	return body
}

// SendNotice sends a subscription notice 订阅通知 that the citizen agreed to.
func (c *Client) SendNotice(ctx context.Context, n Notice) error {
	body := n.body()
	if n.Page != "" {
		body["page"] = n.Page
	}
	return c.call(ctx, "message/subscribe/bizsend", body, nil)
}

// SendTemplate sends a template message 模板消息 and returns its id; what became of it comes as
// an event. Key makes a second send of the same key harmless.
func (c *Client) SendTemplate(ctx context.Context, n Notice, key string) (string, error) {
	body := n.body()
	if n.Page != "" {
		body["url"] = n.Page
	}
	if key != "" {
		body["client_msg_id"] = key
	}
	var out struct {
		ID json.Number `json:"msgid"`
	}
	err := c.call(ctx, "message/template/send", body, &out)
	return out.ID.String(), err
}

// URLLink makes a link that opens a mini-program's page from outside of WeChat, good for at most
// 30 days.
func (c *Client) URLLink(ctx context.Context, page, query string, days int) (string, error) {
	var out struct {
		Link string `json:"url_link"`
	}
	in := map[string]any{"path": page, "query": query, "expire_type": 1, "expire_interval": min(max(days, 1), 30), "env_version": "release"}
	err := c.call(ctx, "/wxa/generate_urllink", in, &out)
	return out.Link, err
}

// Media fetches what a citizen sent, at most 20 MiB.
func (c *Client) Media(ctx context.Context, id string) ([]byte, error) {
	var body []byte
	err := c.withToken(ctx, func(token string) error {
		var err error
		body, err = c.raw(ctx, http.MethodGet, "media/get", url.Values{"access_token": {token}, "media_id": {id}}, "", nil, maxMedia)
		if err != nil {
			return err
		}
		var a answer
		if len(body) < 1024 && json.Unmarshal(body, &a) == nil && a.Code != 0 {
			return &APIError{Call: "media/get", Code: int(a.Code)}
		}
		return nil
	})
	return body, err
}

// Upload stores a picture for three days and returns its id.
func (c *Client) Upload(ctx context.Context, name string, picture []byte) (string, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("media", name)
	if err == nil {
		_, err = part.Write(picture)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "the picture cannot be encoded")
	}
	var out struct {
		ID string `json:"media_id"`
		answer
	}
	err = c.withToken(ctx, func(token string) error {
		body, err := c.raw(ctx, http.MethodPost, "media/upload", url.Values{"access_token": {token}, "type": {"image"}}, w.FormDataContentType(), form.Bytes(), maxAnswer)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, &out); err != nil {
			return errNoAnswer{fault.New(fault.Unavailable, "wechat media/upload: the answer is no JSON")}
		}
		if out.Code != 0 {
			return &APIError{Call: "media/upload", Code: int(out.Code)}
		}
		return nil
	})
	return out.ID, err
}

// Visitor is who came through the door of an H5 page.
type Visitor struct {
	OpenID string `json:"openid"`
	// Snapshot is set for a page's preview: the openid is nobody's.
	Snapshot int `json:"is_snapshotuser"`
}

// Visitor exchanges the code that WeChat gave a visitor for who she is.
func (c *Client) Visitor(ctx context.Context, code string) (Visitor, error) {
	q := url.Values{"appid": {c.cfg.AppID}, "secret": {c.cfg.Secret}, "code": {code}, "grant_type": {"authorization_code"}}
	var v Visitor
	if err := c.do(ctx, http.MethodGet, "/sns/oauth2/access_token", q, nil, &v); err != nil {
		return Visitor{}, err
	}
	if v.OpenID == "" {
		return Visitor{}, fault.New(fault.Unavailable, "WeChat named no visitor")
	}
	return v, nil
}

// authorizeURL is where a visitor is sent to come back with a code.
const authorizeURL = "https://open.weixin.qq.com/connect/oauth2/authorize"

// AuthorizeURL is the address that sends a visitor, silently, to back with a code and the state.
func (c *Client) AuthorizeURL(back, state string) string {
	base := authorizeURL
	if c.cfg.Base != DefaultBase { // a simulator plays this part, too
		base = c.cfg.Base + "/connect/oauth2/authorize"
	}
	// WeChat reads the parameters in this order only.
	return base + "?appid=" + url.QueryEscape(c.cfg.AppID) + "&redirect_uri=" + url.QueryEscape(back) +
		"&response_type=code&scope=snsapi_base&state=" + url.QueryEscape(state) + "#wechat_redirect"
}

// PageConfig is what a page hands to wx.config.
type PageConfig struct {
	AppID     string `json:"appId"`
	Timestamp int64  `json:"timestamp"`
	Nonce     string `json:"nonceStr"`
	Signature string `json:"signature"`
}

// SignPage signs a page's address for JS-SDK.
func (c *Client) SignPage(ctx context.Context, page, nonce string, at time.Time) (PageConfig, error) {
	ticket, err := c.Ticket(ctx)
	if err != nil {
		return PageConfig{}, err
	}
	return PageConfig{c.cfg.AppID, at.Unix(), nonce, pageSignature(ticket, nonce, strconv.FormatInt(at.Unix(), 10), page)}, nil
}

// pageSignature is over the address without its fragment, as the browser has it.
func pageSignature(ticket, nonce, timestamp, page string) string {
	page, _, _ = strings.Cut(page, "#")
	sum := sha1.Sum([]byte("jsapi_ticket=" + ticket + "&noncestr=" + nonce + "&timestamp=" + timestamp + "&url=" + page)) //nolint:gosec // the protocol's
	return hex.EncodeToString(sum[:])
}
