package insight

import (
	"context"
	"time"

	"shenwei/bot"
)

// Cursor is how far the record was followed.
type Cursor struct{ Turns, Thumbs int64 }

// HourRow is what the questions of one hour and channel add up to.
type HourRow struct {
	Day     string // YYYY-MM-DD in the service's time zone
	Hour    int    // 0 to 23
	Channel bot.Channel
	Counts
}

// SubjectRow is what the questions of one day on one subject add up to. Day is empty where
// days are added up.
type SubjectRow struct {
	Day     string
	Subject string
	Counts
}

// ClusterRow is what one day adds to one cluster.
type ClusterRow struct {
	Cluster int64
	Day     string
	// First and Last are when its questions came.
	First, Last time.Time
	ReasonCounts
}

// Batch is what a step of the follower changes, stored in one transaction.
type Batch struct {
	// Holder is the node that follows; From the cursor it began at. Another holder or cursor
	// on record is fault.Conflict, and nothing is stored.
	Holder   string
	From, To Cursor
	// Questions are new or changed, by conversation and seq.
	Questions []Question
	// What is added to the sums.
	Hours    []HourRow
	Subjects []SubjectRow
	Clusters []ClusterRow
	Samples  []Sample
}

// Store is the record as the follower needs it.
type Store interface {
	// Lease takes or keeps the right to follow and returns the cursor; false while another
	// node has it. It lasts by the record's own clock.
	Lease(ctx context.Context, holder string, lease time.Duration) (Cursor, bool, error)
	// Turns lists replies after a place on record, oldest first, none of which a transaction
	// under way could still come before.
	Turns(ctx context.Context, after int64, limit int) ([]Turn, error)
	// Thumbs does the same for what citizens said of replies.
	Thumbs(ctx context.Context, after int64, limit int) ([]Thumb, error)
	// Recent lists the last questions of a conversation before sequence number before (0 for
	// the end), the newest last.
	Recent(ctx context.Context, conversation string, before int64, limit int) ([]Question, error)
	// Place is where a reply stands on record, 0 for an unknown one.
	Place(ctx context.Context, conversation string, answer int64) (int64, error)
	// Samples lists those of clusters that grew since a time, by cluster and place, and the
	// next number of a cluster.
	Samples(ctx context.Context, since time.Time) ([]Sample, int64, error)
	// Save stores a batch.
	Save(ctx context.Context, b Batch) error
	// Waiting lists clusters whose answer is drafted and not live yet.
	Waiting(ctx context.Context) ([]Waiting, error)
	// Solve notes since when a cluster's answer is live.
	Solve(ctx context.Context, cluster int64, at time.Time) error
}

// Waiting is a cluster whose answer is drafted.
type Waiting struct {
	Cluster int64
	// Key is the document, Asks what was added to it.
	Key  string
	Asks []string
}

// State is what was done about a cluster.
type State string

// The states of a cluster.
const (
	Open    State = "open"    // nothing yet
	Drafted State = "drafted" // a draft waits to be published
	Solved  State = "solved"  // what was drafted is live
	Ignored State = "ignored" // nothing will be done
)

// Cluster is questions that are nearly the same, within a range of days.
type Cluster struct {
	ID int64
	// Samples are questions that stand for it, the oldest first.
	Samples []string
	ReasonCounts
	First, Last time.Time
	State       State
	// How, Key, Asks and By tell what was done; Done since when the answer is live (solved),
	// else when it was decided.
	How  string
	Key  string
	Asks []string
	By   string
	Done time.Time
}

// Filter names clusters.
type Filter struct {
	Days
	// Kind is a reason that at least one question has, "" for any; State "" for any.
	Kind          Reason
	State         State
	Offset, Limit int
}

// Resolution is what somebody decided about a cluster.
type Resolution struct {
	Cluster int64
	State   State
	How     string
	Key     string
	Asks    []string
	By      string
	At      time.Time
}
