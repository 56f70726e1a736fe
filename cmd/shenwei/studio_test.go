package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/web/auth"
)

func TestAnEditGoesFromADraftToEveryCitizenAndBack(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, wang := d.staffer("li", auth.Editor), d.staffer("wang", auth.Reviewer)
	if r := d.ask("护照快到期了怎么换"); r.Item != "CRJ-002" || !strings.Contains(r.Text, "费用：120元/本") {
		t.Fatalf("%s %s", r.Item, r.Text)
	}

	saved := li.edit("item/CRJ-002", object{"fee": "140元/本"})
	if len(saved["problems"].([]any)) != 0 || num(saved["revision"]) != 2 {
		t.Fatalf("%v", saved)
	}
	_, draft, doc := li.open("item/CRJ-002")
	body, was := doc["draft"].(map[string]any)["body"].(string), doc["live"].(map[string]any)["body"].(string)
	if draft != 2 || body != strings.Replace(was, "\nfee: 120元/本 # 见公告\n", "\nfee: 140元/本 # 见公告\n", 1) || body == was {
		t.Errorf("the draft's text:\n%s", body)
	}
	if list := li.ok("GET", "/documents?kind=item&state=draft", nil); num(list["total"]) != 1 {
		t.Errorf("%v", list)
	}

	change := li.submit("护照涨价", "item/CRJ-002")
	li.refused(403, "POST", fmt.Sprintf("/changes/%d/decide", change), object{"decision": "approve"}, "没有这项权限")
	li.refused(409, "PUT", "/documents/item/CRJ-002/draft", object{"base": 1, "draft": 2, "fields": object{"fee": "1元"}}, "已送审")
	report := wang.gate(change)
	if num(report["broken"]) != 0 || num(report["gold"]) != 4 || num(report["real"]) == 0 || num(report["done"]) != num(report["total"]) {
		t.Errorf("%v", report)
	}
	publish := fmt.Sprintf("/changes/%d/publish", change)
	wang.refused(409, "POST", publish, object{"gate": report["run"]}, "还没有第二个人")
	wang.approve(change)
	if n := num(wang.ok("POST", publish, object{"gate": report["run"]})["release"]); n != 2 {
		t.Fatalf("release %d", n)
	}
	start := time.Now()
	d.liveFrom(2)
	if took := time.Since(start); took > time.Second*5 {
		t.Errorf("live after %v", took)
	}
	if r := d.ask("护照快到期了怎么换"); r.Release != 2 || !strings.Contains(r.Text, "费用：140元/本") {
		t.Errorf("release %d: %s", r.Release, r.Text)
	}
	view := wang.ok("GET", fmt.Sprintf("/changes/%d", change), nil)
	if diff := view["drafts"].([]any)[0].(map[string]any)["diff"].(string); !strings.Contains(diff, "+fee: 140元/本") || view["state"] != "published" {
		t.Errorf("%v", view)
	}

	wang.refused(400, "POST", "/releases/2/rollback", object{"reason": " "}, "理由")
	if n := num(wang.ok("POST", "/releases/2/rollback", object{"reason": "公告撤回"})["release"]); n != 3 {
		t.Fatalf("release %d", n)
	}
	d.liveFrom(3)
	if r := d.ask("护照快到期了怎么换"); r.Release != 3 || !strings.Contains(r.Text, "费用：120元/本") {
		t.Errorf("release %d: %s", r.Release, r.Text)
	}
	waitFor(t, "the roll-back has its report", func() bool {
		return num(wang.ok("GET", "/releases/3", nil)["gate"].(map[string]any)["total"]) > 0
	})
	wang.refused(409, "POST", "/releases/2/rollback", object{"reason": "再来"}, "又改过")
	wang.refused(409, "POST", "/releases/1/rollback", object{"reason": "全部"}, "第 1 版")

	history := li.ok("GET", "/documents/item/CRJ-002/history", nil)["list"].([]any)
	if len(history) != 2 || history[0].(map[string]any)["author"] != "li" || len(history[1].(map[string]any)["releases"].([]any)) != 2 {
		t.Errorf("%v", history)
	}
	if diff := li.ok("GET", "/documents/item/CRJ-002/diff?from=1&to=2", nil)["diff"].(string); !strings.Contains(diff, "+fee: 140元/本") {
		t.Errorf("%s", diff)
	}
	if saved := li.ok("POST", "/documents/item/CRJ-002/restore", object{"revision": 2}); num(saved["revision"]) != 3 {
		t.Errorf("%v", saved)
	}
	if entries, err := d.app.store.VerifyAudit(t.Context(), 0, ""); err != nil {
		t.Errorf("%+v %v", entries, err)
	}
}

