package mask

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// Words that make what follows an account, or four small numbers an internet address.
var (
	weChatWords   = []string{"微信", "微信号", "微信id", "威信", "薇信", "加我v", "vx", "wx", "weixin", "wechat", "wechat id", "v信"}
	qqWords       = []string{"qq", "qq号", "qq群", "扣扣", "企鹅号"}
	internetWords = []string{"ip", "登录", "主机", "服务器", "remote", "addr", "client", "host"}
)

// officialMail are the ends of addresses that belong to offices.
var officialMail = []string{".gov.cn", "@gov.cn", ".gov.hk", ".gov.mo"}

// mails finds addresses of mail.
func (f *finder) mails() {
	for at := 0; ; {
		i := strings.IndexAny(f.s[at:], "@＠")
		if i < 0 {
			return
		}
		i += at
		_, size := utf8.DecodeRuneInString(f.s[i:])
		start, end := i, i+size
		for start > at && isLocalByte(f.s[start-1]) {
			start--
		}
		for start < i && strings.IndexByte(".-+%", f.s[start]) >= 0 { // a list's dash is no part of it
			start++
		}
		dot := false
		for end < len(f.s) && (isCodeByte(f.s[end]) || (f.s[end] == '.' && end+1 < len(f.s) && isCodeByte(f.s[end+1]))) {
			dot = dot || (f.s[end] == '.' && end > i+size)
			end++
		}
		at = i + size
		if start == i || !dot {
			continue
		}
		at = end
		lower := strings.ToLower(f.s[i:end])
		official := false
		for _, o := range officialMail {
			official = official || strings.HasSuffix(lower, o)
		}
		if !official {
			f.spans = append(f.spans, Span{Mail, start, end})
		}
	}
}

func isLocalByte(b byte) bool {
	return isCodeByte(b) || b == '.' || b == '_' || b == '+' || b == '%'
}

// tokens looks at each run of letters, digits and what joins them.
func (f *finder) tokens() {
	for at := 0; at < len(f.s); {
		if !isTokenByte(f.s[at]) {
			at++
			continue
		}
		start := at
		for at < len(f.s) && isTokenByte(f.s[at]) {
			at++
		}
		if at-start < 5 || f.inURL(start) {
			continue
		}
		if sp, ok := f.token(start, at); ok {
			f.spans = append(f.spans, sp)
		}
	}
	f.creditCodes()
}

func isTokenByte(b byte) bool { return isCodeByte(b) || b == '_' || b == '.' || b == ':' }

// token says what f.s[start:end] is.
func (f *finder) token(start, end int) (Span, bool) {
	for end > start && strings.IndexByte(".:", f.s[end-1]) >= 0 {
		end--
	}
	t := f.s[start:end]
	if strings.Count(t, ".") == 3 || strings.Count(t, ":") >= 4 {
		if n, ok := f.internet(t, start); ok {
			return Span{Internet, start, start + n}, true
		}
		return Span{}, false
	}
	// «wx:abc12345», «openid=o…»: the name of a field stands before its value.
	if i := strings.LastIndexByte(t, ':'); i >= 0 {
		start += i + 1
		t = f.s[start:end]
	}
	switch {
	case isOpenID(t):
		return Span{OpenID, start, end}, true
	case isWeChatID(t) && f.follows(weChatWords, start):
		return Span{Account, start, end}, true
	case isQQ(t) && f.follows(qqWords, start):
		return Span{Account, start, end}, true
	}
	return Span{}, false
}

// internet tells how many bytes of t are an internet address of somebody: not of a private
// network, and no version or number of a section.
func (f *finder) internet(t string, start int) (int, bool) {
	if start > 0 && (f.s[start-1] == '/' || f.s[start-1] == 'v' || f.s[start-1] == 'V') {
		return 0, false
	}
	host := t
	if strings.Count(t, ".") == 3 {
		host, _, _ = strings.Cut(t, ":") // a port stays
	}
	a, err := netip.ParseAddr(host)
	if err != nil || a.IsLoopback() || a.IsUnspecified() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() {
		return 0, false
	}
	if a.Is4() {
		b := a.As4()
		if !(b[0] >= 20 && (b[1] >= 20 || b[2] >= 20)) && !f.near(internetWords, start, start+len(t)) {
			return 0, false
		}
		if b[0] == 0 || f.isReference(start) {
			return 0, false
		}
	}
	return len(host), true
}

// isOpenID: 28 letters, digits, hyphens and underscores, the first an o, in both cases.
func isOpenID(t string) bool {
	if len(t) != 28 || t[0] != 'o' {
		return false
	}
	upper, lower := false, false
	for i := 1; i < len(t); i++ {
		switch b := t[i]; {
		case 'A' <= b && b <= 'Z':
			upper = true
		case 'a' <= b && b <= 'z':
			lower = true
		case b == '.' || b == ':':
			return false
		}
	}
	return upper && lower
}

// isWeChatID: a letter, then 5 to 19 letters, digits, hyphens and underscores; one of them not a
// letter, or else any word would do.
func isWeChatID(t string) bool {
	if len(t) < 6 || len(t) > 24 || !isASCIILetter(t[0]) {
		return false
	}
	return strings.ContainsAny(t, "0123456789_-") && !strings.ContainsAny(t, ".:") && !isItemCode(t)
}

// isItemCode: two or three letters, a hyphen, three digits.
func isItemCode(t string) bool {
	head, tail, ok := strings.Cut(t, "-")
	return ok && (len(head) == 2 || len(head) == 3) && len(tail) == 3 && strings.Trim(tail, "0123456789") == ""
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func isQQ(t string) bool {
	return len(t) >= 5 && len(t) <= 11 && t[0] != '0' && strings.Trim(t, "0123456789") == "" && !officialNumbers[t]
}
