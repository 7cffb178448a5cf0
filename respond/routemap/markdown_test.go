package routemap_test

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/respond/routemap"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	m := routes.Map{Routes: []routes.Route{
		{
			Kind: routes.Page, Path: "/dashboard", File: "app/dashboard/page.tsx", Line: 3, State: routes.Protected,
			Evidence: []routes.Evidence{{What: "auth.protect()", File: "app/dashboard/page.tsx", Line: 4}, {What: "more", File: "x"}},
		},
		{Kind: routes.Handler, Method: "POST", Path: "/a|b`<c>", File: "app/api/route.ts", Line: 1, State: routes.Unknown},
		{Kind: routes.Function, Path: "save", File: "app/actions.ts", Line: 2, State: routes.Unknown},
	}}
	const counted = "3 routes: 1 protected here, 2 unknown.\n\n| Route | | What the code shows | |\n| --- | --- | --- | --- |\n"
	for name, c := range map[string]struct {
		options routemap.Options
		want    string
	}{
		"plain": {
			routemap.Options{Most: 2},
			counted + "| `/dashboard` | page | protected here | auth&#46;protect&#40;&#41;, `app/dashboard/page.tsx:4` |\n" +
				"| <code>&#47;a&#124;b&#96;&#60;c&#62;</code> | POST | unknown |  |\n\nAnd 1 more route: `rekey audit --routes` lists them all.\n",
		},
		"linked": {
			routemap.Options{Repository: "https://github.com/acme/shop", Commit: "abc", Most: 1},
			counted + "| [`/dashboard`](https://github.com/acme/shop/blob/abc/app/dashboard/page.tsx#L3) | page | protected here | auth&#46;protect&#40;&#41;, " +
				"[`app/dashboard/page.tsx:4`](https://github.com/acme/shop/blob/abc/app/dashboard/page.tsx#L4) |\n" +
				"\nAnd 2 more routes: `rekey audit --routes` lists them all.\n",
		},
	} {
		if got := routemap.Markdown(m, c.options); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
	if got := routemap.Table(m, routemap.Options{Room: 200}); strings.Count(got, "\n| ") != 3 || !strings.Contains(got, "And 1 more route") {
		t.Errorf("in 200 bytes:\n%s", got)
	}
	if got := routemap.Markdown(routes.Map{}, routemap.Options{}); got != "" {
		t.Errorf("%q where there are no routes", got)
	}
	if got := routemap.Markdown(m, routemap.Options{}); strings.Count(got, "\n| ") != 5 {
		t.Errorf("not all routes are listed:\n%s", got)
	}
}
