package api

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"shenwei/bot"
	"shenwei/kb"
	"shenwei/web/respond"
)

// The description's schemas have exactly the fields of the Go types, and call exactly those
// required that are always written.
func TestSchemasAreTheTypes(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]any
			}
		}
	}
	if err := json.Unmarshal(OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	requests := []string{"ChatRequest", "FeedbackRequest", "RedeemRequest"}
	types := map[string]any{
		"ChatRequest": chatBody{}, "FeedbackRequest": feedbackBody{}, "Reply": bot.Reply{}, "HandoffNo": bot.HandoffNo{},
		"ItemHit": bot.ItemHit{}, "Option": bot.Option{}, "Link": bot.Link{}, "Source": bot.Source{}, "Block": bot.Block{},
		"ItemCard": bot.ItemCard{}, "Section": bot.Section{}, "Say": bot.Say{}, "Number": bot.Number{}, "Outlet": bot.OutletLine{}, "Visit": bot.Visit{},
		"Outlets": bot.OutletList{}, "Stored": bot.Stored{}, "Messages": messagesBody{}, "ItemLine": itemLine{}, "Items": itemsBody{},
		"Confusable": kb.Confusable{}, "English": kb.English{}, "Item": itemBody{}, "Article": articleBody{},
		"Popular": popularBody{}, "PopularGroup": popularGroup{}, "ShortItem": shortItem{}, "Matters": mattersBody{}, "MatterLine": matterLine{},
		"Fork": forkBody{}, "SaidLine": saidLine{}, "FoundItem": foundItem{}, "Check": kb.Check{}, "When": kb.When{},
		"Suggestion": Suggestion{}, "Suggestions": suggestBody{}, "Site": siteBody{}, "Done": storedBody{}, "RedeemRequest": redeemBody{}, "Context": bot.Context{}, "Problem": respond.Problem{},
	}
	for name, v := range types {
		all, always := fields(reflect.TypeOf(v))
		schema := doc.Components.Schemas[name]
		if have := slices.Sorted(maps.Keys(schema.Properties)); !slices.Equal(have, all) {
			t.Errorf("%s has %v, the type %v", name, have, all)
		}
		slices.Sort(schema.Required)
		if !slices.Contains(requests, name) && !slices.Equal(schema.Required, always) {
			t.Errorf("%s requires %v, the type always has %v", name, schema.Required, always)
		}
	}
	for name := range doc.Components.Schemas {
		if _, ok := types[name]; !ok && !slices.Contains([]string{"Error", "Health", "Ready"}, name) {
			t.Errorf("schema %s is of no type here", name)
		}
	}
}

func fields(t reflect.Type) (all, always []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		if f.Anonymous {
			a, b := fields(f.Type)
			all, always = append(all, a...), append(always, b...)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		all = append(all, name)
		if options != "omitempty" {
			always = append(always, name)
		}
	}
	slices.Sort(all)
	slices.Sort(always)
	all = slices.Compact(all) // a field outside hides one of its name within
	return all, always
}
