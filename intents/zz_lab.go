package intents

// LabRow is for experiments.
func (u *Understander) LabRow(un *Understanding, evidence map[string]float64) (codes []string, items []bool, f []Features) {
	r := u.ranker
	sc := r.scratch.Get().(*rankScratch)
	defer r.scratch.Put(sc)
	r.weigh(un, u, evidence, sc)
	for i := range r.entries {
		codes = append(codes, r.entries[i].code)
		items = append(items, r.entries[i].kind == "item")
	}
	return codes, items, append([]Features(nil), sc.features...)
}

func LabNames() []string { return featureNames[:] }
