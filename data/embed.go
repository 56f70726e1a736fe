// Package data is what ships: the sample knowledge, embedded in the binary.
package data

import "embed"

// Files holds the knowledge folders as kb.ReadDocuments expects them.
//
//go:embed all:items all:articles all:lexicon all:outlets all:gold all:weights all:facts all:lists
var Files embed.FS
