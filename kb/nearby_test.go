package kb

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"shenwei/internal/geo"
)

const fewOutlets = `outlets:
  - {id: yuehai, name: 粤海派出所, kind: 派出所, district: 南山区, lat: 22.53, lng: 113.93, hours: 工作日 09:00-12:00 14:00-18:00, covers: [粤海街道, 科技园社区], serves: [人口], sources: {position: 测绘, hours: 公告}}
  - {id: shahe, name: 沙河派出所, kind: 派出所, district: 南山区, origin: 'gcj02 22.5401,113.9902', covers: [沙河街道], serves: [人口], sources: {position: 地图}}
  - {id: keji, name: 科技园自助区, kind: 一体机, district: 南山区, lat: 22.54, lng: 113.95, hours: 24小时, places: [科技园], sources: {position: 测绘, hours: 公告}}
  - {id: dongmen, name: 东门派出所, kind: 派出所, district: 罗湖区, lat: 22.55, lng: 114.12, hours: 问一下, covers: [东门街道], sources: {position: 测绘, hours: 公告}}
  - {id: kouan, name: 罗湖口岸, kind: 口岸, district: 罗湖区, lat: 22.532, lng: 114.113, sources: {position: 测绘}}
`

func someOutlets(t testing.TB) *Knowledge {
	t.Helper()
	k, err := Parse([]Document{{Kind: KindOutlet, ID: "own", Body: fewOutlets}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ids(list []Nearby) string {
	var all []string
	for _, n := range list {
		all = append(all, n.ID)
	}
	return strings.Join(all, " ")
}

func TestOutletsAreFoundByItemPlaceKindAndHours(t *testing.T) {
	k := someOutlets(t)
	where := func(name string) *Where {
		w, ok := k.FindPlace(name)
		if !ok {
			t.Fatalf("%s is not found", name)
		}
		return &w
	}
	monday := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC) // ten in the morning
	here := &geo.Point{Lat: 22.54, Lng: 113.951}
	card, abroad := &Item{Code: "RK-050", PoliceType: "人口", Terminal: true}, &Item{Code: "CRJ-001", PoliceType: "出入境"}
	for _, c := range []struct {
		name string
		want Wanted
		ids  string
	}{
		{"all", Wanted{}, "yuehai shahe keji dongmen kouan"},
		{"a district", Wanted{Where: where("罗湖")}, "dongmen kouan"},
		{"a neighbourhood", Wanted{Where: where("在科技园上班")}, "yuehai shahe keji"},
		{"a street: the responsible station first", Wanted{Where: where("沙河街道白石洲")}, "shahe yuehai keji"},
		{"a street, from where she is", Wanted{Where: where("沙河街道"), At: here}, "shahe keji yuehai"},
		{"a place whose position is known", Wanted{Where: where("罗湖口岸附近")}, "kouan dongmen shahe keji yuehai"},
		{"the nearest first", Wanted{At: here}, "keji yuehai shahe kouan dongmen"},
		{"on terminals, too", Wanted{Item: card}, "yuehai shahe keji dongmen"},
		{"not on terminals", Wanted{Item: abroad}, "dongmen"},
		{"terminals", Wanted{Kind: Terminal}, "keji"},
		{"surely open", Wanted{Open: monday}, "yuehai keji"},
		{"at night", Wanted{Open: monday.Add(12 * time.Hour)}, "keji"},
		{"around the clock", Wanted{AllDay: true}, "keji"},
		{"nothing", Wanted{Where: where("东门街道"), AllDay: true}, ""},
	} {
		if got := ids(k.FindOutlets(c.want)); got != c.ids {
			t.Errorf("%s: %s, want %s", c.name, got, c.ids)
		}
	}
	first := k.FindOutlets(Wanted{Where: where("科技园社区")})[0]
	if first.ID != "yuehai" || !first.Responsible {
		t.Errorf("the station that is responsible: %+v", first)
	}
	if w := where("我住南山区粤海街道科技园社区"); w.Name != "科技园社区" || w.District != "南山区" {
		t.Errorf("the most exact name counts: %+v", w)
	}
	if _, ok := k.FindPlace("广州天河"); ok {
		t.Error("a place that nobody has named")
	}
}

func TestAPositionIsReckonedFromItsSourcesSystem(t *testing.T) {
	k := someOutlets(t)
	o := k.Outlets[1]
	if d := geo.Metres(geo.Point{Lat: o.Lat, Lng: o.Lng}, geo.GCJ02.ToWGS(geo.Point{Lat: 22.5401, Lng: 113.9902})); d > 0.02 || o.Lat == 0 {
		t.Errorf("%v %v is %.2f m off", o.Lat, o.Lng, d)
	}
	for origin, says := range map[string]string{"mars 1,2": "origin", "22.6,114.2": "metres from its origin", "gcj02 22.5": "origin"} {
		body := strings.Replace(fewOutlets, "lat: 22.53, lng: 113.93", "lat: 22.53, lng: 113.93, origin: '"+origin+"'", 1)
		if _, err := Parse([]Document{{Kind: KindOutlet, ID: "own", Body: body}}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", origin, err)
		}
	}
}

func TestTheNearestOfGeneratedPlacesIsTheNearestAndItsDistanceRight(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 36))
	k := &Knowledge{}
	for i := range 436 {
		k.Outlets = append(k.Outlets, Outlet{ID: fmt.Sprint(i), District: "南山区", Lat: 22.45 + r.Float64()*0.4, Lng: 113.75 + r.Float64()*0.9})
	}
	for range 200 {
		at := geo.Point{Lat: 22.4 + r.Float64()*0.5, Lng: 113.7 + r.Float64()}
		list := k.FindOutlets(Wanted{At: &at})
		if len(list) != 436 {
			t.Fatal(len(list))
		}
		for i, n := range list {
			// The plane that touches the globe here: another way to the same distance.
			x := (n.Lng - at.Lng) * math.Cos((n.Lat+at.Lat)/2*math.Pi/180) * 111_320
			y := (n.Lat - at.Lat) * 110_745
			if want := math.Hypot(x, y); math.Abs(float64(n.Metres)-want) > want/100+1 {
				t.Fatalf("%d m, want %.0f", n.Metres, want)
			}
			if i > 0 && n.Metres < list[i-1].Metres {
				t.Fatal("not the nearest first")
			}
		}
	}
}
