package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/kb/exchange"
)

type exportCmd struct {
	Target string `arg:"" help:"An empty or new folder, or a file that ends in .xlsx, .csv, .json or .zip." placeholder:"DIR|FILE"`
	Kind   string `help:"Only this kind; a CSV then is its table: item, article, outlet, lexicon, list, facts or gold." placeholder:"KIND"`
}

// Run writes the live knowledge; importing it again changes nothing.
func (e *exportCmd) Run(ctx context.Context, c *cli) error {
	if e.Kind != "" && !(kb.Document{Kind: kb.Kind(e.Kind)}).Known() {
		return fault.New(fault.BadRequest, "--kind: there is no kind %q", e.Kind)
	}
	app, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = app.close() }()
	docs := app.started.Release.Documents()
	format := exchange.Format(strings.TrimPrefix(filepath.Ext(e.Target), "."))
	switch format {
	case exchange.XLSX, exchange.CSV, exchange.JSON, exchange.ZIP:
		err = writeFormat(e.Target, format, docs, exchange.Options{Kind: kb.Kind(e.Kind)})
	default:
		err = writeFolder(e.Target, docs)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "release %d: %d documents\n", app.started.Release.Number, len(docs))
	return nil
}

func writeFormat(path string, format exchange.Format, docs []kb.Document, o exchange.Options) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be written", path)
	}
	err = exchange.Write(f, format, docs, o)
	if cerr := f.Close(); err == nil && cerr != nil {
		err = fault.Wrap(fault.BadRequest, cerr, "%s cannot be written", path)
	}
	return err
}

func writeFolder(dir string, docs []kb.Document) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fault.New(fault.Conflict, "%s is not empty; name a new folder, so that nothing is overwritten", dir)
	}
	for _, d := range docs {
		path := filepath.Join(dir, filepath.FromSlash(d.Path()))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return fault.Wrap(fault.BadRequest, err, "%s cannot be made", filepath.Dir(path))
		}
		if err := os.WriteFile(path, []byte(d.Body), 0o600); err != nil {
			return fault.Wrap(fault.BadRequest, err, "%s cannot be written", path)
		}
	}
	return nil
}
