package mask_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"shenwei/internal/mask"
)

// The figures that the package promises, measured on generated lines.
const (
	linesOfEach     = 200 // of each kind in each way of writing, and of each look-alike
	wantPrecision   = 0.98
	wantRecall      = 0.98  // of every kind
	wantChecksummed = 0.995 // of kinds with a check digit
)

var checksummed = map[mask.Kind]bool{
	mask.Identity: true, mask.ResidencePermit: true, mask.PermanentCard: true, mask.BankCard: true, mask.CreditCode: true,
}

// maker makes personal data, or look-alikes when it stands under the empty kind.
type maker struct {
	name string
	kind mask.Kind
	make func(r *rand.Rand) string
	// frames are sentences with one %s for the data; nil means anyFrame.
	frames []string
}

// anyFrame are sentences that say nothing about what the number is.
var anyFrame = []string{
	"%s", "我是%s", "帮我看一下%s，谢谢", "（%s）", "「%s」", "%s。", "就是这个：%s", "%s 怎么弄", "麻烦查 %s 到哪一步了",
	"系统里是%s对吗", "a %s b", `{"v":"%s"}`, "[%s]", "%s\n还有一件事", "上次留的 %s 没错吧？急！",
}

func TestFindMeetsItsFigures(t *testing.T) {
	r := rand.New(rand.NewPCG(20261122, 1))
	found, lost := map[mask.Kind]int{}, map[mask.Kind]int{}
	wrong, lines := 0, 0
	shown := map[string]int{}
	report := func(name, line string, spans []mask.Span) {
		if shown[name]++; shown[name] <= 3 {
			t.Logf("%s: %q → %v", name, line, spans)
		}
	}
	for _, m := range append(append(personal(), worded()...), lookAlikes()...) {
		for i := range linesOfEach {
			v := m.make(r)
			frames := m.frames
			if frames == nil {
				frames = anyFrame
			}
			line := strings.Replace(frames[i%len(frames)], "%s", v, 1)
			lines++
			hit := false
			spans := mask.Find(line)
			for _, sp := range spans {
				if m.kind != "" && sp.Kind == m.kind && line[sp.Start:sp.End] == v {
					hit = true
				} else {
					wrong++
					report(m.name, line, spans)
				}
			}
			switch {
			case m.kind == "":
			case hit:
				found[m.kind]++
			default:
				lost[m.kind]++
				report(m.name, line, spans)
			}
		}
	}
	total := 0
	for _, k := range mask.Kinds {
		total += found[k]
		recall := float64(found[k]) / float64(found[k]+lost[k])
		want := wantRecall
		if checksummed[k] {
			want = wantChecksummed
		}
		t.Logf("%s: recall %.4f of %d", k, recall, found[k]+lost[k])
		if !(recall >= want) {
			t.Errorf("%s: recall %.4f, want %.3f", k, recall, want)
		}
	}
	precision := float64(total) / float64(total+wrong)
	t.Logf("%d lines, precision %.4f (%d wrong)", lines, precision, wrong)
	if precision < wantPrecision {
		t.Errorf("precision %.4f, want %.2f", precision, wantPrecision)
	}
}

func personal() []maker {
	return append(append(identities(), telephones()...), append(documents(), cardsAndPlates()...)...)
}

