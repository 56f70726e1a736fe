package desk

import (
	"strconv"
	"strings"

	"shenwei/internal/fault"
)

// PictureNotice is the present notice that a citizen agrees to, once in a conversation, before
// she sends a picture to an agent. Whoever changes its text gives it a new version: the consents
// on record name the version that was read. DAYS stands for how long pictures are kept.
var PictureNotice = Notice{
	Version: "picture-1",
	Text: "请不要发送身份证、户口本、银行卡、人脸、病历等证件和隐私照片，也不要发送别人的照片：坐席不会索要，办理业务请走官方入口。" +
		"可以发送报错截图、办事页面、路牌这类图片。图片只给为您服务的坐席和班长查看，每次查看都有记录；去掉拍摄位置等信息后加密保存，DAYS 天后自动删除。",
}

// pictureNotice is PictureNotice for the days of the rules.
func (r *Rules) pictureNotice() *Notice {
	n := PictureNotice
	n.Text = strings.Replace(n.Text, "DAYS", strconv.Itoa(r.PictureDays), 1)
	return &n
}

// NobodyLooks is the fault for a picture that came while no person owns the conversation.
func NobodyLooks() error {
	return fault.New(fault.Forbidden, "图片只能在坐席接待时发送；请先发「转人工」，坐席接待后再发")
}
