package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"shenwei/internal/fault"
)

// The cost of a password hash, as the OWASP password storage cheat sheet has it for argon2id.
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonSalt   = 16
	argonKey    = 32
)

// The length of a password, in characters; longer ones are refused so that nobody can have us
// hash megabytes.
const (
	MinPassword = 10
	MaxPassword = 128
	// longPassword is the length from which a password need not mix kinds of characters.
	longPassword = 16
)

// hasher computes password hashes, few at a time: each takes 19 MiB, and who asks for many at
// once must wait and not exhaust the memory.
type hasher struct {
	places chan struct{}
	queue  chan struct{}
}

const (
	hashPlaces  = 2
	hashQueue   = 64
	hashTimeout = 10 * time.Second
)

func newHasher() *hasher {
	return &hasher{places: make(chan struct{}, hashPlaces), queue: make(chan struct{}, hashQueue)}
}

var errBusy = fault.New(fault.Unavailable, "现在登录的人太多，请稍后再试")

// enter waits for a place; leave gives it back.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, errBusy
	}
	defer func() { <-h.queue }()
	wait := time.NewTimer(hashTimeout)
	defer wait.Stop()
	select {
	case h.places <- struct{}{}:
		return func() { <-h.places }, nil
	case <-wait.C:
		return nil, errBusy
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "登录没有完成，请再试一次")
	}
}

// hash returns a password's hash in PHC form.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails since Go 1.24
	sum := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKey)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes, b64(salt), b64(sum)), nil
}

// nobody is the hash of a password that nobody knows: to compare with it takes as long as
// with that of an account.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$c2hlbndlaS1ub2JvZHkhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// verify tells whether the password has the hash; it takes the same time for an empty hash.
func (h *hasher) verify(ctx context.Context, password, hash string) (bool, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	known := hash != ""
	if !known {
		hash = nobody
	}
	if len(password) > MaxPassword*utf8.UTFMax {
		password = password[:MaxPassword*utf8.UTFMax] // no such password could be chosen
		known = false
	}
	salt, want, cost, err := readHash(hash)
	if err != nil {
		return false, err
	}
	sum := argon2.IDKey([]byte(password), salt, cost.time, cost.memory, cost.lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(sum, want) == 1 && known, nil
}

// cost is what a stored hash was computed with.
type cost struct {
	memory, time uint32
	lanes        uint8
}

func readHash(hash string) (salt, sum []byte, c cost, err error) {
	unreadable := fault.New(fault.Internal, "a stored password hash cannot be read")
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, nil, c, unreadable
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.lanes); n != 3 || err != nil {
		return nil, nil, c, unreadable
	}
	salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return nil, nil, c, unreadable
	}
	sum, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(sum) < 16 || c.memory > 1<<20 || c.time > 16 || c.time == 0 || c.lanes == 0 {
		return nil, nil, c, unreadable
	}
	return salt, sum, c, nil
}

// CheckPassword refuses a password that is too short, too simple or among those that are
// tried first. Names are the person's own, which it must not consist of.
func CheckPassword(password string, names ...string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return fault.New(fault.BadRequest, "密码里有不能使用的字符")
	case n < MinPassword:
		return fault.New(fault.BadRequest, "密码太短：至少 %d 个字符", MinPassword)
	case n > MaxPassword:
		return fault.New(fault.BadRequest, "密码太长：最多 %d 个字符", MaxPassword)
	case n < longPassword && kinds(password) < 3:
		return fault.New(fault.BadRequest, "密码太简单：请混用大写字母、小写字母、数字和符号中的三种，或者用 %d 个以上的字符", longPassword)
	}
	if left := unguessed(password, names); left < minUnguessed {
		return fault.New(fault.BadRequest, "这个密码很容易被猜到：不要用常见的词、姓名、日期或键盘上的顺序")
	}
	return nil
}

func kinds(s string) int {
	var upper, lower, digit, other int
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return upper + lower + digit + other
}

// minUnguessed is how many characters must be left of a password when everything is taken
// away that is tried first.
const minUnguessed = 6

// commonWords stand at the top of the published lists of leaked passwords, with those that
// suggest themselves here; longer ones first.
var commonWords = []string{
	"administrator", "supervisor", "1q2w3e4r5t", "qwertyuiop", "shenzhenga", "woaizhongguo", "zhongguo", "shenzhen", "guangdong",
	"qazwsxedc", "asdfghjkl", "password", "passw0rd", "passwort", "passcode", "princess", "sunshine", "football", "baseball", "superman",
	"michael", "iloveyou", "woaini", "whatever", "trustno1", "starwars", "internet", "computer", "1qaz2wsx", "zxcvbnm", "qwerty",
	"letmein", "welcome", "monkey", "dragon", "master", "shadow", "secret", "freedom", "charlie", "changeme", "default", "service",
	"support", "hunter", "batman", "jordan", "hello", "admin", "guest", "login", "root", "test", "user", "pass", "temp", "demo",
	"shenwei", "jingcha", "gongan", "police", "china", "beijing", "mima", "nihao", "aini", "love", "abc", "asd", "qwe", "zxc", "qaz", "wsx",
	"spring", "summer", "autumn", "winter", "monday", "friday", "january", "october", "december",
}

// unguessed counts the different characters that are left of a password without common words,
// the person's names, years, runs and repetitions.
func unguessed(password string, names []string) int {
	s := plainForm(password)
	words := commonWords
	for _, name := range names {
		for _, part := range strings.FieldsFunc(plainForm(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if utf8.RuneCountInString(part) >= 2 {
				words = append([]string{part}, words...)
			}
		}
	}
	for _, w := range words {
		s = strings.ReplaceAll(s, w, "\n")
	}
	s = withoutYears(s)
	return distinctWithoutRuns(s)
}

// plainForm undoes what people do to a word to make it look harder.
func plainForm(s string) string {
	return strings.NewReplacer("@", "a", "$", "s", "!", "i").Replace(strings.ToLower(s))
}

func withoutYears(s string) string {
	for year := 1940; year <= 2040; year++ {
		s = strings.ReplaceAll(s, fmt.Sprint(year), "\n")
	}
	return s
}

// distinctWithoutRuns counts different characters, leaving out one that repeats the one
// before it or goes on from it, as in aaa, 123 or 987.
func distinctWithoutRuns(s string) int {
	seen := map[rune]bool{}
	var last rune
	for _, r := range s {
		if d := r - last; r != '\n' && (last == 0 || d > 1 || d < -1) {
			seen[r] = true
		}
		last = r
	}
	return len(seen)
}
