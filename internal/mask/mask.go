// Package mask finds personal data in text and replaces it by labels such as
// 「[身份证号]」, before the text reaches a log, a model or a statistic.
//
// What counts as personal data: identity numbers (18 and 15 digits), residence permits of
// Hong Kong, Macao and Taiwan residents, permanent residence cards of foreigners, mobile and
// landline telephones, passports, the travel permits between the mainland and Hong Kong,
// Macao and Taiwan, bank cards, number plates, credit codes of organisations, mail addresses,
// internet addresses, accounts of WeChat and QQ, the names of persons and where they live. What
// must survive: item codes, dates, money, reference numbers, addresses of web pages and of
// offices, and the official telephone numbers.
//
// Start reading at [Find]. What has letters goes first: plates (plate.go), mail and internet
// addresses and accounts (token.go), credit codes (credit.go). Then the text is cut into groups of
// digits (scan.go); at each group the longest run of groups that some matcher accepts is taken
// (identity.go, card.go, phone.go, document.go); context.go tells what the words around a number
// say about it. Names (name.go) and homes (home.go) come last: only words tell where they are.
//
// [Text] forgets; a [Masker] remembers one conversation and can put back what it took out.
package mask

import (
	"slices"
	"strings"
)

// Kind is a class of personal data. Its value is the label that replaces the data.
type Kind string

// The kinds that Find tells apart.
const (
	Identity        Kind = "身份证号"
	ResidencePermit Kind = "居住证号" // residents of Hong Kong, Macao and Taiwan
	PermanentCard   Kind = "永居证号" // foreign permanent residents
	Mobile          Kind = "手机号"
	Landline        Kind = "电话号码"
	Passport        Kind = "护照号"
	ExitPermit      Kind = "通行证号" // 往来港澳通行证
	HomeReturn      Kind = "回乡证号"
	TaiwanPermit    Kind = "台胞证号"
	BankCard        Kind = "银行卡号"
	Plate           Kind = "车牌号"
	CreditCode      Kind = "信用代码" // of organisations and sole traders (GB 32100)
	Mail            Kind = "邮箱"
	Internet        Kind = "IP地址"
	OpenID          Kind = "微信标识" // what WeChat calls a follower
	Account         Kind = "账号"   // of WeChat or QQ
	Name            Kind = "姓名"
	Home            Kind = "住址"
)

// Kinds lists every kind.
var Kinds = []Kind{
	Identity, ResidencePermit, PermanentCard, Mobile, Landline, Passport,
	ExitPermit, HomeReturn, TaiwanPermit, BankCard, Plate,
	CreditCode, Mail, Internet, OpenID, Account, Name, Home,
}

// Mask returns what stands in the text in place of data of this kind.
func (k Kind) Mask() string { return "[" + string(k) + "]" }

// Span is one piece of personal data: the bytes text[Start:End].
type Span struct {
	Kind       Kind
	Start, End int
}

// Text returns s with personal data replaced by the masks of its kinds. Text(Text(s)) is
// Text(s). A text without personal data is returned as it is, without allocation.
func Text(s string) string {
	for {
		// A mask is shorter than what it hides, so a word can come near enough to a number
		// to give it a meaning: repeat until nothing changes. Each round removes digits.
		spans := Find(s)
		if len(spans) == 0 {
			return s
		}
		s = replace(s, spans)
	}
}

// Find returns the personal data in s, in order and without overlap; nil when there is none.
func Find(s string) []Span {
	sus := suspicious(s)
	if sus == 0 {
		return nil
	}
	f := newFinder(s)
	defer f.release()
	f.findURLs()
	if sus&hasToken != 0 {
		f.plates()
		f.mails()
		f.tokens()
	}
	slices.SortFunc(f.spans, byStart)
	if sus&hasDigits != 0 {
		f.cut()
		f.numbers()
	}
	if sus&hasHan != 0 {
		slices.SortFunc(f.spans, byStart)
		f.words()
	}
	return f.result()
}

func byStart(a, b Span) int { return a.Start - b.Start }

func replace(s string, spans []Span) string {
	var b strings.Builder
	b.Grow(len(s))
	at := 0
	for _, sp := range spans {
		b.WriteString(s[at:sp.Start])
		b.WriteString(sp.Kind.Mask())
		at = sp.End
	}
	b.WriteString(s[at:])
	return b.String()
}
