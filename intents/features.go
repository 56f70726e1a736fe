package intents

import "math"

// Feature is one kind of evidence that an entry is what a line asks for.
type Feature int

// The features of an entry. All are 0 to about 1.
const (
	FAsk               Feature = iota // cosine with the nearest phrase, by words and concepts
	FSupport                          // cosine with the second nearest
	FDemand                           // cosine with the nearest phrase of what a long line asks in the end; as FAsk for a short one
	FCentre                           // cosine with all of the entry's phrases together
	FGramCentre                       // cosine with all of its phrases together, by pairs of characters
	FAskShare                         // FAsk as a share of the best entry's
	FCentreShare                      // FCentre as a share of the best
	FGramShare                        // FGramCentre as a share of the best
	FAlias                            // the longest name or alias that stands in the line, as a share of it
	FObject                           // the line's objects are the entry's
	FAction                           // … actions
	FState                            // … conditions
	FPerson                           // … persons
	FTopic                            // … topics
	FObjectMiss                       // the line names objects, all of them others'
	FStateMiss                        // the line names decisive conditions, all of them others'
	FActionMiss                       // the line names actions, all of them others'
	FMissing                          // the entry is about a condition or action that the line does not say
	FCounter                          // a counter-ask is nearer than any ask
	FEvidence                         // Bleve's score divided by the best one
	FTop                              // it is the entry of the nearest phrase
	FArticle                          // the entry is an article
	FElsewhere                        // the entry is an article on what is not ours
	FPopular                          // the item is one of the most used
	FArticleTopic                     // an article, and the line names a matter that only the police deal with
	FArticleObject                    // an article, and the line names a thing that items are about
	FArticleEffect                    // an article, and the line asks what follows, who is liable, whether it is allowed
	FArticleLong                      // an article, and the line is a long story
	FObjectExtra                      // the share of a thing that the entry is about and the line does not name
	FActionExtra                      // … of an action
	FStateExtra                       // … of a condition
	FPersonExtra                      // … of a person
	FTopicExtra                       // … of a topic
	FLikely                           // the line's words and concepts are likely in the entry's phrases
	FVotes                            // in how many of the rankings by likelihood, centre, pairs of characters and evidence it is the best
	FLikelyTop                        // it is the likeliest
	FLikelyWords                      // the line's words are likely in the entry's phrases
	FLikelyWordsGap                   // … less the same of the best entry
	FLikelyConcepts                   // its concepts are
	FLikelyConceptsGap                // … less the same of the best entry
	FLikelyGrams                      // its pairs of characters are
	FLikelyGramsGap                   // … less the same of the best entry
	firstCount                        // the first stage sees the features above
)

// The features of the second stage: what the first stage made of those above, in fifths.
const (
	FFit           = firstCount + iota // the first stage's score
	FFitGap                            // … less the best entry's
	FArticleFit                        // an article, and its score
	FArticleFitGap                     // … less the best entry's
	featureCount
)

var featureNames = [featureCount]string{
	"ask", "support", "demand", "centre", "gram_centre", "ask_share", "centre_share", "gram_share", "alias", "object", "action", "state", "person", "topic",
	"object_miss", "state_miss", "action_miss", "missing", "counter", "evidence", "top", "article", "elsewhere", "popular", "article_topic", "article_object", "article_effect", "article_long",
	"object_extra", "action_extra", "state_extra", "person_extra", "topic_extra", "likely", "votes", "likely_top",
	"likely_words", "likely_words_gap", "likely_concepts", "likely_concepts_gap", "likely_grams", "likely_grams_gap",
	"fit", "fit_gap", "article_fit", "article_fit_gap",
}

// Features are the evidence for one entry.
type Features [featureCount]float32

// Map returns the features that are not 0, by name.
func (f *Features) Map() map[string]float64 {
	m := map[string]float64{}
	for i, v := range f {
		if v != 0 {
			m[featureNames[i]] = float64(v)
		}
	}
	return m
}

// The features of «nothing of ours is asked for», of which those from noneFit on come from the first
// stage.
const (
	noneFit   = 18
	noneCount = noneFit + bestFits + 1
	// bestFits is how many of the items that fit best it looks at.
	bestFits = 5
)

var noneNames = [noneCount]string{
	"bias", "outside", "no_concept", "object", "topic", "short", "best_ask", "best_gram", "best_whole", "unknown", "known", "best_support", "best_likely",
	"best_words", "best_concepts", "best_grams", "length", "said",
	"fit_1", "fit_2", "fit_3", "fit_4", "fit_5", "fit_article",
}

type noneFeatures [noneCount]float32

// nearest is how near a line comes to the knowledge at all.
type nearest struct {
	ask, whole, wholeGram, support float32
	likely                         likely
	// unknown is the share of the line's words that stand nowhere in the knowledge.
	unknown float32
	// said is how many features the line has.
	said int
}

// noneOf describes a line as a whole: how likely it is that no entry answers it.
func noneOf(un *Understanding, n nearest) noneFeatures {
	f := noneFeatures{1}
	for _, h := range un.Concepts {
		switch {
		case outside[h.ID]:
			f[1] = 1
		case h.Kind == "object":
			f[3] = 1
		case h.Kind == "topic" && policeTopics[h.ID]:
			f[4] = 1
		}
	}
	if len(un.Concepts) == 0 {
		f[2] = 1
	}
	if signs(un.runes) <= 4 {
		f[5] = 1
	}
	f[6], f[7], f[8], f[9], f[11], f[12] = n.ask, n.wholeGram, n.whole, n.unknown, n.support, n.likely.both
	if n.unknown == 0 {
		f[10] = 1
	}
	f[13], f[14], f[15] = n.likely.words, n.likely.concepts, n.likely.grams
	f[16], f[17] = log1p(len(un.runes)), log1p(n.said)
	return f
}

func log1p(n int) float32 { return float32(math.Log1p(float64(n))) }

// Outside reports whether a line speaks of what is nobody's matter here: money lent, telephones,
// health, amusements.
func Outside(un *Understanding) bool {
	for _, h := range un.Concepts {
		if outside[h.ID] {
			return true
		}
	}
	return false
}

// outside are concepts of everyday life; policeTopics are matters that only the police deal
// with.
var (
	outside      = setOf("outside-money", "outside-telecom", "outside-health", "outside-fun", "outside-public")
	policeTopics = setOf("fraud", "police-report", "threat", "theft", "fight", "drugs", "gambling", "pyramid", "illegal-fundraising", "detention",
		"domestic-violence", "missing-person", "drunk", "police-conduct", "hit-and-run", "criminal-history", "defamation", "find-other", "penalty", "unlicensed", "prostitution")
)
