package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"shenwei/data"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/kb/exchange"
)

type importCmd struct {
	Source   string `arg:"" optional:"" help:"A knowledge folder, or a workbook (XLSX), CSV, JSON or ZIP; also question-and-answer tables of other systems." placeholder:"DIR|FILE"`
	Embedded bool   `help:"Compare with the knowledge inside this binary instead."`
	DryRun   bool   `help:"Only show what would be added or changed."`
	Publish  bool   `help:"Run the gate and publish what was taken in."`
	Note     string `help:"Note for the release." default:"导入"`
}

// Run takes knowledge in as drafts; with --publish they go live.
func (i *importCmd) Run(ctx context.Context, c *cli) error {
	if i.Source == "" && !i.Embedded {
		return fault.New(fault.BadRequest, "name a folder or a file, or use --embedded")
	}
	app, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = app.close() }()
	docs, err := i.read(app.started.Release.Documents())
	if err != nil {
		return err
	}
	changes, err := app.library.Compare(ctx, docs)
	if err != nil {
		return err
	}
	printChanges(os.Stdout, changes)
	warnOfOrders(os.Stderr, changes)
	if i.DryRun || len(changes) == 0 {
		return nil
	}
	if err := app.store.AppendAudit(ctx, audit.Entry{Actor: actor(), Action: "knowledge.import", Object: "drafts", Detail: fmt.Sprintf(`{"documents":%d}`, len(changes))}); err != nil {
		return err
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

// warnOfOrders says where what is taken in talks to a language model instead of to people.
func warnOfOrders(w io.Writer, changes []kb.Change) {
	docs := make([]kb.Document, len(changes))
	for i, ch := range changes {
		docs[i] = ch.Document
	}
	for _, p := range kb.Orders(docs) {
		fmt.Fprintf(w, "warning: %s; have somebody look before it is published\n", p)
	}
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

// read reads the documents of the source. A file is read against the live ones: a cell of a
// table that says what they say changes nothing.
func (i *importCmd) read(live []kb.Document) ([]kb.Document, error) {
	if i.Embedded {
		return kb.ReadDocuments(data.Files)
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
	return readFile(i.Source, live)
}

const maxImport = 256 << 20

// readFile reads a workbook, CSV, JSON or ZIP. What is wrong in it is told by sheet, row and
// column, and then nothing is taken in.
func readFile(path string, live []kb.Document) ([]kb.Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s cannot be read", path)
	}
	defer func() { _ = f.Close() }()
	body, err := io.ReadAll(io.LimitReader(f, maxImport+1))
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s cannot be read", path)
	}
	result, err := exchange.Read(exchange.Source{Name: path, Data: body, Now: localClock(), Limit: maxImport}, live)
	if err != nil {
		return nil, err
	}
	for _, note := range result.Notes {
		fmt.Fprintln(os.Stderr, "note:", note)
	}
	if len(result.Problems) > 0 {
		for _, p := range result.Problems {
			fmt.Fprintln(os.Stderr, p)
		}
		return nil, fault.New(fault.BadRequest, "%s: %d problems; nothing was taken in", path, len(result.Problems))
	}
	printRows(os.Stdout, result.Compare(live))
	return result.Documents, nil
}

// printRows tells the rows that come, change and go, which a diff of files tells less well.
func printRows(w io.Writer, c exchange.Changes) {
	var b bytes.Buffer
	for _, list := range []struct {
		word    string
		entries []exchange.Entry
	}{{"added  ", c.Added}, {"changed", c.Changed}, {"removed", c.Removed}} {
		for _, e := range list.entries {
			if e.Part == "" && len(e.Cells) == 0 {
				continue
			}
			fmt.Fprintf(&b, "%s  %s %s", list.word, e.Key, e.Part)
			for _, cell := range e.Cells {
				fmt.Fprintf(&b, " 「%s」", cell.Column)
			}
			b.WriteByte('\n')
		}
	}
	_, _ = w.Write(b.Bytes())
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
