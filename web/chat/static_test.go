package chat

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"shenwei/web/respond"
)

func staffPage(t *testing.T, files fstest.MapFS) *httptest.ResponseRecorder {
	t.Helper()
	built, err := loadStatic(files)
	if err != nil {
		t.Fatal(err)
	}
	c := &Chat{cfg: Config{Live: func() Live { return nil }, Respond: respond.New(slog.New(slog.DiscardHandler), nil)}, static: built}
	w := httptest.NewRecorder()
	c.Staff(w, httptest.NewRequestWithContext(t.Context(), "GET", "/studio/documents/item/CRJ-007", nil))
	return w
}

// The address of a screen is the page itself, so that it can be reloaded and passed on.
func TestEveryScreenOfStaffIsTheSamePage(t *testing.T) {
	w := staffPage(t, fstest.MapFS{"studio.html": {Data: []byte("<title>工作台</title>")}})
	if w.Code != 200 || w.Body.String() != "<title>工作台</title>" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control %q: a page that is kept would ask for scripts that are gone", got)
	}
}

func TestStaffAreToldThatTheirPagesAreNotBuilt(t *testing.T) {
	w := staffPage(t, fstest.MapFS{})
	if w.Code != 503 || !strings.Contains(w.Body.String(), "还没有构建") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
