package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shenwei/bot"
)

// TestADatabaseThatCannotBeWrittenIsSaidAtTheStart plays a file that belongs to somebody else.
func TestADatabaseThatCannotBeWrittenIsSaidAtTheStart(t *testing.T) {
	t.Parallel() // it mostly waits
	p := newProgram(t)
	p.ok(t, "check")
	path := filepath.Join(p.dir, "shenwei.db")
	for _, dir := range []string{filepath.Dir(binary), filepath.Dir(p.dir), p.dir} {
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // another user looks in
			t.Fatal(err)
		}
	}
	if err := os.Chmod(path, 0o444); err != nil { //nolint:gosec // it is to be read
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // who may write anything
		if err := os.Chmod(path, 0o644); err != nil { //nolint:gosec // its owner may
			t.Fatal(err)
		}
		p.user = 65534
	}
	elsewhere := t.TempDir()
	if err := os.Chmod(filepath.Dir(elsewhere), 0o755); err != nil { //nolint:gosec // another user looks in
		t.Fatal(err)
	}
	if err := os.Chmod(elsewhere, 0o777); err != nil { //nolint:gosec // and writes
		t.Fatal(err)
	}
	key := strings.TrimSpace(newProgram(t).ok(t, "keys", "new").out)
	p.dir, p.env = elsewhere, append(p.env, "SHENWEI_DB="+path, "SHENWEI_KEYS_DATA="+key)
	for _, args := range [][]string{{"check"}, {"serve", "--addr", "127.0.0.1:0"}} {
		r := p.run(t, "", args...)
		if r.code != 1 || !strings.Contains(r.out+r.err, "allow this user to write") {
			t.Errorf("%v: exit %d\n%s%s", args, r.code, r.out, r.err)
		}
	}
}

// question posts one question and returns the status and what the citizen reads.
func question(t *testing.T, addr, ref, text string) (int, string, bot.Reply) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"text": text, "channel": "api", "ref": ref})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post("http://"+addr+"/api/v1/chat", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var got struct {
		bot.Reply
		Error struct{ Message string }
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, got.Error.Message, got.Reply
}

// TestAFullDiskIsToldToCitizensAndTheServiceGoesOnByItself serves from a disk of its own.
func TestAFullDiskIsToldToCitizensAndTheServiceGoesOnByItself(t *testing.T) {
	t.Parallel() // it mostly waits
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=48m"); err != nil {
		t.Skipf("a small disk cannot be made here (it takes root): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	p := newProgram(t)
	p.env = append(append(p.env, unlimited...), "SHENWEI_DB="+filepath.Join(disk, "shenwei.db"))
	s := p.serve(t)
	filler := filepath.Join(disk, "filler")
	fill := func() {
		f, err := os.OpenFile(filler, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // our own disk
		if err != nil {
			t.Fatal(err)
		}
		for size := 1 << 20; size > 0; size /= 16 {
			for err = nil; err == nil; {
				_, err = f.Write(make([]byte, size))
			}
		}
		_ = f.Close()
	}
	fill()
	type line struct{ ref, conversation, token string }
	var acked []line
	status, says := http.StatusOK, ""
	for i := 0; status == http.StatusOK && i < 5000; i++ {
		ref := fmt.Sprintf("line-%016d", i)
		var r bot.Reply
		if status, says, r = question(t, s.addr, ref, "没带身份证怎么住酒店？"+strings.Repeat("请问，", 300)); status == http.StatusOK {
			acked = append(acked, line{ref, r.Conversation, r.Token})
		}
	}
	if status != http.StatusServiceUnavailable || !strings.Contains(says, "请稍后再试") || !strings.Contains(says, "110") {
		t.Fatalf("after %d lines: status %d, %s", len(acked), status, says)
	}
	if len(acked) > 0 { // reads go on
		readRows(t, s.addr, acked[0].conversation, acked[0].token)
	}
	waitFor(t, "the log says why", func() bool { // it is written behind the answer
		return strings.Contains(s.errs.String(), "disk of the database is full")
	})
	s.kill()
	fill()
	if r := p.run(t, "", "check"); r.code != 1 || !strings.Contains(r.out, "disk") {
		t.Errorf("check on a full disk: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s = p.serve(t)
	fill()
	waitFor(t, "the disk is full again", func() bool {
		status, _, _ := question(t, s.addr, fmt.Sprintf("again-%016d", time.Now().UnixNano()), strings.Repeat("护照怎么换？", 150))
		return status == http.StatusServiceUnavailable
	})
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the service goes on without a restart", func() bool {
		status, _, _ := question(t, s.addr, fmt.Sprintf("later-%016d", time.Now().UnixNano()), "没带身份证怎么住酒店")
		return status == http.StatusOK
	})
	for _, l := range acked {
		if rows := readRows(t, s.addr, l.conversation, l.token); len(rows) != 2 || rows[0].Ref != l.ref || rows[1].Kind != "reply" {
			t.Fatalf("%s was acknowledged; there are %d rows", l.ref, len(rows))
		}
	}
}

// TestAnotherDictionaryIsSaid has a program whose dictionary is another one serve a release, and a
// file of the unpacked one changed.
func TestAnotherDictionaryIsSaid(t *testing.T) {
	t.Parallel() // it mostly waits
	p := newProgram(t)
	if r := p.ok(t, "check"); !strings.Contains(r.out, "that of the live release") {
		t.Errorf("%s", r.out)
	}
	found, err := filepath.Glob(filepath.Join(p.dir, "dict", "*", "stop_words.utf8"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	body, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := append([]byte("x"), body[1:]...) // as long as before
	if err := os.WriteFile(found[0], changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := p.ok(t, "check"); !strings.Contains(r.err, "written anew") || !strings.Contains(r.err, "stop_words") {
		t.Errorf("a changed file is not told of: %s", r.err)
	}
	if mended, err := os.ReadFile(found[0]); err != nil || !bytes.Equal(mended, body) {
		t.Errorf("it stays changed: %v", err)
	}
	if r := p.ok(t, "check"); strings.Contains(r.err, "written anew") {
		t.Errorf("told of twice: %s", r.err)
	}

	other := p
	other.bin = otherDictionary(t)
	r := other.ok(t, "check")
	if !strings.Contains(r.out, "another one") || !strings.Contains(r.err, "another dictionary") {
		t.Errorf("another dictionary is not told of:\n%s%s", r.out, r.err)
	}
	if r := other.ok(t, "ask", "没带身份证怎么住酒店"); r.out == "" { // and harmless
		t.Error("no answer")
	}
}

// otherDictionary builds the product with a word more.
func otherDictionary(t *testing.T) string {
	t.Helper()
	const name = "stop_words.utf8"
	path, err := filepath.Abs(filepath.Join("..", "..", "kb", "segment", "dict", name))
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(path) //nolint:gosec // our own source
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: filepath.Join(dir, name)}})
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string][]byte{name: append(body, "另一个词\n"...), "overlay.json": overlay} {
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(dir, "shenwei-other")
	if out, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}
