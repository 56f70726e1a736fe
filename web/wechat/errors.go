package wechat

import (
	"errors"
	"fmt"
	"time"
)

// APIError is an answer of WeChat's that says no. It names the interface and the number, and
// holds nothing that was sent.
type APIError struct {
	// Call is the interface, e.g. "message/custom/send".
	Call string
	Code int
}

// Trouble is what an error asks for.
type Trouble int

// The kinds of error, by what is to be done.
const (
	TroubleOther   Trouble = iota
	TroubleBusy            // try again soon
	TroubleToken           // the access token is not good any more
	TroubleGone            // the citizen left, blocked the account or is unknown
	TroubleStop            // somebody has to change the account or its settings
	TroubleContent         // the message is too long or malformed
	TroubleDaily           // no more today
	TroubleMinute          // no more this minute
	TroubleWindow          // the citizen has to write first
	TroubleSent            // it was sent before
	TroubleAccount         // this kind of account cannot do that
	TroubleCode            // the visitor has to come through the door again
	TroubleNotice          // the citizen does not want this notice, or it is malformed
)

// troubles is the table of the platform's numbers.
var troubles = map[int]Trouble{
	-1: TroubleBusy, 45066: TroubleMinute,
	40001: TroubleToken, 40014: TroubleToken, 42001: TroubleToken, 41001: TroubleToken,
	40003: TroubleGone, 43004: TroubleGone, 43019: TroubleGone, 48002: TroubleGone,
	40013: TroubleStop, 40125: TroubleStop, 40164: TroubleStop, 61004: TroubleStop, 48001: TroubleStop, 48004: TroubleStop, 50002: TroubleStop,
	45002: TroubleContent, 45003: TroubleContent, 45004: TroubleContent, 45005: TroubleContent, 45006: TroubleContent, 45007: TroubleContent, 45008: TroubleContent,
	45009: TroubleDaily, 45011: TroubleMinute,
	45015: TroubleWindow, 45047: TroubleWindow,
	45065: TroubleSent,
	40200: TroubleAccount,
	40029: TroubleCode, 40163: TroubleCode, 42003: TroubleCode,
	43101: TroubleNotice, 47003: TroubleNotice, 40037: TroubleNotice,
	95001: TroubleWindow, // 微信客服: five messages since the citizen last wrote
}

// hints say to an operator what to do.
var hints = map[int]string{
	40013: "the AppId is wrong (wechat.app_id)",
	40125: "the AppSecret is wrong (wechat.secret)",
	40164: "this server's address is not on the account's IP whitelist (公众平台 → 设置与开发 → 基本配置)",
	61004: "this server's address is not on the account's IP whitelist (公众平台 → 设置与开发 → 基本配置)",
	48001: "the account has no right to this interface; it must be verified (认证)",
	48004: "the platform has blocked this interface for the account; see its notices",
	50002: "the account is limited by the platform; see its notices",
	45009: "the interface's daily quota is used up; it begins anew at midnight",
	45015: "the citizen did not write within 48 hours",
	45047: "all messages allowed since the citizen last wrote are sent",
	40200: "this type of account cannot send such messages",
	48002: "the citizen refuses messages of the account",
	43004: "the citizen does not follow the account",
}

func (e *APIError) Error() string {
	if hint := hints[e.Code]; hint != "" {
		return fmt.Sprintf("wechat %s: errcode %d: %s", e.Call, e.Code, hint)
	}
	return fmt.Sprintf("wechat %s: errcode %d", e.Call, e.Code)
}

// Trouble is what the error asks for.
func (e *APIError) Trouble() Trouble { return troubles[e.Code] }

// TroubleOf is the kind of the first APIError in err's chain; TroubleOther when there is none.
func TroubleOf(err error) Trouble {
	var e *APIError
	if errors.As(err, &e) {
		return e.Trouble()
	}
	return TroubleOther
}

// errNoAnswer is a call that may have been carried out: what was to be sent is on its way, and
// nothing understandable came back.
type errNoAnswer struct{ cause error }

func (e errNoAnswer) Error() string { return "no answer that can be understood: " + e.cause.Error() }
func (e errNoAnswer) Unwrap() error { return e.cause }

// errNotSent is a call that WeChat never got.
type errNotSent struct{ cause error }

func (e errNotSent) Error() string { return "WeChat is not reached: " + e.cause.Error() }
func (e errNotSent) Unwrap() error { return e.cause }

// nextMinute is how long it is until a minute's quota begins anew.
func nextMinute(now time.Time) time.Duration {
	return now.Truncate(time.Minute).Add(time.Minute + time.Second).Sub(now)
}

// untilMidnight is how long it is until a daily quota begins anew; WeChat's day is Beijing's.
func untilMidnight(now time.Time) time.Duration {
	beijing := now.In(time.FixedZone("CST", 8*3600))
	y, m, d := beijing.Date()
	return time.Date(y, m, d+1, 0, 1, 0, 0, beijing.Location()).Sub(now)
}
