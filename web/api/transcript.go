package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
)

// maxTranscript bounds the messages of a transcript.
const maxTranscript = 2000

// beijing is the zone of the times in a transcript.
var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)

// Transcript answers with a conversation as a text for its citizen to keep.
func (a *API) Transcript(w http.ResponseWriter, r *http.Request) {
	id, err := a.opened(r)
	var all []bot.Stored
	for err == nil && len(all) < maxTranscript {
		after := int64(0)
		if n := len(all); n > 0 {
			after = all[n-1].Seq
		}
		var rows []bot.Stored
		if rows, err = a.cfg.Store.Messages(r.Context(), id, after, page); len(rows) == 0 {
			break
		}
		all = append(all, rows...)
	}
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="conversation.txt"`)
	_, _ = w.Write([]byte(transcript(id, all))) // the reader may have left
}

// transcript writes who said what when. What a model has worded stays marked as such.
func transcript(id string, rows []bot.Stored) string {
	var b strings.Builder
	fmt.Fprintf(&b, "深微 会话记录 %s\n智能客服的回答来自已发布的办事知识；标有「AI 生成」的由人工智能改写措辞。\n", id)
	for _, row := range rows {
		who := map[string]string{"citizen": "我", "reply": "智能客服", desk.RowAgent: "坐席 " + row.Author, desk.RowSystem: "提示"}[row.Kind]
		if row.Reply != nil && row.Reply.Action == bot.Relayed {
			continue // a receipt, no answer
		}
		if row.Reply != nil && row.Reply.AIGenerated {
			who += "（AI 生成）"
		}
		fmt.Fprintf(&b, "\n[%s] %s\n%s\n", row.At.In(beijing).Format("2006-01-02 15:04:05"), who, row.Text)
	}
	return b.String()
}
