package mask_test

import (
	"strings"
	"testing"

	"shenwei/internal/mask"
)

func BenchmarkText(b *testing.B) {
	cases := []struct{ name, in string }{
		{"no digit", "我想给孩子办一本护照，学校下个月组织去香港，来得及吗？需要带什么材料，要不要提前预约？"},
		{"no digit, ASCII", "level=INFO msg=\"conversation closed by citizen\" channel=wechat action=answer policy=decide"},
		{"log line", "time=2026-11-22T15:30:00.123+08:00 level=INFO msg=reply conversation=01JABCDEF0123456789ABCDEFG seq=2 took_us=412 release=12"},
		{"numbers, none personal", "2026年11月22日去了0755-84465000说的窗口，CRJ-011要120元，7个工作日"},
		{"two personal", "我叫小王，身份证11010519491231002X，电话138 0013 8000，想办去香港的签注"},
		{"page of digits", strings.Repeat("1 ", 512)},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.in)))
			for b.Loop() {
				mask.Text(c.in)
			}
		})
	}
}
