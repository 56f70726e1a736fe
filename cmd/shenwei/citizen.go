package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
)

type citizenCmd struct {
	Export citizenExportCmd `cmd:"" help:"Print all that is known of a conversation, as JSON."`
	Delete citizenDeleteCmd `cmd:"" help:"Delete all that is known of a conversation."`
}

type citizenExportCmd struct {
	Conversation string `arg:"" help:"The conversation's id."`
}

// Run prints JSON to standard output; the audit log has who asked.
func (e citizenExportCmd) Run(ctx context.Context, c *cli) error {
	return withStaff(ctx, c, func(a *app) error {
		body, err := staffRecord{a.store}.ExportCitizen(ctx, actor(), e.Conversation)
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(append(body, '\n'))
		return err
	})
}

type citizenDeleteCmd struct {
	Conversation string `arg:"" help:"The conversation's id."`
}

// Run deletes and prints how much that was.
func (d citizenDeleteCmd) Run(ctx context.Context, c *cli) error {
	return withStaff(ctx, c, func(a *app) error {
		deleted, err := staffRecord{a.store}.DeleteCitizen(ctx, actor(), d.Conversation)
		if err != nil {
			return err
		}
		body, err := json.Marshal(deleted)
		if err != nil {
			return err
		}
		fmt.Println(string(body))
		return nil
	})
}