func TestTwoEditorsOfOneItemLoseNothing(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, zhao := d.staffer("li", auth.Editor), d.staffer("zhao", auth.Editor)
	const draft = "/documents/item/CRJ-002/draft"
	first := num(li.ok("PUT", draft, object{"base": 1, "draft": 0, "fields": object{"fee": "1元"}})["revision"])
	e := zhao.refused(409, "PUT", draft, object{"base": 1, "draft": 0, "fields": object{"fee": "2元"}}, "li 也在改")
	detail := e["detail"].(map[string]any)
	if theirs := detail["theirs"].(map[string]any); theirs["author"] != "li" || !strings.Contains(theirs["body"].(string), "fee: 1元") {
		t.Errorf("%v", theirs)
	}
	if diff := detail["diff"].(string); !strings.Contains(diff, "-fee: 1元") || !strings.Contains(diff, "+fee: 2元") {
		t.Errorf("%s", diff)
	}
	second := num(li.ok("PUT", draft, object{"base": 1, "draft": first, "fields": object{"fee": "3元"}})["revision"])
	li.refused(409, "PUT", draft, object{"base": 1, "draft": first, "fields": object{"fee": "4元"}}, "别处保存过")
	zhao.refused(409, "PUT", draft, object{"base": 1, "draft": second, "fields": object{"fee": "2元"}}, "li 也在改")
	taken := zhao.ok("PUT", draft, object{"base": 1, "draft": second, "take": true, "fields": object{"fee": "2元"}})
	li.refused(409, "PUT", draft, object{"base": 1, "draft": second, "fields": object{"fee": "5元"}}, "zhao 也在改")
	history := li.ok("GET", "/documents/item/CRJ-002/history", nil)["list"].([]any)
	if len(history) != 3 || history[1].(map[string]any)["dropped"] != true {
		t.Errorf("what was taken over is not in the history: %v", history)
	}
	if again := zhao.ok("PUT", draft, object{"base": 1, "draft": taken["revision"], "fields": object{"fee": "2元"}}); num(again["revision"]) != num(taken["revision"]) {
		t.Errorf("saving the same made a revision: %v", again)
	}
	zhao.ok("DELETE", draft, nil)
	zhao.refused(404, "DELETE", draft, nil, "没有草稿")
	zhao.refused(409, "PUT", draft, object{"base": 7, "draft": 0, "fields": object{"fee": "2元"}}, "线上已有新的版本")
}

