package audit

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/routes"
)

// unprotectedFunctions notes Server Functions that change something and ask nobody who calls, in a repository that protects its pages in the middleware.
func unprotectedFunctions() Check {
	manifest := Example{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "@prisma/client": "^6.0.0", "next": "^15.0.0" } }` + "\n"}
	middleware := Example{"middleware.ts", guardedExample}
	page := Example{"app/items/page.tsx", "import { deleteItem } from \"./actions\";\n\nexport default () => <form action={deleteItem.bind(null, \"1\")}><button>Delete</button></form>;\n"}
	return Check{
		ID: "C5", Title: "Server Functions don't ask who calls them", Severity: detect.HighSeverity, Tier: All, Frameworks: []string{"Next.js"},
		Fix: "Server Functions are called by ID, not by path: middleware doesn't protect them. Put await auth.protect() first in those that aren't for everybody. " +
			"@clerk/eslint-plugin finds them as you write.",
		Link: "https://clerk.com/docs/guides/development/upgrading/upgrade-guides/migrate-from-create-route-matcher",
		Why: "A Server Function is an endpoint of its own. The browser calls it by an ID that is in the code of the page, from whatever page it likes, a public one too. The middleware sees the path of that page, and so " +
			"protects the function of a protected page from nobody.\n\n" +
			"It is one note for a repository that protects routes in its middleware. Counted are the functions that a file with `\"use server\"` exports, that create, change or delete something, where neither they nor what they call " +
			"has to do with who asks. Functions whose names say that they are for everybody, as `subscribe` or `sendMessage`, aren't counted, nor those that no component names, or that call what can't be followed.",
		Before: []Example{manifest, middleware, page, {"app/items/actions.ts", `"use server";
import { PrismaClient } from "@prisma/client";

const db = new PrismaClient();

export async function deleteItem(id: string) {
  await db.item.delete({ where: { id } });
}
`}},
		After: []Example{manifest, middleware, page, {"app/items/actions.ts", `"use server";
import { auth } from "@clerk/nextjs/server";
import { PrismaClient } from "@prisma/client";

const db = new PrismaClient();

export async function deleteItem(id: string) {
  const { userId } = await auth.protect();
  await db.item.delete({ where: { id, owner: userId } });
}
`}},
		wants: isScript,
		find:  findUnprotectedFunctions,
	}
}

// forEverybody are the names of functions that are probably meant for those who aren't signed in.
var forEverybody = regexp.MustCompile(`(?i)contact|subscri|newsletter|waitlist|feedback|sign|log_?in|log_?out|register|locale|language|theme|public|track|view|visit|lead|inquir|enquir|message|mail|seed|health|onboard|webhook|cart|booking|reserv`)

func findUnprotectedFunctions(p *project) []Finding {
	if !p.tree.Whole() {
		return nil
	}
	type open struct {
		file  *js.File
		first *js.Node
		names []string
	}
	var all []open
	protects := map[string]bool{} // by directory of the app
	p.scripts([]string{"use server", "create|update|upsert|insert|delete|remove|destroy|save|find"}, func(f *js.File) {
		root, ok := p.root(f.Path)
		if !ok || !slices.Contains(f.Directives, "use server") || !p.dependsOn(f.Path, "@clerk/nextjs") || !p.dependsOn(f.Path, "next") {
			return
		}
		one := open{file: f}
		for name, n := range f.Exports {
			function := f.Value(n)
			if function.Kind != js.Function || forEverybody.MatchString(name) || forEverybody.MatchString(path.Base(f.Path)) {
				continue
			}
			if q := newInquiry(p, func(*js.Node) bool { return false }); q.mayAsk(f, function, hopsOfInquiry) || !q.changes || !p.isNamedElsewhere(f.Path, name) {
				continue
			}
			one.names = append(one.names, cmp.Or(name, "default"))
			if one.first == nil || f.Start(function) < f.Start(one.first) {
				one.first = function
			}
		}
		if len(one.names) == 0 {
			return
		}
		if _, known := protects[root]; !known {
			protects[root] = protectsRoutes(p, root)
		}
		if protects[root] {
			slices.Sort(one.names)
			all = append(all, one)
		}
	})
	if len(all) == 0 {
		return nil
	}
	const most = 5
	count, listed := 0, []string{}
	for i, one := range all {
		count += len(one.names)
		if i < most {
			listed = append(listed, one.file.Path+" ("+strings.Join(one.names, ", ")+")")
		}
	}
	seen := fmt.Sprintf("%s and don't ask who calls: %s", counted(count, "Server Function changes data", "Server Functions change data"), strings.Join(listed, ", "))
	if count == 1 {
		seen = strings.Replace(seen, "don't ask", "doesn't ask", 1)
	}
	if more := len(all) - most; more > 0 {
		seen += " and " + counted(more, "more file", "more files")
	}
	return []Finding{{Path: all[0].file.Path, Range: placeOf(all[0].file, all[0].first), Seen: seen}}
}

// isNamedElsewhere reports whether a component names a function: the browser is told the IDs of those that components use.
func (p *project) isNamedElsewhere(path, name string) bool {
	named, _ := p.anywhere(func(other string) bool {
		return other != path && isScript(other) && (strings.HasSuffix(other, "x") || strings.HasSuffix(other, ".js")) && !routeFile.MatchString(other) && !pagesFile.MatchString(other)
	}, name)
	return named
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// middlewareNames are where Next.js looks for middleware, from the directory of an app, and without the extension.
var middlewareNames = []string{"middleware", "src/middleware", "proxy", "src/proxy"}

// protectsRoutes reports whether the middleware of an app of Next.js protects something: by Clerk's functions, or as its routes are seen to be refused.
func protectsRoutes(p *project, root string) bool {
	for _, name := range middlewareNames {
		for _, extension := range []string{".ts", ".js", ".tsx", ".jsx", ".mjs", ".mts"} {
			full := path.Join(root, name) + extension
			if !p.exists[full] {
				continue
			}
			if f := p.script(full); f != nil && (len(guarded(f)) > 0 || len(callsOf(f, "authMiddleware")) > 0) {
				return true
			}
		}
	}
	return slices.ContainsFunc(p.routes(), func(r routes.Route) bool { return r.App == root && r.Framework == "Next.js" && r.Gate.Refuses })
}
