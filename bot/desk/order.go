package desk

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/calendar"
	"shenwei/internal/fault"
)

// Order is a work order: a matter recorded for another unit.
type Order struct {
	Number       string `json:"number"`
	Ticket       string `json:"ticket,omitempty"`
	Conversation string `json:"conversation,omitempty"`
	Type         string `json:"type"`
	Urgency      string `json:"urgency"`
	Title        string `json:"title"`
	// Body, Name, Phone and Place are personal data: sealed on record, masked on screen.
	Body  string `json:"body"`
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
	Place string `json:"place,omitempty"`
	// Anonymous keeps the name from the unit, Confidential from everybody but it.
	Anonymous    bool      `json:"anonymous,omitempty"`
	Confidential bool      `json:"confidential,omitempty"`
	Item         string    `json:"item,omitempty"`
	Unit         string    `json:"unit"` // who handles it
	State        string    `json:"state"`
	Version      int64     `json:"version"`
	Created      time.Time `json:"created"`
	SignBy       time.Time `json:"sign_by"`
	ContactBy    time.Time `json:"contact_by"`
	DueBy        time.Time `json:"due_by"`
	Extended     int       `json:"extended,omitempty"`
	Urged        int       `json:"urged,omitempty"`
	Reply        string    `json:"reply,omitempty"`
	Satisfied    *bool     `json:"satisfied,omitempty"`
	Steps        []Step    `json:"steps"`
}

// Step is one thing that happened to an order.
type Step struct {
	At    time.Time `json:"at"`
	Actor string    `json:"actor"`
	Do    string    `json:"do"`
	Text  string    `json:"text,omitempty"`
}

// The states of an order.
const (
	OrderAssigned = "assigned" // 待签收
	OrderSigned   = "signed"   // 办理中
	OrderReturned = "returned" // 已退单: to be assigned anew
	OrderReplied  = "replied"  // 已答复: the citizen is to be called
	OrderClosed   = "closed"   // 已办结
)

// OrderTypes and Urgencies are the choices of an order, as the city's hotline has them.
var (
	OrderTypes = []string{"咨询", "求助", "投诉", "举报", "建议", "表扬", "非警务转办"}
	Urgencies  = []string{"一般", "紧急", "特急"}
)

// Deadline is how long each step of an order may take, in working time, and how often its
// end may be put off.
type Deadline struct {
	Sign, Contact, Due time.Duration
	Extensions         int
}

// workday is the working time of one day.
const workday = 7 * time.Hour

// Deadlines are the due times by type and urgency; "" stands for every other type.
type Deadlines map[string]map[string]Deadline

// DefaultDeadlines follow what city hotlines ask for: urgent matters the same day, questions
// and calls for help in three working days, complaints and reports in thirteen.
func DefaultDeadlines() Deadlines {
	urgent := map[string]Deadline{
		"特急": {30 * time.Minute, 2 * time.Hour, workday, 0},
		"紧急": {2 * time.Hour, 4 * time.Hour, 2 * workday, 1},
	}
	with := func(plain Deadline) map[string]Deadline {
		return map[string]Deadline{"特急": urgent["特急"], "紧急": urgent["紧急"], "一般": plain}
	}
	short, long := Deadline{workday, workday, 3 * workday, 1}, Deadline{workday, 2 * workday, 13 * workday, 1}
	return Deadlines{"": with(short), "投诉": with(long), "举报": with(long), "建议": with(long)}
}

// of finds the deadline of an order.
func (d Deadlines) of(kind, urgency string) Deadline {
	by, ok := d[kind]
	if !ok {
		by = d[""]
	}
	return by[urgency]
}

// NewOrder checks an order and sets what follows from its type and urgency.
func NewOrder(o Order, actor string, now time.Time, d Deadlines, c calendar.Calendar) (Order, error) {
	o.Title, o.Body, o.Unit = strings.TrimSpace(o.Title), strings.TrimSpace(o.Body), strings.TrimSpace(o.Unit)
	switch {
	case !slices.Contains(OrderTypes, o.Type):
		return o, fault.New(fault.BadRequest, "字段 type 可以是 %s", strings.Join(OrderTypes, "、"))
	case !slices.Contains(Urgencies, o.Urgency):
		return o, fault.New(fault.BadRequest, "字段 urgency 可以是 %s", strings.Join(Urgencies, "、"))
	case o.Title == "" || utf8.RuneCountInString(o.Title) > 100:
		return o, fault.New(fault.BadRequest, "标题要有 1 到 100 个字")
	case o.Body == "" || utf8.RuneCountInString(o.Body) > MaxReply:
		return o, fault.New(fault.BadRequest, "诉求内容要有 1 到 %d 个字", MaxReply)
	case o.Unit == "" || utf8.RuneCountInString(o.Unit) > 60:
		return o, fault.New(fault.BadRequest, "请填写办理单位，最多 60 个字")
	case o.Phone != "" && !phoneForm.MatchString(o.Phone):
		return o, fault.New(fault.BadRequest, "联系电话不对，请填手机号，或带区号的固定电话")
	case utf8.RuneCountInString(o.Name) > 40 || utf8.RuneCountInString(o.Place) > 200:
		return o, fault.New(fault.BadRequest, "姓名最多 40 个字，地点最多 200 个字")
	}
	dl := d.of(o.Type, o.Urgency)
	o.State, o.Version, o.Created = OrderAssigned, 1, now
	o.SignBy, o.ContactBy, o.DueBy = c.Add(now, dl.Sign), c.Add(now, dl.Contact), c.Add(now, dl.Due)
	o.Extended, o.Urged, o.Reply, o.Satisfied = 0, 0, "", nil
	o.Steps = []Step{{now, actor, "create", o.Unit}}
	return o, nil
}

