package audit

import (
	"context"
	"slices"
	"time"

	"github.com/rekey-app/rekey/detect/audit/routes"
)

// The bounds of a map of routes: files of code of a commit, each of which takes milliseconds; routes that are kept; and the time that it may
// take on a busy machine. Where one is exceeded there is no map: half of one would be wrong.
const (
	maxRouteFiles = 3000
	maxRoutes     = 2000
	maxMapping    = time.Minute
)

// mapsRoutes reports whether what changes may change routes, of commits that can be mapped.
func mapsRoutes(c changes, base, head *snapshot) bool {
	return (slices.ContainsFunc(c.head, routes.Wanted) || slices.ContainsFunc(c.base, routes.Wanted)) && mappable(base) && mappable(head)
}

// mappable reports whether a commit has few enough files for a map of its routes.
func mappable(s *snapshot) bool { return len(routeFiles(s)) <= maxRouteFiles }

// routeFiles lists the files of a commit that a map of its routes may need.
func routeFiles(s *snapshot) (names []string) {
	for _, name := range s.paths {
		if routes.Wanted(name) {
			names = append(names, name)
		}
	}
	return names
}

// routeMaps works out the routes of commits, as they are kept and shown: with the first evidence of each. A map is empty where it can't be
// had in whole.
func (a *auditing) routeMaps(ctx context.Context, commits ...*snapshot) ([]routes.Map, error) {
	if slices.ContainsFunc(commits, func(s *snapshot) bool { return !mappable(s) }) {
		return make([]routes.Map, len(commits)), nil
	}
	within, stop := context.WithTimeout(ctx, maxMapping)
	defer stop()
	maps := make([]routes.Map, len(commits))
	ok, err := a.rounds(ctx, len(commits), func(i int) error {
		maps[i] = routes.Of(within, tree{commits[i], a.shelf})
		return nil
	})
	if err != nil {
		return nil, err
	}
	tooMany := func(m routes.Map) bool { return len(m.Routes) > maxRoutes }
	if !ok || within.Err() != nil || slices.ContainsFunc(maps, tooMany) {
		return make([]routes.Map, len(commits)), nil
	}
	for i, m := range maps {
		maps[i].Notes = nil
		for j := range m.Routes {
			a.clean(ctx, &m.Routes[j])
		}
	}
	return maps, nil
}

// clean takes what looks like a credential out of a route.
func (a *auditing) clean(ctx context.Context, r *routes.Route) {
	for _, text := range []*string{&r.App, &r.Path, &r.File} {
		*text = a.Scanner.RedactString(ctx, *text)
	}
	r.Evidence = slices.Clone(r.Evidence[:min(len(r.Evidence), 1)])
	for i := range r.Evidence {
		e := &r.Evidence[i]
		e.What, e.File = a.Scanner.RedactString(ctx, e.What), a.Scanner.RedactString(ctx, e.File)
	}
}
