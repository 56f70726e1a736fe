package intents

// fitUnit brings the first stage's scores to about the size of the other features; leastFit is the
// lowest that tells anything.
const (
	fitUnit  = 5
	leastFit = -20
)

// secondStage tells the second stage what the first one made of a line: entry by entry how well it
// fits, by itself and beside the best, and to «none» how well the best items and the best article do.
func secondStage(entries []Features, fits []float64, none *noneFeatures) {
	items := [bestFits]float64{}
	for i := range items {
		items[i] = leastFit
	}
	best, article := float64(leastFit), float64(leastFit)
	for i, fit := range fits {
		best = max(best, fit)
		if entries[i][FArticle] > 0 {
			article = max(article, fit)
			continue
		}
		for n := range items { // kept in order, the best first
			if fit > items[n] {
				fit, items[n] = items[n], fit
			}
		}
	}
	for i, fit := range fits {
		f := &entries[i]
		f[FFit], f[FFitGap] = float32(fit/fitUnit), float32((fit-best)/fitUnit)
		if f[FArticle] > 0 {
			f[FArticleFit], f[FArticleFitGap] = f[FFit], f[FFitGap]
		}
	}
	for n, fit := range items {
		none[noneFit+n] = float32(fit / fitUnit)
	}
	none[noneFit+bestFits] = float32(article / fitUnit)
}
