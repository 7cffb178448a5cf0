package routemap

import (
	"fmt"

	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/respond/format"
)

// about says what the map is, and what it isn't.
const about = "What the code shows about each route. **Unknown** means that it doesn't show: public on purpose, or protected by something that rekey doesn't follow.\n\n"

// around is room for what is written around the rows, in bytes.
const around = 2000

// State is the map of a default branch, as what is written on a folded section and in it, within so many bytes.
func State(m routes.Map, o Options) func(room int) (summary, body string) {
	return func(room int) (string, string) {
		if o.Room = room - around; o.Room <= 0 || len(m.Routes) == 0 {
			return "", ""
		}
		return Summary(m), about + Table(m, o)
	}
}

// Brought is what a change brings, which by names: "this pull request". It is empty where no route changes, and begins with those that do.
func Brought(before, now routes.Map, by string, o Options) func(room int) (summary, body string) {
	return func(room int) (string, string) {
		n := Changed(before, now)
		if o.Room = room - around; o.Room <= 0 || n == 0 {
			return "", ""
		}
		o.Room /= 2
		changed := Changes(before, now, o)
		o.Room = 2*o.Room - len(changed)
		if all := Markdown(now, o); all != "" {
			changed += "\n**All of them:** " + all
		}
		return fmt.Sprintf("%s changed by %s", format.Count(n, "route", "routes"), by), about + changed
	}
}