func TestBadInputToTheStudioIsRefusedInWords(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li := d.staffer("li", auth.Editor)
	html := li.ok("POST", "/preview", object{"markdown": "# 好\n\n<script>alert(1)</script>\n\n**看** [x](javascript:alert(1))"})["html"].(string)
	if strings.Contains(html, "script") || !strings.Contains(html, "<strong>看</strong>") {
		t.Errorf("%s", html)
	}
	li.refused(413, "PUT", "/documents/article/daiban/draft", object{"base": 1, "body": strings.Repeat("长", 5<<20/3)}, "太长")
	li.refused(413, "POST", "/preview", object{"markdown": strings.Repeat("x", 5<<20)}, "太长")
	li.refused(400, "PUT", "/documents/item/CRJ-002/draft", object{"base": 1, "fields": object{"colour": "blue"}}, "没有名为")
	li.refused(400, "PUT", "/documents/item/CRJ-002/draft", object{"base": 1}, "body")
	li.refused(400, "POST", "/documents/item", object{"id": "../x", "body": "code: x"}, "不合规范")
	li.refused(400, "POST", "/documents/song", object{"id": "x", "body": "x"}, "没有「song」")
	li.refused(404, "GET", "/documents/item/CRJ-999", nil, "没有这份内容")

	saved := li.edit("item/CRJ-002", object{"confusable": []object{{"code": "CRJ-002", "question": "?"}, {"code": "CRJ-777"}}, "review": "2020-01-01"})
	says, _ := json.Marshal(saved["problems"])
	for _, want := range []string{"易混事项写成了自己", "CRJ-777 不存在", "复核日期 2020-01-01 已过", `"field":"confusable"`} {
		if !strings.Contains(string(says), want) {
			t.Errorf("%s is missing in %s", want, says)
		}
	}
	e := li.refused(400, "POST", "/changes", object{"title": "x", "keys": []string{"item/CRJ-002"}}, "要改好才能送审")
	if e["detail"] == nil {
		t.Error("no list of what is wrong")
	}
	broken := li.ok("PUT", "/documents/item/JJ-007/draft", object{"base": 1, "body": "code: JJ-007\nname: [\n"})
	if len(broken["problems"].([]any)) == 0 {
		t.Error("a text that cannot be read has no problem")
	}
	_, _, doc := li.open("item/JJ-007")
	if dr := doc["draft"].(map[string]any); dr["fields"] != nil || !strings.Contains(dr["body"].(string), "name: [") {
		t.Errorf("%v", dr)
	}
	someAsk := d.app.live.Current().Knowledge().Item("RK-050").Asks[0]
	hints := li.ok("POST", "/hints", object{"key": "item/CRJ-002", "fields": object{
		"asks": []string{someAsk, "护照到期换新本", "护照到期换新本"}, "counter_asks": []string{"护照到期换新本"}, "fee": "99元",
		"facets": object{"fee": "另收 88元"},
	}})
	says, _ = json.Marshal(hints["hints"])
	for _, want := range []string{`"duplicate"`, d.app.live.Current().Knowledge().Item("RK-050").Name, `"contradiction"`, `"fact"`, "88元"} {
		if !strings.Contains(string(says), want) {
			t.Errorf("%s is missing in %s", want, says)
		}
	}
}

func TestTheGateGuardsWhatIsRight(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, wang, chief := d.staffer("li", auth.Editor), d.staffer("wang", auth.Reviewer), d.staffer("chief", auth.Administrator)

	// An item that ends today takes its gold row with it: only with a reason.
	li.edit("item/RK-050", object{"expires": "2020-01-01"})
	change := li.submit("取消补领", "item/RK-050")
	wang.approve(change)
	report := wang.gate(change)
	flip := report["flips"].([]any)[0].(map[string]any)
	if num(report["broken"]) != 1 || flip["id"] != "g2" || flip["blocking"] != true || flip["hard"] != false || flip["was"].(map[string]any)["item"] != "RK-050" {
		t.Fatalf("%v", report)
	}
	publish := fmt.Sprintf("/changes/%d/publish", change)
	wang.refused(409, "POST", publish, object{"gate": report["run"]}, "由对变错")
	if n := num(wang.ok("POST", publish, object{"gate": report["run"], "override": "政策取消"})["release"]); n != 2 {
		t.Fatal(n)
	}
	if rel := wang.ok("GET", "/releases/2", nil); rel["override"] != "政策取消" || num(rel["gate"].(map[string]any)["broken"]) != 1 {
		t.Errorf("%v", rel)
	}
	d.liveFrom(2)
	if r := d.ask("身份证丢了怎么补"); r.Item == "RK-050" {
		t.Error("what has expired is still answered")
	}

	wang.ok("POST", "/releases/2/rollback", object{"reason": "政策没有取消"})

	// Taking the gold row along is the same as overriding.
	li.edit("item/CRJ-002", object{"expires": "2020-01-01"})
	_, _, doc := li.open("gold/first.tsv")
	gold := doc["live"].(map[string]any)["body"].(string)
	li.ok("PUT", "/documents/gold/first.tsv/draft", object{"base": 1, "body": strings.Replace(gold, "g1\t护照快到期了怎么换\tanswer\tCRJ-002\thow\t2\n", "", 1)})
	change = li.submit("取消换发", "item/CRJ-002", "gold/first.tsv")
	wang.approve(change)
	report = wang.gate(change)
	flip = report["flips"].([]any)[0].(map[string]any)
	if num(report["broken"]) != 1 || flip["altered"] != true {
		t.Fatalf("%v", report)
	}
	wang.refused(409, "POST", fmt.Sprintf("/changes/%d/publish", change), object{"gate": report["run"]}, "由对变错")
	wang.ok("POST", fmt.Sprintf("/changes/%d/withdraw", change), nil)

	// Fraud, privacy and emergency never, not even with the row taken along.
	li.edit("item/JJ-007", object{"expires": "2020-01-01"})
	li.ok("PUT", "/documents/gold/fraud.tsv/draft", object{"base": 1, "body": goldHeader + "f2\t有人拿刀砍人\temergency\t\tother\t2\n"})
	change = li.submit("取消换证", "item/JJ-007", "gold/fraud.tsv")
	wang.approve(change)
	report = wang.gate(change)
	if num(report["hard"]) != 1 {
		t.Fatalf("%v", report)
	}
	publish = fmt.Sprintf("/changes/%d/publish", change)
	wang.refused(409, "POST", publish, object{"gate": report["run"], "override": "真的"}, "不能越过")
	chief.refused(409, "POST", publish, object{"gate": report["run"], "override": "真的", "alone": "真的"}, "不能越过")
}

