package chat

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"shenwei/internal/fault"
)

// static holds the built pages in memory, also compressed.
type static struct {
	files map[string]*file
}

type file struct {
	body, zipped []byte
	kind, etag   string
	immutable    bool
}

// hashed matches names that change with their content.
var hashed = regexp.MustCompile(`-[0-9A-Za-z_-]{8,}\.[a-z0-9]+$`)

func loadStatic(fsys fs.FS) (*static, error) {
	s := &static{files: map[string]*file{}}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		body, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		s.files[p], err = newFile(p, body)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built pages: %w", err)
	}
	return s, nil
}

func newFile(name string, body []byte) (*file, error) {
	sum := sha256.Sum256(body)
	f := &file{body: body, kind: kindOf(name), etag: `"` + hex.EncodeToString(sum[:12]) + `"`, immutable: hashed.MatchString(name)}
	if !compressible(f.kind) {
		return f, nil
	}
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(body); err == nil {
		err = w.Close()
	}
	if err == nil && buf.Len() < len(body) {
		f.zipped = buf.Bytes()
	}
	return f, err
}

// kinds are given here so that they do not depend on the machine's files.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp", ".woff2": "font/woff2",
	".json": "application/json", ".txt": "text/plain; charset=utf-8", ".webmanifest": "application/manifest+json",
}

func kindOf(name string) string {
	if k, ok := kinds[path.Ext(name)]; ok {
		return k
	}
	if k := mime.TypeByExtension(path.Ext(name)); k != "" {
		return k
	}
	return "application/octet-stream"
}

func compressible(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "svg")
}

// serve answers with the file; false when there is none.
func (s *static) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	f := s.files[name]
	if f == nil {
		return false
	}
	h := w.Header()
	h.Set("ETag", f.etag)
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	body := f.body
	if f.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may have left
	}
	return true
}

// Index is the chat page.
func (c *Chat) Index(w http.ResponseWriter, r *http.Request) {
	if !c.static.serve(w, r, "index.html") {
		c.failPage(w, r, fault.New(fault.Unavailable, "咨询页面还没有构建。请先查看办事指南，或拨打下面的电话。"))
	}
}

// Staff is the page of people who work here. All addresses below /studio, /desk and /staff are its
// screens: what they show they ask of /api/v1, which knows who may see it.
func (c *Chat) Staff(w http.ResponseWriter, r *http.Request) {
	if !c.static.serve(w, r, "studio.html") {
		c.failPage(w, r, fault.New(fault.Unavailable, "工作台的页面还没有构建，请联系管理员。"))
	}
}

// Asset serves what the build made.
func (c *Chat) Asset(w http.ResponseWriter, r *http.Request) {
	if !c.static.serve(w, r, strings.TrimPrefix(path.Clean(r.URL.Path), "/")) {
		c.NotFound(w, r)
	}
}