// OrderEvent is something done to an order: assign (Unit), sign, return (Text), extend (Text),
// urge (Text), reply (Text), close (Text, Satisfied).
type OrderEvent struct {
	Do        string `json:"do"`
	Unit      string `json:"unit"`
	Text      string `json:"text"`
	Satisfied *bool  `json:"satisfied"`
	Actor     string `json:"-"`
}

// orderMoves says in which states what may be done and to which state it leads; "" stays.
var orderMoves = map[string]struct {
	from []string
	to   string
	text bool // words are required
}{
	"assign": {[]string{OrderReturned, OrderAssigned}, OrderAssigned, false},
	"sign":   {[]string{OrderAssigned}, OrderSigned, false},
	"return": {[]string{OrderAssigned, OrderSigned}, OrderReturned, true},
	"extend": {[]string{OrderSigned}, "", true},
	"urge":   {[]string{OrderAssigned, OrderSigned}, "", true},
	"reply":  {[]string{OrderSigned}, OrderReplied, true},
	"close":  {[]string{OrderReplied}, OrderClosed, false},
}

// Apply returns the order after an event. What is not allowed is a conflict or bad_request
// fault and changes nothing.
func (o Order) Apply(e OrderEvent, now time.Time, d Deadlines, c calendar.Calendar) (Order, error) {
	mv, known := orderMoves[e.Do]
	e.Text, e.Unit = strings.TrimSpace(e.Text), strings.TrimSpace(e.Unit)
	dl := d.of(o.Type, o.Urgency)
	switch {
	case !known:
		return o, fault.New(fault.BadRequest, "字段 do 可以是 assign、sign、return、extend、urge、reply、close")
	case !slices.Contains(mv.from, o.State):
		return o, fault.New(fault.Conflict, "工单现在的状态不能这样操作，请刷新")
	case mv.text && e.Text == "":
		return o, fault.New(fault.BadRequest, "请写明原因或内容")
	case utf8.RuneCountInString(e.Text) > MaxReply:
		return o, fault.New(fault.TooLarge, "最多 %d 个字", MaxReply)
	case e.Do == "assign" && e.Unit == "":
		return o, fault.New(fault.BadRequest, "请填写办理单位")
	case e.Do == "extend" && !now.Before(o.DueBy):
		return o, fault.New(fault.Conflict, "已经过了办理期限，不能再延期")
	case e.Do == "extend" && o.Extended >= dl.Extensions:
		return o, fault.New(fault.Conflict, "这类工单最多延期 %d 次", dl.Extensions)
	case e.Do == "close" && e.Satisfied == nil:
		return o, fault.New(fault.BadRequest, "请填写回访结果 satisfied")
	}
	o.Steps = append(slices.Clone(o.Steps), Step{now, e.Actor, e.Do, e.Text})
	o.Version++
	if mv.to != "" {
		o.State = mv.to
	}
	switch e.Do {
	case "assign":
		o.Unit, o.SignBy = e.Unit, c.Add(now, dl.Sign)
	case "extend":
		o.Extended++
		o.DueBy = c.Add(o.DueBy, dl.Due)
	case "urge":
		o.Urged++
	case "reply":
		o.Reply = e.Text
	case "close":
		satisfied := *e.Satisfied
		o.Satisfied = &satisfied
	}
	return o, nil
}

// Late names what is overdue: sign, contact or due; "" when nothing is.
func (o Order) Late(now time.Time) string {
	switch {
	case o.State == OrderClosed || o.State == OrderReplied:
		return ""
	case now.After(o.DueBy):
		return "due"
	case o.State == OrderAssigned && now.After(o.SignBy):
		return "sign"
	}
	return ""
}

// Masked hides what identifies the citizen.
func (o Order) Masked() Order {
	o.Phone, o.Name = MaskPhone(o.Phone), maskName(o.Name)
	if o.Place != "" {
		o.Place = "（已隐藏）"
	}
	return o
}
