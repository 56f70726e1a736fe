package main

import (
	"shenwei/internal/fault"
	"shenwei/internal/geo"
	"shenwei/web/chat"
)

// placesConfig is how outlets are shown: the map apps that a place may be opened in, and the
// licensed pictures of a map on our own page.
type placesConfig struct {
	MapApps []string    `yaml:"map_apps"`
	Tiles   tilesConfig `yaml:"tiles"`
}

type tilesConfig struct {
	URL         string `yaml:"url"`
	Attribution string `yaml:"attribution"`
	System      string `yaml:"system"`
}

func (t tilesConfig) tiles() (chat.Tiles, error) {
	system, err := geo.ParseSystem(t.System)
	if err != nil {
		return chat.Tiles{}, fault.Wrap(fault.BadRequest, err, "places.tiles.system: %q is none of wgs84, gcj02", t.System)
	}
	tiles := chat.Tiles{URL: t.URL, Attribution: t.Attribution, System: system}
	return tiles, tiles.Check()
}

func (p placesConfig) check() error {
	_, err := p.Tiles.tiles()
	return err
}
