package wechat

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// cdata puts a text into an element as it is.
func cdata(s string) string {
	return "<![CDATA[" + strings.ReplaceAll(s, "]]>", "]]]]><![CDATA[>") + "]]>"
}

// passiveXML is a message as the answer to a push. A menu goes as its text.
func passiveXML(p Push, m Message, at time.Time) []byte {
	inner := "<MsgType><![CDATA[text]]></MsgType><Content>" + cdata(m.Text) + "</Content>"
	if m.Kind == KindCard {
		inner = "<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item><Title>" + cdata(m.Card.Title) +
			"</Title><Description>" + cdata(m.Card.Description) + "</Description><PicUrl>" + cdata(m.Card.Picture) +
			"</PicUrl><Url>" + cdata(m.Card.URL) + "</Url></item></Articles>"
	}
	return []byte("<xml><ToUserName>" + cdata(p.From) + "</ToUserName><FromUserName>" + cdata(p.To) + "</FromUserName><CreateTime>" +
		strconv.FormatInt(at.Unix(), 10) + "</CreateTime>" + inner + "</xml>")
}

// Seal encrypts and signs an answer, with a time and a nonce of its own; a plain account's goes
// as it is.
func (d *Door) Seal(answer []byte) ([]byte, error) {
	if d.mode == Plain {
		return answer, nil
	}
	sealed, err := d.crypt.Encrypt(answer)
	if err != nil {
		return nil, err
	}
	timestamp, nonce := strconv.FormatInt(d.now().Unix(), 10), rand.Text()[:16]
	return fmt.Appendf(nil, "<xml><Encrypt>%s</Encrypt><MsgSignature>%s</MsgSignature><TimeStamp>%s</TimeStamp><Nonce>%s</Nonce></xml>",
		cdata(sealed), cdata(d.crypt.Signature(timestamp, nonce, sealed)), timestamp, cdata(nonce)), nil
}
