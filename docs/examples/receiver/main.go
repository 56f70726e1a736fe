// Command receiver is an example of a business site that takes what a citizen has answered in
// 深微 and fills in its form. It uses nothing but the standard library; docs/deep-links.md explains
// what it does and why.
//
//	SHENWEI_URL=https://ask.example SHENWEI_LINK_SECRET=… receiver -addr :8090
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	addr := flag.String("addr", ":8090", "address to listen on")
	flag.Parse()
	s := &site{
		base: strings.TrimSuffix(os.Getenv("SHENWEI_URL"), "/"), secret: os.Getenv("SHENWEI_LINK_SECRET"),
		client: &http.Client{Timeout: 3 * time.Second},
	}
	if s.base == "" || s.secret == "" {
		log.Fatal("set SHENWEI_URL and SHENWEI_LINK_SECRET (the secret of keys.link)")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /do", s.form)
	server := &http.Server{Addr: *addr, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

type site struct {
	base, secret string
	client       *http.Client
}

// handover is what 深微 hands over: never personal data.
type handover struct {
	Item       string            `json:"item"`
	Conditions map[string]string `json:"conditions"`
	Channel    string            `json:"channel"`
}

// errNothing says that a code opens nothing: used, expired or made up.
var errNothing = errors.New("the code opens nothing")

// redeem opens a code, from server to server. Do it once, at the first request of the page: a code
// opens once.
func (s *site) redeem(ctx context.Context, code string) (handover, error) {
	var h handover
	body, err := json.Marshal(map[string]string{"code": code})
	if err != nil {
		return h, err
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/api/v1/links/redeem", bytes.NewReader(body))
	if err != nil {
		return h, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Shenwei-Timestamp", stamp)
	req.Header.Set("X-Shenwei-Signature", "v1="+hex.EncodeToString(mac.Sum(nil)))
	res, err := s.client.Do(req)
	if err != nil {
		return h, err
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusConflict:
		return h, errNothing
	default:
		return h, fmt.Errorf("redeem: status %d", res.StatusCode) // 401: look at secret and clock
	}
	return h, json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&h)
}

// form shows the form, filled in where the code opens something. Whatever goes wrong, a citizen
// gets the empty form and never an error: what is handed over is a convenience.
func (s *site) form(w http.ResponseWriter, r *http.Request) {
	h := handover{Item: r.URL.Query().Get("item")}
	if code := r.URL.Query().Get("ctx"); code != "" {
		switch got, err := s.redeem(r.Context(), code); {
		case err == nil && got.Item == h.Item:
			h = got
		case err != nil && !errors.Is(err, errNothing):
			log.Print(err)
		}
	}
	// The code must not be seen by whoever this page links to.
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := page.Execute(w, h); err != nil {
		log.Print(err)
	}
}

var page = template.Must(template.New("form").Parse(`<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>申请表（示例）</title>
<h1>申请表（示例）</h1>
<form>
<p><label>事项 <input name="item" value="{{.Item}}"></label></p>
{{range $name, $value := .Conditions}}<p><label>{{$name}} <input name="{{$name}}" value="{{$value}}"></label></p>
{{end}}</form>
<p>来源：{{with .Channel}}{{.}}{{else}}未知{{end}}</p>
`))
