package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shenwei/data"
	"shenwei/internal/fault"
	"shenwei/kb"
)

type importCmd struct {
	Source   string `arg:"" optional:"" help:"A knowledge folder, or a JSON or CSV file of an export." placeholder:"DIR|FILE"`
	Embedded bool   `help:"Compare with the knowledge inside this binary instead."`
	DryRun   bool   `help:"Only show what would be added or changed."`
	Publish  bool   `help:"Run the gate and publish what was taken in."`
	Note     string `help:"Note for the release." default:"导入"`
}

// Run takes knowledge in as drafts; with --publish they go live.
func (i *importCmd) Run(ctx context.Context, c *cli) error {
	docs, err := i.read()
	if err != nil {
		return err
	}
	app, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = app.close() }()
	changes, err := app.library.Compare(ctx, docs)
	if err != nil {
		return err
	}
	printChanges(os.Stdout, changes)
	if i.DryRun || len(changes) == 0 {
		return nil
	}
	drafts, err := app.library.Import(ctx, docs)
	if err != nil {
		return err
	}
	if !i.Publish {
		fmt.Printf("%d drafts stored; publish them with --publish\n", len(drafts))
		return nil
	}
	if drafts, err = i.waiting(ctx, app, changes); err != nil {
		return err
	}
	number, err := app.library.Publish(ctx, drafts, i.Note)
	if err != nil {
		return err
	}
	fmt.Printf("release %d is live: %d documents changed\n", number, len(drafts))
	return nil
}

// waiting are the drafts of the changed documents, whether this import or an earlier one
// stored them.
func (i *importCmd) waiting(ctx context.Context, app *app, changes []kb.Change) ([]kb.Revision, error) {
	want := map[string]bool{}
	for _, ch := range changes {
		want[ch.Document.Key()] = true
	}
	all, err := app.library.Drafts(ctx)
	if err != nil {
		return nil, err
	}
	var drafts []kb.Revision
	for _, d := range all {
		if want[d.Key()] {
			drafts = append(drafts, d)
		}
	}
	return drafts, nil
}

func (i *importCmd) read() ([]kb.Document, error) {
	if i.Embedded {
		return kb.ReadDocuments(data.Files)
	}
	if i.Source == "" {
		return nil, fault.New(fault.BadRequest, "name a folder or a JSON file, or use --embedded")
	}
	info, err := os.Stat(i.Source)
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s cannot be read", i.Source)
	}
	if info.IsDir() {
		docs, err := kb.ReadDocuments(os.DirFS(i.Source))
		if err == nil && len(docs) == 0 {
			err = fault.New(fault.BadRequest, "%s holds no knowledge; expected are items/, articles/, lexicon/, outlets/ or gold/", i.Source)
		}
		return docs, err
	}
	if filepath.Ext(i.Source) == ".csv" {
		return readCSV(i.Source)
	}
	return readJSON(i.Source)
}

const maxImport = 256 << 20

func readJSON(path string) ([]kb.Document, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s cannot be read", path)
	}
	defer func() { _ = f.Close() }()
	dec := json.NewDecoder(io.LimitReader(f, maxImport))
	dec.DisallowUnknownFields()
	var docs []kb.Document
	if err := dec.Decode(&docs); err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s: not a JSON export of knowledge (byte %d): %v", path, dec.InputOffset(), err)
	}
	return docs, nil
}

func printChanges(w io.Writer, changes []kb.Change) {
	var b bytes.Buffer
	added := 0
	for _, ch := range changes {
		if ch.New {
			added++
			fmt.Fprintf(&b, "new      %s\n", ch.Document.Path())
			continue
		}
		fmt.Fprintf(&b, "changed  %s\n%s", ch.Document.Path(), indent(ch.Diff))
	}
	fmt.Fprintf(&b, "%d new, %d changed\n", added, len(changes)-added)
	_, _ = w.Write(b.Bytes())
}

func indent(diff string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(diff, "\n"), "\n", "\n  ") + "\n"
}

type exportCmd struct {
	Target string `arg:"" help:"An empty or new folder, or a file that ends in .json or .csv." placeholder:"DIR|FILE"`
}

// Run writes the live knowledge; importing it again changes nothing.
func (e *exportCmd) Run(ctx context.Context, c *cli) error {
	app, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = app.close() }()
	docs := app.started.Release.Documents()
	switch filepath.Ext(e.Target) {
	case ".json":
		err = writeJSON(e.Target, docs)
	case ".csv":
		err = writeCSV(e.Target, docs)
	default:
		err = writeFolder(e.Target, docs)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "release %d: %d documents\n", app.started.Release.Number, len(docs))
	return nil
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

func writeJSON(path string, docs []kb.Document) error {
	body, err := json.MarshalIndent(docs, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(body, '\n'), 0o600); err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be written", path)
	}
	return nil
}

// csvHeader are the columns of a CSV export: a document a row.
var csvHeader = []string{"kind", "id", "body"}

func writeCSV(path string, docs []kb.Document) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{csvHeader}
	for _, d := range docs {
		rows = append(rows, []string{string(d.Kind), d.ID, d.Body})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be written", path)
	}
	return nil
}

func readCSV(path string) ([]kb.Document, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s cannot be read", path)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(io.LimitReader(f, maxImport))
	r.FieldsPerRecord = len(csvHeader)
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s: %v", path, err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], csvHeader) {
		return nil, fault.New(fault.BadRequest, "%s: row 1: the columns must be kind,id,body", path)
	}
	docs := make([]kb.Document, 0, len(rows)-1)
	for i, row := range rows[1:] {
		d := kb.Document{Kind: kb.Kind(row[0]), ID: row[1], Body: row[2]}
		if !d.Known() {
			return nil, fault.New(fault.BadRequest, "%s: row %d, column 1: %q is no kind of document", path, i+2, row[0])
		}
		docs = append(docs, d)
	}
	return docs, nil
}
