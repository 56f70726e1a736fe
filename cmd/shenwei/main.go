// Command shenwei is the whole product in one binary: serve, ask, eval, import, export,
// backup, restore, store, bench and check. This package holds all wiring; start with main and app.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"shenwei/internal/fault"
)

// version is set by the linker for released binaries.
var version = "dev"

// cli is the command line. Flags stand over the environment, which stands over the file.
type cli struct {
	Config string `help:"Configuration file (YAML)." env:"SHENWEI_CONFIG" type:"path"`
	Dir    string `help:"Directory for the database and unpacked files." placeholder:"DIR"`
	DB     string `name:"db" help:"Database: a SQLite path or postgres://…; default DIR/shenwei.db." placeholder:"DSN"`
	Bus    string `help:"Bus between nodes: nats://…; none by default." placeholder:"URL"`

	Serve   serveCmd         `cmd:"" help:"Serve the chat page, the API and the socket."`
	Ask     askCmd           `cmd:"" help:"Answer a question, or one question a line from standard input."`
	Eval    evalCmd          `cmd:"" help:"Score a labelled file of questions."`
	Train   trainCmd         `cmd:"" help:"Fit the ranker's weights on labelled files, cross-validated."`
	Import  importCmd        `cmd:"" help:"Take knowledge in as drafts; publish with --publish."`
	Export  exportCmd        `cmd:"" help:"Write the live knowledge to a folder, or a workbook, CSV, JSON or ZIP."`
	Backup  backupCmd        `cmd:"" help:"Write everything in the database to one file, beside a running service."`
	Restore restoreCmd       `cmd:"" help:"Read a backup into an empty database, SQLite or PostgreSQL."`
	Store   storeCmd         `cmd:"" help:"The database as a whole: copy it into another one."`
	Bench   benchCmd         `cmd:"" help:"Measure the engine and the service on this machine."`
	Check   checkCmd         `cmd:"" help:"Tell whether everything is fit to serve."`
	Health  healthCmd        `cmd:"" help:"Ask the service on this machine whether it is ready (containers' health check)."`
	Phrase  phraseCmd        `cmd:"" help:"The language model that may choose the words of answers."`
	WeChat  wechatCmd        `cmd:"" name:"wechat" help:"The official account: menu, doctor, simulator."`
	User    userCmd          `cmd:"" help:"Accounts of people who work here."`
	Keys    keysCmd          `cmd:"" help:"Keys to the personal data in the database."`
	Turn    turnCmd          `cmd:"" help:"What the record has of one turn, by the id in the log; nobody's words."`
	Citizen citizenCmd       `cmd:"" help:"Export or delete one citizen's data."`
	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		<-signals // a second one ends it now, whatever is under way
		os.Exit(1)
	}()
	os.Exit(run(ctx, os.Args[1:]))
}

// run parses and carries out one command and returns the exit code: 0 well, 1 failed, 2
// called wrongly.
func run(ctx context.Context, args []string) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("shenwei"), kong.Vars{"version": version},
		kong.Description("深微：公安办事智能客服。A chat service for police services."), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "shenwei:", err)
		return 2
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "shenwei:", err, "(see shenwei --help)")
		return 2
	}
	err = k.Run(&c)
	var quiet exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &quiet):
		return int(quiet)
	}
	fmt.Fprintln(os.Stderr, "shenwei:", explain(err))
	return 1
}

// exitError ends the program with a code after everything was said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// explain is what an operator reads: the message and, below it, the cause.
func explain(err error) string {
	if msg := fault.MessageOf(err); msg != "" {
		var f *fault.Fault
		if errors.As(err, &f) && f.Cause != nil && f.Cause.Error() != msg {
			return msg + "\n  cause: " + f.Cause.Error()
		}
		return msg
	}
	return err.Error()
}
