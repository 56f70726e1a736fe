package kb

// Outlet 网点 is a place where citizens are served. Fields without a source stay empty.
type Outlet struct {
	ID       string `yaml:"id" json:"id"`
	Name     string `yaml:"name" json:"name"`
	Kind     string `yaml:"kind" json:"kind"` // 分局 | 口岸 | 大厅 | 派出所 | 一体机
	District string `yaml:"district" json:"district"`
	Address  string `yaml:"address,omitempty" json:"address,omitempty"`
	Phone    string `yaml:"phone,omitempty" json:"phone,omitempty"`
	Hours    string `yaml:"hours,omitempty" json:"hours,omitempty"`
	// Lat and Lng are WGS-84 degrees; both 0 when unknown.
	Lat float64 `yaml:"lat,omitempty" json:"lat,omitempty"`
	Lng float64 `yaml:"lng,omitempty" json:"lng,omitempty"`
	// Places are names of neighbourhoods that citizens use for this district.
	Places []string `yaml:"places,omitempty" json:"places,omitempty"`
	// Serves are police types (or item codes) handled here; empty means: ask first.
	Serves []string `yaml:"serves,omitempty" json:"serves,omitempty"`
	// Sources names, per field, where the value comes from.
	Sources map[string]string `yaml:"sources" json:"sources"`
	Note    string            `yaml:"note,omitempty" json:"note,omitempty"`
}
