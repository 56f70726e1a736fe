package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
)

// What identifies a citizen is sealed by the vault: the call-back's form, and of a work order
// the name, telephone, place and the words of the matter.
const (
	sqlAddConsent = `INSERT INTO consents (id, conversation, purpose, notice, at, withdrawn) VALUES ($1, $2, $3, $4, $5, 0)`
	sqlAddCall    = `INSERT INTO desk_calls (ticket, conversation, form, consent, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (ticket) DO UPDATE SET form = excluded.form, consent = excluded.consent, at = excluded.at`
	sqlCall     = `SELECT conversation, form, at FROM desk_calls WHERE ticket = $1`
	sqlAddOrder = `INSERT INTO desk_orders (number, ticket, conversation, state, version, body, person, due, created, updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlSetOrder = `UPDATE desk_orders SET state = $1, version = $2, body = $3, person = $4, due = $5, updated = $6 WHERE number = $7 AND version = $8`
	sqlOrder    = `SELECT body, person FROM desk_orders WHERE number = $1`
	sqlOrders   = `SELECT body, person FROM desk_orders WHERE (CAST($1 AS TEXT) = '' OR state = $1) AND (CAST($2 AS TEXT) = '' OR ticket = $2) ORDER BY created DESC LIMIT $3`
)

const (
	purposeCall = "callback"
	orderCount  = "work orders "
)

func callPlace(ticket string) []string { return []string{"desk_calls", "form", ticket} }

func orderPlace(number string) []string { return []string{"desk_orders", "person", number} }

func (db *DB) sealPerson(v any, where ...string) (string, error) {
	if db.keys == nil {
		return "", fault.New(fault.Unavailable, "personal data is not stored: no keys are configured (keys.data)")
	}
	body, err := encodeJSON("the personal data", v)
	if err != nil {
		return "", err
	}
	return db.keys.SealText(body, where...), nil
}

func (db *DB) openPerson(sealed string, v any, where ...string) error {
	if db.keys == nil {
		return fault.New(fault.Unavailable, "personal data cannot be read: no keys are configured (keys.data)")
	}
	body, err := db.keys.OpenText(sealed, where...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(body), v); err != nil {
		return fault.Wrap(fault.Internal, err, "a sealed field cannot be read")
	}
	return nil
}

// FileCall stores a call-back's form with the citizen's consent and moves its ticket, in one
// transaction: without a consent nothing personal is stored.
func (db *DB) FileCall(ctx context.Context, number string, f desk.CallForm, rules *desk.Rules, now time.Time) (desk.Change, error) {
	if err := f.Check(); err != nil {
		return desk.Change{}, err
	}
	f.Name, f.Matter = clean(f.Name), clean(f.Matter)
	sealed, err := db.sealPerson(f, callPlace(number)...)
	if err != nil {
		return desk.Change{}, err
	}
	consent, err := db.newID()
	if err != nil {
		return desk.Change{}, err
	}
	var c desk.Change
	err = db.writer.do(ctx, "ticket "+number, "", func(s *session) error {
		var conversation string
		if found, err := s.row(sqlHoldConversation, []any{number}, &conversation); err != nil || !found {
			if err == nil {
				return refusal{noTicket()}
			}
			return err
		}
		t, err := s.ticket(sqlTicket, number)
		if err != nil {
			return err
		}
		if c, err = t.Apply(desk.Event{Kind: desk.Form}, now, rules); err != nil {
			return refusal{err}
		}
		if _, err := s.exec(sqlAddConsent, consent, conversation, purposeCall, f.Consent, now.UnixMicro()); err != nil {
			return err
		}
		if _, err := s.exec(sqlAddCall, number, conversation, sealed, consent, now.UnixMicro()); err != nil {
			return err
		}
		return s.move(&c, t.Version, rules)
	})
	return c, err
}

// CallOf reads a call-back's form, with the citizen's telephone in the clear.
func (db *DB) CallOf(ctx context.Context, number string) (desk.CallRequest, error) {
	c := desk.CallRequest{Ticket: number}
	var sealed string
	var at int64
	found, err := db.get(ctx, sqlCall, []any{number}, &c.Conversation, &sealed, &at)
	switch {
	case err != nil:
		return c, err
	case !found:
		return c, fault.New(fault.NotFound, "没有登记回拨信息")
	}
	c.At = fromMicros(at)
	return c, db.openPerson(sealed, &c.Form, callPlace(number)...)
}

// orderPerson is the sealed part of an order.
type orderPerson struct {
	Body, Name, Phone, Place, Reply string
	Texts                           []string
}

// sealOrder takes what identifies a citizen out of an order.
func (db *DB) sealOrder(o desk.Order) (body, person string, err error) {
	p := orderPerson{Body: clean(o.Body), Name: clean(o.Name), Phone: o.Phone, Place: clean(o.Place), Reply: clean(o.Reply)}
	steps := make([]desk.Step, len(o.Steps))
	for i, st := range o.Steps {
		p.Texts = append(p.Texts, clean(st.Text))
		st.Text = ""
		steps[i] = st
	}
	o.Body, o.Name, o.Phone, o.Place, o.Reply, o.Steps, o.Title = "", "", "", "", "", steps, clean(o.Title)
	if person, err = db.sealPerson(p, orderPlace(o.Number)...); err != nil {
		return "", "", err
	}
	body, err = encodeJSON("the order", o)
	return body, person, err
}

func (db *DB) openOrder(body, person string) (desk.Order, error) {
	var o desk.Order
	var p orderPerson
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		return o, fault.Wrap(fault.Internal, err, "a stored order cannot be read")
	}
	if err := db.openPerson(person, &p, orderPlace(o.Number)...); err != nil {
		return o, err
	}
	o.Body, o.Name, o.Phone, o.Place, o.Reply = p.Body, p.Name, p.Phone, p.Place, p.Reply
	for i := range o.Steps {
		if i < len(p.Texts) {
			o.Steps[i].Text = p.Texts[i]
		}
	}
	return o, nil
}

// AddOrder stores a new order and gives it its number: the day and a count of it. What send
// makes of it, which may be nil, goes into the outbox with it.
func (db *DB) AddOrder(ctx context.Context, o desk.Order, actor string, send func(desk.Order) []outbox.Entry) (desk.Order, error) {
	day := o.Created.Format("20060102")
	err := db.writer.do(ctx, "orders", auditGroup, func(s *session) error {
		n, err := s.count(orderCount + day)
		if err != nil {
			return err
		}
		o.Number = fmt.Sprintf("GD%s-%04d", day, n)
		body, person, err := db.sealOrder(o)
		if err != nil {
			return err
		}
		if _, err := s.exec(sqlAddOrder, o.Number, o.Ticket, o.Conversation, o.State, o.Version, body, person, o.DueBy.UnixMicro(), o.Created.UnixMicro(), o.Created.UnixMicro()); err != nil {
			return err
		}
		if send != nil {
			if err := s.addOutbox(send(o)); err != nil {
				return err
			}
		}
		return appendAudit(s, audit.Entry{Actor: actor, Action: "order.create", Object: "order/" + o.Number, At: o.Created})
	})
	return o, err
}

// SaveOrder stores the next version of an order, and with it what goes into the outbox.
// Another one that came first is a conflict.
func (db *DB) SaveOrder(ctx context.Context, o desk.Order, actor, did string, now time.Time, entries ...outbox.Entry) error {
	body, person, err := db.sealOrder(o)
	if err != nil {
		return err
	}
	return db.writer.do(ctx, "orders", auditGroup, func(s *session) error {
		n, err := s.exec(sqlSetOrder, o.State, o.Version, body, person, o.DueBy.UnixMicro(), now.UnixMicro(), o.Number, o.Version-1)
		switch {
		case err != nil:
			return err
		case n == 0:
			return refuse(fault.Conflict, "工单已被别人改过，请刷新后再操作")
		}
		if err := s.addOutbox(entries); err != nil {
			return err
		}
		return appendAudit(s, audit.Entry{Actor: actor, Action: "order." + did, Object: "order/" + o.Number, At: now})
	})
}

// Order reads an order with what identifies the citizen in the clear.
func (db *DB) Order(ctx context.Context, number string) (desk.Order, error) {
	var body, person string
	found, err := db.get(ctx, sqlOrder, []any{number}, &body, &person)
	switch {
	case err != nil:
		return desk.Order{}, err
	case !found:
		return desk.Order{}, fault.New(fault.NotFound, "没有这个工单")
	}
	return db.openOrder(body, person)
}

// Orders lists orders, newest first, of a state and a ticket where these are not "".
func (db *DB) Orders(ctx context.Context, state, ticket string, limit int) ([]desk.Order, error) {
	all := []desk.Order{}
	err := db.scan(ctx, sqlOrders, []any{state, ticket, bounded(limit)}, func(r *sql.Rows) error {
		var body, person string
		if err := r.Scan(&body, &person); err != nil {
			return err
		}
		o, err := db.openOrder(body, person)
		all = append(all, o)
		return err
	})
	return all, err
}
