package intents

// rankWeights weigh the features of an entry. They are set by hand, once for all kinds of
// question; how well they do is measured by `shenwei eval`.
type rankWeights struct {
	ask, support, object, action, state, person, topic, contradiction, counter, evidence float64
}

var weights = rankWeights{
	ask: 1.0, support: 0.35, object: 0.3, action: 0.1, state: 0.15, person: 0.06, topic: 0.12,
	contradiction: -0.35, counter: -0.35, evidence: 0.1,
}

func (w rankWeights) score(f Features) float64 {
	counter := f.Counter
	if counter < f.Ask*0.9 {
		counter = 0 // an ask of its own is nearer
	}
	return w.ask*f.Ask + w.support*f.Support + w.object*f.Object + w.action*f.Action + w.state*f.State +
		w.person*f.Person + w.topic*f.Topic + w.contradiction*f.Contradiction + w.counter*counter + w.evidence*f.Evidence
}
