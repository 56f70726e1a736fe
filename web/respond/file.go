package respond

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/picture"
)

// uploadTimeout is how long a picture may take on its way from a telephone, answerTimeout how long
// the answer may take after that.
const uploadTimeout, answerTimeout = time.Minute, 40 * time.Second

// ReadPicture reads a body that is a file of at most picture.MaxBytes, whatever type the sender
// says it is. It gives a slow telephone more time than other requests have. What is refused already
// for another reason is read and dropped: a browser that writes gets to read why.
func ReadPicture(w http.ResponseWriter, r *http.Request, refused error) ([]byte, error) {
	control, now := http.NewResponseController(w), time.Now()
	_ = control.SetReadDeadline(now.Add(uploadTimeout)) // a test's recorder has no deadlines
	_ = control.SetWriteDeadline(now.Add(uploadTimeout + answerTimeout))
	switch {
	case refused != nil:
		discard(r)
		return nil, refused
	case r.ContentLength > picture.MaxBytes:
		discard(r)
		return nil, picture.TooManyBytes()
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, picture.MaxBytes))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		discard(r)
		return nil, picture.TooManyBytes()
	case err != nil:
		return nil, fault.Wrap(fault.BadRequest, err, "图片没有传完，请再发一次")
	}
	return data, nil
}

// ShowPicture answers with a kept picture. Whatever a browser may take it for, it runs nothing, and
// no other site shows it.
func ShowPicture(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h.Set("Content-Type", picture.Type)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Disposition", "inline")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(body) //nolint:gosec // a JPEG file that we wrote ourselves; the reader may have left
}

// SmallPicture tells whether a request wants the small picture: size is small, or large or nothing.
func SmallPicture(r *http.Request) (bool, error) {
	switch r.URL.Query().Get("size") {
	case "small":
		return true, nil
	case "", "large":
		return false, nil
	}
	return false, fault.New(fault.BadRequest, "参数 size 可以是 small、large")
}

// Seq reads the number of a row from a request's path.
func Seq(r *http.Request) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil || n < 1 {
		return 0, fault.New(fault.NotFound, "没有这张图片")
	}
	return n, nil
}
