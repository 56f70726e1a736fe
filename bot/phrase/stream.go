package phrase

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	openai "github.com/sashabaranov/go-openai"
)

// stream reads an answer: server-sent events, or one JSON object where the server does not stream.
type stream struct {
	r *bufio.Reader
	// alive is called for every piece of words or thoughts.
	alive func()
	piece func(string)
	reset func()

	text     strings.Builder
	think    thinker
	finished bool
	tokens   int
}

func newStream(body io.Reader, alive func(), piece func(string), reset func()) *stream {
	if piece == nil {
		piece = func(string) {}
	}
	if reset == nil {
		reset = func() {}
	}
	return &stream{r: bufio.NewReaderSize(io.LimitReader(body, maxResponse+1), 4<<10), alive: alive, piece: piece, reset: reset}
}

func wrong(what string) error { return &ServerError{What: what} }

// read reads to the end and returns the whole answer.
func (s *stream) read() (Said, error) {
	err := s.lines()
	said := Said{Text: strings.TrimSpace(s.text.String()), Tokens: s.tokens}
	switch {
	case err != nil:
		return Said{Tokens: s.tokens}, err
	case !s.finished:
		return Said{Tokens: s.tokens}, wrong("the answer ended before it was complete")
	case s.think.open:
		return Said{Tokens: s.tokens}, wrong("the model never stopped thinking")
	}
	rest := s.think.rest()
	s.text.WriteString(rest)
	if rest != "" {
		s.piece(rest)
		said.Text = strings.TrimSpace(s.text.String())
	}
	if said.Text == "" {
		return said, wrong("the answer has no words")
	}
	if !utf8.ValidString(said.Text) {
		return Said{Tokens: s.tokens}, wrong("the answer is no UTF-8")
	}
	return said, nil
}

// lines reads events until the end of the stream.
func (s *stream) lines() error {
	var data []byte
	first, total := true, 0
	for {
		line, err := s.line()
		total += len(line) + 1
		if total > maxResponse {
			return wrong("the answer is too long")
		}
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return err
		}
		if first {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		trimmed := bytes.TrimSpace(line)
		if first && len(trimmed) > 0 {
			first = false
			if trimmed[0] == '{' || trimmed[0] == '<' {
				return s.whole(line)
			}
		}
		switch field, ok := bytes.CutPrefix(line, []byte("data:")); {
		case ok:
			if len(data) > 0 {
				data = append(data, '\n')
			}
			data = append(data, bytes.TrimPrefix(field, []byte(" "))...)
		case len(trimmed) == 0 && len(data) > 0:
			if done, err := s.event(data); done || err != nil {
				return err
			}
			data = data[:0]
		}
		if ended {
			if len(data) > 0 {
				_, err := s.event(data)
				return err
			}
			return nil
		}
	}
}

