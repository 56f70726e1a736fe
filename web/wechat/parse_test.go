package wechat

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestBrokenBodiesAreRefused(t *testing.T) {
	for name, body := range map[string]string{
		"an entity":            `<!DOCTYPE foo [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Encrypt><![CDATA[abc]]></Encrypt></xml>`,
		"a bomb":               `<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Content>&b;</Content></xml>`,
		"an unknown entity":    `<xml><Content>&x;</Content></xml>`,
		"truncated":            hello[:len(hello)-9],
		"two Encrypt elements": `<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>`,
		"two MsgId elements":   `<xml><MsgId>1</MsgId><MsgId>2</MsgId></xml>`,
		"two roots":            `<xml></xml><xml></xml>`,
		"text beside the root": `<xml></xml>x`,
		"over 64 KiB":          `<xml><Content>` + strings.Repeat("a", 64<<10) + `</Content></xml>`,
		"invalid UTF-8":        "<xml><Content>\xff</Content></xml>",
		"another encoding":     `<?xml version="1.0" encoding="GBK"?><xml><Content>a</Content></xml>`,
		"a NUL":                "<xml><Content>a\x00b</Content></xml>",
		"33 deep":              strings.Repeat("<a>", 33) + strings.Repeat("</a>", 33),
		"empty":                "",
		"no markup":            "success",
		"JSON truncated":       `{"ToUserName":"gh_1"`,
		"JSON 40 deep":         strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40),
		"JSON lists 40 deep":   `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}",
		"JSON Encrypt twice":   `{"Encrypt":"a","Encrypt":"b"}`,
		"JSON and more":        `{"a":1}{"b":2}`,
	} {
		if f, err := parse([]byte(body)); err == nil {
			t.Errorf("%s: accepted: %v", name, f)
		}
	}
	if _, err := parse([]byte(strings.Repeat("<a>", 32) + strings.Repeat("</a>", 32))); err != nil {
		t.Errorf("32 deep: %v", err)
	}
}

func TestTextsAreReadWhole(t *testing.T) {
	for name, want := range map[string]string{
		`<![CDATA[<b>&amp;]]>`:                          `<b>&amp;`,
		`a&amp;b`:                                       `a&b`,
		`<![CDATA[a]]]]><![CDATA[>b]]>`:                 `a]]>b`,
		`<![CDATA[👮 深圳]]>`:                              `👮 深圳`,
		"<![CDATA[一\n二]]>":                              "一\n二",
		` <![CDATA[` + strings.Repeat("字", 682) + `]]>`: " " + strings.Repeat("字", 682),
	} {
		f, err := parse([]byte("<xml>\n <Content>" + name + "</Content><New><Odd>1</Odd></New></xml>"))
		if err != nil || f.Get("Content") != want {
			t.Errorf("%s: %q %v", name, f.Get("Content"), err)
		}
	}
}

// common begins every push of the table.
const common = `<ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName><CreateTime>1700000000</CreateTime>`

func push(t *testing.T, inner string) Push {
	t.Helper()
	f, err := parse([]byte("<xml>" + common + inner + "</xml>"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := read(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func message(kind, inner string) string {
	return fmt.Sprintf("<MsgType><![CDATA[%s]]></MsgType>%s<MsgId>42</MsgId>", kind, inner)
}

func event(name, inner string) string {
	return fmt.Sprintf("<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[%s]]></Event>%s", name, inner)
}

func TestEveryTypeOfTheTableIsRead(t *testing.T) {
	base := Push{To: "gh_1", From: "o1", Created: 1700000000, ID: "42"}
	for name, x := range map[string]struct {
		inner  string
		change func(p *Push)
	}{
		"text":               {message("text", "<Content>你好</Content>"), func(p *Push) { p.Text = "你好" }},
		"a menu's tap":       {message("text", "<Content>满意</Content><bizmsgmenuid>q_101</bizmsgmenuid>"), func(p *Push) { p.Text, p.MenuID = "满意", "q_101" }},
		"image":              {message("image", "<PicUrl>http://x</PicUrl><MediaId>m</MediaId>"), func(p *Push) { p.Media = "m" }},
		"voice":              {message("voice", "<MediaId>m</MediaId><Format>amr</Format><Recognition> 护照 </Recognition>"), func(p *Push) { p.Media, p.Format, p.Text = "m", "amr", "护照" }},
		"voice, unheard":     {message("voice", "<MediaId>m</MediaId><Format>speex</Format><Recognition/>"), func(p *Push) { p.Media, p.Format = "m", "speex" }},
		"video":              {message("video", "<MediaId>m</MediaId><ThumbMediaId>n</ThumbMediaId>"), func(p *Push) { p.Media = "m" }},
		"shortvideo":         {message("shortvideo", "<MediaId>m</MediaId>"), func(p *Push) { p.Media = "m" }},
		"location":           {message("location", "<Location_X>22.5</Location_X><Location_Y>114.1</Location_Y><Scale>16</Scale><Label>福田区</Label>"), func(p *Push) { p.Lat, p.Lng, p.Label = 22.5, 114.1, "福田区" }},
		"link":               {message("link", "<Title>标题</Title><Description>d</Description><Url>https://x</Url>"), func(p *Push) { p.Text = "标题" }},
		"an unknown message": {message("hologram", "<Shape>x</Shape>"), func(*Push) {}},
		"subscribe":          {event("subscribe", "<EventKey/>"), func(p *Push) { p.Event = "subscribe" }},
		"subscribe by QR":    {event("subscribe", "<EventKey>qrscene_CRJ-011</EventKey><Ticket>t</Ticket>"), func(p *Push) { p.Event, p.Key = "subscribe", "qrscene_CRJ-011" }},
		"unsubscribe":        {event("unsubscribe", ""), func(p *Push) { p.Event = "unsubscribe" }},
		"SCAN":               {event("SCAN", "<EventKey>7</EventKey>"), func(p *Push) { p.Event, p.Key = "SCAN", "7" }},
		"LOCATION":           {event("LOCATION", "<Latitude>22.5</Latitude><Longitude>114</Longitude><Precision>1</Precision>"), func(p *Push) { p.Event = "LOCATION" }},
		"CLICK":              {event("CLICK", "<EventKey>ASK</EventKey>"), func(p *Push) { p.Event, p.Key = "CLICK", "ASK" }},
		"VIEW":               {event("VIEW", "<EventKey>https://x</EventKey><MenuId>1</MenuId>"), func(p *Push) { p.Event, p.Key = "VIEW", "https://x" }},
		"view_miniprogram":   {event("view_miniprogram", "<EventKey>pages/i</EventKey>"), func(p *Push) { p.Event, p.Key = "view_miniprogram", "pages/i" }},
		"scancode_push":      {event("scancode_push", "<EventKey>k</EventKey><ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>CRJ-011</ScanResult></ScanCodeInfo>"), func(p *Push) { p.Event, p.Key = "scancode_push", "CRJ-011" }},
		"scancode_waitmsg":   {event("scancode_waitmsg", "<EventKey>k</EventKey><ScanCodeInfo><ScanResult>1</ScanResult></ScanCodeInfo>"), func(p *Push) { p.Event, p.Key = "scancode_waitmsg", "1" }},
		"pic_sysphoto":       {event("pic_sysphoto", "<EventKey>k</EventKey><SendPicsInfo><Count>1</Count></SendPicsInfo>"), func(p *Push) { p.Event, p.Key = "pic_sysphoto", "k" }},
		"pic_photo_or_album": {event("pic_photo_or_album", "<EventKey>k</EventKey>"), func(p *Push) { p.Event, p.Key = "pic_photo_or_album", "k" }},
		"pic_weixin":         {event("pic_weixin", "<EventKey>k</EventKey>"), func(p *Push) { p.Event, p.Key = "pic_weixin", "k" }},
		"location_select":    {event("location_select", "<EventKey>k</EventKey><SendLocationInfo><Location_X>1</Location_X></SendLocationInfo>"), func(p *Push) { p.Event, p.Key = "location_select", "k" }},
		"template done":      {event("TEMPLATESENDJOBFINISH", "<MsgID>200</MsgID><Status>failed:user block</Status>"), func(p *Push) { p.Event, p.Notice, p.Status = "TEMPLATESENDJOBFINISH", "200", "failed:user block" }},
		"notice asked":       {event("subscribe_msg_popup_event", "<SubscribeMsgPopupEvent><List><TemplateId>T</TemplateId><SubscribeStatusString>accept</SubscribeStatusString><PopupScene>2</PopupScene></List></SubscribeMsgPopupEvent>"), func(p *Push) { p.Event, p.Notice, p.Status = "subscribe_msg_popup_event", "T", "accept" }},
		"notice changed":     {event("subscribe_msg_change_event", "<SubscribeMsgChangeEvent><List><TemplateId>T</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List></SubscribeMsgChangeEvent>"), func(p *Push) { p.Event, p.Notice, p.Status = "subscribe_msg_change_event", "T", "reject" }},
		"notice sent":        {event("subscribe_msg_sent_event", "<SubscribeMsgSentEvent><List><TemplateId>T</TemplateId><MsgID>9</MsgID><ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List></SubscribeMsgSentEvent>"), func(p *Push) { p.Event, p.Notice, p.Status = "subscribe_msg_sent_event", "9", "success" }},
		"kf_create_session":  {event("kf_create_session", "<KfAccount>a@gh</KfAccount>"), func(p *Push) { p.Event = "kf_create_session" }},
		"kf_close_session":   {event("kf_close_session", "<KfAccount>a@gh</KfAccount>"), func(p *Push) { p.Event = "kf_close_session" }},
		"kf_switch_session":  {event("kf_switch_session", "<ToKfAccount>a@gh</ToKfAccount>"), func(p *Push) { p.Event = "kf_switch_session" }},
		"an unknown event":   {event("moon_landing", "<EventKey>k</EventKey>"), func(p *Push) { p.Event, p.Key = "moon_landing", "k" }},
	} {
		want := base
		if strings.Contains(x.inner, "<![CDATA[event]]>") {
			want.Type, want.ID = "event", ""
		} else {
			want.Type = strings.TrimSuffix(strings.TrimPrefix(strings.SplitN(x.inner, "]]>", 2)[0], "<MsgType><![CDATA["), "]]>")
		}
		x.change(&want)
		if got := push(t, x.inner); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
}

func TestJSONSaysTheSameAsXML(t *testing.T) {
	f, err := parse([]byte(`{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1700000000,"MsgType":"text","Content":"你好","MsgId":6054768590064713728,"bizmsgmenuid":"101"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(f)
	if err != nil {
		t.Fatal(err)
	}
	want := push(t, "<MsgType>text</MsgType><Content>你好</Content><MsgId>6054768590064713728</MsgId><bizmsgmenuid>101</bizmsgmenuid>")
	if got != want {
		t.Errorf("%+v\n%+v", got, want)
	}
}

