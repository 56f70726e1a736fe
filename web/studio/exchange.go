// Package studio is the editors' interface below /api/v1/studio. Here: importing and exporting
// knowledge; start reading at NewExchange. Which role may call what stands in web/routes.go.
package studio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/kb/exchange"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// ExchangeConfig is what importing and exporting need.
type ExchangeConfig struct {
	Respond *respond.Responder
	// Now is the clock.
	Now func() time.Time
	// Live returns the newest release, nil where there is none.
	Live func(ctx context.Context) (*kb.Release, error)
	// TakeIn stores documents as drafts of a person and returns those that it stored.
	TakeIn func(ctx context.Context, by auth.Principal, docs []kb.Document) ([]kb.Revision, error)
	// Audit records who did what; what cannot be recorded is not done.
	Audit func(ctx context.Context, e audit.Entry) error
}

// Exchange answers the imports and exports of editors: POST Import, GET Export.
type Exchange struct {
	cfg ExchangeConfig
	// slot is held by the one import that is read at a time: an unpacked workbook is large.
	slot chan struct{}
}

// NewExchange returns the handlers.
func NewExchange(cfg ExchangeConfig) *Exchange {
	return &Exchange{cfg: cfg, slot: make(chan struct{}, 1)}
}

// transferTimeout is how long a file of the largest size may take to come or go.
const transferTimeout = 3 * time.Minute

// importView is what an import did, or would do.
type importView struct {
	Format exchange.Format `json:"format"`
	DryRun bool            `json:"dry_run"`
	exchange.Changes
	Problems []exchange.Problem `json:"problems"`
	Notes    []string           `json:"notes"`
	// Drafts are the keys of the documents that were stored as drafts.
	Drafts []string `json:"drafts"`
}

// Import reads a file and tells what it would change; without dry_run=1 it stores the changes
// as drafts, all or, where the file has a problem, none.
func (x *Exchange) Import(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(transferTimeout)) // an upload takes longer than a request; sockets go by the machine's clock
	_ = control.SetWriteDeadline(time.Now().Add(transferTimeout))
	view, err := x.read(w, r)
	if err != nil {
		x.cfg.Respond.Error(w, r, err)
		return
	}
	x.cfg.Respond.JSON(w, r, view)
}

func (x *Exchange) read(w http.ResponseWriter, r *http.Request) (*importView, error) {
	ctx := r.Context()
	by, ok := auth.From(ctx)
	if !ok {
		return nil, fault.New(fault.Unauthorized, "请先登录")
	}
	dry, err := flag(r, "dry_run")
	if err != nil {
		return nil, err
	}
	select {
	case x.slot <- struct{}{}:
		defer func() { <-x.slot }()
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "另一个导入还没有结束，请稍后再试")
	}
	src, err := upload(w, r)
	if err != nil {
		return nil, err
	}
	src.Now = x.cfg.Now()
	live, err := x.live(ctx)
	if err != nil {
		return nil, err
	}
	result, err := exchange.Read(src, live)
	if err != nil {
		return nil, err
	}
	view := &importView{Format: result.Format, DryRun: dry, Changes: result.Compare(live), Problems: result.Problems, Notes: result.Notes, Drafts: []string{}}
	if view.Problems == nil {
		view.Problems = []exchange.Problem{}
	}
	if view.Notes == nil {
		view.Notes = []string{}
	}
	if dry || len(result.Problems) > 0 || len(result.Documents) == 0 {
		return view, nil
	}
	return view, x.take(ctx, by, result, view)
}

func (x *Exchange) take(ctx context.Context, by auth.Principal, result *exchange.Result, view *importView) error {
	detail := map[string]int{"documents": len(result.Documents), "added": len(view.Added), "changed": len(view.Changed), "removed": len(view.Removed)}
	if err := x.record(ctx, by, "knowledge.import", string(result.Format), detail); err != nil {
		return err
	}
	drafts, err := x.cfg.TakeIn(ctx, by, result.Documents)
	for _, d := range drafts {
		view.Drafts = append(view.Drafts, d.Key())
	}
	return err
}

func (x *Exchange) live(ctx context.Context) ([]kb.Document, error) {
	release, err := x.cfg.Live(ctx)
	if err != nil || release == nil {
		return nil, err
	}
	return release.Documents(), nil
}