// line reads one line without its end. It is io.EOF with the last one.
func (s *stream) line() ([]byte, error) {
	var out []byte
	for {
		part, err := s.r.ReadSlice('\n')
		out = append(out, part...)
		if len(out) > maxLine {
			return nil, wrong("a line of the answer is too long")
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return bytes.TrimRight(out, "\r\n"), err
	}
}

// chunk is what is read of an event: the library's shape with what other servers add.
type chunk struct {
	Choices []struct {
		Index int `json:"index"`
		Delta struct {
			Content   *string           `json:"content"`
			Reasoning string            `json:"reasoning"`
			Thought   string            `json:"reasoning_content"`
			Refusal   string            `json:"refusal"`
			Tools     []openai.ToolCall `json:"tool_calls"`
		} `json:"delta"`
		Message *struct {
			Content *string           `json:"content"`
			Tools   []openai.ToolCall `json:"tool_calls"`
		} `json:"message"`
		Finish openai.FinishReason `json:"finish_reason"`
	} `json:"choices"`
	Usage *openai.Usage   `json:"usage"`
	Error json.RawMessage `json:"error"`
}

// event takes one event in; done tells that the stream is over.
func (s *stream) event(data []byte) (done bool, err error) {
	if string(bytes.TrimSpace(data)) == "[DONE]" {
		return true, nil
	}
	if !utf8.Valid(data) {
		return false, wrong("the answer is no UTF-8")
	}
	var c chunk
	if err := json.Unmarshal(data, &c); err != nil {
		return false, wrong("the answer is no JSON")
	}
	if len(c.Error) > 0 && string(c.Error) != "null" {
		return false, wrong("it reports an error in the answer")
	}
	if c.Usage != nil && c.Usage.TotalTokens > 0 {
		s.tokens = c.Usage.TotalTokens
	}
	for _, choice := range c.Choices {
		if choice.Index != 0 {
			continue
		}
		if len(choice.Delta.Tools) > 0 || choice.Message != nil && len(choice.Message.Tools) > 0 {
			return false, wrong("the model calls a function that nobody offered")
		}
		if choice.Delta.Refusal != "" {
			return false, wrong("the model refuses")
		}
		if choice.Delta.Thought != "" || choice.Delta.Reasoning != "" {
			s.alive()
		}
		if err := s.words(choice.Delta.Content); err != nil {
			return false, err
		}
		if choice.Message != nil {
			if err := s.words(choice.Message.Content); err != nil {
				return false, err
			}
		}
		switch choice.Finish {
		case "", openai.FinishReasonNull:
		case openai.FinishReasonStop:
			s.finished = true
		case openai.FinishReasonLength:
			return false, wrong("the answer was cut at its limit")
		case openai.FinishReasonContentFilter:
			return false, wrong("its filter refused the answer")
		default:
			return false, wrong("the answer ended in a way that is not known")
		}
	}
	return false, nil
}

// words takes a piece of the model's words in, without thoughts.
func (s *stream) words(content *string) error {
	if content == nil || *content == "" {
		return nil
	}
	s.alive()
	out, lone := s.think.take(*content)
	if lone { // all before was thought
		s.text.Reset()
		s.reset()
	}
	s.text.WriteString(out)
	if s.text.Len() > maxText {
		return wrong("the answer is too long")
	}
	if out != "" {
		s.piece(out)
	}
	return nil
}

// whole reads an answer that is one JSON object, or no answer of a model server at all.
func (s *stream) whole(begin []byte) error {
	rest, err := io.ReadAll(s.r)
	if err != nil {
		return err
	}
	data := append(append([]byte{}, begin...), '\n')
	if data = append(data, rest...); len(data) > maxResponse {
		return wrong("the answer is too long")
	}
	if bytes.TrimSpace(data)[0] == '<' {
		return wrong("a web page came; this is no model server")
	}
	_, err = s.event(data)
	return err
}

// thinker drops <think>…</think> from words that come in pieces, and tells of a lone </think>.
type thinker struct {
	open bool
	held string // may be the beginning of a tag
}

const (
	thinkOpen  = "<think>"
	thinkClose = "</think>"
)

// take returns the words of a piece; lone tells that an end came without a beginning.
func (t *thinker) take(piece string) (words string, lone bool) {
	text := t.held + piece
	t.held = ""
	var out strings.Builder
	for text != "" {
		tag := thinkClose
		i := strings.Index(text, thinkClose)
		if j := strings.Index(text, thinkOpen); !t.open && j >= 0 && (i < 0 || j < i) {
			i, tag = j, thinkOpen
		}
		if i < 0 {
			keep := beginning(text)
			t.held = text[len(text)-keep:]
			if !t.open {
				out.WriteString(text[:len(text)-keep])
			}
			break
		}
		if !t.open {
			out.WriteString(text[:i])
			if tag == thinkClose {
				lone = true
				out.Reset()
			}
		}
		t.open = tag == thinkOpen
		text = text[i+len(tag):]
	}
	return out.String(), lone
}

// beginning is how many bytes at the end of a text may begin a tag.
func beginning(text string) int {
	for n := min(len(text), len(thinkClose)-1); n > 0; n-- {
		end := text[len(text)-n:]
		if strings.HasPrefix(thinkOpen, end) || strings.HasPrefix(thinkClose, end) {
			return n
		}
	}
	return 0
}

// rest is what was held back and turned out to be no tag.
func (t *thinker) rest() string {
	held := t.held
	t.held = ""
	return held
}