func TestAReportOfAnotherCandidateOrBasePublishesNothing(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, wang := d.staffer("li", auth.Editor), d.staffer("wang", auth.Reviewer)
	li.edit("item/CRJ-002", object{"fee": "1元"})
	li.edit("item/JJ-007", object{"fee": "2元"})
	one, two := li.submit("一", "item/CRJ-002"), li.submit("二", "item/JJ-007")
	wang.approve(one)
	wang.approve(two)
	first, second := wang.gate(one), wang.gate(two)
	wang.refused(409, "POST", fmt.Sprintf("/changes/%d/publish", one), object{"gate": second["run"]}, "另一份内容")
	wang.refused(404, "POST", fmt.Sprintf("/changes/%d/publish", one), object{"gate": "nosuchrun"}, "没有这次")
	wang.ok("POST", fmt.Sprintf("/changes/%d/publish", one), object{"gate": first["run"]})
	wang.refused(409, "POST", fmt.Sprintf("/changes/%d/publish", two), object{"gate": second["run"]}, "请重新运行")
	wang.refused(409, "POST", fmt.Sprintf("/changes/%d/publish", one), object{"gate": first["run"]}, "已发布")
	if rel := wang.ok("GET", "/releases", nil)["list"].([]any); len(rel) != 2 {
		t.Errorf("%d releases", len(rel))
	}
	wang.publish(two, nil)
}

func TestWhoPublishesAloneIsShownUntilASecondPersonConfirms(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	chief, wang, chen := d.staffer("chief", auth.Administrator), d.staffer("wang", auth.Reviewer), d.staffer("chen", auth.Reviewer)
	chief.edit("item/CRJ-002", object{"fee": "1元"})
	change := chief.submit("夜里改", "item/CRJ-002")
	report := chief.gate(change)
	publish := fmt.Sprintf("/changes/%d/publish", change)
	chief.refused(403, "POST", fmt.Sprintf("/changes/%d/decide", change), object{"decision": "approve"}, "另一位同事")
	wang.refused(403, "POST", publish, object{"gate": report["run"], "alone": "急"}, "只有管理员")
	n := num(chief.ok("POST", publish, object{"gate": report["run"], "alone": "半夜改价"})["release"])
	if rel := wang.ok("GET", fmt.Sprintf("/releases/%d", n), nil); rel["confirmed"] != false || rel["alone"] != "半夜改价" {
		t.Errorf("%v", rel)
	}
	confirm := fmt.Sprintf("/changes/%d/confirm", change)
	chief.refused(403, "POST", confirm, nil, "另一位同事")
	if v := wang.ok("POST", confirm, nil); v["confirm"].(map[string]any)["needed"] != false {
		t.Errorf("%v", v)
	}
	chen.refused(409, "POST", confirm, nil, "已由 wang 确认")
}

