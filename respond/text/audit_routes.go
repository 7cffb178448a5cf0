package text

import (
	"fmt"

	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/routemap"
)

// aboutRoutes says what the map is, and what it isn't.
const aboutRoutes = "What the code shows about each route. **Unknown** means that it doesn't show: public on purpose, or protected by something that rekey doesn't follow.\n\n"

// routeMap is the map of routes, folded, within so many bytes. Of a pull request it is there only where routes change, and begins with those.
func (v auditView) routeMap(room int) string {
	const around = 2000 // for what is written around the rows
	o := routemap.Options{Repository: v.Repository.URL, Commit: v.Head, Room: room - around}
	if o.Room <= 0 {
		return ""
	}
	if !v.brings() {
		if len(v.Routes.Routes) == 0 {
			return ""
		}
		return "\n" + folded(routemap.Summary(v.Routes), aboutRoutes+routemap.Table(v.Routes, o))
	}
	n := routemap.Changed(v.RoutesBefore, v.Routes)
	if n == 0 {
		return ""
	}
	o.Room /= 2
	changed := routemap.Changes(v.RoutesBefore, v.Routes, o)
	o.Room = 2*o.Room - len(changed)
	if all := routemap.Markdown(v.Routes, o); all != "" {
		changed += "\n**All of them:** " + all
	}
	return "\n" + folded(fmt.Sprintf("%s changed by %s", format.Count(n, "route", "routes"), v.this()), aboutRoutes+changed)
}
