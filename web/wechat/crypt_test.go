package wechat

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"shenwei/internal/fault"
)

// vector is one known answer. Those of A to D are of the platform's own examples.
type vector struct {
	Name, Token, Key, Receiver, Random, Timestamp, Nonce, Plain, Cipher, Signature string
	PlainSignature                                                                 string `json:"plain_signature"`
	Body                                                                           string
}

func vectors(t testing.TB) []vector {
	t.Helper()
	body, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Encrypt []vector }
	if err := json.Unmarshal(body, &all); err != nil || len(all.Encrypt) != 7 {
		t.Fatal(len(all.Encrypt), err)
	}
	return all.Encrypt
}

func (v vector) crypt(t testing.TB) *Crypt {
	t.Helper()
	c, err := NewCrypt(Keys{Token: v.Token, AESKey: v.Key, Receiver: v.Receiver}, strings.NewReader(v.Random))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestKnownAnswers(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			c := v.crypt(t)
			if got, err := c.Encrypt([]byte(v.Plain)); err != nil || got != v.Cipher {
				t.Errorf("encrypted to %s (%v)", got, err)
			}
			if got, err := c.Decrypt(v.Cipher); err != nil || string(got) != v.Plain {
				t.Errorf("decrypted to %q (%v)", got, err)
			}
			if got := c.Signature(v.Timestamp, v.Nonce, v.Cipher); got != v.Signature {
				t.Errorf("signature %s", got)
			}
			if !c.Signed(v.Signature, v.Timestamp, v.Nonce, v.Cipher) {
				t.Error("the right signature is refused")
			}
			if v.PlainSignature != "" && !c.Signed(v.PlainSignature, v.Timestamp, v.Nonce) {
				t.Error("the right plain signature is refused")
			}
		})
	}
}

func TestPushesOfTheExamplesOpen(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Body == "" {
			continue
		}
		d := door(t, v.crypt(t), Compat, v.Timestamp)
		q := url.Values{"timestamp": {v.Timestamp}, "nonce": {v.Nonce}, "msg_signature": {v.Signature}, "encrypt_type": {"aes"}}
		f, err := d.Open(t.Context(), q, []byte(v.Body))
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if f.Get("MsgType") != "text" || f.Get("MsgId") == "" || f.Get("Content") == "" {
			t.Errorf("%s: %v", v.Name, f)
		}
	}
	v := vectors(t)[2] // B1: the question of 企业微信 whether the address is ours
	d := door(t, v.crypt(t), Safe, v.Timestamp)
	echo, err := d.Echo(t.Context(), url.Values{"timestamp": {v.Timestamp}, "nonce": {v.Nonce}, "msg_signature": {v.Signature}, "echostr": {v.Cipher}})
	if err != nil || echo != v.Plain {
		t.Errorf("%q %v", echo, err)
	}
}

