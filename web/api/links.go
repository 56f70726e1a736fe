package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/outward"
	"shenwei/web/respond"
)

// Codes opens the contexts that buttons hand over.
type Codes interface {
	// RedeemCode opens the context of a code once; the error is a *bot.CodeError where the code
	// opens nothing.
	RedeemCode(ctx context.Context, code string) (bot.Context, error)
}

// maxRedeem bounds the body of a request to redeem, in bytes.
const maxRedeem = 4 << 10

type redeemBody struct {
	Code string `json:"code"`
}

type codeDetail struct {
	Reason string `json:"reason"`
}

// Redeem opens the context behind a button's code for the business site, from server to server.
// The body is signed with the shared secret; a request that is heard of later than five minutes
// after it was signed is refused, and a code opens once, so that a copy of a request is worth
// nothing.
func (a *API) Redeem(w http.ResponseWriter, r *http.Request) {
	c, err := a.redeem(w, r)
	var code *bot.CodeError
	switch {
	case errors.As(err, &code):
		a.cfg.Respond.Error(w, r, respond.Detailed(err, codeDetail{code.Reason}))
	case err != nil:
		a.cfg.Respond.Error(w, r, err)
	default:
		a.cfg.Respond.JSON(w, r, c)
	}
}

func (a *API) redeem(w http.ResponseWriter, r *http.Request) (bot.Context, error) {
	if a.cfg.Codes == nil || len(a.cfg.LinkKeys) == 0 {
		return bot.Context{}, fault.New(fault.NotFound, "本站没有开启办理链接的兑换")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRedeem))
	if err != nil {
		return bot.Context{}, fault.Wrap(fault.TooLarge, err, "内容太长，或没有传完；最多 %d KiB", maxRedeem>>10)
	}
	stamp := r.Header.Get(outward.TimestampHeader)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return bot.Context{}, fault.New(fault.Unauthorized, "请求头 %s 应为签名时的 Unix 秒数", outward.TimestampHeader)
	}
	// The signature is looked at before the time: who cannot sign learns nothing of our clock.
	if !outward.Verify(a.cfg.LinkKeys, stamp, r.Header.Get(outward.SignatureHeader), body) {
		return bot.Context{}, fault.New(fault.Unauthorized, "签名不对；见 docs/deep-links.md")
	}
	if off := a.cfg.Now().Sub(time.Unix(seconds, 0)); off.Abs() > outward.MaxSkew {
		return bot.Context{}, fault.New(fault.Unauthorized, "签名的时间与本站相差 %d 秒，最多 %d 秒；请校准时钟", int(off.Abs().Seconds()), int(outward.MaxSkew.Seconds()))
	}
	var given redeemBody
	if err := respond.Decode(body, &given); err != nil {
		return bot.Context{}, err
	}
	return a.cfg.Codes.RedeemCode(r.Context(), given.Code)
}
