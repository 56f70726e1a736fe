package store

import (
	"strconv"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/vault"
)

// Fields that hold what a citizen said are sealed with the keys of Options.Keys: her lines,
// what the conversation is about, the trace of a reply (it repeats her words), the summary for
// the hotline and the reason of a thumb. Replies are published knowledge and stay readable.
// Each is bound to its row; rows of before there were keys are read as they are. A column of
// type TEXT takes vault.Ring.SealText, one of bytes sealTrace's form.

func linePlace(channel, ref string) []string { return []string{"messages", "text", channel, ref} }

func statePlace(conversation string) []string {
	return []string{"conversations", "state", conversation}
}

func pushPlace(column, ref string) []string { return []string{"wechat_pushes", column, ref} }

func openidPlace(conversation string) []string {
	return []string{"wechat_contacts", "openid", conversation}
}

func outboxPlace(kind, key string) []string { return []string{"outbox", "body", kind, key} }

func summaryPlace(number string) []string { return []string{"handoffs", "summary", number} }

func rowPlace(table, column, conversation string, seq int64) []string {
	return []string{table, column, conversation, strconv.FormatInt(seq, 10)}
}

// decodeState reads a conversation's state as it is stored.
func (db *DB) decodeState(conversation, body string) (bot.State, error) {
	plain, err := db.keys.OpenText(body, statePlace(conversation)...)
	if err != nil {
		return bot.State{}, err
	}
	return decodeState(plain)
}

// packedSealed marks a stored trace that is sealed; packedSnappy's form is inside.
const packedSealed = 2

// sealTrace seals a packed trace; nil for none.
func sealTrace(keys *vault.Ring, packed []byte, conversation string, seq int64) []byte {
	if packed == nil || keys == nil {
		return packed
	}
	return append([]byte{packedSealed}, keys.Seal(packed, rowPlace("messages", "trace", conversation, seq)...)...)
}

func (db *DB) openTrace(stored []byte, conversation string, seq int64) ([]byte, error) {
	if len(stored) == 0 || stored[0] != packedSealed {
		return stored, nil
	}
	if db.keys == nil {
		return nil, fault.New(fault.Unavailable, "the database holds sealed fields and no key is configured; set keys.data")
	}
	return db.keys.Open(stored[1:], rowPlace("messages", "trace", conversation, seq)...)
}