// door returns a door whose clock stands at a time in seconds since 1970.
func door(t testing.TB, c *Crypt, mode Mode, at string) *Door {
	t.Helper()
	now := time.Unix(Fields{"t": {at}}.Number("t"), 0)
	d, err := NewDoor(DoorConfig{Crypt: c, Mode: mode, MaxAge: 5 * time.Minute, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	testKey      = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	testReceiver = "wx2c2769f8efd9abc2"
	testNow      = "1700000000"
)

func testCrypt(t testing.TB, keys ...string) *Crypt {
	t.Helper()
	k := Keys{Token: "spamtest", AESKey: testKey, Receiver: testReceiver}
	if len(keys) > 0 {
		k.AESKey = keys[0]
	}
	if len(keys) > 1 {
		k.PreviousAESKey = keys[1]
	}
	c, err := NewCrypt(k, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWrongKeysAreAFaultAtStart(t *testing.T) {
	good := Keys{Token: "t", AESKey: testKey, Receiver: "wx1"}
	for name, change := range map[string]func(*Keys){
		"42 letters":            func(k *Keys) { k.AESKey = testKey[1:] },
		"44 letters":            func(k *Keys) { k.AESKey = testKey + "A" },
		"an invalid sign":       func(k *Keys) { k.AESKey = "*" + testKey[1:] },
		"no token":              func(k *Keys) { k.Token = "" },
		"no app id":             func(k *Keys) { k.Receiver = "" },
		"a wrong previous key":  func(k *Keys) { k.PreviousAESKey = "short" },
		"only the previous key": func(k *Keys) { k.AESKey, k.PreviousAESKey = "", testKey },
	} {
		k := good
		change(&k)
		_, err := NewCrypt(k, rand.Reader)
		if fault.CodeOf(err) != fault.BadRequest {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), testKey[1:]) {
			t.Errorf("%s: the key stands in %v", name, err)
		}
	}
	if _, err := NewCrypt(good, rand.Reader); err != nil {
		t.Error(err)
	}
	plain, err := NewCrypt(Keys{Token: "t", Receiver: "wx1"}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{Safe, Compat, "SAFE", ""} {
		if _, err := NewDoor(DoorConfig{Crypt: plain, Mode: mode, Now: time.Now}); fault.CodeOf(err) != fault.BadRequest {
			t.Errorf("mode %q without a key: %v", mode, err)
		}
	}
}

func TestThePreviousKeyIsStillRead(t *testing.T) {
	other := "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
	sealed, err := testCrypt(t, testKey).Encrypt([]byte("旧钥匙"))
	if err != nil {
		t.Fatal(err)
	}
	rotated := testCrypt(t, other, testKey)
	if got, err := rotated.Decrypt(sealed); err != nil || string(got) != "旧钥匙" {
		t.Errorf("%q %v", got, err)
	}
	fresh, err := rotated.Encrypt([]byte("新钥匙"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := testCrypt(t, other).Decrypt(fresh); err != nil || string(got) != "新钥匙" {
		t.Errorf("not encrypted with the current key: %q %v", got, err)
	}
	if _, err := testCrypt(t, other).Decrypt(sealed); err == nil {
		t.Error("opened with a key that is gone")
	}
}

// seal encrypts a plain buffer as it is, for buffers that no honest sender makes.
func seal(t *testing.T, plain []byte) string {
	t.Helper()
	key, err := decodeKey(testKey)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(out, plain)
	return base64.StdEncoding.EncodeToString(out)
}

// buffer is random | length | message | receiver | padding, each as told.
func buffer(length uint32, message, receiver string, pad []byte) []byte {
	b := append(bytes.Repeat([]byte{'r'}, 16), binary.BigEndian.AppendUint32(nil, length)...)
	return append(append(append(b, message...), receiver...), pad...)
}

func padding(n int) []byte { return bytes.Repeat([]byte{byte(n)}, n) }

func TestBrokenCipherTextsAreRefused(t *testing.T) {
	message := strings.Repeat("m", 26) // with the receiver 64 bytes: a whole block of padding
	n := uint32(len(message))
	uneven := padding(32)
	uneven[3] = 31
	zero := make([]byte, 32)
	over := bytes.Repeat([]byte{33}, 64)
	cases := []struct {
		name, sealed string
		want         CryptError
	}{
		{"not Base64", "!!!", ErrBase64},
		{"empty", "", ErrDecrypt},
		{"three bytes", "YWJj", ErrDecrypt},
		{"16 bytes", "AAAAAAAAAAAAAAAAAAAAAA==", ErrDecrypt},
		{"31 bytes", base64.StdEncoding.EncodeToString(make([]byte, 31)), ErrDecrypt},
		{"no multiple of 16", base64.StdEncoding.EncodeToString(make([]byte, 40)), ErrDecrypt},
		{"padding 0", seal(t, buffer(n, message, testReceiver, zero)), ErrDecrypt},
		{"padding 33", seal(t, buffer(n, message, testReceiver, over)), ErrDecrypt},
		{"padding 255", seal(t, buffer(n, message, testReceiver, bytes.Repeat([]byte{255}, 32))), ErrDecrypt},
		{"uneven padding", seal(t, buffer(n, message, testReceiver, uneven)), ErrDecrypt},
		{"nothing but padding", seal(t, padding(32)), ErrDecrypt},
		{"length beyond the buffer", seal(t, buffer(n+100, message, testReceiver, padding(32))), ErrBuffer},
		{"length 2^32-1", seal(t, buffer(1<<32-1, message, testReceiver, padding(32))), ErrBuffer},
		{"no receiver", seal(t, buffer(n+uint32(len(testReceiver)), message, testReceiver, padding(32))), ErrReceiver},
		{"another receiver", seal(t, buffer(n, message, "wx0000000000000000", padding(32))), ErrReceiver},
	}
	c := testCrypt(t)
	if _, err := c.Decrypt(seal(t, buffer(n, message, testReceiver, padding(32)))); err != nil {
		t.Fatalf("the good buffer: %v", err)
	}
	for _, x := range cases {
		var got CryptError
		if _, err := c.Decrypt(x.sealed); !errors.As(err, &got) || got != x.want {
			t.Errorf("%s: %v, want %d", x.name, err, x.want)
		}
	}
}

// sealed is a whole push: its body, signed and encrypted, with the query.
func sealed(t testing.TB, c *Crypt, timestamp, nonce, plain string) (url.Values, []byte) {
	t.Helper()
	text, err := c.Encrypt([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	q := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "encrypt_type": {"aes"},
		"signature": {c.Signature(timestamp, nonce)}, "msg_signature": {c.Signature(timestamp, nonce, text)}}
	return q, []byte("<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[" + text + "]]></Encrypt></xml>")
}

const hello = `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName><CreateTime>1700000000</CreateTime>` +
	`<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content><MsgId>1</MsgId></xml>`

func TestForgedRequestsAreRefused(t *testing.T) {
	c := testCrypt(t)
	q, body := sealed(t, c, testNow, "n", hello)
	with := func(change func(url.Values)) url.Values {
		other := url.Values{}
		for k, v := range q {
			other[k] = append([]string(nil), v...)
		}
		change(other)
		return other
	}
	plain := url.Values{"timestamp": {testNow}, "nonce": {"n"}, "signature": {c.Signature(testNow, "n")}}
	encrypted := with(func(url.Values) {})
	for name, x := range map[string]struct {
		q    url.Values
		body []byte
	}{
		"a wrong signature":              {with(func(q url.Values) { q.Set("msg_signature", strings.Repeat("0", 40)) }), body},
		"an empty signature":             {with(func(q url.Values) { q.Set("msg_signature", "") }), body},
		"the signature in upper case":    {with(func(q url.Values) { q.Set("msg_signature", strings.ToUpper(q.Get("msg_signature"))) }), body},
		"the signature of three fields":  {with(func(q url.Values) { q.Set("msg_signature", q.Get("signature")) }), body},
		"plain, with a plain signature":  {plain, []byte(hello)},
		"said to be encrypted, plain":    {encrypted, []byte(hello)},
		"said to be encrypted, unsigned": {url.Values{"encrypt_type": {"aes"}, "signature": {"x"}, "timestamp": {testNow}}, []byte(hello)},
		"another body":                   {q, bytes.Replace(body, []byte("A"), []byte("B"), 1)},
		"an old request":                 {func() url.Values { q, _ := sealed(t, c, "1699999699", "n", hello); return q }(), body},
	} {
		for _, mode := range []Mode{Safe, Compat} {
			if f, err := door(t, c, mode, testNow).Open(t.Context(), x.q, x.body); err == nil {
				t.Errorf("%s, mode %s: accepted: %v", name, mode, f)
			}
		}
	}
	if _, err := door(t, c, Safe, testNow).Open(t.Context(), q, body); err != nil {
		t.Errorf("the good request: %v", err)
	}
	if _, err := door(t, c, Plain, testNow).Open(t.Context(), q, body); !errors.Is(err, errUnexpected) {
		t.Errorf("an encrypted request to a plain account: %v", err)
	}
}

func TestFreshnessAndReplay(t *testing.T) {
	c := testCrypt(t)
	for timestamp, ok := range map[string]bool{"1699999700": true, "1700000300": true, "1699999699": false, "1700000301": false, "abc": false, "-1": false, "": false} {
		q, body := sealed(t, c, timestamp, "n", hello)
		if _, err := door(t, c, Safe, testNow).Open(t.Context(), q, body); (err == nil) != ok {
			t.Errorf("timestamp %q: %v", timestamp, err)
		}
	}
	// One that does not fit 32 bits is as good as any.
	q, body := sealed(t, c, "2147483648", "n", hello)
	if _, err := door(t, c, Safe, "2147483648").Open(t.Context(), q, body); err != nil {
		t.Error(err)
	}
	// The plain signature covers no body: it is good for one alone.
	d := door(t, c, Plain, testNow)
	q = url.Values{"timestamp": {testNow}, "nonce": {"n"}, "signature": {c.Signature(testNow, "n")}}
	for i, x := range []struct {
		body string
		ok   bool
	}{{hello, true}, {hello, true}, {strings.Replace(hello, "你好", "转账", 1), false}, {hello, true}} {
		if _, err := d.Open(t.Context(), q, []byte(x.body)); (err == nil) != x.ok {
			t.Errorf("use %d: %v", i, err)
		}
	}
}

// wrongClock is a clock that is wrong until it is read.
type wrongClock struct {
	by   time.Duration
	read bool
}

func (c *wrongClock) Skew() time.Duration {
	if c.read {
		return c.by
	}
	return 0
}
func (c *wrongClock) Read(context.Context) error { c.read = true; return nil }

func TestAWrongClockIsAnAlarmAndNoOutage(t *testing.T) {
	c := testCrypt(t)
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		var log bytes.Buffer
		now := time.Unix(1700000000, 0).Add(by)
		d, err := NewDoor(DoorConfig{Crypt: c, Mode: Safe, MaxAge: 5 * time.Minute, Now: func() time.Time { return now },
			Clock: &wrongClock{by: by}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		q, body := sealed(t, c, testNow, "n", hello)
		if _, err := d.Open(t.Context(), q, body); err != nil {
			t.Errorf("our clock is wrong by %v: %v", by, err)
		}
		if !strings.Contains(log.String(), "clock is wrong") {
			t.Errorf("no alarm: %s", log.String())
		}
		q, body = sealed(t, c, "1699990000", "n", hello)
		if _, err := d.Open(t.Context(), q, body); !errors.Is(err, errStale) {
			t.Errorf("a request that is old by WeChat's clock: %v", err)
		}
	}
}

func TestVerification(t *testing.T) {
	c := testCrypt(t)
	d := door(t, c, Safe, testNow)
	q := url.Values{"timestamp": {testNow}, "nonce": {"n"}, "signature": {c.Signature(testNow, "n")}, "echostr": {"<b>&1"}}
	if echo, err := d.Echo(t.Context(), q); err != nil || echo != "<b>&1" {
		t.Errorf("%q %v", echo, err)
	}
	q.Set("signature", strings.ToUpper(q.Get("signature")))
	if _, err := d.Echo(t.Context(), q); err == nil {
		t.Error("a wrong signature is echoed")
	}
}
