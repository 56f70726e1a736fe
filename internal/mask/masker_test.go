package mask_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"shenwei/internal/mask"
)

func ExampleMasker() {
	m := mask.NewMasker()
	fmt.Println(m.Text("我叫王小明，电话138 0013 8000，我老婆的是13900139000"))
	fmt.Println(m.Text("打一三八零零一三八零零零没人接"))
	fmt.Println(m.Restore("请保持[手机号甲]畅通"))
	// Output:
	// 我叫[姓名甲]，电话[手机号甲]，我老婆的是[手机号乙]
	// 打[手机号甲]没人接
	// 请保持138 0013 8000畅通
}

func TestTheSameDataHasTheSameSubstitute(t *testing.T) {
	cases := [][]string{
		{"13800138000", "138 0013 8000", "+86 138-0013-8000", "008613800138000", "一三八零零一三八零零零", "１３８００１３８０００", "①③⑧⓪⓪①③⑧⓪⓪⓪"},
		{"11010519491231002X", "110105 19491231 002x", "１１０１０５１９４９１２３１００２Ｘ"},
		{"粤B12345", "粤B·12345", "粤b 12345"},
		{"E12345678", "e12345678"},
		{"91350100M000100Y43", "91350100m000100y43"},
		{"Zhang@qq.com", "zhang@QQ.com"},
	}
	for _, forms := range cases {
		m := mask.NewMasker()
		first := m.Text(forms[0])
		for _, f := range forms[1:] {
			if got := m.Text(f); got != first {
				t.Errorf("%q is %s, and %q is %s", forms[0], first, f, got)
			}
		}
	}
}

func TestDifferentDataHasDifferentSubstitutes(t *testing.T) {
	m := mask.NewMasker()
	seen := map[string]bool{}
	for i := range 60 {
		data := fmt.Sprintf("138001380%02d", i)
		s := m.Text(data)
		if seen[s] || strings.ContainsAny(s, "0123456789") || m.Restore(s) != data {
			t.Fatalf("telephone %d is %q, back %q", i, s, m.Restore(s))
		}
		if mask.Text(s) != s || m.Text(s) != s {
			t.Errorf("the substitute %q is masked again", s)
		}
		seen[s] = true
	}
	if got := m.Text("13900139000"); got != mask.Mobile.Mask() {
		t.Errorf("one more than it tells apart: %q", got)
	}
}

func TestRestoreGivesBackOnlyWhatWasTaken(t *testing.T) {
	m, other := mask.NewMasker(), mask.NewMasker()
	masked := m.Text("我叫王小明，住在福田区福华路12号，微信号：li_hua88")
	if got := m.Restore(masked); got != "我叫王小明，住在福田区福华路12号，微信号：li_hua88" {
		t.Errorf("back: %q", got)
	}
	if got := other.Restore(masked); got != masked {
		t.Errorf("another conversation's data: %q", got)
	}
	for _, s := range []string{"[姓名乙]", "[", "]", "[[姓名甲", "[手机号]", "", "a[b]c", "[姓名甲"} {
		if got := m.Restore(s); got != s {
			t.Errorf("Restore(%q) = %q", s, got)
		}
	}
	if got := m.Restore("[[姓名甲]]"); got != "[王小明]" {
		t.Errorf("brackets around: %q", got)
	}
	for s, want := range map[string]bool{
		"[姓名甲]您好": true, "没有": true, "[姓名乙]您好": false, "[手机号甲]": false, "[手机号]": true, "[注]": true, "[姓名甲": true, "[[姓名乙]": false,
	} {
		if got := m.Knows(s); got != want {
			t.Errorf("Knows(%q) = %v", s, got)
		}
	}
}

func TestAMaskerServesManyAtOnce(t *testing.T) {
	m := mask.NewMasker()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				s := m.Text(fmt.Sprintf("1380013%04d 和 1390013%04d", j%20, i))
				_ = m.Restore(s)
			}
		})
	}
	wg.Wait()
	if got := m.Restore(m.Text("13800130003")); got != "13800130003" {
		t.Errorf("%q", got)
	}
}

func FuzzMasker(f *testing.F) {
	for _, s := range []string{"我叫王小明，13800138000", "[手机号甲]13800138000", "[[", "住在福田区福华路12号3栋502", "\xff[姓名甲"} {
		f.Add(s, "13900139000")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		m := mask.NewMasker()
		once := m.Text(a)
		_ = m.Text(b)
		if again := m.Text(once); again != once {
			t.Fatalf("Text(%q) = %q, then %q", a, once, again)
		}
		if len(mask.Find(once)) != 0 {
			t.Fatalf("Text(%q) = %q shows %v", a, once, mask.Find(once))
		}
		m.Restore(once)
		m.Knows(a)
	})
}
