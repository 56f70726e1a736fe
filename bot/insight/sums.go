package insight

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"shenwei/bot"
)

// sums adds up what questions change in the numbers.
type sums struct {
	loc      *time.Location
	hours    map[hourKey]Counts
	subjects map[subjectKey]Counts
	clusters map[clusterKey]ClusterRow
}

type (
	hourKey struct {
		day     string
		hour    int
		channel bot.Channel
	}
	subjectKey struct{ day, subject string }
	clusterKey struct {
		cluster int64
		day     string
	}
)

func newSums(loc *time.Location) *sums {
	return &sums{loc, map[hourKey]Counts{}, map[subjectKey]Counts{}, map[clusterKey]ClusterRow{}}
}

func (s *sums) add(q Question, sign int64) {
	day, hour := Bucket(q.At, s.loc)
	h, sub := hourKey{day, hour, q.Channel}, subjectKey{day, q.Subject}
	s.hours[h] = s.hours[h].Add(q.Counts(), sign)
	s.subjects[sub] = s.subjects[sub].Add(q.Counts(), sign)
	if q.Cluster == 0 {
		return
	}
	k := clusterKey{q.Cluster, day}
	row, ok := s.clusters[k]
	if !ok {
		row = ClusterRow{Cluster: q.Cluster, Day: day, First: q.At, Last: q.At}
	}
	if q.At.Before(row.First) {
		row.First = q.At
	}
	if q.At.After(row.Last) {
		row.Last = q.At
	}
	row.ReasonCounts = row.Add(q.ReasonCounts(), sign)
	s.clusters[k] = row
}

// rows are the sums that are not 0, in an order that is always the same.
func (s *sums) rows() (hours []HourRow, subjects []SubjectRow, clusters []ClusterRow) {
	for k, c := range s.hours {
		if c != (Counts{}) {
			hours = append(hours, HourRow{k.day, k.hour, k.channel, c})
		}
	}
	for k, c := range s.subjects {
		if c != (Counts{}) {
			subjects = append(subjects, SubjectRow{k.day, k.subject, c})
		}
	}
	for _, r := range s.clusters {
		clusters = append(clusters, r)
	}
	slices.SortFunc(hours, func(a, b HourRow) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), cmp.Compare(a.Hour, b.Hour), strings.Compare(string(a.Channel), string(b.Channel)))
	})
	slices.SortFunc(subjects, func(a, b SubjectRow) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.Subject, b.Subject))
	})
	slices.SortFunc(clusters, func(a, b ClusterRow) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), strings.Compare(a.Day, b.Day))
	})
	return hours, subjects, clusters
}
