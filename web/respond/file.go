package respond

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"shenwei/internal/fault"
)

// uploadTimeout is how long a file may take on its way from a telephone, answerTimeout how long
// the answer may take after that.
const uploadTimeout, answerTimeout = time.Minute, 40 * time.Second

// File reads a body that is a file of at most so many bytes, whatever type the sender says it is;
// over is the fault for a longer one. It gives a slow telephone more time than other requests have.
// What is refused already for another reason is read and dropped: a browser that writes gets to
// read why.
func File(w http.ResponseWriter, r *http.Request, most int64, over, refused error) ([]byte, error) {
	control, now := http.NewResponseController(w), time.Now()
	_ = control.SetReadDeadline(now.Add(uploadTimeout)) // a test's recorder has no deadlines
	_ = control.SetWriteDeadline(now.Add(uploadTimeout + answerTimeout))
	if refused == nil && r.ContentLength > most {
		refused = over
	}
	if refused != nil {
		discard(r)
		return nil, refused
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var more *http.MaxBytesError
	switch {
	case errors.As(err, &more):
		discard(r)
		return nil, over
	case err != nil:
		return nil, fault.Wrap(fault.BadRequest, err, "文件没有传完，请再发一次")
	}
	return data, nil
}

// Show answers with a file of a type that nobody else decides. Whatever a browser may take it for, it
// runs nothing, is not kept, and no other site shows it.
func Show(w http.ResponseWriter, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Disposition", "inline")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(body) //nolint:gosec // a file that we wrote ourselves; the reader may have left
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
