package desk

import (
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// Criterion is one line of the sheet by which a conversation is judged.
type Criterion struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Max  int    `json:"max"`
	// Fatal at zero makes the whole sheet zero.
	Fatal bool `json:"fatal,omitempty"`
}

// SheetVersion and Sheet are the present sheet; together they have 100 points.
const SheetVersion = "sheet-1"

// Sheet is the present quality sheet.
var Sheet = []Criterion{
	{"greeting", "开头和结束语规范", 10, false}, {"understood", "听懂诉求，没有让市民重复", 20, false},
	{"correct", "答复准确，有依据", 30, true}, {"speed", "响应及时", 15, false}, {"tone", "态度耐心，用语得当", 15, true},
	{"recorded", "小结和分类准确", 10, false},
}

// Check is a filled quality sheet of one ticket.
type Check struct {
	Ticket   string         `json:"ticket"`
	Agent    string         `json:"agent"`
	Reviewer string         `json:"reviewer"`
	Sheet    string         `json:"sheet"`
	Points   map[string]int `json:"points"`
	Total    int            `json:"total"`
	Comment  string         `json:"comment"`
	At       time.Time      `json:"at"`
}

// Score checks a sheet and adds it up.
func (c *Check) Score() error {
	if c.Sheet == "" {
		c.Sheet = SheetVersion
	}
	if c.Sheet != SheetVersion {
		return fault.New(fault.Conflict, "评分表已经更新，请刷新后重填")
	}
	if utf8.RuneCountInString(c.Comment) > 1000 {
		return fault.New(fault.TooLarge, "评语最多 1000 个字")
	}
	c.Total = 0
	fatal := false
	for _, cr := range Sheet {
		p, given := c.Points[cr.ID]
		if !given || p < 0 || p > cr.Max {
			return fault.New(fault.BadRequest, "「%s」应为 0 到 %d 分", cr.Name, cr.Max)
		}
		c.Total += p
		fatal = fatal || cr.Fatal && p == 0
	}
	if len(c.Points) != len(Sheet) {
		return fault.New(fault.BadRequest, "评分表只有 %d 项", len(Sheet))
	}
	if fatal {
		c.Total = 0
	}
	return nil
}
