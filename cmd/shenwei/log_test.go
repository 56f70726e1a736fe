package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestTheLogHoldsNoPersonalData(t *testing.T) {
	var out bytes.Buffer
	log := newLog(&out, slog.LevelInfo, false, nil)
	log.Error("a line of 13800138000 was not answered",
		"err", fmt.Errorf("store: %w", errors.New(`value "身份证11010519491231002X" is too long`)),
		"words", "我叫王小明，住在福田区福华路12号3栋502",
		slog.Group("caller", "ip", netip.MustParseAddr("113.88.12.5"), "openid", "oK3Yx5abcdEFGHijklMNOPqrst12"),
		"list", []string{"粤B12345", "CRJ-011"},
	)
	said := out.String()
	for _, secret := range []string{"13800138000", "11010519491231002X", "王小明", "福华路", "113.88", "oK3Y", "粤B"} {
		if strings.Contains(said, secret) {
			t.Errorf("the log says %s: %s", secret, said)
		}
	}
	if !strings.Contains(said, "CRJ-011") || !strings.Contains(said, "[身份证号]") || !strings.Contains(said, "level=ERROR") {
		t.Errorf("the log lost more than that: %s", said)
	}
}

func TestTheLogKeepsWhatAnOperatorNeeds(t *testing.T) {
	var out bytes.Buffer
	log := newLog(&out, slog.LevelInfo, false, nil)
	log.Debug("not asked for")
	log.Info("serving", "addr", "113.88.12.5:8080", "conversation", "01JABCDEF0123456789ABCDEFG", "took", 1380*time.Millisecond, "n", 13800138000, "release", 12)
	want := `msg=serving addr=113.88.12.5:8080 conversation=01JABCDEF0123456789ABCDEFG took=1.38s n=13800138000 release=12`
	if said := out.String(); !strings.Contains(said, want) || strings.Contains(said, "not asked for") {
		t.Errorf("%s", said)
	}
}
