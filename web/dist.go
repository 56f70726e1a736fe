package web

import (
	"embed"
	"io/fs"
)

// built is what web/ui makes; `make ui` builds it again.
//
//go:embed all:dist
var built embed.FS

func dist() fs.FS {
	sub, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // only for a malformed name
	}
	return sub
}
