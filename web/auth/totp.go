package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"shenwei/internal/fault"
	"shenwei/internal/qr"
)

// A second factor is a time-based one-time password as in RFC 6238: six digits, SHA-1, new
// every 30 s, since this is what every authenticator app can do. A code is accepted one step
// early or late, for clocks that differ, and never twice.
const (
	totpPeriod = 30 // seconds
	totpDigits = otp.DigitsSix
	totpSkew   = 1
	totpSecret = 20 // bytes
)

// Enrolment is what a person needs to set up her second factor.
type Enrolment struct {
	// Secret is for typing in, URI for an app on the same device, QR (an SVG) for its camera.
	Secret, URI, QR string
}

func newTOTPSecret() string {
	b := make([]byte, totpSecret)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// enrolment describes a secret for the person's app.
func enrolment(issuer, name, secret string) (*Enrolment, error) {
	uri := (&url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + name, RawQuery: url.Values{
		"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"},
	}.Encode()}).String()
	picture, err := qr.SVG(uri)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the QR code cannot be drawn")
	}
	return &Enrolment{Secret: secret, URI: uri, QR: picture}, nil
}

// checkCode returns the time step of a code that is right now and was not used: one after
// the step last accepted. It is false for any other.
func checkCode(secret, code string, last int64, now time.Time) (int64, bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	step, found := int64(0), 0
	for skew := int64(-totpSkew); skew <= totpSkew; skew++ {
		at := now.Unix()/totpPeriod + skew
		want, err := totp.GenerateCodeCustom(secret, time.Unix(at*totpPeriod, 0), totp.ValidateOpts{Period: totpPeriod, Digits: totpDigits, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false
		}
		if match := subtle.ConstantTimeCompare([]byte(code), []byte(want)); match == 1 && at > last {
			step, found = at, 1
		}
	}
	return step, found == 1
}
