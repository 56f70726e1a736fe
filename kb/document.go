package kb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// Kind is the kind of a knowledge document.
type Kind string

// The kinds of document, each with a folder of its own in data/.
const (
	KindItem    Kind = "item"
	KindArticle Kind = "article"
	KindLexicon Kind = "lexicon"
	KindOutlet  Kind = "outlet"
	KindGold    Kind = "gold"
	KindWeights Kind = "weights"
	KindFacts   Kind = "facts"
	KindList    Kind = "list"
)

// Document is one file of knowledge as a person wrote it. Its body is kept to the byte,
// comments included, so that an export gives back what was imported.
type Document struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
	Body string `json:"body"`
}

// MaxDocument is the largest body accepted, in bytes.
const MaxDocument = 1 << 20

// Key identifies a document among all kinds.
func (d Document) Key() string { return string(d.Kind) + "/" + d.ID }

// ItemKey and ArticleKey are the keys of an item's and an article's document.
func ItemKey(code string) string { return string(KindItem) + "/" + code }

// ArticleKey is the key of an article's document.
func ArticleKey(id string) string { return string(KindArticle) + "/" + id }

// SplitKey is the kind and the id of a key.
func SplitKey(key string) (Kind, string) {
	kind, id, _ := strings.Cut(key, "/")
	return Kind(kind), id
}

// Hash is the SHA-256 of the body in hex.
func (d Document) Hash() string {
	sum := sha256.Sum256([]byte(d.Body))
	return hex.EncodeToString(sum[:])
}

// Known reports whether the document is of a known kind.
func (d Document) Known() bool {
	switch d.Kind {
	case KindItem, KindArticle, KindLexicon, KindOutlet, KindGold, KindWeights, KindFacts, KindList:
		return true
	}
	return false
}

// checkName refuses a kind that is not known and an id that could not be a file's name.
func (d Document) checkName() error {
	if !d.Known() {
		return fault.New(fault.BadRequest, "没有「%s」这类内容", d.Kind)
	}
	if !nameForm.MatchString(d.ID) || len(d.ID) > maxID {
		return fault.New(fault.BadRequest, "编号「%s」不合规范：用字母、数字、点和短横线，最长 %d 个字符", d.ID, maxID)
	}
	if at, ok := documentAt(d.Path()); !ok || at.ID != d.ID {
		return fault.New(fault.BadRequest, "编号「%s」不合规范：金标题以 .tsv 或 .jsonl 结尾，权重以 .yaml 或 .tsv 结尾", d.ID)
	}
	return nil
}

const maxID = 100

var nameForm = regexp.MustCompile(`^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$`)

// Path is where the document stands below a knowledge folder.
func (d Document) Path() string {
	switch d.Kind {
	case KindItem:
		prefix, _, _ := strings.Cut(d.ID, "-")
		return path.Join("items", strings.ToLower(prefix), d.ID+".yaml")
	case KindArticle:
		return path.Join("articles", d.ID+".md")
	case KindGold:
		return path.Join("gold", d.ID)
	case KindOutlet:
		return path.Join("outlets", d.ID+".yaml")
	case KindWeights:
		return path.Join("weights", d.ID)
	case KindList:
		return path.Join("lists", d.ID+".yaml")
	case KindFacts:
		return path.Join("facts", d.ID+".yaml")
	}
	return path.Join("lexicon", d.ID+".yaml")
}

// ReadDocuments reads every knowledge file below fsys. Files that are not knowledge
// (README, Go sources, other folders) are passed over; the order is that of the paths.
func ReadDocuments(fsys fs.FS) ([]Document, error) {
	var docs []Document
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		doc, ok := documentAt(p)
		if !ok {
			return nil
		}
		body, err := readBounded(fsys, p)
		if err != nil {
			return err
		}
		doc.Body = body
		if want := doc.Path(); want != p {
			return fault.New(fault.BadRequest, "%s: this file belongs at %s", p, want)
		}
		docs = append(docs, doc)
		return nil
	})
	if err != nil {
		return nil, err
	}
	sort.Slice(docs, func(i, j int) bool { return docs[i].Path() < docs[j].Path() })
	return docs, nil
}

func documentAt(p string) (Document, bool) {
	folder, _, _ := strings.Cut(p, "/")
	base := path.Base(p)
	stem := strings.TrimSuffix(base, path.Ext(base))
	switch {
	case folder == "items" && path.Ext(p) == ".yaml":
		return Document{Kind: KindItem, ID: stem}, true
	case folder == "articles" && path.Ext(p) == ".md" && stem != "README":
		return Document{Kind: KindArticle, ID: stem}, true
	case folder == "lexicon" && path.Ext(p) == ".yaml":
		return Document{Kind: KindLexicon, ID: stem}, true
	case folder == "outlets" && path.Ext(p) == ".yaml":
		return Document{Kind: KindOutlet, ID: stem}, true
	case folder == "lists" && path.Ext(p) == ".yaml":
		return Document{Kind: KindList, ID: stem}, true
	case folder == "facts" && path.Ext(p) == ".yaml":
		return Document{Kind: KindFacts, ID: stem}, true
	case folder == "weights" && (path.Ext(p) == ".yaml" || path.Ext(p) == ".tsv"):
		return Document{Kind: KindWeights, ID: base}, true
	case folder == "gold" && (path.Ext(p) == ".tsv" || path.Ext(p) == ".jsonl"):
		return Document{Kind: KindGold, ID: base}, true
	}
	return Document{}, false
}

func readBounded(fsys fs.FS, p string) (string, error) {
	info, err := fs.Stat(fsys, p)
	if err != nil {
		return "", err
	}
	if info.Size() > MaxDocument {
		return "", fault.New(fault.TooLarge, "%s: %d bytes; a knowledge file may have at most %d", p, info.Size(), MaxDocument)
	}
	body, err := fs.ReadFile(fsys, p)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(body) {
		return "", fault.New(fault.BadRequest, "%s: not valid UTF-8; save the file as UTF-8", p)
	}
	return string(body), nil
}

// Problem is one thing wrong in one document. Line is 0 when it concerns the whole file.
type Problem struct {
	Path   string `json:"path"`
	Line   int    `json:"line,omitempty"`
	Reason string `json:"reason"`
}

func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", p.Path, p.Line, p.Reason)
	}
	return p.Path + ": " + p.Reason
}

func (p Problem) before(q Problem) bool {
	if p.Path != q.Path {
		return p.Path < q.Path
	}
	if p.Line != q.Line {
		return p.Line < q.Line
	}
	return p.Reason < q.Reason
}

// lineWith is the number of the first line that holds the text, 0 when none does.
func lineWith(body, text string) int {
	i := strings.Index(body, text)
	if i < 0 || text == "" {
		return 0
	}
	return strings.Count(body[:i], "\n") + 1
}

// Problems is an error that lists everything wrong in a set of documents.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, 0, len(ps))
	for _, p := range ps {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// Err is the problems as an error, nil when there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
