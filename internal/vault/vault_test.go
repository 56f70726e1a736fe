package vault_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shenwei/internal/fault"
	"shenwei/internal/vault"
)

func newKey(t testing.TB, id string) string {
	t.Helper()
	k, err := vault.NewKey(id)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ring(t testing.TB, keys ...string) *vault.Ring {
	t.Helper()
	r, err := vault.Parse(strings.Join(keys, ","))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestASealedFieldOpensOnlyInItsPlaceAndUnchanged(t *testing.T) {
	r := ring(t, newKey(t, "a"))
	plain := []byte("我叫张三，身份证号是…")
	sealed := r.Seal(plain, "messages", "text", "web", "r1")
	if bytes.Contains(sealed, []byte("张三")) || bytes.Equal(sealed, r.Seal(plain, "messages", "text", "web", "r1")) {
		t.Fatal("not sealed, or the same twice")
	}
	if got, err := r.Open(sealed, "messages", "text", "web", "r1"); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("%q %v", got, err)
	}
	for _, where := range [][]string{{"messages", "text", "web", "r2"}, {"messages", "text", "we", "br1"}, {"messages", "text"}, nil} {
		if _, err := r.Open(sealed, where...); err == nil {
			t.Errorf("opened at %v", where)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := r.Open(changed, "messages", "text", "web", "r1"); err == nil {
			t.Errorf("opened with byte %d changed", i)
		}
		if _, err := r.Open(sealed[:i], "messages", "text", "web", "r1"); err == nil {
			t.Errorf("opened with %d bytes", i)
		}
	}
}

func TestOldKeysOpenAndTheFirstSeals(t *testing.T) {
	old, young := newKey(t, "2025"), newKey(t, "2026")
	sealed := ring(t, old).SealText("话", "x")
	both := ring(t, young, old)
	if got, err := both.OpenText(sealed, "x"); err != nil || got != "话" {
		t.Fatalf("%q %v", got, err)
	}
	if id := vault.KeyOfText(both.SealText("话", "x")); id != "2026" {
		t.Errorf("sealed with %q", id)
	}
	_, err := ring(t, young).OpenText(sealed, "x")
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "2025") {
		t.Errorf("without the key: %v", err)
	}
}

func TestWithoutKeysATextStaysAndCannotPassForASealedOne(t *testing.T) {
	var none *vault.Ring
	for _, text := range []string{"", "护照", "\x01s:AAAA", "\x01\x01s:AAAA"} {
		stored := none.SealText(text, "x")
		got, err := none.OpenText(stored, "x")
		if err != nil || got != stored || text != "" && stored == "" {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	sealed := ring(t, newKey(t, "a")).SealText("话", "x")
	if _, err := none.OpenText(sealed, "x"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("sealed, and no key: %v", err)
	}
	if got, err := ring(t, newKey(t, "a")).OpenText("从前", "x"); err != nil || got != "从前" {
		t.Errorf("a text of before there were keys: %q %v", got, err)
	}
}

func TestAProofHoldsForItsTextAndKey(t *testing.T) {
	a, b := newKey(t, "a"), newKey(t, "b")
	proof := ring(t, a).MAC("head 7")
	if ok, err := ring(t, b, a).Verify("head 7", proof); !ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	if ok, _ := ring(t, a).Verify("head 8", proof); ok {
		t.Error("another text")
	}
	if ok, _ := ring(t, newKey(t, "a")).Verify("head 7", proof); ok {
		t.Error("another key of the same name")
	}
	if ok, err := ring(t, a).Verify("head 7", ""); ok || err != nil {
		t.Errorf("no proof: %v %v", ok, err)
	}
	if _, err := ring(t, b).Verify("head 7", proof); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no key: %v", err)
	}
}

func TestKeysThatCannotBeMeantAreRefusedWithoutRepeatingThem(t *testing.T) {
	k := newKey(t, "a")
	for _, text := range []string{"", "a", "a:", "a:c2hvcnQ=", ":" + k[2:], k + "," + k, k + ",x:secret", strings.Repeat("i", 33) + k[1:]} {
		_, err := vault.Parse(text)
		if !fault.Is(err, fault.BadRequest) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), k[2:]) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAKeyFileIsMadeOnceForItsOwnerAloneAndGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "data.key")
	for i, want := range []bool{true, false} {
		if made, err := vault.CreateFile(path, "one"); err != nil || made != want {
			t.Fatalf("call %d: %v %v", i, made, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	running, err := vault.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old := running.SealText("旧", "x")
	if err := vault.AddToFile(path, "two"); err != nil {
		t.Fatal(err)
	}
	if err := vault.AddToFile(path, "two"); err == nil {
		t.Error("a name was used twice")
	}
	beside, err := vault.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := beside.OpenText(old, "x"); err != nil || got != "旧" {
		t.Errorf("the old key: %q %v", got, err)
	}
	fresh := beside.SealText("新", "x")
	if got, err := running.OpenText(fresh, "x"); err != nil || got != "新" || running.Current() != "two" {
		t.Errorf("who runs does not find the new key: %q %v", got, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.OpenFile(path); !fault.Is(err, fault.BadRequest) || !strings.Contains(err.Error(), "chmod") {
		t.Errorf("a file that others may read: %v", err)
	}
}

func FuzzOpenNeverPanics(f *testing.F) {
	r := ring(f, newKey(f, "a"))
	f.Add(r.Seal([]byte("x"), "t"))
	f.Add([]byte{1, 255})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := r.Open(sealed, "elsewhere"); err == nil {
			t.Fatalf("opened %x as %x", sealed, plain)
		}
	})
}
