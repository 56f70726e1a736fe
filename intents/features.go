package intents

// Feature is one kind of evidence that an entry is what a line asks for.
type Feature int

// The features of an entry. All are 0 to about 1.
const (
	FAsk           Feature = iota // cosine with the nearest phrase, by words and concepts
	FSupport                      // cosine with the second nearest
	FDemand                       // cosine with the nearest phrase of what a long line asks in the end; as FAsk for a short one
	FCentre                       // cosine with all of the entry's phrases together
	FGramCentre                   // cosine with all of its phrases together, by pairs of characters
	FAskShare                     // FAsk as a share of the best entry's
	FCentreShare                  // FCentre as a share of the best
	FGramShare                    // FGramCentre as a share of the best
	FAlias                        // the longest name or alias that stands in the line, as a share of it
	FObject                       // the line's objects are the entry's
	FAction                       // … actions
	FState                        // … conditions
	FPerson                       // … persons
	FTopic                        // … topics
	FObjectMiss                   // the line names objects, all of them others'
	FStateMiss                    // the line names decisive conditions, all of them others'
	FActionMiss                   // the line names actions, all of them others'
	FMissing                      // the entry is about a condition or action that the line does not say
	FCounter                      // a counter-ask is nearer than any ask
	FEvidence                     // Bleve's score divided by the best one
	FTop                          // it is the entry of the nearest phrase
	FArticle                      // the entry is an article
	FElsewhere                    // the entry is an article on what is not ours
	FPopular                      // the item is one of the most used
	FArticleTopic                 // an article, and the line names a matter that only the police deal with
	FArticleObject                // an article, and the line names a thing that items are about
	FArticleEffect                // an article, and the line asks what follows, who is liable, whether it is allowed
	FArticleLong                  // an article, and the line is a long story
	FObjectExtra                  // the share of a thing that the entry is about and the line does not name
	FActionExtra                  // … of an action
	FStateExtra                   // … of a condition
	FPersonExtra                  // … of a person
	FTopicExtra                   // … of a topic
	FLikely                       // the line's words and concepts are likely in the entry's phrases
	FVotes                        // in how many of the rankings by likelihood, centre, pairs of characters and evidence it is the best
	FLikelyTop                    // it is the likeliest
	featureCount
)

var featureNames = [featureCount]string{
	"ask", "support", "demand", "centre", "gram_centre", "ask_share", "centre_share", "gram_share", "alias", "object", "action", "state", "person", "topic",
	"object_miss", "state_miss", "action_miss", "missing", "counter", "evidence", "top", "article", "elsewhere", "popular", "article_topic", "article_object", "article_effect", "article_long",
	"object_extra", "action_extra", "state_extra", "person_extra", "topic_extra", "likely", "votes", "likely_top",
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

// noneCount is the number of features of «nothing of ours is asked for».
const noneCount = 13

var noneNames = [noneCount]string{"bias", "outside", "no_concept", "object", "topic", "short", "best_ask", "best_gram", "best_whole", "unknown", "known", "best_support", "best_likely"}

type noneFeatures [noneCount]float32

// nearest is how near a line comes to the knowledge at all.
type nearest struct {
	ask, whole, wholeGram, support, likely float32
	// unknown is the share of the line's words that stand nowhere in the knowledge.
	unknown float32
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
	f[6], f[7], f[8], f[9], f[11], f[12] = n.ask, n.wholeGram, n.whole, n.unknown, n.support, n.likely
	if n.unknown == 0 {
		f[10] = 1
	}
	return f
}

// outside are concepts of everyday life; policeTopics are matters that only the police deal
// with.
var (
	outside      = setOf("outside-money", "outside-telecom", "outside-health", "outside-fun", "outside-public")
	policeTopics = setOf("fraud", "police-report", "threat", "theft", "fight", "drugs", "gambling", "pyramid", "illegal-fundraising", "detention",
		"domestic-violence", "missing-person", "drunk", "police-conduct", "hit-and-run", "criminal-history", "defamation", "find-other", "penalty", "unlicensed", "prostitution")
)
