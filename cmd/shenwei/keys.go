package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/vault"
)

// keyFile is where keys lie that nobody has configured.
func (c config) keyFile() string { return filepath.Join(c.Dir, "keys", "data.key") }

// openKeys returns the keys to personal data: those configured, or those of the file, which
// is made when it is not there. Made tells that it was.
func (a *app) openKeys() (ring *vault.Ring, made bool, err error) {
	if a.cfg.Keys.Data != "" {
		ring, err = vault.Parse(a.cfg.Keys.Data)
		if err != nil {
			err = fault.Wrap(fault.BadRequest, err, "keys.data: %s", fault.MessageOf(err))
		}
		return ring, false, err
	}
	if made, err = vault.CreateFile(a.cfg.keyFile(), newKeyID()); err != nil {
		return nil, false, err
	}
	ring, err = vault.OpenFile(a.cfg.keyFile())
	return ring, made, err
}

// newKeyID names a key by the day it was made. It is short, since every sealed field has it.
func newKeyID() string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return time.Now().UTC().Format("060102") + "-" + hex.EncodeToString(b[:])
}

type keysCmd struct {
	New    keysNewCmd    `cmd:"" help:"Print a new key, for keys.data."`
	Status keysStatusCmd `cmd:"" help:"Tell which keys the fields of the database are sealed with."`
	Rotate keysRotateCmd `cmd:"" help:"Seal all fields anew: with a new key of the key file, or with the first key of keys.data."`
}

type keysNewCmd struct{}

// Run prints a key to standard output.
func (keysNewCmd) Run() error {
	k, err := vault.NewKey(newKeyID())
	if err != nil {
		return err
	}
	fmt.Println(k)
	return nil
}

type keysStatusCmd struct{}

// Run prints how many fields each key seals.
func (keysStatusCmd) Run(ctx context.Context, c *cli) error {
	a, err := c.openRecord(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = a.close() }()
	return a.printKeyUse(ctx)
}

func (a *app) printKeyUse(ctx context.Context) error {
	use, err := a.store.KeyUse(ctx)
	if err != nil {
		return err
	}
	for i, id := range a.keys.IDs() {
		what := "opens"
		if i == 0 {
			what = "seals"
		}
		fmt.Printf("%-24s %s  %d fields\n", id, what, use[id])
		delete(use, id)
	}
	for id, n := range use {
		if id == "" {
			fmt.Printf("%-24s        %d fields are not sealed: run shenwei keys rotate\n", "(none)", n)
			continue
		}
		fmt.Printf("%-24s MISSING %d fields cannot be read\n", id, n)
	}
	return nil
}

type keysRotateCmd struct {
	Reseal bool `help:"Make no new key: only seal with the present one what another one sealed."`
}

// resealBatch is how many fields are sealed in one transaction.
const resealBatch = 200

// Run adds a key to the key file, unless keys are configured elsewhere, and seals every field
// with it. It works beside a running service, and may be stopped and begun again.
func (k keysRotateCmd) Run(ctx context.Context, c *cli) error {
	a, err := c.openRecord(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = a.close() }()
	if a.cfg.Keys.Data == "" && !k.Reseal {
		if err := a.addKey(ctx); err != nil {
			return err
		}
	}
	use, err := a.store.KeyUse(ctx)
	if err != nil {
		return err
	}
	total, left := 0, -use[a.keys.Current()]
	for _, n := range use {
		left += n
	}
	bar := newProgress(os.Stderr, "fields", left)
	err = a.store.Reseal(ctx, resealBatch, func(n int) { total += n; bar.set(total) })
	bar.finish()
	if err != nil {
		return err
	}
	err = a.store.AppendAudit(ctx, audit.Entry{Actor: actor(), Action: "keys.rotate", Object: "key/" + a.keys.Current(), Detail: fmt.Sprintf(`{"fields":%d}`, total)})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d fields are sealed anew with the key %s. Old keys still open the database's old backups: keep them.\n", total, a.keys.Current())
	return a.printKeyUse(ctx)
}

// addKey puts a new key first in the file. A running service finds it when it meets the first
// field that was sealed with it.
func (a *app) addKey(ctx context.Context) error {
	if err := vault.AddToFile(a.cfg.keyFile(), newKeyID()); err != nil {
		return err
	}
	if err := a.store.Close(); err != nil {
		return err
	}
	return a.openStore(ctx)
}