func identities() []maker {
	id := func(r *rand.Rand) string { return identityNumber(r, fmt.Sprintf("%d%05d", 1+r.IntN(8), r.IntN(70000))) }
	called := []string{"身份证%s", "身份证号码是%s", "证件号：%s", "公民身份号码 %s 核对一下", "ID card no. %s", "%s，这是我老公的身份证", "身份證號 %s"}
	return []maker{
		{"identity", mask.Identity, id, nil},
		{"identity, small x", mask.Identity, func(r *rand.Rand) string { return strings.ToLower(id(r)) }, nil},
		{"identity, full width", mask.Identity, func(r *rand.Rand) string { return fullWidth(id(r)) }, nil},
		{"identity, parted", mask.Identity, func(r *rand.Rand) string {
			return part(r, id(r), []int{6, 8, 4}, []int{6, 4, 4, 4}, []int{4, 4, 4, 4, 2}, []int{3, 3, 4, 4, 4})
		}, nil},
		{"identity, spelled", mask.Identity, func(r *rand.Rand) string { return strings.Join(strings.Split(id(r), ""), " ") }, nil},
		{"identity, wrong check digit", mask.Identity, func(r *rand.Rand) string {
			v := id(r)
			return v[:17] + string("0123456789X"[(strings.IndexByte("0123456789X", v[17])+1+r.IntN(10))%11])
		}, called},
		{"identity, 15", mask.Identity, func(r *rand.Rand) string {
			return fmt.Sprintf("%d%05d%s%03d", 1+r.IntN(6), r.IntN(70000), day(r)[2:], r.IntN(1000))
		}, called},
		{"residence permit", mask.ResidencePermit, func(r *rand.Rand) string { return identityNumber(r, pick(r, "810000", "820000", "830000")) }, nil},
		{"permanent card", mask.PermanentCard, func(r *rand.Rand) string { return identityNumber(r, fmt.Sprintf("9%05d", r.IntN(100000))) }, nil},
		{"permanent card, old", mask.PermanentCard, func(r *rand.Rand) string {
			return pick(r, "USA", "JPN", "KOR", "DEU", "GBR", "CAN") + pick(r, "4403", "1101", "3100", "4401") + day(r)[2:] + fmt.Sprintf("%02d", r.IntN(100))
		}, nil},
	}
}

func telephones() []maker {
	mobile := func(r *rand.Rand) string { return fmt.Sprintf("1%d%09d", 3+r.IntN(7), r.IntN(1_000_000_000)) }
	area := func(r *rand.Rand) string { return pick(r, "0755", "0769", "0752", "0663", "0898", "020", "010", "021") }
	local := func(r *rand.Rand) string { return fmt.Sprintf("%d%07d", 2+r.IntN(7), r.IntN(10_000_000)) }
	return []maker{
		{"mobile", mask.Mobile, mobile, nil},
		{"mobile, full width", mask.Mobile, func(r *rand.Rand) string { return fullWidth(mobile(r)) }, nil},
		{"mobile, Chinese", mask.Mobile, func(r *rand.Rand) string { return chinese(mobile(r)) }, nil},
		{"mobile, parted", mask.Mobile, func(r *rand.Rand) string {
			return part(r, mobile(r), []int{3, 4, 4}, []int{3, 8}, []int{7, 4}, []int{3, 3, 5}, []int{4, 3, 4})
		}, nil},
		{"mobile, spelled", mask.Mobile, func(r *rand.Rand) string { return strings.Join(strings.Split(mobile(r), ""), " ") }, nil},
		{"mobile, country code", mask.Mobile, func(r *rand.Rand) string { return pick(r, "+86", "+86 ", "0086", "86", "86-", "+86-") + mobile(r) }, nil},
		{"mobile, Hong Kong", mask.Mobile, func(r *rand.Rand) string { return pick(r, "+852", "+852 ", "+853-", "00852 ") + local(r) }, nil},
		{"mobile, any parting, called so", mask.Mobile, func(r *rand.Rand) string {
			return part(r, mobile(r), []int{2, 4, 5}, []int{2, 3, 3, 3}, []int{1, 5, 5})
		},
			[]string{"手机%s", "电话是%s", "联系方式：%s", "微信同号 %s", "call me: %s"}},
		{"landline", mask.Landline, func(r *rand.Rand) string { return area(r) + pick(r, "-", " ", "－") + local(r) }, nil},
		{"landline, in one piece", mask.Landline, func(r *rand.Rand) string { return area(r) + local(r) }, nil},
		{"landline, 4-4", mask.Landline, func(r *rand.Rand) string { l := local(r); return area(r) + "-" + l[:4] + " " + l[4:] }, nil},
		{"landline, country code", mask.Landline, func(r *rand.Rand) string { return "+86-" + area(r)[1:] + "-" + local(r) }, nil},
		{"landline, no area", mask.Landline, local, []string{"电话%s", "座机是%s", "tel:%s", "联系电话：%s，白天打", "固话 %s"}},
	}
}

