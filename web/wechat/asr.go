package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"shenwei/internal/fault"
)

// Listener writes down what was said.
type Listener interface {
	// Transcribe returns the words of a recording; format is its encoding, e.g. "amr".
	Transcribe(ctx context.Context, audio []byte, format string) (string, error)
}

// Speech is an OpenAI-compatible endpoint for transcriptions.
type Speech struct {
	// Base is the address before /audio/transcriptions, Model the model to ask.
	Base, Key, Model string
	HTTP             *http.Client
}

const speechTimeout = 15 * time.Second

// Transcribe implements Listener. No error of it holds the key.
func (s Speech) Transcribe(ctx context.Context, audio []byte, format string) (string, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "voice."+first(format, "amr"))
	if err == nil {
		_, err = part.Write(audio)
	}
	for _, f := range [][2]string{{"model", s.Model}, {"language", "zh"}, {"response_format", "json"}} {
		if err == nil {
			err = w.WriteField(f[0], f[1])
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "the recording cannot be encoded")
	}
	ctx, cancel := context.WithTimeout(ctx, speechTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.Base, "/")+"/audio/transcriptions", &form)
	if err != nil {
		return "", fault.New(fault.BadRequest, "asr.base_url is no address")
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	if s.Key != "" {
		req.Header.Set("Authorization", "Bearer "+s.Key)
	}
	client := s.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return "", fault.New(fault.Unavailable, "the transcription service does not answer")
	}
	defer func() { _ = res.Body.Close() }()
	var out struct {
		Text string `json:"text"`
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxText))
	if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(body, &out) != nil {
		return "", fault.New(fault.Unavailable, "%s", fmt.Sprintf("the transcription service answered HTTP %d", res.StatusCode))
	}
	return strings.TrimSpace(out.Text), nil
}
