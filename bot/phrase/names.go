package phrase

import (
	"strings"
	"unicode/utf8"

	"shenwei/kb"
)

// name is an entry of the dictionary: what it is, and one id for all ways to write it.
type name struct {
	kind kind
	id   string
}

// names is the dictionary of names: items, organs and outlets, and the papers and things that
// matters are about. It is immutable.
type names = words[name]

// organs are offices and channels by what they are; the first is what the others also mean.
const organs = `派出所
公安局 公安机关 公安部门 市公安局 公安分局 分局
交警大队 交警支队 交警部门 交警 交管部门 交管局 公安交管部门 交通警察
车管所 车辆管理所 车管部门
出入境窗口 出入境大厅 出入境办证大厅 出入境接待窗口 出入境部门 出入境管理部门 出入境管理局 出入境
移民局 国家移民管理局 移民管理局
户籍窗口 户政窗口 户籍派出所 户政大厅
受理点 户政受理点
办证窗口 办事窗口
口岸
边检 边检站 边防
海关
居委会 社区居委会
社区工作站 工作站
街道办 街道办事处 街道
民政局 民政部门 婚姻登记处
法院 人民法院
检察院 人民检察院
公证处 公证机构
使领馆 大使馆 领事馆 使馆
税务局 税务部门
社保局 社保部门 人社局 人社部门 人力资源部门
教育局 教育部门 教育行政部门
住建局 住建部门
城管 城管部门 城管局
市场监管局 市场监管部门 市场监督管理局 市场监管 工商局
消防 消防部门 消防救援
卫生健康委 卫健委 卫健部门 卫生健康部门 卫生部门
应急管理局 应急部门 应急管理部门
生态环境局 生态环境部门 环保局
交通运输局 交通运输部门 交通局
文化部门 文旅局 文体部门 文旅部门
外事办 外事部门
侨务部门 侨办
台办
商务局 商务部门
金融监管部门 金融监管局
退役军人事务部门 退役军人事务局
民族事务部门 民族宗教部门
物业 物业公司 物业管理处
律师 律师事务所 律所
法律援助中心 法律援助机构
司法所 司法局 司法行政部门
人民调解委员会 调解委员会
12348
银行
保险公司 保险
医院 医疗机构 卫生院
学校
旅行社
旅馆 酒店 宾馆
自助机 一体机 自助设备 自助终端 自助办证机 自助签注机
公众号 微信公众号
小程序
网信办 网信部门
网安 网警 网安部门 公安网安
反诈中心 反诈骗中心
仲裁委 劳动仲裁 仲裁机构 仲裁委员会
劳动监察 劳动部门 劳动监察大队
消委会 消费者协会
居住地
户籍地 户口所在地`

// papers are things that citizens bring, beside those of the lexicon; each line is one thing.
const papers = `营业执照 执照
结婚证 结婚证书
离婚证
离婚协议
出生医学证明 出生证
死亡证明 死亡医学证明
委托书 授权书 授权委托书
不动产权证 房产证 不动产权证书
毕业证 毕业证书
学历证 学历证书
录取通知书
发票
合格证
公证书
判决书
决定书
认定书
回执
受理回执
营业执照副本
租赁合同 租约
介绍信
收据
体检证明
无犯罪记录证明
亲属关系证明
亲子鉴定
户口簿 户口本
出生证明
保单 保险单
公章
印章
许可证`

// newNames makes the dictionary of a release's knowledge.
func newNames(k *kb.Knowledge) *names {
	w := newWords[name]()
	if k != nil {
		for _, c := range k.Lexicon.Concepts {
			if c.Kind != kb.Object {
				continue
			}
			for _, s := range append([]string{c.Name}, c.Words...) {
				if isPaper(s) {
					w.add(s, name{kindThing, c.ID})
				}
			}
		}
		for _, o := range k.Outlets {
			w.add(o.Name, name{kindOrgan, o.Name})
		}
		for _, it := range k.Items {
			w.add(it.Name, name{kindItem, it.Code})
		}
	}
	for k, list := range map[kind]string{kindOrgan: organs, kindThing: papers} {
		for _, line := range strings.Split(list, "\n") {
			all := strings.Fields(line)
			for _, s := range all {
				if _, known := w.of[s]; !known {
					w.add(s, name{k, all[0]})
				}
			}
		}
	}
	return w
}

// isPaper tells whether a word of the lexicon is the name of a paper and no phrase about it
// (补身份证, 这张证): those come and go in any honest wording.
func isPaper(s string) bool {
	if utf8.RuneCountInString(s) < 2 || !hanOnly(s) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return !strings.ContainsRune("这那办补换领开丢挂改报招迁交查找打要有没", first) && strings.ContainsRune("证照簿本卡书单牌签注函章册", last) && (last != '本' || utf8.RuneCountInString(s) > 2) // 车本 is in 领车本身, too
}

func hanOnly(s string) bool {
	for _, r := range s {
		if !isHan(r) {
			return false
		}
	}
	return true
}

// elsewhere are places that no answer of ours sends anybody to, unless its source does.
var elsewhere = wordSet(`北京 上海 广州 天津 重庆 成都 杭州 南京 武汉 西安 长沙 苏州 青岛 厦门 福州 济南 郑州 合肥 昆明 南昌 沈阳 大连 哈尔滨 长春 石家庄
太原 南宁 贵阳 海口 三亚 兰州 西宁 银川 乌鲁木齐 拉萨 呼和浩特 东莞 惠州 佛山 珠海 中山 江门 汕头 汕尾 河源 宁波 温州 无锡 新加坡 日本 美国 泰国 韩国 英国`)

// NewDictionary reads the names of a release's knowledge.
func NewDictionary(k *kb.Knowledge) *Dictionary { return &Dictionary{newNames(k)} }
