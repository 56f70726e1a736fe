package desk

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// Notice is what a citizen reads before she leaves personal data.
type Notice struct {
	Version string `json:"version"`
	Text    string `json:"text"`
}

// CallNotice is the present notice of the call-back form. Whoever changes its text gives it
// a new version: the consents on record name the version that was read.
var CallNotice = Notice{
	Version: "callback-1",
	Text: "您填写的称呼、电话、方便的时间和事由，只用于坐席给您回电话，由本平台的运营单位处理；办结 180 天后删除。" +
		"您可以不填，改为拨打热线电话；也可以随时要求查看、更正、删除或撤回同意。",
}

// CallForm asks for a call.
type CallForm struct {
	Phone  string `json:"phone"`
	Name   string `json:"name"` // how to address her, may be empty
	Window string `json:"window"`
	Matter string `json:"matter"`
	// Consent is the version of the notice to which she agreed.
	Consent string `json:"consent"`
}

// CallWindows are the times of day that a citizen may choose.
var CallWindows = map[string]string{"any": "都可以", "morning": "上午 9:00–12:00", "afternoon": "下午 14:00–18:00"}

var phoneForm = regexp.MustCompile(`^(1[3-9]\d{9}|0\d{2,3}\d{7,8}|\+?[1-9]\d{7,14})$`)

// Check tells what is wrong with a form, field by field, and tidies it.
func (f *CallForm) Check() error {
	f.Phone = strings.NewReplacer(" ", "", "-", "", "（", "", "）", "", "(", "", ")", "").Replace(f.Phone)
	f.Name, f.Matter = strings.TrimSpace(f.Name), strings.TrimSpace(f.Matter)
	if f.Window == "" {
		f.Window = "any"
	}
	switch {
	case f.Consent == "":
		return fault.New(fault.BadRequest, "请先阅读并同意个人信息告知，再提交")
	case f.Consent != CallNotice.Version:
		return fault.New(fault.Conflict, "个人信息告知已经更新，请重新阅读并同意")
	case !phoneForm.MatchString(f.Phone):
		return fault.New(fault.BadRequest, "电话号码不对，请填手机号，或带区号的固定电话，例如 075584465000")
	case CallWindows[f.Window] == "":
		return fault.New(fault.BadRequest, "方便的时间可以是 any、morning、afternoon")
	case utf8.RuneCountInString(f.Name) > 20:
		return fault.New(fault.BadRequest, "称呼最多 20 个字")
	case utf8.RuneCountInString(f.Matter) > 500:
		return fault.New(fault.TooLarge, "事由最多 500 个字")
	}
	return nil
}

// CallRequest is a form on record.
type CallRequest struct {
	Ticket       string    `json:"ticket"`
	Conversation string    `json:"conversation"`
	Form         CallForm  `json:"form"`
	At           time.Time `json:"at"`
}

// Masked hides what identifies the citizen.
func (c CallRequest) Masked() CallRequest {
	c.Form.Phone, c.Form.Name = MaskPhone(c.Form.Phone), maskName(c.Form.Name)
	return c
}

// MaskPhone keeps the first three and the last four digits.
func MaskPhone(phone string) string {
	if len(phone) < 8 {
		return strings.Repeat("*", len(phone))
	}
	return phone[:3] + strings.Repeat("*", len(phone)-7) + phone[len(phone)-4:]
}

func maskName(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	return string(r) + strings.Repeat("*", utf8.RuneCountInString(name)-1)
}