func documents() []maker {
	n := func(r *rand.Rand, width int) string { // never a date
		return fmt.Sprintf("%d%0*d", 3+r.IntN(7), width-1, r.IntN(pow10(width-1)))
	}
	letter := func(r *rand.Rand) string { return string("ABCDEFGHJKLMNPQRSTUVWXYZ"[r.IntN(24)]) }
	return []maker{
		{"passport", mask.Passport, func(r *rand.Rand) string { return pick(r, "E", "G", "e") + n(r, 8) }, nil},
		{"passport, two letters", mask.Passport, func(r *rand.Rand) string { return "E" + letter(r) + n(r, 7) }, nil},
		{"passport, official", mask.Passport, func(r *rand.Rand) string { return pick(r, "DE", "SE", "PE") + n(r, 7) }, nil},
		{"passport, diplomatic", mask.Passport, func(r *rand.Rand) string { return pick(r, "D", "S", "P") + n(r, 7) }, []string{"护照%s", "公务护照号码：%s", "passport %s"}},
		{"passport, parted", mask.Passport, func(r *rand.Rand) string { v := n(r, 8); return "E " + v[:4] + " " + v[4:] }, []string{"护照%s", "护照号：%s", "passport %s"}},
		{"passport, foreign", mask.Passport, func(r *rand.Rand) string { return pick(r, "", "X", "AB", "K") + n(r, 7) },
			[]string{"护照%s", "护照号：%s", "我的护照号码是%s", "Passport No. %s", "passport: %s"}},
		{"exit permit", mask.ExitPermit, func(r *rand.Rand) string { return pick(r, "C", "W", "c") + n(r, 8) }, nil},
		{"exit permit, two letters", mask.ExitPermit, func(r *rand.Rand) string { return "C" + letter(r) + n(r, 7) }, nil},
		{"home return", mask.HomeReturn, func(r *rand.Rand) string { return pick(r, "H", "M") + n(r, 8) }, nil},
		{"home return, eleven", mask.HomeReturn, func(r *rand.Rand) string { return pick(r, "H", "M") + n(r, 8) + pick(r, "00", "01", "02") }, nil},
		{"Taiwan permit", mask.TaiwanPermit, func(r *rand.Rand) string { return n(r, 8) }, []string{"台胞证%s", "台胞证号码是%s", "我台湾居民来往大陆通行证 %s 丢了", "%s是我的台胞证"}},
		{"Taiwan permit, ten", mask.TaiwanPermit, func(r *rand.Rand) string { return n(r, 10) }, []string{"台胞证%s", "台胞证号码是%s", "老的台胞证：%s"}},
	}
}

