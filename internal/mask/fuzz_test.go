package mask_test

import (
	"testing"
	"unicode/utf8"

	"shenwei/internal/mask"
)

func FuzzText(f *testing.F) {
	for _, s := range []string{
		"", "身份证11010519491231002X", "110105 19491231 002 x", "+86 (138) 0013-8000", "（0755）84465001",
		"一三八零零一三八零零零", "１３８００１３８０００", "护照 E 1234 5678", "粤B·D12345", "6222 0212 3456 7890 128",
		"https://a.b/13800138000?phone=13800138000", "1.13800138000\n2.13900139000", "\xff13800138000\xe4\xb8",
		"44052418800101001413800138000", "0755-84465000 12345", "台胞证 12345678", "took_us=13800138000", "粤",
		"我叫王小明想办护照", "姓名：阿卜杜拉·买买提", "住在福田区福华路十二号3栋502室", "微信号：wxid_abc123", "a.b@c.cn", "IP 113.88.12.5:80",
		"oK3Yx5abcdEFGHijklMNOPqrst12", "统一社会信用代码91350100M000100Y43", "①③⑧⓪⓪①③⑧⓪⓪⓪", "1️⃣3️⃣8️⃣", "240e:3b7::1:2", "@@＠", "王建国先生",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at := 0
		for _, sp := range mask.Find(s) {
			if sp.Kind == "" || sp.Start < at || sp.End <= sp.Start || sp.End > len(s) {
				t.Fatalf("Find(%q) has the span %v behind %d", s, sp, at)
			}
			if utf8.ValidString(s) && !utf8.ValidString(s[sp.Start:sp.End]) {
				t.Fatalf("Find(%q) cuts a character: %v", s, sp)
			}
			at = sp.End
		}
		once := mask.Text(s)
		if utf8.ValidString(s) && !utf8.ValidString(once) {
			t.Fatalf("Text(%q) = %q is not UTF-8", s, once)
		}
		if twice := mask.Text(once); twice != once {
			t.Fatalf("Text(%q) = %q, then %q", s, once, twice)
		}
	})
}
