package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/oklog/ulid/v2"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
)

type askCmd struct {
	Question     []string `arg:"" optional:"" help:"The question; without one, standard input is read, one question a line."`
	JSON         bool     `name:"json" help:"Print the reply as JSON."`
	Conversation string   `help:"Keep all lines in this conversation; it is made if unknown." placeholder:"ID"`
	Explain      bool     `help:"Print why the reply is what it is."`
}

// maxLine bounds one line of standard input, in bytes: the longest message in UTF-8.
const maxLine = 4*bot.MaxText + 1024

// Run answers one question, or the lines of standard input.
func (a *askCmd) Run(ctx context.Context, c *cli) error {
	app, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = app.close() }()
	app.front = bot.NewFront(app.store, app.answerer(), app.log, append(app.wording(), bot.WithClock(app.now))...)
	if len(a.Question) == 0 {
		return a.lines(ctx, app, os.Stdin, os.Stdout)
	}
	reply, err := a.ask(ctx, app, strings.Join(a.Question, " "))
	if a.JSON {
		if werr := writeLine(os.Stdout, reply, err); werr != nil {
			return werr
		}
		if err != nil {
			return exitError(1)
		}
		return a.explain(ctx, app, reply)
	}
	if err != nil {
		return err
	}
	fmt.Println(reply.Text)
	return a.explain(ctx, app, reply)
}

func (a *askCmd) ask(ctx context.Context, app *app, text string) (*bot.Reply, error) {
	line, err := app.front.Begin(ctx, bot.Message{
		Channel: bot.CLI, Ref: ulid.Make().String(), Conversation: a.Conversation, Trusted: true, Text: text,
	})
	if err != nil {
		return nil, err
	}
	return line.Wait(ctx)
}

// lines answers one question a line and writes exactly one JSON object for each, in order.
func (a *askCmd) lines(ctx context.Context, app *app, in io.Reader, out io.Writer) error {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		text, tooLong, err := readLine(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var reply *bot.Reply
		var askErr error
		if tooLong {
			askErr = fault.New(fault.TooLarge, "一次最多 %d 个字，请分几次说", bot.MaxText)
		} else {
			reply, askErr = a.ask(ctx, app, text)
		}
		if err := writeLine(out, reply, askErr); err != nil {
			return err
		}
	}
}

// readLine reads a line of any length but keeps at most maxLine bytes of it.
func readLine(r *bufio.Reader) (text string, tooLong bool, err error) {
	var b []byte
	for {
		part, more, err := r.ReadLine()
		if err != nil {
			if errors.Is(err, io.EOF) && len(b) > 0 {
				return string(b), tooLong, nil
			}
			return "", false, err
		}
		if len(b)+len(part) > maxLine {
			tooLong = true
			b = b[:0]
		} else if !tooLong {
			b = append(b, part...)
		}
		if !more {
			return string(b), tooLong, nil
		}
	}
}

type errorBody struct {
	Error struct {
		Code    fault.Code `json:"code"`
		Message string     `json:"message"`
	} `json:"error"`
}

func writeLine(out io.Writer, reply *bot.Reply, err error) error {
	var v any = reply
	if err != nil {
		var e errorBody
		e.Error.Code, e.Error.Message = fault.CodeOf(err), fault.MessageOf(err)
		if e.Error.Message == "" {
			e.Error.Message = "internal error; see standard error"
			fmt.Fprintln(os.Stderr, "shenwei:", err)
		}
		v = e
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// explain prints the stored trace with personal data masked.
func (a *askCmd) explain(ctx context.Context, app *app, reply *bot.Reply) error {
	if !a.Explain {
		return nil
	}
	trace, err := app.store.Trace(ctx, reply.Conversation, reply.Seq)
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(trace, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, mask.Text(string(body)))
	return nil
}
