package segment

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func sharedDir() string { return filepath.Join(os.TempDir(), "shenwei-test-segment") }

func texts(tokens []Token) []string {
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = t.Text
	}
	return out
}

func TestDomainWordsStayWhole(t *testing.T) {
	s := segmenter(t, domainWords...)
	for text, word := range map[string]string{
		"往来港澳通行证怎么换":    "往来港澳通行证",
		"开无犯罪记录证明要多久":   "无犯罪记录证明",
		"居民身份证快到期":      "居民身份证",
		"前往港澳定居要什么材料":   "前往港澳定居",
		"我的驾照被扣了":       "驾照",
		"passport到期换护照": "护照",
	} {
		if got := s.Cut(text); !slices.Contains(got, word) {
			t.Errorf("%q was cut into %v, without %q", text, got, word)
		}
		if got := texts(s.Search(text)); !slices.Contains(got, word) {
			t.Errorf("searching %q gives %v, without %q", text, got, word)
		}
	}
}

func TestSearchKeepsThePartsThatALexiconWordSwallows(t *testing.T) {
	got := texts(segmenter(t, domainWords...).Search("无犯罪记录证明"))
	for _, part := range []string{"无犯罪记录证明", "无", "犯罪", "记录", "证明"} {
		if !slices.Contains(got, part) {
			t.Errorf("%v lacks %q", got, part)
		}
	}
}

func TestSignsAreNoWords(t *testing.T) {
	s := segmenter(t, domainWords...)
	for _, text := range []string{"", ",。?!", " ", "---"} {
		if got := s.Cut(text); len(got) != 0 {
			t.Errorf("%q was cut into %q", text, got)
		}
		if got := s.Search(text); len(got) != 0 {
			t.Errorf("searching %q gives %v", text, got)
		}
	}
}

func TestTokenOffsetsPointAtTheirText(t *testing.T) {
	s := segmenter(t, domainWords...)
	for _, text := range []string{
		"往来港澳通行证怎么换", "我的passport丢了怎么办?", "回乡证唔见咗点算呀", "无犯罪记录证明,办理要12.5元", "𠮷野家旁边的派出所", "a", "lost my passport",
	} {
		seen := map[string]bool{}
		last := 0
		for _, tok := range s.Search(text) {
			if tok.Start < 0 || tok.End > len(text) || tok.Start >= tok.End || text[tok.Start:tok.End] != tok.Text {
				t.Fatalf("%q: token %+v points elsewhere", text, tok)
			}
			if tok.Start < last {
				t.Errorf("%q: %+v stands behind a later word", text, tok)
			}
			last = tok.Start
			key := fmt.Sprint(tok.Start, tok.End)
			if seen[key] {
				t.Errorf("%q: %+v appears twice", text, tok)
			}
			seen[key] = true
		}
	}
}

func TestWordsThatAreNoneAreLeftOutOfALexicon(t *testing.T) {
	s := segmenter(t, "", "甲", "两 字", "换\n行", "  护照  ", "护照")
	if got := s.Cut("护照"); !slices.Equal(got, []string{"护照"}) {
		t.Errorf("%v", got)
	}
}

// TestCutsAreRightWhileLexiconsAreReplaced runs with -race: readers cut with whichever
// segmenter is current while new ones are made and swapped.
func TestCutsAreRightWhileLexiconsAreReplaced(t *testing.T) {
	var current atomic.Pointer[Segmenter]
	current.Store(segmenter(t, domainWords...))
	stop := make(chan struct{})
	var readers sync.WaitGroup
	var cuts atomic.Int64
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				s := current.Load()
				if got := s.Cut("开无犯罪记录证明"); !slices.Contains(got, "无犯罪记录证明") {
					t.Errorf("cut into %v", got)
					return
				}
				s.Search("往来港澳通行证丢了")
				cuts.Add(1)
			}
		})
	}
	for i := range 8 {
		current.Store(segmenter(t, append([]string{fmt.Sprintf("新词%d号", i)}, domainWords...)...))
	}
	close(stop)
	readers.Wait()
	if cuts.Load() == 0 {
		t.Error("nothing was cut while lexicons were replaced")
	}
}

func TestSeveralMayUnpackIntoOneDirectoryAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			d, err := Unpack(dir)
			if err != nil {
				t.Error(err)
				return
			}
			if d.Frequency("中国") == 0 {
				t.Error("the dictionary is empty")
			}
			s, err := NewSegmenter(d, domainWords)
			if err != nil {
				t.Error(err)
				return
			}
			if got := s.Cut("往来港澳通行证"); len(got) != 1 {
				t.Errorf("%v", got)
			}
		})
	}
	wg.Wait()
	left, err := filepath.Glob(filepath.Join(dir, "dict", "*", ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("unfinished files stay behind: %v, %v", left, err)
	}
}

func TestAFileThatWasCutShortIsWrittenAgain(t *testing.T) {
	dir := t.TempDir()
	if _, err := Unpack(dir); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "dict", "*", "jieba.dict.utf8"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	whole, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(found[0], whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Unpack(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(found[0]); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("%d bytes, want %d; %v", len(got), len(whole), err)
	}
}

func TestADirectoryThatCannotBeWrittenIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Unpack(file)
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "writable") {
		t.Errorf("the error must name the directory: %v", err)
	}
}

const copiedEnv = "SHENWEI_TEST_COPIED"

// TestACopiedBinaryNeedsNothingBesideItself copies this test binary elsewhere and lets it
// cut a line in an empty directory.
func TestACopiedBinaryNeedsNothingBesideItself(t *testing.T) {
	if dir := os.Getenv(copiedEnv); dir != "" {
		d, err := Unpack(dir)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSegmenter(d, domainWords)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("cut:", strings.Join(s.Cut("补办往来港澳通行证"), "/"))
		return
	}
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copied := filepath.Join(dir, "copied.test")
	if err := os.WriteFile(copied, self, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied, "-test.run", "^TestACopiedBinaryNeedsNothingBesideItself$")
	cmd.Dir = dir
	cmd.Env = []string{copiedEnv + "=" + filepath.Join(dir, "fresh"), "TMPDIR=" + dir, "PATH=/nowhere"}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "cut: 补办/往来港澳通行证") {
		t.Errorf("%v\n%s", err, out)
	}
}