func (x *Exchange) record(ctx context.Context, by auth.Principal, action, object string, detail map[string]int) error {
	body, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	return x.cfg.Audit(ctx, audit.Entry{Actor: by.Name, Action: action, Object: object, Detail: string(body), At: x.cfg.Now()})
}

func flag(r *http.Request, name string) (bool, error) {
	v := r.URL.Query().Get(name)
	if v == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(v)
	if err != nil {
		return false, fault.New(fault.BadRequest, "%s 应为 1 或 0", name)
	}
	return on, nil
}

// upload reads the file of a form's field "file", or the body itself, whose name may stand in
// the query.
func upload(w http.ResponseWriter, r *http.Request) (exchange.Source, error) {
	const form = 64 << 10 // what a form has around its file
	r.Body = http.MaxBytesReader(w, r.Body, exchange.MaxFile+form)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // an unreadable type is a raw body
	var file io.Reader = r.Body
	name := r.URL.Query().Get("name")
	if kind == "multipart/form-data" {
		parts, err := r.MultipartReader()
		if err != nil {
			return exchange.Source{}, fault.Wrap(fault.BadRequest, err, "上传的表单不完整")
		}
		for {
			part, err := parts.NextPart()
			if err != nil {
				return exchange.Source{}, unread(err, "表单里没有名为 file 的文件")
			}
			if part.FormName() == "file" {
				file, name = part, part.FileName()
				break
			}
		}
	}
	data, err := io.ReadAll(io.LimitReader(file, exchange.MaxFile+1))
	if err != nil {
		return exchange.Source{}, unread(err, "文件没有传完，请再试一次")
	}
	return exchange.Source{Name: path.Base(strings.ReplaceAll(name, `\`, "/")), Data: data}, nil
}

func unread(err error, says string) error {
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return fault.New(fault.TooLarge, "文件最多 %d MB", exchange.MaxFile>>20)
	}
	return fault.Wrap(fault.BadRequest, err, "%s", says)
}

var mediaTypes = map[exchange.Format]string{
	exchange.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	exchange.CSV:  "text/csv; charset=utf-8",
	exchange.JSON: "application/json; charset=utf-8",
	exchange.ZIP:  "application/zip",
}

// Export sends the live knowledge as a file: format xlsx, csv, json or zip; kind limits it to
// one kind, and gives a CSV that kind's table.
func (x *Exchange) Export(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(transferTimeout))
	body, name, err := x.export(r)
	if err != nil {
		x.cfg.Respond.Error(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", mediaTypes[exchange.Format(strings.TrimPrefix(path.Ext(name), "."))])
	header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) //nolint:gosec // a download, never a page; the reader may have left
}

func (x *Exchange) export(r *http.Request) (body []byte, name string, err error) {
	ctx := r.Context()
	by, ok := auth.From(ctx)
	if !ok {
		return nil, "", fault.New(fault.Unauthorized, "请先登录")
	}
	format := exchange.Format(r.URL.Query().Get("format"))
	if format == "" {
		format = exchange.XLSX
	}
	if mediaTypes[format] == "" {
		return nil, "", fault.New(fault.BadRequest, "format 应为 xlsx、csv、json 或 zip")
	}
	kind := kb.Kind(r.URL.Query().Get("kind"))
	if kind != "" && !(kb.Document{Kind: kind}).Known() {
		return nil, "", fault.New(fault.BadRequest, "没有这种知识；kind 可为 item、article、outlet、lexicon、list、facts、gold")
	}
	release, err := x.cfg.Live(ctx)
	if err != nil {
		return nil, "", err
	}
	if release == nil {
		return nil, "", fault.New(fault.NotFound, "还没有发布过知识")
	}
	var b bytes.Buffer
	if err := exchange.Write(&b, format, release.Documents(), exchange.Options{Kind: kind}); err != nil {
		return nil, "", err
	}
	if err := x.record(ctx, by, "knowledge.export", fmt.Sprintf("release/%d", release.Number), map[string]int{"bytes": b.Len()}); err != nil {
		return nil, "", err
	}
	name = "shenwei-" + strconv.FormatInt(release.Number, 10)
	if kind != "" {
		name += "-" + string(kind)
	}
	return b.Bytes(), name + "." + string(format), nil
}