func TestPushesWithoutSenderOrTypeAreRefused(t *testing.T) {
	for _, inner := range []string{
		"", "<MsgType>text</MsgType>", common, "<ToUserName>a</ToUserName><FromUserName>b</FromUserName><MsgType>text</MsgType>",
		common + "<MsgType>text</MsgType><MsgId>" + strings.Repeat("1", 200) + "</MsgId>",
		common + "<MsgType>text</MsgType><Content>" + strings.Repeat("a", 20<<10) + "</Content>",
	} {
		f, err := parse([]byte("<xml>" + inner + "</xml>"))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := read(f); err == nil {
			t.Errorf("%.60s: %+v", inner, p)
		}
	}
}

func TestCopiesOfAPushHaveOneName(t *testing.T) {
	text := push(t, message("text", "<Content>a</Content>"))
	if text.Ref() != push(t, message("text", "<Content>b</Content>")).Ref() {
		t.Error("a MsgId names a message, whatever else it holds")
	}
	click := func(key string, at int64) Push {
		p := push(t, event("CLICK", "<EventKey>"+key+"</EventKey>"))
		p.Created = at
		return p
	}
	if first, second := click("a", 1), click("a", 1); first.Ref() != second.Ref() {
		t.Error("two copies of an event have two names")
	}
	seen := map[string]bool{click("a", 1).Ref(): true}
	for _, other := range []Push{click("b", 1), click("a", 2), {To: "gh_1", From: "o2", Created: 1, Type: "event", Event: "CLICK", Key: "a"}} {
		if seen[other.Ref()] {
			t.Errorf("%+v has the name of another", other)
		}
		seen[other.Ref()] = true
	}
	if a, b := Conversation("gh_1", "o1"), Conversation("gh_1", "o2"); a == b || strings.Contains(a, "o1") || a != Conversation("gh_1", "o1") {
		t.Error(a, b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(hello))
	f.Add([]byte(`{"ToUserName":"gh_1","List":[{"a":1},{"a":null}],"MsgId":1}`))
	f.Add([]byte("<xml>" + common + event("subscribe_msg_sent_event", "<SubscribeMsgSentEvent><List><MsgID>9</MsgID></List></SubscribeMsgSentEvent>") + "</xml>"))
	if body, err := os.ReadFile("testdata/vectors.json"); err == nil {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, err := parse(body)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		p, err := read(fields)
		if err == nil && (p.From == "" || p.Ref() == "" || len(p.Ref()) > 300) {
			t.Fatalf("%+v", p)
		}
	})
}

func FuzzDecrypt(f *testing.F) {
	c := testCrypt(f)
	good, err := c.Encrypt([]byte(hello))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("YWJj")
	f.Fuzz(func(t *testing.T, text string) {
		if plain, err := c.Decrypt(text); err == nil && len(plain) > len(text) {
			t.Fatal("more came out than went in")
		}
	})
}
