package main

import (
	"fmt"
	"time"

	"shenwei/internal/store"
)

// clockShift is set by the linker alone, in tests, to have a machine whose clock is wrong.
var clockShift string

// localClock is this machine's clock. Nothing that another node reads may be judged by it: that
// is what app.now is for.
var localClock = shifted(clockShift)

func shifted(by string) func() time.Time {
	d, err := time.ParseDuration(by)
	if err != nil || d == 0 {
		return time.Now
	}
	return func() time.Time { return time.Now().Add(d) }
}

// sayClock tells an operator how this machine's clock stands to the one that nodes share.
func (a *app) sayClock() string {
	skew := a.store.Skew().Round(time.Millisecond)
	switch {
	case !store.Skewed(skew):
		return "this machine's is that of the database"
	case skew > 0:
		return fmt.Sprintf("this machine's is %s ahead of the database's: set it (NTP, for example chrony); the service goes by the database's and is right all the same", skew)
	}
	return fmt.Sprintf("this machine's is %s behind the database's: set it (NTP, for example chrony); the service goes by the database's and is right all the same", -skew)
}
