package mask_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"shenwei/data"
	"shenwei/internal/mask"
)

func ExampleText() {
	fmt.Println(mask.Text("我叫小王，身份证11010519491231002X，电话138 0013 8000，想办CRJ-011，问过12367了"))
	// Output: 我叫小王，身份证[身份证号]，电话[手机号]，想办CRJ-011，问过12367了
}

func ExampleFind() {
	s := "tel: 0755-84465001"
	for _, span := range mask.Find(s) {
		fmt.Println(span.Kind, s[span.Start:span.End])
	}
	// Output: 电话号码 0755-84465001
}

func TestTextMasksPersonalData(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"identity number", "11010519491231002X", "[身份证号]"},
		{"identity number, sequence ends in 4", "440524188001010014", "[身份证号]"},
		{"identity number inside Chinese words", "我的号是11010519491231002X帮我查", "我的号是[身份证号]帮我查"},
		{"small x", "11010519491231002x，", "[身份证号]，"},
		{"x typed as multiplication sign", "11010519491231002×", "[身份证号]"},
		{"full width", "１１０１０５１９４９１２３１００２Ｘ", "[身份证号]"},
		{"spaces", "110105 19491231 002X", "[身份证号]"},
		{"hyphens", "110105-19491231-002X", "[身份证号]"},
		{"groups of four", "1101 0519 4912 3100 2X", "[身份证号]"},
		{"every digit alone", "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X", "[身份证号]"},
		{"zero width spaces", "110105\u200b19491231\u200b002X", "[身份证号]"},
		{"Chinese digits", "四四零五二四一八八零零一零一零零一四", "[身份证号]"},
		{"wrong check digit near the word", "身份证号110105194912310021", "身份证号[身份证号]"},
		{"wrong check digit, word behind", "110105194912310021是我的身份证号", "[身份证号]是我的身份证号"},
		{"wrong date near the word", "身份证：110105194913310021", "身份证：[身份证号]"},
		{"traditional word", "身份證 110105194912310021", "身份證 [身份证号]"},
		{"English word", "my ID card 110105194912310021", "my ID card [身份证号]"},
		{"15 digits near the word", "老身份证 130503670401001", "老身份证 [身份证号]"},
		{"15 digits, parted", "身份证 130503 670401 001", "身份证 [身份证号]"},
		{"residence permit of a Hong Kong resident", "810000199408230021", "[居住证号]"},
		{"residence permit of a Taiwan resident", "830000199201300022", "[居住证号]"},
		{"permanent card, new", "932682199801010013", "[永居证号]"},
		{"permanent card, old", "USA110180010112", "[永居证号]"},
		{"identity and mobile glued", "44052418800101001413800138000", "[身份证号][手机号]"},
		{"mobile and identity glued", "13800138000440524188001010014", "[手机号][身份证号]"},
		{"identity with X and mobile glued", "11010519491231002X13800138000", "[身份证号][手机号]"},

		{"mobile", "13800138000", "[手机号]"},
		{"mobile 3-4-4", "138 0013 8000", "[手机号]"},
		{"mobile with hyphens", "138-0013-8000", "[手机号]"},
		{"mobile with dots", "138.0013.8000", "[手机号]"},
		{"mobile with country code", "+8613800138000", "[手机号]"},
		{"mobile with parted country code", "+86 138-0013-8000", "[手机号]"},
		{"mobile with 0086", "0086 138 0013 8000", "[手机号]"},
		{"mobile with bare 86", "8613800138000", "[手机号]"},
		{"mobile with code in parentheses", "(+86)13800138000", "[手机号]"},
		{"mobile with leading zero", "013800138000", "[手机号]"},
		{"mobile full width", "１３８００１３８０００", "[手机号]"},
		{"mobile spelled", "1 3 8 0 0 1 3 8 0 0 0", "[手机号]"},
		{"mobile in Chinese digits", "打一三八零零一三八零零零", "打[手机号]"},
		{"mobile with 幺 and 〇", "幺三八〇〇幺三八〇〇〇", "[手机号]"},
		{"mobile parted oddly, called so", "手机13 8001 38000", "手机[手机号]"},
		{"mobile in Chinese and Western digits, called so", "手机号138零零138000", "手机号[手机号]"},
		{"mobile behind a word that ends in a digit", "第一13800138000", "第一[手机号]"},
		{"two mobiles", "13800138000/13900139000", "[手机号]/[手机号]"},
		{"two mobiles with a space", "13800138000 13900139000", "[手机号] [手机号]"},
		{"list of mobiles", "1.13800138000\n2.13900139000", "1.[手机号]\n2.[手机号]"},
		{"mobile as mail address", "13800138000@139.com", "[邮箱]"},
		{"mobile in JSON", `{"phone":"13800138000","n":3}`, `{"phone":"[手机号]","n":3}`},
		{"mobile on New Year's day", "13800138000元旦联系", "[手机号]元旦联系"},
		{"mobile at the end of a sentence", "call me at any time 13800138000.", "call me at any time [手机号]."},
		{"mobile glued to letters", "wx13800138000", "wx[手机号]"},
		{"Hong Kong mobile", "+852 9123 4567", "[手机号]"},
		{"Hong Kong mobile with 00", "00852 91234567", "[手机号]"},
		{"Macao mobile", "+853-6612-3456", "[手机号]"},
		{"Taiwan mobile", "+886 912 345 678", "[手机号]"},
		{"other international number, called so", "phone +1 415 555 2671", "phone [手机号]"},
		{"landline", "0755-84465001", "[电话号码]"},
		{"landline in parentheses", "（0755）84465001", "[电话号码]"},
		{"landline 4-4", "0755 8446 5001", "[电话号码]"},
		{"landline of Beijing", "010-12345678", "[电话号码]"},
		{"landline in one piece", "075584465001", "[电话号码]"},
		{"landline with country code", "+86 755 84465001", "[电话号码]"},
		{"landline with extension", "0755-84465001-802", "[电话号码]-802"},
		{"landline without area, called so", "电话：84465001", "电话：[电话号码]"},
		{"landline of seven digits, called so", "座机是 6654321", "座机是 [电话号码]"},

		{"passport", "护照E12345678", "护照[护照号]"},
		{"passport bare", "E12345678", "[护照号]"},
		{"passport small letter", "e12345678", "[护照号]"},
		{"passport new", "EA1234567", "[护照号]"},
		{"passport official", "PE1234567", "[护照号]"},
		{"passport diplomatic, called so", "外交护照 D1234567", "外交护照 [护照号]"},
		{"passport old", "G12345678到期", "[护照号]到期"},
		{"passport full width", "Ｅ１２３４５６７８", "[护照号]"},
		{"passport parted, called so", "护照号码 E 1234 5678", "护照号码 [护照号]"},
		{"foreign passport, called so", "passport no. 123456789", "passport no. [护照号]"},
		{"foreign passport with letters", "Passport: TR1234567", "Passport: [护照号]"},
		{"permit", "C12345678", "[通行证号]"},
		{"permit new", "CA1234567", "[通行证号]"},
		{"permit booklet", "W12345678", "[通行证号]"},
		{"permit parted, called so", "通行证 C 12345678", "通行证 [通行证号]"},
		{"home return", "H12345678", "[回乡证号]"},
		{"home return, eleven places", "M1234567801", "[回乡证号]"},
		{"Taiwan permit", "台胞证 12345678", "台胞证 [台胞证号]"},
		{"Taiwan permit, ten digits", "我的台胞证号码是0123456789", "我的台胞证号码是[台胞证号]"},

		{"bank card of 19", "6222021234567890128", "[银行卡号]"},
		{"bank card in fours", "6222 0212 3456 7890 128", "[银行卡号]"},
		{"bank card of 16", "4111111111111111", "[银行卡号]"},
		{"bank card 51", "5555-5555-5555-4444", "[银行卡号]"},
		{"bank card Amex", "378282246310005", "[银行卡号]"},
		{"bank card of 13, called so", "银行卡4222222222222", "银行卡[银行卡号]"},

		{"plate", "浙A12345", "[车牌号]"},
		{"plate with two letters", "浙AB123C", "[车牌号]"},
		{"plate with dot", "粤B·12345被贴条", "[车牌号]被贴条"},
		{"plate with space", "粤B 12345", "[车牌号]"},
		{"plate with hyphen", "粤B-12345", "[车牌号]"},
		{"plate new energy", "粤BD12345", "[车牌号]"},
		{"plate new energy, large", "浙A12345D", "[车牌号]"},
		{"plate small letters", "粤bd12345", "[车牌号]"},
		{"plate full width", "粤Ｂ１２３４５", "[车牌号]"},
		{"plate Hong Kong", "粤Z1234港", "[车牌号]"},
		{"plate police", "京A1234警", "[车牌号]"},
		{"plate learner", "粤B1234学", "[车牌号]"},
		{"credit code", "91350100M000100Y43", "[信用代码]"},
		{"credit code with a slip, called so", "统一社会信用代码91440300MA5G123456", "统一社会信用代码[信用代码]"},
		{"internet address", "IP 172.168.100.12", "IP [IP地址]"},
		{"two internet addresses", "172.168.100.12 → 10.0.0.1", "[IP地址] → 10.0.0.1"},
		{"plate and mobile", "粤B12345 13800138000", "[车牌号] [手机号]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := mask.Text(c.in); got != c.want {
				t.Errorf("Text(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

// Each line stays as it is.
const survivors = `
我想办护照
CRJ-007
最新CRJ007怎么办
CRJ-001|CRJ-002|CRJ-004|CRJ-006|CRJ-028
RK-052和JJ-001、ZA-019、WJ-003、SP-002、JD-001、XZ-001
报警打110，火警119，急救120，事故122
110 119 120 122 12110 12345 12367 12123 12389 96110 12356
短信报警发到12110755
电话12110755
12333 12329 12366 12348 12315 12381 12395
身份证的事问 96110 12345 12367
身份证业务电话 12345 12367 12123
反诈专线0755-81234567
反诈专线（0755）81234567
户政咨询电话0755-84465000，出入境0755-84465490
电话：84465000
电话 8446 5000
075584464600
+86-755-83333333
+86 755 8333 3333
交警热线0755-83333333转人工
投诉0755-12345，监督0755-12389
客服400-800-1234
95588
2026-11-22
2026年11月22日15:30:00
2026.11.22 15.30
20261122
20261122153000
2026-11-22T15:30:00.123456789Z
2026/11/22 09:00-12:00 14:00-18:00
1949-10-01到2026-10-01
身份证2026年11月22日到期
身份证20261122到期
台胞证20261122到期
护照 20261122 到期
电话20261122打过
120元/本
金额13800138000
13800138000元
人民币 13800138000
￥13800138000
¥ 6222021234567890128
共计15000000000元
罚款200元记6分
1,380,013,800,000
13.8001380000
0.13800138000
3.14159265358979
113.94312345,22.54312345
22.5431,114.0579
{"took":13800138000,"ok":true}
took_us=13800138000 dur_ns=15000000000
level=INFO msg=served bytes=13800138000 status=200
time=2026-11-22T15:30:00.000+08:00 level=INFO msg=reply conversation=01JABCDEF0123456789ABCDEFG seq=2
1763796600
1763796600123
1763796600123456
1763796600123456789
订单号13800138000
快递单号：6222021234567890128
流水号 440305202611220012
身份证受理号：440305202611220012
192.168.100.120:8080
IP 10.0.0.1
91440300MA5G123456
550e8400-e29b-41d4-a716-446655440000
12345678-1234-1234-1234-13800138000a
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
a13800138000f9c1b2d3e4f5a6b7c8d9
01J8Z3K4M5N6P7Q8R9S0T1V2W3
go1.26.8 v2.15.0 v1.14.53
公安部令第164号
发改价格〔2019〕1931号
GB/T 22239-2019、GB 11643-1999
粤公通字〔2026〕123号
深公（福）行罚决字〔2026〕12345号
案号（2026）粤0304民初12345号
警情编号2026112215300012345
警情编号4403042026112215300012345
110105194912310021
123456789012345678
6222021234567890127
6222021234567890
130503670401001
12800138000
1380013800
138001380001
12345678
123456789
1234567890
1234567890123456
EI1234567
E1234567
E123456789
D1234567
P1234567
ABC202611220001
DEV-E12345678-01
型号H12345678
版本 E12345678
C20261122
H20261122
EA123456789CN
SF1234567890123
G1234次列车
CZ3456航班
1e12345678
浙O12345
浙A1234
粤B123
新A10000元
云南A1
使用E1234
领C1证
驾照C1、C2、B2
7个工作日，5-7天，10%～20%
第6、第10年
18周岁以上、16-26岁
1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
一二三四五六七八九十
二〇二六年十一月二十二日
一三八
十一、十二、十三
https://www.example.com/13800138000
https://www.example.com/a?id=13800138000&x=1
http://127.0.0.1:8080/items/CRJ-001?t=1763796600123
www.example.com/13800138000/440524188001010014
ycnx.singlewindow.gd.cn
weixin://bizmsgmenu?msgmenuid=13800138000
占位符[手机号]和[身份证号]
138****8000
110105********002X
3楼12号窗口
福田区福中三路2006号
E=mc2
π≈3.14159265358979323846
99999999999999999999999999999999999999
00000000000
000000000000000000`

func TestTextKeepsWhatIsNotPersonal(t *testing.T) {
	for line := range strings.Lines(strings.TrimSpace(survivors)) {
		line = strings.TrimSuffix(line, "\n")
		if got := mask.Text(line); got != line {
			t.Errorf("Text(%q) = %q", line, got)
		}
	}
}

func TestOfficialNumbersSurviveInEverySentence(t *testing.T) {
	numbers := []string{
		"110", "119", "120", "122", "12110", "12110755", "12345", "12367", "12123", "12389", "96110", "12356",
		"12333", "12329", "12366", "12348", "12315", "12381", "12395", "0755-81234567", "0755-84465000",
		"0755-84465490", "0755-84464600", "0755-83333333", "075583333333", "(0755)83333333", "0755 83333333",
		"+86-755-83333333", "0755－８３３３３３３３", "０７５５-83333333", "84465000",
	}
	for _, n := range numbers {
		for _, form := range []string{
			"%s", "电话%s", "请拨打%s。", "手机打%s可以吗", "身份证的事打%s", "台胞证问%s", "护照问%s", "银行卡被盗刷打%s",
			"tel: %s", "%s、12345", "12345 %s", "%s %s", "车牌粤B丢了打%s",
		} {
			s := fmt.Sprintf(form, n)
			if strings.Count(form, "%s") == 2 {
				s = fmt.Sprintf(form, n, n)
			}
			if got := mask.Text(s); got != s {
				t.Errorf("Text(%q) = %q", s, got)
			}
		}
	}
}

func TestShippedKnowledgeSurvives(t *testing.T) {
	err := fs.WalkDir(data.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if strings.HasPrefix(path, "gold/") {
			return nil // citizens' lines, made up but with data of persons in them
		}
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(data.Files, path)
		if err != nil {
			return err
		}
		s := string(b)
		for _, sp := range mask.Find(s) {
			t.Errorf("%s: %q looks like a %s", path, s[sp.Start:sp.End], sp.Kind)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whom the shipped questions speak of. They are made up; nothing else in them is personal.
var madeUp = map[string]bool{"阮氏梅": true, "刘晓霞": true, "王招娣": true, "李小花": true, "粤B12345": true}

func TestOrdinaryQuestionsStayAsTheyAre(t *testing.T) {
	files, err := fs.Glob(data.Files, "gold/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	lines, wrong := 0, 0
	for _, path := range files {
		b, err := fs.ReadFile(data.Files, path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			lines++
			for _, sp := range mask.Find(line) {
				if got := line[sp.Start:sp.End]; !madeUp[got] {
					wrong++
					t.Logf("%s: %q looks like a %s in %s", path, got, sp.Kind, line)
				}
			}
		}
	}
	if wrong*1000 > lines {
		t.Errorf("%d of %d lines are masked that say nothing personal", wrong, lines)
	}
}

func TestMaskedTextIsStable(t *testing.T) {
	for _, k := range mask.Kinds {
		if got := mask.Text(k.Mask()); got != k.Mask() {
			t.Errorf("Text(%q) = %q", k.Mask(), got)
		}
	}
	// The identity number comes within reach of its word once the mobile between them is gone.
	s := "身份证" + strings.Repeat("，", 12) + "+86 138-0013-8000，110105194912310021"
	once := mask.Text(s)
	if strings.ContainsAny(once, "0123456789") {
		t.Errorf("Text(%q) = %q", s, once)
	}
	if twice := mask.Text(once); twice != once {
		t.Errorf("a second pass turned %q into %q", once, twice)
	}
}

func TestSpansLieInTheTextInOrder(t *testing.T) {
	s := "粤B12345车主，（0755）84465001、+86 13800138000，证件11010519491231002X，护照E12345678"
	want := []string{"粤B12345", "（0755）84465001", "+86 13800138000", "11010519491231002X", "E12345678"}
	spans := mask.Find(s)
	if len(spans) != len(want) {
		t.Fatalf("%d spans, want %d: %v", len(spans), len(want), spans)
	}
	for i, sp := range spans {
		if got := s[sp.Start:sp.End]; got != want[i] {
			t.Errorf("span %d is %q, want %q", i, got, want[i])
		}
	}
}

func TestLongTextsTakeLinearTime(t *testing.T) {
	const size = 1 << 16
	for _, unit := range []string{"1", "1 ", "13800138000 ", "E1", "粤B", "粤B1", "www.", "a://1", "一", "(", "a1-", "110105 ", "我叫王", "住", "3栋", "a@b.c", "9135", "@", "王先生", "1.2.3.4 ", "栋1"} {
		s := strings.Repeat(unit, size/len(unit))
		start := time.Now()
		mask.Text(s)
		// About 0.2 s at most; what grows with the square would take minutes.
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q repeated to %d bytes took %v", unit, size, took)
		} else {
			t.Logf("%q %v", unit, took)
		}
	}
}
