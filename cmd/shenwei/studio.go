package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"shenwei/internal/jobs"
)

// publishDue publishes a change whose time has come; the job's payload is its number.
func (a *app) publishDue(ctx context.Context, j jobs.Job) (time.Duration, error) {
	change, err := strconv.ParseInt(j.Payload, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("payload of %s %s: %w", j.Kind, j.Ref, err)
	}
	return 0, a.studio.PublishDue(ctx, change)
}