func cardsAndPlates() []maker {
	card := func(r *rand.Rand) string {
		return pick(r, cardNumber(r, "62", 19), cardNumber(r, "62", 16), cardNumber(r, "4", 16), cardNumber(r, "53", 16), cardNumber(r, "2223", 16), cardNumber(r, "37", 15))
	}
	office := func(r *rand.Rand) string {
		return pick(r, "粤", "京", "沪", "湘", "鄂", "桂", "闽", "赣", "川", "渝", "苏", "浙") + string("ABCDEFGHJKLMNPQRSTUVWXYZ"[r.IntN(24)])
	}
	serial := func(r *rand.Rand) string {
		v := []byte(fmt.Sprintf("%05d", r.IntN(100000)))
		for range r.IntN(3) {
			v[r.IntN(5)] = "ABCDEFGHJKLMNPQRSTUVWXYZ"[r.IntN(24)]
		}
		return string(v)
	}
	return []maker{
		{"card", mask.BankCard, card, nil},
		{"card, in fours", mask.BankCard, func(r *rand.Rand) string { return part(r, cardNumber(r, "62", 19), []int{4, 4, 4, 4, 3}, []int{6, 13}) }, nil},
		{"card, in fours, 16", mask.BankCard, func(r *rand.Rand) string { return part(r, cardNumber(r, "4", 16), []int{4, 4, 4, 4}) }, nil},
		{"card, any, called so", mask.BankCard, func(r *rand.Rand) string {
			return pick(r, cardNumber(r, "60", 17), cardNumber(r, "4", 13), cardNumber(r, "9558", 19), cardNumber(r, "36", 14), cardNumber(r, "69", 16))
		}, []string{"银行卡%s", "卡号是%s", "转账到%s被骗了", "收款账号：%s", "我的工行卡 %s"}},
		{"plate", mask.Plate, func(r *rand.Rand) string { return office(r) + pick(r, "", "·", " ", "-") + serial(r) }, nil},
		{"plate, new energy", mask.Plate, func(r *rand.Rand) string { return office(r) + pick(r, "D", "F") + fmt.Sprintf("%05d", r.IntN(100000)) }, nil},
		{"plate, large new energy", mask.Plate, func(r *rand.Rand) string { return office(r) + fmt.Sprintf("%05d", r.IntN(100000)) + pick(r, "D", "F") }, nil},
		{"plate, special", mask.Plate, func(r *rand.Rand) string {
			return office(r) + fmt.Sprintf("%04d", r.IntN(10000)) + pick(r, "学", "警", "挂", "港", "澳")
		}, nil},
	}
}

