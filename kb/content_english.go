package kb

import (
	"regexp"
	"strings"
)

// A reader of English must get the same facts: every number of the English stands in the item's
// Chinese, and nothing but official names in quotes or brackets is left in Chinese.

var (
	plainNumber = regexp.MustCompile(`\d[\d,]*(?:\.\d+)?`)
	namedInside = regexp.MustCompile(`"[^"]*"|“[^”]*”|\([^()]*\)`)
	telephone   = regexp.MustCompile(`^(?:0755-\d{8}|\d{3,8})$`)
	// numerals are numbers as Chinese texts write them in words.
	numerals = strings.NewReplacer("十", " 10 ", "一", " 1 ", "二", " 2 ", "两", " 2 ", "三", " 3 ", "四", " 4 ", "五", " 5 ",
		"六", " 6 ", "七", " 7 ", "八", " 8 ", "九", " 9 ", "千", " 1000 ", "点半", " 30 ")
)

func (c *contentChecker) english() {
	for _, it := range c.k.Items {
		if it.English == nil {
			continue
		}
		texts := it.English.texts()
		own := numbersOf(numerals.Replace(chineseOf(it)))
		for n := range numbersOf(chineseOf(it)) {
			own[n] = true
		}
		c.telephones(strings.Join(texts, "\n"), own)
		for _, text := range texts {
			for n := range numbersOf(text) {
				if !own[n] {
					c.say(itemPath(it.Code), "english: the number %q stands nowhere in the Chinese", n)
				}
			}
			if rest := namedInside.ReplaceAllString(text, ""); strings.ContainsFunc(rest, han) {
				c.say(itemPath(it.Code), "english: Chinese words outside quotes and brackets in %q", text)
			}
		}
	}
}

// telephones adds the telephones that a text names, and what is known of them («24 hours»).
func (c *contentChecker) telephones(text string, own map[string]bool) {
	for _, f := range c.k.Facts.Facts {
		if telephone.MatchString(f.Value) && strings.Contains(text, f.Value) {
			for n := range numbersOf(f.Value + " " + f.About) {
				own[n] = true
			}
		}
	}
}

// numbersOf are the numbers of a text, without the commas of thousands and without leading zeros.
func numbersOf(text string) map[string]bool {
	all := map[string]bool{}
	for _, n := range plainNumber.FindAllString(text, -1) {
		all[strings.TrimLeft(strings.ReplaceAll(n, ",", ""), "0")] = true
	}
	return all
}

// chineseOf is all that an item says in Chinese.
func chineseOf(it *Item) string {
	all := []string{it.Name, it.Summary, it.TripsNote, it.Fee, it.TimeLimit, it.Identity, it.Handover}
	all = append(append(all, it.Materials...), it.LegalBasis...)
	for _, f := range Facets {
		all = append(all, it.Facets[f])
	}
	return strings.Join(all, "\n")
}
