package kb

import (
	"fmt"
	"sort"
	"strings"

	"shenwei/internal/fault"
)

// catalogueCounts is the platform's published catalogue: 262 items by police type, 112
// without and 148 with one visit, 2 that the report leaves open, 31 on terminals.
var catalogueCounts = struct {
	types     map[string]int
	trips     map[int]int
	terminals int
}{
	types:     map[string]int{"出入境": 72, "人口": 69, "交警": 66, "治安": 38, "网警": 7, "视频": 5, "禁毒": 4, "刑警": 1},
	trips:     map[int]int{0: 112, 1: 148, 2: 2},
	terminals: 31,
}

// Census counts the items by police type, visits and terminals and holds them against the
// published catalogue. The error names every difference.
func Census(k *Knowledge) (string, error) {
	types, trips, terminals, complete := map[string]int{}, map[int]int{}, 0, 0
	for _, it := range k.Items {
		types[it.PoliceType]++
		trips[it.Trips]++
		if it.Terminal {
			terminals++
		}
		if it.Complete() {
			complete++
		}
	}
	var wrong []string
	for _, t := range sortedKeys(catalogueCounts.types, types) {
		if types[t] != catalogueCounts.types[t] {
			wrong = append(wrong, fmt.Sprintf("%s has %d items, the catalogue %d", t, types[t], catalogueCounts.types[t]))
		}
	}
	for n := 0; n <= 2; n++ {
		if trips[n] != catalogueCounts.trips[n] {
			wrong = append(wrong, fmt.Sprintf("%d items need %d visits, the catalogue has %d", trips[n], n, catalogueCounts.trips[n]))
		}
	}
	if terminals != catalogueCounts.terminals {
		wrong = append(wrong, fmt.Sprintf("%d items are on terminals, the catalogue has %d", terminals, catalogueCounts.terminals))
	}
	says := fmt.Sprintf("%d items (%d complete), visits 0/1/2: %d/%d/%d, on terminals: %d, articles: %d",
		len(k.Items), complete, trips[0], trips[1], trips[2], terminals, len(k.Articles))
	if len(wrong) > 0 {
		return says, fault.New(fault.Conflict, "%s", strings.Join(wrong, "; "))
	}
	return says, nil
}

func sortedKeys(maps ...map[string]int) []string {
	set := map[string]bool{}
	for _, m := range maps {
		for k := range m {
			set[k] = true
		}
	}
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
