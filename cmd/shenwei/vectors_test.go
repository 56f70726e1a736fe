package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shenwei/bot/phrase/scripted"
)

func vectorsEnv(s *scripted.Server) []string {
	return []string{"SHENWEI_EMBEDDINGS_BASE_URL=" + s.URL, "SHENWEI_EMBEDDINGS_MODEL=" + scripted.Model, "SHENWEI_EMBEDDINGS_VERSION=1", "SHENWEI_EMBEDDINGS_BATCH=200"}
}

// An embedding model that has no weights in the release makes no difference, and no request.
func TestVectorsWithoutWeightsMakeNoDifference(t *testing.T) {
	s := scripted.New(t, scripted.Config{})
	plain, p := newProgram(t), newProgram(t)
	p.env = vectorsEnv(s)
	without, with := plain.dialogue(t), p.dialogue(t)
	for _, line := range []string{"护照快到期了怎么换", "那个小本子快不能用了", "车要年检吗", "今天天气", "有人拿刀在楼下"} {
		if want, got := bare(without.say(t, line)), bare(with.say(t, line)); want != got {
			t.Errorf("%q is answered\n%s\nand should be\n%s", line, got, want)
		}
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestCheckTellsOfTheEmbeddingModel(t *testing.T) {
	fine, down := scripted.New(t, scripted.Config{}), scripted.New(t, scripted.Config{})
	down.Down()
	for s, want := range map[*scripted.Server][]string{
		fine: {"ok    embeddings", "fit it with shenwei train --vectors"}, down: {"FAIL  embeddings", "citizens do not notice"},
	} {
		p := newProgram(t)
		p.env = vectorsEnv(s)
		r := p.run(t, "", "check")
		for _, w := range want {
			if !strings.Contains(r.out, w) {
				t.Errorf("it does not say %q: %s%s", w, r.out, r.err)
			}
		}
		if (r.code == 0) != (s == fine) {
			t.Errorf("exit %d", r.code)
		}
	}
	p := newProgram(t)
	p.env = []string{"SHENWEI_EMBEDDINGS_MODEL=m"}
	if r := p.run(t, "", "check"); r.code == 0 || !strings.Contains(r.out+r.err, "embeddings.base_url") {
		t.Errorf("a model without a server: %s%s", r.out, r.err)
	}
}

// The whole way: vectors are made, their weights fitted, published through the gate, and used.
func TestVectorsAreFittedPublishedAndUsed(t *testing.T) {
	if os.Getenv("SHENWEI_LONG") == "" {
		t.Skip("takes minutes: the gate asks every gold question; set SHENWEI_LONG=1")
	}
	s := scripted.New(t, scripted.Config{})
	p := newProgram(t)
	p.env = vectorsEnv(s)
	folder := filepath.Join(t.TempDir(), "weights")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	r := p.run(t, "", "train", "--vectors", "--write", filepath.Join(folder, "vectors.yaml"), "../../data/gold/lookalike.tsv", "../../data/gold/oos.tsv", "../../data/gold/za.tsv")
	if r.code != 0 || !strings.Contains(r.err, "loss on questions not seen") {
		t.Fatalf("train: exit %d: %s%s", r.code, r.out, r.err)
	}
	t.Log(r.err)
	// What hashes of characters are worth is nothing, and the gate says so. Weights that move hardly
	// anything pass it.
	light := "model: scripted\nversion: \"1\"\nweights: {near: 0.001, share: 0, top: 0, none_near: 0}\n"
	if err := os.WriteFile(filepath.Join(folder, "vectors.yaml"), []byte(light), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := p.run(t, "", "import", filepath.Dir(folder), "--publish"); r.code != 0 {
		t.Fatalf("import: exit %d: %s%s", r.code, r.out, r.err)
	}
	before := len(s.Requests())
	if r := p.run(t, "", "ask", "--explain", "护照快到期了怎么换"); r.code != 0 || !strings.Contains(r.out, "普通护照换发") {
		t.Fatalf("ask: exit %d: %s%s", r.code, r.out, r.err)
	}
	if n := len(s.Requests()) - before; n != 1 {
		t.Errorf("%d requests for one question", n)
	}
	s.Down()
	if r := p.run(t, "", "ask", "护照快到期了怎么换"); r.code != 0 || !strings.Contains(r.out, "普通护照换发") {
		t.Errorf("without its server: exit %d: %s%s", r.code, r.out, r.err)
	}
}
