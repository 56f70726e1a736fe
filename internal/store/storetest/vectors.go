package storetest

import (
	"crypto/sha256"
	"slices"
	"time"

	"shenwei/internal/store"
)

func (s *suite) vectors(db *store.DB, model, version string) map[[32]byte][]float32 {
	s.Helper()
	out := map[[32]byte][]float32{}
	s.must(db.Vectors(s.Context(), model, version, func(hash [32]byte, v []float32) { out[hash] = v }))
	return out
}

var vectorCases = []testCase{
	{"vectors are kept by model, version and phrase", func(s *suite) {
		db, other := s.open(), s.open()
		a, b := sha256.Sum256([]byte("护照")), sha256.Sum256([]byte("签注"))
		s.must(db.SaveVectors(s.Context(), "m", "1", map[[32]byte][]float32{a: {0.5, -0.25, 1e-30}, b: {1, 2, 3}}))
		s.must(other.SaveVectors(s.Context(), "m", "1", map[[32]byte][]float32{a: {9, 9, 9}}))
		s.must(db.SaveVectors(s.Context(), "m", "2", map[[32]byte][]float32{a: {4}}))
		got := s.vectors(other, "m", "1")
		if len(got) != 2 || !slices.Equal(got[a], []float32{0.5, -0.25, 1e-30}) || !slices.Equal(got[b], []float32{1, 2, 3}) {
			s.Errorf("%v", got)
		}
		if got := s.vectors(db, "m", "2"); len(got) != 1 || !slices.Equal(got[a], []float32{4}) {
			s.Errorf("%v", got)
		}
		if got := s.vectors(db, "n", "1"); len(got) != 0 {
			s.Errorf("%v", got)
		}
	}},
	{"what is no vector is refused", func(s *suite) {
		db := s.open()
		for _, v := range [][]float32{nil, make([]float32, 8193)} {
			if err := db.SaveVectors(s.Context(), "m", "", map[[32]byte][]float32{{1}: v}); err == nil {
				s.Errorf("%d dimensions are taken", len(v))
			}
		}
		if err := db.SaveVectors(s.Context(), "", "", map[[32]byte][]float32{{1}: {1}}); err == nil {
			s.Error("a model without a name is taken")
		}
	}},
	{"vectors of other models go when nobody needs them", func(s *suite) {
		db := s.open()
		for _, version := range []string{"old", "new"} {
			s.must(db.SaveVectors(s.Context(), "m", version, map[[32]byte][]float32{{1}: {1}, {2}: {2}}))
		}
		if n, err := db.PruneVectors(s.Context(), "m", "new", Noon.AddDate(-50, 0, 0)); n != 0 || err != nil {
			s.Errorf("%d, %v", n, err)
		}
		if n, err := db.PruneVectors(s.Context(), "m", "new", time.Now().Add(1000*time.Hour)); n != 2 || err != nil {
			s.Errorf("%d, %v", n, err)
		}
		if len(s.vectors(db, "m", "old")) != 0 || len(s.vectors(db, "m", "new")) != 2 {
			s.Error("the wrong ones went")
		}
	}},
}
