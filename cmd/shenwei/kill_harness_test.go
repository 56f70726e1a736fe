package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"

	"shenwei/bot"
)

// What the tests that kill the service have in common.

// unlimited has no visitor of a load test slowed down.
var unlimited = []string{"SHENWEI_LIMITS_VISITOR_BURST=1000000", "SHENWEI_LIMITS_ADDRESS_MINUTE=100000000"}

// killing says how often to kill, and draws the moments.
func killing(t *testing.T) (rounds int, rnd *rand.Rand) {
	rounds = 5
	if os.Getenv("SHENWEI_LONG") == "1" {
		rounds = 100
	}
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // a seed
	t.Logf("seed %d", seed)
	return rounds, rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // not for secrets
}

// readRows reads a conversation as its citizen may.
func readRows(t *testing.T, addr, conversation, token string) []bot.Stored {
	t.Helper()
	var all []bot.Stored
	for {
		var after int64
		if len(all) > 0 {
			after = all[len(all)-1].Seq
		}
		req, _ := http.NewRequest(http.MethodGet, fmt.Sprintf("http://%s/api/v1/conversations/%s/messages?after=%d", addr, conversation, after), nil)
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var page struct{ Messages []bot.Stored }
		err = json.NewDecoder(res.Body).Decode(&page)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d, %v", conversation, res.StatusCode, err)
		}
		if len(page.Messages) == 0 {
			return all
		}
		all = append(all, page.Messages...)
	}
}

// checkRows holds a conversation against what its citizen was promised: rows are numbered
// without a gap, and every acknowledged line is there once, at its number. It returns how many
// lines there are.
func checkRows(t *testing.T, conversation string, rows []bot.Stored, acked map[string]int64) (lines int) {
	t.Helper()
	refs := map[string]int{}
	for i, row := range rows {
		if row.Seq != int64(i+1) {
			t.Errorf("%s: row %d has number %d", conversation, i+1, row.Seq)
		}
		if row.Kind == "citizen" {
			lines++
			refs[row.Ref]++
		}
	}
	for ref, seq := range acked {
		if refs[ref] != 1 || rows[seq-1].Ref != ref {
			t.Errorf("%s: the acknowledged line %s at %d is stored %d times", conversation, ref, seq, refs[ref])
		}
	}
	return lines
}