// lookAlikes are numbers that belong to nobody.
func lookAlikes() []maker {
	date := func(r *rand.Rand) string {
		return fmt.Sprintf("20%02d%02d%02d", 20+r.IntN(8), 1+r.IntN(12), 1+r.IntN(28))
	}
	digits := func(r *rand.Rand, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('0' + r.IntN(10))
		}
		return string(b)
	}
	const hex = "0123456789abcdef"
	return []maker{
		{"order number", "", func(r *rand.Rand) string { return date(r) + digits(r, 4+r.IntN(10)) }, nil},
		{"incident number", "", func(r *rand.Rand) string { return "440304" + date(r) + digits(r, 9) }, nil},
		{"18 digits", "", func(r *rand.Rand) string { return digits(r, 18) }, nil},
		{"snowflake", "", func(r *rand.Rand) string { return "1" + digits(r, 18) }, nil},
		{"milliseconds", "", func(r *rand.Rand) string { return "17" + digits(r, 11) }, nil},
		{"seconds", "", func(r *rand.Rand) string { return "17" + digits(r, 8) }, nil},
		{"eight digits", "", func(r *rand.Rand) string { return digits(r, 8) }, nil},
		{"ten digits", "", func(r *rand.Rand) string { return "4" + digits(r, 9) }, nil},
		{"twelve digits", "", func(r *rand.Rand) string { return "4403" + digits(r, 8) }, nil},
		{"ISBN", "", func(r *rand.Rand) string { return "978-7-" + digits(r, 3) + "-" + digits(r, 5) + "-" + digits(r, 1) }, nil},
		{"service line", "", func(r *rand.Rand) string { return pick(r, "400-", "800-", "400 ") + digits(r, 3) + "-" + digits(r, 4) }, nil},
		{"time", "", func(r *rand.Rand) string {
			d := date(r)
			return d[:4] + "-" + d[4:6] + "-" + d[6:] + pick(r, " ", "T") + fmt.Sprintf("%02d:%02d:%02d.%03d", r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
		}, nil},
		{"money", "", func(r *rand.Rand) string { return fmt.Sprintf("%d.%02d元", r.IntN(100_000_000_000), r.IntN(100)) }, nil},
		{"money, sign", "", func(r *rand.Rand) string { return fmt.Sprintf("¥%d", 10_000_000_000+r.IntN(10_000_000_000)) }, nil},
		{"fraction", "", func(r *rand.Rand) string { return fmt.Sprintf("%.16f", r.Float64()) }, nil},
		{"place", "", func(r *rand.Rand) string { return fmt.Sprintf("%.6f,%.6f", 113.7+r.Float64(), 22.4+r.Float64()) }, nil},
		{"address of a private network", "", func(r *rand.Rand) string {
			return pick(r, fmt.Sprintf("192.168.%d.%d", r.IntN(256), r.IntN(256)), fmt.Sprintf("10.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256)))
		}, nil},
		{"section", "", func(r *rand.Rand) string {
			return fmt.Sprintf("第%d.%d.%d.%d条", 1+r.IntN(12), 1+r.IntN(12), 1+r.IntN(12), 1+r.IntN(12))
		}, nil},
		{"item", "", func(r *rand.Rand) string {
			return pick(r, "CRJ", "RK", "JJ", "ZA", "WJ", "SP", "JD", "XZ") + pick(r, "-", "") + digits(r, 3)
		}, nil},
		{"document of an office", "", func(r *rand.Rand) string { return fmt.Sprintf("深公〔%d〕%d号", 2015+r.IntN(12), r.IntN(30000)) }, nil},
		{"ULID", "", func(r *rand.Rand) string { return "01J" + from("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 23)(r) }, nil},
		{"hash", "", from(hex, 64), nil},
		{"UUID", "", func(r *rand.Rand) string {
			h := from(hex, 32)(r)
			return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
		}, nil},
		{"version", "", func(r *rand.Rand) string { return fmt.Sprintf("v%d.%d.%d", r.IntN(20), r.IntN(100), r.IntN(1000)) }, nil},
		{"duration", "", func(r *rand.Rand) string { return fmt.Sprintf("duration=%d", 13_000_000_000+r.IntN(7_000_000_000)) }, nil},
		{"parcel", "", func(r *rand.Rand) string { return pick(r, "SF", "YT", "JD", "ZTO") + digits(r, 13) }, nil},
		{"page", "", func(r *rand.Rand) string {
			return "https://www.example.com/n/" + digits(r, 11) + "?id=1" + digits(r, 10)
		}, nil},
		{"words and figures", "", func(r *rand.Rand) string {
			return fmt.Sprintf("%d个工作日，%d元，%d岁以上，第%d条", 1+r.IntN(30), r.IntN(5000), r.IntN(90), r.IntN(200))
		}, nil},
	}
}

func identityNumber(r *rand.Rand, area string) string {
	v := area + day(r) + fmt.Sprintf("%03d", r.IntN(1000))
	// ISO 7064 by recursion, not by the weights that the package uses.
	p := 0
	for _, c := range v {
		p = (p + int(c-'0')) * 2 % 11
	}
	return v + string("0123456789X"[(12-p)%11])
}

func cardNumber(r *rand.Rand, prefix string, n int) string {
	v := prefix
	for len(v) < n-1 {
		v += string(rune('0' + r.IntN(10)))
	}
	sum := 0
	for i := range v {
		sum += [2][10]int{{0, 2, 4, 6, 8, 1, 3, 5, 7, 9}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}[i%2][v[len(v)-1-i]-'0']
	}
	return v + string(rune('0'+(10-sum%10)%10))
}

func day(r *rand.Rand) string {
	return fmt.Sprintf("%d%02d%02d", 1930+r.IntN(70), 1+r.IntN(12), 1+r.IntN(28))
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// part cuts v into the sizes of one of the shapes.
func part(r *rand.Rand, v string, shapes ...[]int) string {
	sep := pick(r, " ", "-", " - ", "　")
	var parts []string
	for _, n := range shapes[r.IntN(len(shapes))] {
		parts = append(parts, v[:n])
		v = v[n:]
	}
	return strings.Join(parts, sep)
}

func fullWidth(s string) string {
	return strings.Map(func(r rune) rune { return r - '!' + '！' }, s)
}

func chinese(s string) string {
	return strings.Map(func(r rune) rune { return []rune("零一二三四五六七八九")[r-'0'] }, s)
}
