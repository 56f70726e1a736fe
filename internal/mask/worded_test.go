package mask_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"shenwei/internal/mask"
)

// Names as the census counts them, not as the package lists them.
var (
	surnames = strings.Fields("王 李 张 刘 陈 杨 黄 吴 赵 周 徐 孙 马 朱 胡 林 郭 何 高 罗 郑 梁 谢 宋 唐 许 邓 冯 韩 曹 曾 彭 萧 蔡 潘 田 董 袁 于 余 叶 蒋 杜 苏 魏 程 吕 丁 沈 任 姚 卢 傅 钟 姜 崔 谭 廖 范 汪 陆 金 石 戴 贾 韦 夏 邱 方 侯 邹 熊 孟 秦 白 江 阎 薛 尹 段 雷 黎 史 龙 贺 顾 毛 郝 龚 邵 万 钱 覃 武 欧阳 司徒")
	given    = strings.Fields("伟 芳 娜 秀英 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀兰 霞 平 刚 桂英 建国 建华 志强 晓东 小红 丽娟 海燕 文静 子轩 梓涵 浩然 雨桐 欣怡 诗涵 宇航 俊杰 佳怡 一诺 思远 嘉豪 家辉 美玲 淑芬 国栋 卫东 永康 金凤 玉兰 春梅 冬梅 晨曦 天宇 博文 若曦 语嫣 铭轩 沐阳 奕辰 可馨 沛霖 瑾瑜 凯 琳 婷 鑫 波 斌 燕 倩 雪 慧 莹 颖 辉 鹏 飞 浩 宇")
)

func personName(r *rand.Rand) string { return pick(r, surnames...) + pick(r, given...) }

// worded are the kinds that words tell, and those with letters.
func worded() []maker {
	announced := []string{
		"我叫%s，想问下护照", "我叫%s想办护照", "姓名：%s", "姓名:%s 男", "名字叫%s。", "我老公叫%s，在外地", "孩子叫%s，刚满月", "联系人：%s，急",
		"申请人是%s。", "曾用名：%s", "户主：%s", "我儿子叫%s今年上学", "本人姓名%s，", "车主：%s，车在外地", "她叫%s，是我同事", "收件人：%s", "嫌疑人叫%s，", "%s先生您好", "请找%s女士",
	}
	return []maker{
		{"name", mask.Name, personName, announced},
		{"name, weak", mask.Name, func(r *rand.Rand) string {
			return pick(r, surnames[:60]...) + pick(r, "建国", "志强", "晓东", "丽娟", "海燕", "子轩", "国栋", "玉兰")
		}, []string{"我是%s。", "我老公%s，", "女儿%s，", "我是%s，想咨询", "父亲%s。"}},
		{"home", mask.Home, home, []string{"我住在%s，想办居住证", "家住%s", "住址：%s", "家庭地址是%s。", "户籍地址：%s，怎么迁", "寄到%s", "租住在%s", "收件地址：%s 谢谢", "我的住址是%s，要改吗"}},
		{"room", mask.Home, func(r *rand.Rand) string {
			return pick(r, "莲花北村", "翠海花园", "阳光家园", "桃源居") + room(r)
		}, []string{"%s", "%s，有人吵架", "请来%s。"}},
		{"mail", mask.Mail, func(r *rand.Rand) string {
			return pick(r, "zhang", "li.hua", "wang_88", "chen-jie") + fmt.Sprint(r.IntN(1000)) + "@" + pick(r, "qq.com", "163.com", "gmail.com", "mail.example.com.cn")
		}, nil},
		{"WeChat", mask.Account, func(r *rand.Rand) string {
			return pick(r, "wxid_", "abc", "li_hua", "zhang-") + fmt.Sprintf("%05d", r.IntN(100000))
		}, []string{"微信号：%s", "加我微信 %s", "vx:%s", "微信%s", "我的微信号是%s。"}},
		{"QQ", mask.Account, func(r *rand.Rand) string { return fmt.Sprintf("%d%07d", 1+r.IntN(9), r.IntN(10_000_000)) }, []string{"QQ %s", "qq号：%s", "QQ群%s"}},
		{"openid", mask.OpenID, func(r *rand.Rand) string {
			return "oK3Y" + from("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789_-", 24)(r)
		}, []string{"openid=%s", "%s", "用户%s发来的"}},
		{"internet", mask.Internet, func(r *rand.Rand) string {
			return fmt.Sprintf("%d.%d.%d.%d", pick2(r, 113, 120, 183, 219, 58), 30+r.IntN(200), r.IntN(256), 1+r.IntN(254))
		}, nil},
		{"credit code", mask.CreditCode, creditCode, nil},
		{"credit code, called so", mask.CreditCode, func(r *rand.Rand) string {
			v := creditCode(r)
			return v[:4] + " " + v[4:8] + " " + v[8:12] + " " + v[12:]
		}, []string{"统一社会信用代码%s", "信用代码：%s", "税号 %s"}},
	}
}

func room(r *rand.Rand) string {
	return fmt.Sprintf(pick(r, "%d栋%d室", "%d栋%d", "%d号楼%d房", "%d栋3单元%d室", "%d座%d室"), 1+r.IntN(30), 101+r.IntN(2000))
}

func home(r *rand.Rand) string {
	s := pick(r, "福田区", "南山区", "宝安区西乡街道", "龙岗区布吉街道", "深圳市龙华区", "广东省深圳市罗湖区", "湖南省长沙市岳麓区") +
		pick(r, "福华路", "桃园路", "前进一路", "深南大道", "吉华路", "创业街", "新洲路") + fmt.Sprintf("%d号", 1+r.IntN(3000))
	if r.IntN(2) == 0 {
		s += pick(r, "阳光花园", "翠竹苑", "") + room(r)
	}
	return s
}

// creditCode makes a valid one, by GB 32100.
func creditCode(r *rand.Rand) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	v := pick(r, "91440300", "92440306", "91110108", "93350100") + pick(r, "MA5", "MA6", "M00", "X7") + from(alphabet, 6)(r)
	for len(v) < 17 {
		v += "0"
	}
	sum, weight := 0, 1
	for i := range 17 { // the weights are powers of 3 modulo 31
		sum += strings.IndexByte(alphabet, v[i]) * weight
		weight = weight * 3 % 31
	}
	return v + string(alphabet[(31-sum%31)%31])
}

func from(alphabet string, n int) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
}

func pick2(r *rand.Rand, of ...int) int { return of[r.IntN(len(of))] }
