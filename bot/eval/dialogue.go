package eval

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"shenwei/bot"
	"shenwei/internal/fault"
)

// Dialogue is a labelled conversation.
type Dialogue struct {
	ID    string `json:"id"`
	Turns []Turn `json:"turns"`
}

// Turn is one line of a dialogue with its label.
type Turn struct {
	Say    string   `json:"say"`
	Action string   `json:"action"`
	Codes  []string `json:"codes"`
	Facet  string   `json:"facet"`
}

// turnActions may label a turn: those of rows, and replies that no row asks for.
var turnActions = map[string]bool{"handoff": true, "smalltalk": true, "decline": true}

// ReadDialogues reads one JSON object a line.
func ReadDialogues(r io.Reader, known func(code string) bool) ([]Dialogue, error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), 1<<20)
	var all []Dialogue
	var wrong []string
	for n := 1; sc.Scan(); n++ {
		if strings.TrimSpace(sc.Text()) == "" {
			continue
		}
		var d Dialogue
		dec := json.NewDecoder(strings.NewReader(sc.Text()))
		dec.DisallowUnknownFields()
		err := dec.Decode(&d)
		if err == nil && dec.More() {
			err = errors.New("more than one JSON object in the line")
		}
		if err == nil {
			err = d.check(known)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("line %d: %v", n, err))
			continue
		}
		all = append(all, d)
	}
	if err := sc.Err(); err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "unreadable file")
	}
	if len(wrong) > 0 {
		return nil, fault.New(fault.BadRequest, "%s", strings.Join(wrong, "\n"))
	}
	if len(all) == 0 {
		return nil, fault.New(fault.BadRequest, "no dialogues in the file")
	}
	return all, nil
}

func (d Dialogue) check(known func(string) bool) error {
	if d.ID == "" || len(d.Turns) == 0 {
		return fmt.Errorf("a dialogue needs an id and turns")
	}
	for i, t := range d.Turns {
		if t.Say == "" || !actions[t.Action] && !turnActions[t.Action] {
			return fmt.Errorf("turn %d: empty, or unknown action %q", i+1, t.Action)
		}
		if t.Action == "answer" && len(t.Codes) == 0 {
			return fmt.Errorf("turn %d: an answer needs codes", i+1)
		}
		for _, c := range t.Codes {
			if !known(c) {
				return fmt.Errorf("turn %d: unknown item code %q", i+1, c)
			}
		}
	}
	return nil
}

// RunDialogues plays every dialogue in a conversation of its own and judges each turn.
func RunDialogues(ctx context.Context, e Engine, dialogues []Dialogue, progress func(done int)) (Report, error) {
	var all []Judgement
	for i, d := range dialogues {
		var state bot.State
		for n, t := range d.Turns {
			if err := ctx.Err(); err != nil {
				return Report{}, err
			}
			a, err := e.Answer(ctx, bot.Turn{Message: bot.Message{Channel: bot.CLI, Text: t.Say}, State: state, Owner: bot.OwnerBot})
			if err != nil {
				return Report{}, err
			}
			state = a.State
			row := Row{ID: fmt.Sprintf("%s.%d", d.ID, n+1), Question: t.Say, Action: t.Action, Codes: t.Codes, Facet: t.Facet, Sure: "2"}
			all = append(all, Judge(row, a.Reply))
		}
		progress(i + 1)
	}
	return Summarise(all), nil
}
