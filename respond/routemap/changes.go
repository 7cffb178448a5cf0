package routemap

import "github.com/rekey-app/rekey/detect/audit/routes"

// difference is what one map has and another one hasn't.
type difference struct {
	changed []change
	gone    []routes.Route
}

// change is a route that is new or in another state.
type change struct {
	routes.Route

	before string // "new", or the state that it was in
}

// name is what a route is known by, wherever its code is.
type name struct {
	framework, app string
	kind           routes.Kind
	method, path   string
}

func nameOf(r routes.Route) name { return name{r.Framework, r.App, r.Kind, r.Method, r.Path} }

// compare compares two maps, in the order of the second. Several routes of one name are taken in their order, those in the same state first.
func compare(before, after routes.Map) (d difference) {
	left := map[name][]routes.Route{}
	for _, r := range before.Routes {
		left[nameOf(r)] = append(left[nameOf(r)], r)
	}
	take := func(r routes.Route, fits func(routes.Route) bool) (routes.Route, bool) {
		for i, was := range left[nameOf(r)] {
			if fits(was) {
				list := left[nameOf(r)]
				left[nameOf(r)] = append(list[:i:i], list[i+1:]...)
				return was, true
			}
		}
		return routes.Route{}, false
	}
	var others []routes.Route
	for _, r := range after.Routes {
		if _, same := take(r, func(was routes.Route) bool { return was.State == r.State }); !same {
			others = append(others, r)
		}
	}
	for _, r := range others {
		c := change{Route: r, before: "new"}
		if was, there := take(r, func(routes.Route) bool { return true }); there {
			c.before = string(was.State)
		}
		d.changed = append(d.changed, c)
	}
	for _, r := range before.Routes {
		if was, gone := take(r, func(was routes.Route) bool { return was.File == r.File && was.Line == r.Line }); gone {
			d.gone = append(d.gone, was)
		}
	}
	return d
}
