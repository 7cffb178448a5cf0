package routemap_test

import (
	"slices"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/respond/routemap"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	route := func(path, method string, state routes.State, line int) routes.Route {
		return routes.Route{Framework: "Hono", Kind: routes.Handler, Method: method, Path: path, File: "src/index.ts", Line: line, State: state}
	}
	before := []routes.Route{
		route("/a", "GET", routes.Unknown, 1), route("/a", "POST", routes.Unknown, 2), route("/b", "GET", routes.Protected, 3), route("/b", "GET", routes.Unknown, 4),
		route("/old", "", routes.Public, 5),
	}
	const head = "| Route | | Before | What the code shows | |\n| --- | --- | --- | --- | --- |\n"
	for name, c := range map[string]struct {
		after []routes.Route
		want  string
		n     int
	}{
		"nothing": {before, "", 0},
		"lines and order": {
			[]routes.Route{before[3], before[2], route("/a", "GET", routes.Unknown, 10), before[1], before[4]}, "", 0,
		},
		"another state, a new one, and one that is gone": {
			[]routes.Route{before[0], route("/a", "POST", routes.Protected, 2), before[2], before[3], route("/new", "PUT", routes.Middleware, 6)},
			head + "| `/a` | POST | unknown | protected here |  |\n| `/new` | PUT | new | protected by middleware only |  |\n\nRemoved: `/old`.\n", 3,
		},
		"one of two of a name": {
			[]routes.Route{before[0], before[1], before[2], before[4]}, "Removed: GET `/b`.\n", 1,
		},
		"all of them": {nil, "Removed: GET `/a`, POST `/a`, GET `/b`, GET `/b`, `/old`.\n", 5},
	} {
		was, now := routes.Map{Routes: slices.Clone(before)}, routes.Map{Routes: c.after}
		if got := routemap.Changes(was, now, routemap.Options{}); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		if got := routemap.Changed(was, now); got != c.n {
			t.Errorf("%s: %d, want %d", name, got, c.n)
		}
	}
}
