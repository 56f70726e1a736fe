package main

import (
	"slices"
	"testing"

	"shenwei/web/auth"
)

// An editor who writes 能不能办 walks it with her draft before anybody else sees it.
func TestAnEditorWalksAMatterWithHerDraft(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, wang := d.staffer("li", auth.Editor), d.staffer("wang", auth.Auditor)
	when := func(is string) object {
		return object{"check": object{"matter": "护照", "when": []object{{"ask": "护照怎么了？", "is": []string{is}}}, "online": []object{{"ask": "在深圳吗？", "is": []string{"在"}, "otherwise": []string{"不在"}}}}}
	}
	try := func(fields object, said ...object) map[string]any {
		return li.ok("POST", "/matter", object{"key": "item/CRJ-002", "fields": fields, "said": said})
	}
	if got := try(when("快到期")); got["ready"] != false || !slices.Contains(got["matters"].([]any), any("护照")) || len(got["questions"].([]any)) != 1 {
		t.Errorf("alone in its matter: %v", got)
	}
	saved := li.edit("item/CRJ-002", when("快到期"))
	if problems := saved["problems"].([]any); len(problems) != 0 {
		t.Fatalf("%v", problems)
	}
	incomplete := li.edit("item/CRJ-002", object{"check": object{"matter": "护照", "when": []object{}}})
	problems := incomplete["problems"].([]any)
	if len(problems) != 1 || problems[0].(map[string]any)["field"] != "check" {
		t.Errorf("an incomplete check: %v", problems)
	}
	li.refused(400, "POST", "/matter", object{"key": "item/CRJ-002", "fields": object{"check": object{"wrong": 1}}}, "")
	li.refused(400, "POST", "/matter", object{"key": "article/x", "fields": object{}}, "")
	wang.refused(403, "POST", "/matter", object{"key": "item/CRJ-002", "fields": object{}}, "")
}