func TestAScheduledReleaseGoesLiveAtItsTimeAndStopsWhenItsBaseBreaksIt(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, wang := d.staffer("li", auth.Editor), d.staffer("wang", auth.Reviewer)
	li.edit("item/CRJ-002", object{"fee": "140元/本"})
	change := li.submit("定时", "item/CRJ-002")
	wang.approve(change)
	report := wang.gate(change)
	soon := time.Now().Add(2 * time.Second).UTC()
	if v := wang.ok("POST", fmt.Sprintf("/changes/%d/publish", change), object{"gate": report["run"], "at": soon}); v["scheduled"] == nil {
		t.Fatalf("%v", v)
	}
	li.refused(409, "PUT", "/documents/item/CRJ-002/draft", object{"base": 1, "draft": 2, "fields": object{"fee": "1元"}}, "已送审")
	d.liveFrom(2)
	if v := wang.ok("GET", fmt.Sprintf("/changes/%d", change), nil); v["state"] != "published" || v["schedule"].(map[string]any)["state"] != "done" {
		t.Errorf("%v", v)
	}

	// The scheduled change is right on its base; another one, published meanwhile, adds the gold
	// row that it breaks.
	li.edit("item/CRJ-002", object{"expires": "2020-01-01"})
	change = li.submit("停办", "item/CRJ-002")
	wang.approve(change)
	report = wang.gate(change)
	later := time.Now().Add(time.Hour).UTC()
	wang.ok("POST", fmt.Sprintf("/changes/%d/publish", change), object{"gate": report["run"], "at": later, "override": "停办"})
	li.ok("PUT", "/documents/gold/new.tsv/draft", object{"base": 0, "body": goldHeader + "n1\t护照还有三个月到期，想换一本新的\tanswer\tCRJ-002\thow\t2\n"})
	other := li.submit("加题", "gold/new.tsv")
	wang.approve(other)
	wang.publish(other, nil)
	if err := d.app.studio.PublishDue(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	v := wang.ok("GET", fmt.Sprintf("/changes/%d", change), nil)
	schedule := v["schedule"].(map[string]any)
	comments, _ := json.Marshal(v["comments"])
	if v["state"] != "approved" || schedule["state"] != "failed" || !strings.Contains(string(comments), "定时发布没有进行") {
		t.Errorf("%v", v)
	}
	if rel := wang.ok("GET", "/releases", nil)["list"].([]any); len(rel) != 3 {
		t.Errorf("%d releases", len(rel))
	}
	if err := d.app.studio.PublishDue(t.Context(), change); err != nil {
		t.Errorf("asked again: %v", err)
	}
}

func TestATextComesIntoForceAndGoesByItselfAndNotBackWithTheClock(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, wang := d.staffer("li", auth.Editor), d.staffer("wang", auth.Reviewer)
	shenzhen := func(at time.Time) string { return at.In(time.FixedZone("", 8*3600)).Format("2006-01-02 15:04") }
	li.edit("item/CRJ-002", object{"fee": "140元/本", "effective": shenzhen(d.now().Add(2 * time.Hour)), "expires": shenzhen(d.now().Add(48 * time.Hour))})
	change := li.submit("后天到期", "item/CRJ-002")
	wang.approve(change)
	report := wang.gate(change)
	if len(report["dates"].([]any)) != 2 || num(report["broken"]) != 1 || report["flips"].([]any)[0].(map[string]any)["as_of"] == nil {
		t.Errorf("the gate looks at both dates: %v", report)
	}
	wang.ok("POST", fmt.Sprintf("/changes/%d/publish", change), object{"gate": report["run"], "override": "到期停办"})
	d.liveFrom(2)
	if r := d.ask("护照快到期了怎么换"); !strings.Contains(r.Text, "费用：120元/本") {
		t.Errorf("before its time: %s", r.Text)
	}
	d.jump(3 * time.Hour)
	d.liveFrom(3)
	if r := d.ask("护照快到期了怎么换"); !strings.Contains(r.Text, "费用：140元/本") {
		t.Errorf("in force: %s", r.Text)
	}
	d.jump(-24 * time.Hour) // the clock is set back
	li.edit("item/JJ-007", object{"fee": "9元"})
	other := li.submit("别的", "item/JJ-007")
	wang.approve(other)
	wang.publish(other, nil)
	d.liveFrom(4)
	if r := d.ask("护照快到期了怎么换"); !strings.Contains(r.Text, "费用：140元/本") {
		t.Errorf("a clock that was set back took it out of force: %s", r.Text)
	}
	d.jump(72 * time.Hour)
	d.liveFrom(5)
	if r := d.ask("护照快到期了怎么换"); r.Item == "CRJ-002" {
		t.Error("expired and still answered")
	}
	if rel := wang.ok("GET", "/releases/5", nil); rel["way"] != "date" || rel["author"] != "系统" || !strings.Contains(rel["note"].(string), "失效") {
		t.Errorf("%v", rel)
	}
	if list := li.ok("GET", "/documents?state=expired", nil); num(list["total"]) != 1 {
		t.Errorf("%v", list)
	}
}

func TestWhatIsSetForTheMomentHoldsAtOnceAndTouchesNoEmergency(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, boss := d.staffer("li", auth.Editor), d.staffer("boss", auth.Supervisor)
	const danger = "有人拿刀砍人"
	calm := d.ask(danger)
	same := func(what string) {
		t.Helper()
		r := d.ask(danger)
		if r.Action != bot.Emergency || r.Text != calm.Text || len(r.Blocks) != len(calm.Blocks) {
			t.Errorf("%s changes an emergency: %s", what, r.Text)
		}
	}
	until := func(what string, ok func(r bot.Reply) bool) {
		t.Helper()
		waitFor(t, what, func() bool { return ok(d.ask("护照快到期了怎么换")) })
	}

	li.refused(400, "POST", "/takedowns", object{"key": "item/CRJ-002"}, "理由")
	li.refused(404, "POST", "/takedowns", object{"key": "item/CRJ-999", "reason": "x"}, "没有这份内容")
	id := num(li.ok("POST", "/takedowns", object{"key": "item/CRJ-002", "reason": "价格有误"})["id"])
	until("the item is hidden", func(r bot.Reply) bool { return r.Item == "" })
	r := d.ask("护照快到期了怎么换")
	if r.Action != bot.Decline || r.Handoff != nil || !strings.Contains(r.Text, "12345") || strings.Contains(r.Text, "费用：120元/本") || len(r.Sources) != 0 {
		t.Errorf("%+v", r)
	}
	trace, err := d.app.store.Trace(t.Context(), r.Conversation, r.Seq)
	if err != nil || len(trace.Overrides) == 0 || !strings.Contains(trace.Overrides[0], "item/CRJ-002") {
		t.Errorf("%+v %v", trace, err)
	}
	if res, err := http.Get(d.url + "/api/v1/items/CRJ-002"); err != nil || res.StatusCode != 404 {
		t.Errorf("the API still shows it: %v", err)
	}
	if list := li.ok("GET", "/documents?state=hidden", nil); num(list["total"]) != 1 {
		t.Errorf("%v", list)
	}
	same("a takedown")
	li.ok("DELETE", fmt.Sprintf("/takedowns/%d", id), nil)
	until("the item is back", func(r bot.Reply) bool { return r.Item == "CRJ-002" })

	link := d.ask("护照快到期了怎么换").Links[0].URL
	id = num(li.ok("POST", "/takedowns", object{"link": link, "reason": "打不开"})["id"])
	until("the link is hidden", func(r bot.Reply) bool { return !strings.Contains(r.Text, link) })
	if r := d.ask("护照快到期了怎么换"); r.Item != "CRJ-002" || !strings.Contains(r.Text, "12345") {
		t.Errorf("%+v", r)
	} else if raw, _ := json.Marshal(r); strings.Contains(string(raw), link) {
		t.Errorf("the link stands in %s", raw)
	}
	li.ok("DELETE", fmt.Sprintf("/takedowns/%d", id), nil)

	li.refused(400, "POST", "/notices", object{"text": "台风", "level": "warn"}, "起止时间")
	id = num(li.ok("POST", "/notices", object{"text": "台风「海燕」，大厅停办。", "level": "warn", "until": d.now().Add(time.Hour)})["id"])
	until("the notice heads the answer", func(r bot.Reply) bool { return strings.HasPrefix(r.Text, "【通知】台风") })
	if r := d.ask("护照快到期了怎么换"); r.Blocks[0].Type != bot.BlockCaution || r.Item != "CRJ-002" {
		t.Errorf("%+v", r.Blocks)
	}
	same("a notice")
	li.ok("DELETE", fmt.Sprintf("/notices/%d", id), nil)
	until("the notice is gone", func(r bot.Reply) bool { return !strings.Contains(r.Text, "台风") })

	li.refused(403, "PUT", "/switches", object{"all_to_people": true, "reason": "x"}, "权限")
	boss.ok("PUT", "/switches", object{"all_to_people": true, "reason": "系统升级"})
	until("everything goes to people", func(r bot.Reply) bool { return r.Action == bot.Handoff })
	same("the switch")
	if v := boss.ok("GET", "/switches", nil); v["all_to_people"] != true || v["reason"] != "系统升级" {
		t.Errorf("%v", v)
	}
	boss.ok("PUT", "/switches", object{"all_to_people": false, "reason": "升级完成"})
	until("answers are back", func(r bot.Reply) bool { return r.Item == "CRJ-002" })

	li.refused(403, "PUT", "/switches", object{"published_words": true, "reason": "x"}, "权限")
	boss.refused(400, "PUT", "/switches", object{"published_words": true, "all_to_people": true, "reason": "x"}, "一次只能改一个开关")
	boss.ok("PUT", "/switches", object{"published_words": true, "reason": "措辞不对"})
	if v := boss.ok("GET", "/switches", nil); v["all_to_people"] != false || v["wording"] != nil || v["published_words"].(map[string]any)["reason"] != "措辞不对" {
		t.Errorf("%v", v)
	}
	boss.ok("PUT", "/switches", object{"published_words": false, "reason": "好了"})
	if v := boss.ok("GET", "/switches", nil); v["published_words"].(map[string]any)["on"] != false {
		t.Errorf("%v", v)
	}
}

func TestTheEngineThatTheGateRanIsTheOneThatGoesLive(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, wang := d.staffer("li", auth.Editor), d.staffer("wang", auth.Reviewer)
	li.edit("item/CRJ-002", object{"fee": "1元"})
	li.edit("item/JJ-007", object{"fee": "2元"})
	one, two := li.submit("一", "item/CRJ-002"), li.submit("二", "item/JJ-007")
	wang.approve(one)
	wang.approve(two)
	wang.gate(two)
	report := wang.gate(one) // the last run's engine is kept
	d.app.spare.mu.Lock()
	kept := d.app.spare.engine
	d.app.spare.mu.Unlock()
	if kept == nil {
		t.Fatal("no engine is kept")
	}
	wang.ok("POST", fmt.Sprintf("/changes/%d/publish", one), object{"gate": report["run"]})
	d.liveFrom(2)
	if d.app.live.Current() != kept.Engine {
		t.Error("another engine was built")
	}
	if r := d.ask("护照快到期了怎么换"); r.Release != 2 || !strings.Contains(r.Text, "费用：1元") || r.Sources[0].Revision != 2 {
		t.Errorf("%+v", r)
	}
	report = wang.gate(two)
	if n := num(wang.ok("POST", "/releases/2/rollback", object{"reason": "试"})["release"]); n != 3 {
		t.Fatal(n)
	}
	d.liveFrom(3)
	if r := d.ask("驾照到期怎么换"); r.Release != 3 || strings.Contains(r.Text, "费用：2元") {
		t.Errorf("an engine of another candidate went live: %s", r.Text)
	}
	wang.refused(409, "POST", fmt.Sprintf("/changes/%d/publish", two), object{"gate": report["run"]}, "请重新运行")
}

func TestAnEditorTakesKnowledgeOutAndInAsAFileByTheStudiosRules(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, zhao := d.staffer("li", auth.Editor), d.staffer("zhao", auth.Editor)
	status, file := li.raw("GET", "/export?format=json", nil)
	if status != 200 {
		t.Fatalf("%d %s", status, file)
	}
	edited := json.RawMessage(strings.Replace(string(file), "fee: 120元", "fee: 9元", 1))
	if string(edited) == string(file) {
		t.Fatal("no such fee in the export")
	}
	dry := li.ok("POST", "/import?dry_run=1&name=a.json", edited)
	if len(dry["changed"].([]any)) != 1 || len(dry["drafts"].([]any)) != 0 {
		t.Fatalf("%v", dry)
	}
	key := li.ok("POST", "/import?name=a.json", edited)["changed"].([]any)[0].(map[string]any)["key"].(string)
	_, _, doc := li.open(key)
	if draft := doc["draft"].(map[string]any); draft["author"] != "li" || !strings.Contains(draft["body"].(string), "fee: 9元") {
		t.Errorf("%v", draft)
	}
	zhao.refused(409, "POST", "/import?name=a.json", edited, "其他人正在修改")
}
