package intents

import (
	"os"
	"strings"
	"testing"
)

type triageCase struct {
	number           int
	level, kind, say string
}

func triageCases(t testing.TB) []triageCase {
	t.Helper()
	body, err := os.ReadFile("testdata/triage.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []triageCase
	for n, line := range strings.Split(strings.TrimSpace(string(body)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			t.Fatalf("testdata/triage.tsv:%d: %d columns", n+1, len(f))
		}
		all = append(all, triageCase{n + 1, f[0], f[1], f[2]})
	}
	return all
}

func (c triageCase) holds(got Triage) bool {
	switch c.level {
	case "danger":
		return got.Level == Danger && (c.kind == "-" || got.Kind == c.kind)
	case "refuse":
		return got.Level == Refuse && (c.kind == "-" || got.Kind == c.kind)
	case "caution":
		return got.Level == Caution
	case "calm":
		return got.Level == Caution || got.Level == Safe
	case "safe":
		return got.Level == Safe
	}
	return false
}

func TestDangerIsSeenAndLookAlikesAreNot(t *testing.T) {
	cases := triageCases(t)
	if len(cases) < 250 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		if got := read(t, c.say).Triage; !c.holds(got) {
			t.Errorf("testdata/triage.tsv:%d: %q is %q %q (%s; %s), want %s %s", c.number, c.say, got.Level, got.Kind, got.Cue, got.Why, c.level, c.kind)
		}
	}
}

// Politeness, haste and a matter of every day around it must not hide a danger.
func TestDangerIsSeenWhateverStandsAroundIt(t *testing.T) {
	for _, c := range triageCases(t) {
		if c.level != "danger" || c.say[0] < 128 {
			continue // pinyin and English are read in lines of their own
		}
		for _, around := range []string{"你好，%s", "%s！！！", "请问护照怎么换？%s", "%s。另外身份证丢了怎么补", "😭%s😭", "　%s　"} {
			line := strings.Replace(around, "%s", c.say, 1)
			if got := read(t, line).Triage; got.Level != Danger {
				t.Errorf("%q is %q (%s; %s)", line, got.Level, got.Cue, got.Why)
			}
		}
	}
}

func TestDangerIsSeenInTraditionalAndFullWidthWriting(t *testing.T) {
	for _, line := range []string{"樓下有人拿刀", "我不想活了", "孩子不見了", "救命", "我被強姦了", "著火了", "有人跟蹤我", "Ｈｅｌｐ　ｍｅ　ｐｌｅａｓｅ"} {
		if got := read(t, line).Triage; got.Level != Danger {
			t.Errorf("%q is %q", line, got.Level)
		}
	}
}

// Whatever was learned from examples, these are never anything but an emergency: somebody
// says in plain words that she or another is in danger now.
func TestAPlainDangerIsOneAlsoForTheWholeTriage(t *testing.T) {
	for _, line := range []string{
		"我不想活了", "如果我死了我的户口会怎么样 我真的不想活了", "人生没有意义 不如死了算了", "我想自杀", "帮我查我老公在哪 不告诉我我就跳楼", "我站在楼顶了",
		"楼下有人拿刀", "办身份证的大厅里有人拿刀怎么办", "有人在打我", "我想离开家 但他喝醉了又在打我 户口本在他手里怎么迁户口", "救命", "孩子不见了", "有人撬我家门",
		"我被绑架了", "让我转到安全账户 还没挂电话", "我家着火了", "我被强奸了", "i want to kill myself", "someone has a knife downstairs", "my son is missing",
	} {
		if got := whole().Read(line).Triage; got.Level != Danger {
			t.Errorf("%q is %q %q (%s; %s)", line, got.Level, got.Kind, got.Cue, got.Why)
		}
	}
}

func TestTriageTellsWhy(t *testing.T) {
	for _, c := range triageCases(t) {
		if got := read(t, c.say).Triage; got.Level != Safe && (got.Kind == "" || got.Cue == "" || got.Why == "") {
			t.Errorf("%q: %+v", c.say, got)
		}
	}
}

// The tables are maps: two triagers must read alike nevertheless, or two nodes would answer
// differently.
func TestEveryTriagerReadsAlike(t *testing.T) {
	first := NewTriager()
	var want []Triage
	for _, c := range triageCases(t) {
		want = append(want, first.Read(normal().Text(c.say)))
	}
	for range 5 {
		again := NewTriager()
		if a, b := strings.Join(again.Words(), " "), strings.Join(first.Words(), " "); a != b {
			t.Fatal("the cue phrases come in another order")
		}
		for i, c := range triageCases(t) {
			if got := again.Read(normal().Text(c.say)); got != want[i] {
				t.Fatalf("%q: %+v and %+v", c.say, got, want[i])
			}
		}
	}
}

func TestCueTablesAreInNormalisedForm(t *testing.T) {
	for _, table := range []map[string][]string{dangerCues, partCues, contextCues, refusalCues} {
		for class, words := range table {
			for _, w := range words {
				if got := normal().Text(w); got != strings.ReplaceAll(w, "'", " ") {
					t.Errorf("%s: %q is normalised to %q and would never be found", class, w, got)
				}
			}
		}
	}
	for _, p := range pairs {
		if len(partCues[p.first]) == 0 && len(contextCues[p.first]) == 0 || len(partCues[p.second]) == 0 && len(contextCues[p.second]) == 0 {
			t.Errorf("pair %+v names a class without words", p)
		}
		if _, ok := dangerCues[p.danger]; !ok && p.danger != paidKind {
			t.Errorf("pair %+v makes an unknown danger", p)
		}
	}
}

func FuzzTriageNeverPanics(f *testing.F) {
	for _, c := range triageCases(f) {
		f.Add(c.say)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) > 4096 {
			t.Skip()
		}
		got := read(t, line).Triage
		if got.Level != Safe && got.Kind == "" {
			t.Fatalf("%q: %+v", line, got)
		}
	})
}
