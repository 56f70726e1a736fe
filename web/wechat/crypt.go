package wechat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" //nolint:gosec // the protocol's signature is SHA-1
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"shenwei/internal/fault"
)

// CryptError is a local failure of the message cryptography, by the platform's own numbers.
type CryptError int

// The failures of the message cryptography.
const (
	ErrSignature CryptError = -40001
	ErrFormat    CryptError = -40002
	ErrKey       CryptError = -40004
	ErrReceiver  CryptError = -40005
	ErrDecrypt   CryptError = -40007
	ErrBuffer    CryptError = -40008
	ErrBase64    CryptError = -40010
)

var cryptWords = map[CryptError]string{
	ErrSignature: "the signature is wrong", ErrFormat: "the body is malformed", ErrKey: "the AES key is wrong",
	ErrReceiver: "the message is for another receiver", ErrDecrypt: "the message cannot be decrypted",
	ErrBuffer: "the decrypted message is malformed", ErrBase64: "the message is not Base64",
}

func (e CryptError) Error() string { return fmt.Sprintf("wechat %d: %s", int(e), cryptWords[e]) }

const (
	randomLen = 16
	// padTo is the block size of the padding: values of 1 to 32, not AES's 16.
	padTo = 32
	// keyLetters is the length of an EncodingAESKey: 32 bytes in Base64 without padding.
	keyLetters = 43
)

// Crypt signs, encrypts and decrypts what a callback and WeChat say to one another. Messages
// are encrypted with the current key; those that WeChat still sends with the previous one are
// read, too. It is safe for concurrent use.
type Crypt struct {
	token, receiver string
	keys            [][]byte // the current one first
	random          io.Reader
}

// Keys are what the console of the platform shows on its page for the server address.
type Keys struct {
	// Token is the signature's secret.
	Token string
	// AESKey and PreviousAESKey are EncodingAESKeys of 43 letters. Without AESKey nothing is
	// encrypted (plain mode).
	AESKey, PreviousAESKey string
	// Receiver is the AppId of an official account or the CorpId of a company.
	Receiver string
}

// NewCrypt returns the cryptography of a callback. Random is the source of the 16 bytes before
// each message. The fault of a wrong key names it and never shows it.
func NewCrypt(k Keys, random io.Reader) (*Crypt, error) {
	if k.Token == "" {
		return nil, fault.New(fault.BadRequest, "token: it is empty; copy it from the platform's console")
	}
	if k.Receiver == "" {
		return nil, fault.New(fault.BadRequest, "app_id: it is empty; copy it from the platform's console")
	}
	c := &Crypt{token: k.Token, receiver: k.Receiver, random: random}
	for name, letters := range map[string]string{"encoding_aes_key": k.AESKey, "previous_aes_key": k.PreviousAESKey} {
		if letters == "" {
			continue
		}
		key, err := decodeKey(letters)
		if err != nil {
			return nil, fault.New(fault.BadRequest, "%s: %v", name, err)
		}
		if name == "encoding_aes_key" {
			c.keys = append([][]byte{key}, c.keys...)
		} else {
			c.keys = append(c.keys, key)
		}
	}
	if k.AESKey == "" && k.PreviousAESKey != "" {
		return nil, fault.New(fault.BadRequest, "previous_aes_key: it is set and encoding_aes_key is not")
	}
	return c, nil
}

// decodeKey accepts keys whose last letter carries bits that are not used: the platform's own
// examples have them.
func decodeKey(letters string) ([]byte, error) {
	if len(letters) != keyLetters {
		return nil, fmt.Errorf("it has %d letters; an EncodingAESKey has %d", len(letters), keyLetters)
	}
	key, err := base64.StdEncoding.DecodeString(letters + "=")
	if err != nil || len(key) != 32 {
		return nil, errors.New("it holds a sign that is neither a letter nor a digit")
	}
	return key, nil
}

// Signature is the lower-case hex SHA-1 of the token and the parts, sorted by bytes and joined.
func (c *Crypt) Signature(parts ...string) string {
	all := append([]string{c.token}, parts...)
	slices.Sort(all)
	sum := sha1.Sum([]byte(strings.Join(all, ""))) //nolint:gosec // the protocol's signature is SHA-1
	return hex.EncodeToString(sum[:])
}

// Signed compares a signature in constant time. Upper-case hex is refused: WeChat never sends it.
func (c *Crypt) Signed(signature string, parts ...string) bool {
	return subtle.ConstantTimeCompare([]byte(signature), []byte(c.Signature(parts...))) == 1
}

// Encrypt returns the Base64 of random | length | message | receiver, encrypted with the
// current key.
func (c *Crypt) Encrypt(message []byte) (string, error) {
	if len(c.keys) == 0 {
		return "", ErrKey
	}
	plain := make([]byte, randomLen+4, randomLen+4+len(message)+len(c.receiver)+padTo)
	if _, err := io.ReadFull(c.random, plain[:randomLen]); err != nil {
		return "", err
	}
	binary.BigEndian.PutUint32(plain[randomLen:], uint32(len(message)))
	plain = append(append(plain, message...), c.receiver...)
	pad := padTo - len(plain)%padTo
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	block, err := aes.NewCipher(c.keys[0])
	if err != nil {
		return "", ErrKey
	}
	cipher.NewCBCEncrypter(block, c.keys[0][:aes.BlockSize]).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain), nil
}

// Decrypt returns the message of a Base64 cipher text, read with the current key or else with
// the previous one. Its error is a CryptError.
func (c *Crypt) Decrypt(encrypted string) ([]byte, error) {
	if len(c.keys) == 0 {
		return nil, ErrKey
	}
	sealed, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil {
		return nil, ErrBase64
	}
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, ErrDecrypt
	}
	for _, key := range c.keys {
		var message []byte
		if message, err = c.open(sealed, key); err == nil {
			return message, nil
		}
	}
	return nil, err
}

func (c *Crypt) open(sealed, key []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, ErrKey
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, key[:aes.BlockSize]).CryptBlocks(plain, sealed)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > padTo || pad > len(plain)-randomLen-4 {
		return nil, ErrDecrypt
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, ErrDecrypt
		}
	}
	rest := plain[randomLen+4 : len(plain)-pad]
	length := int64(binary.BigEndian.Uint32(plain[randomLen:]))
	if length > int64(len(rest)) {
		return nil, ErrBuffer
	}
	if subtle.ConstantTimeCompare(rest[length:], []byte(c.receiver)) != 1 {
		return nil, ErrReceiver
	}
	return rest[:length:length], nil
}
