package main

import (
	"context"
	"fmt"
	"time"

	"shenwei/bot/release"
	"shenwei/intents"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/kb/meaning"
)

// embeddingsConfig is an embedding model whose vectors help ranking; without base_url there is none.
type embeddingsConfig struct {
	BaseURL string `yaml:"base_url"`
	APIKey  string `yaml:"api_key"`
	Model   string `yaml:"model"`
	// Version is the operator's word for what stands behind the model's name: another one has all
	// vectors made anew.
	Version    string `yaml:"version"`
	Dimensions int    `yaml:"dimensions"`
	// Batch is how many phrases are sent at once.
	Batch  int    `yaml:"batch"`
	Proxy  string `yaml:"proxy"`
	CAFile string `yaml:"ca_file"`
}

func (e embeddingsConfig) on() bool { return e.BaseURL != "" }

func (e embeddingsConfig) server() (meaning.Server, error) {
	roots, err := rootsOf("embeddings.ca_file", e.CAFile)
	return meaning.Server{BaseURL: e.BaseURL, Key: e.APIKey, Model: e.Model, Dimensions: e.Dimensions, Proxy: e.Proxy, Roots: roots}, err
}

func (e embeddingsConfig) check() error {
	if !e.on() {
		if e.APIKey != "" || e.Model != "" {
			return fault.New(fault.BadRequest, "embeddings.base_url: it is empty, and other keys of embeddings are set; write the server's whole base, or take the others away")
		}
		return nil
	}
	if e.Batch < 0 || e.Batch > 256 {
		return fault.New(fault.BadRequest, "embeddings.batch: write 1 to 256, or 0 for 10")
	}
	if len(e.Version) > 64 {
		return fault.New(fault.BadRequest, "embeddings.version: at most 64 bytes, for example 2026-11")
	}
	server, err := e.server()
	if err != nil {
		return err
	}
	return server.Check()
}

// startVectors makes the service of vectors, where an embedding model is configured, before the first
// engine is built.
func (a *app) startVectors(ctx context.Context) error {
	e := a.cfg.Embeddings
	if !e.on() {
		return nil
	}
	server, err := e.server()
	if err != nil {
		return err
	}
	server.Wrap = a.seen.calls("embeddings", true)
	client, err := meaning.NewClient(server)
	if err != nil {
		return err
	}
	a.vectors, err = meaning.New(ctx, meaning.Config{Client: client, Store: a.store, Model: e.Model, Version: e.Version, Batch: e.Batch, Now: a.now, Log: a.log})
	if err != nil {
		return err
	}
	a.builder.WithVectors(&release.Vectors{Model: e.Model, Version: e.Version, Of: func(k *kb.Knowledge) release.Likeness { return a.vectors.Table(k) }})
	return nil
}

// vectorsAgain is how long the filling waits after a failure.
const vectorsAgain = time.Minute

// fillVectors makes the vectors that the live release lacks, again after each release and, where the
// server fails, after a while; until ctx ends.
func (a *app) fillVectors(ctx context.Context) error {
	if a.vectors == nil {
		return nil
	}
	again := time.NewTimer(vectorsAgain)
	defer again.Stop()
	for {
		again.Stop()
		engine := a.live.Current()
		begun := a.now()
		n, err := a.vectors.Fill(ctx, engine.Knowledge(), nil)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			a.log.Warn("vectors of a release are not complete; questions are answered all the same", "release", engine.Release(), "made", n, "err", explain(err))
			again.Reset(vectorsAgain)
		case n > 0:
			a.log.Info("vectors of a release are made", "release", engine.Release(), "made", n, "took", a.now().Sub(begun).Round(time.Second))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.refill:
		case <-again.C:
		}
	}
}

// checkVectors tells what is wrong with the configured embedding model, or that nothing is.
func (a *app) checkVectors(ctx context.Context) (says string, err error) {
	if a.vectors == nil {
		return "not configured: ranking does without", nil
	}
	k := a.live.Current().Knowledge()
	ctx, cancel := context.WithTimeout(ctx, modelWithin)
	defer cancel()
	if err := a.vectors.Try(ctx); err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "the server of embeddings gives no vector; citizens do not notice, ranking does without")
	}
	missing, all := a.vectors.Missing(k)
	says = fmt.Sprintf("%s, %d of %d vectors are made", a.cfg.Embeddings.Model, all-missing, all)
	weights, err := intents.MeaningOf(k)
	switch {
	case err != nil:
		return says, err
	case weights == nil:
		says += "; they have no weight yet: fit it with shenwei train --vectors, and publish the file"
	case weights.Model != a.cfg.Embeddings.Model || weights.Version != a.cfg.Embeddings.Version:
		says += fmt.Sprintf("; the release's weights are those of %s %s and are not used: fit them anew with shenwei train --vectors", weights.Model, weights.Version)
	}
	return says, nil
}
