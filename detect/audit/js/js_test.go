package js_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// calls describes the calls of a file whose callee is imported, or a member of what is: where, what, what becomes of it.
func calls(t *testing.T, name, text string) []string {
	t.Helper()
	f, err := js.Parse(name, []byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	fates := map[js.Fate]string{js.Used: "used", js.Discarded: "discarded", js.Awaited: "awaited", js.Returned: "returned", js.Ignored: "ignored"}
	var out []string
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind != js.Call {
			return true
		}
		callee, member := n.Kids[0], ""
		if o, ok := f.Origin(callee); !ok || o.Name == "*" {
			if callee.Kind != js.Member {
				return true
			}
			callee, member = callee.Kids[0], "."+callee.Text
		}
		if o, ok := f.Origin(callee); ok {
			start, end := f.Range(n)
			out = append(out, fmt.Sprintf("%d:%s %s#%s%s %s", strings.Count(text[:start], "\n")+1, text[start:end], o.Module, o.Name, member, fates[n.Fate()]))
		}
		return true
	})
	return out
}

func TestCalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{
			"names", "a.ts",
			"import { auth as a, x } from 'm'\nimport d from 'd'\nimport * as n from 'n'\na.protect()\na()\nd()\nn.f();\n(await n.g()).h()\nconst { q: r } = require('c')\nr()\nconst k = n.f\nk()",
			[]string{
				"4:a.protect m#auth.protect discarded", "5:a m#auth discarded", "6:d d#default discarded", "7:n.f n#f discarded", "8:n.g n#g awaited",
				"10:r c#q discarded", "12:k n#f discarded",
			},
		},
		{
			"shadows", "a.tsx",
			"import { auth } from 'm'\nexport default mw(async (auth, req) => { auth.protect() })\nfunction f(auth: A) { auth.protect() }\nfunction g() { const auth = 1; auth.protect() }\nauth.protect()",
			[]string{"5:auth.protect m#auth.protect discarded"},
		},
		{
			"fates", "a.ts",
			`import { f } from 'm'
async function g() {
  f(); await f(); void f(); const x = f(); h(f()); if (f()) {} a && f(); a ? f() : 0; (f(), 1); y = f()
  return f()
}
const k = () => f()
const l = async () => { (await f()).x; f().then(z); yieldless(() => { f() }) }
function* m() { yield f(); yield* f() }
async function* o() { yield f(); await f(); for await (const p of f()) {} }
[f(), ...f()]`,
			[]string{
				"3:f m#f discarded", "3:f m#f awaited", "3:f m#f ignored", "3:f m#f used", "3:f m#f used", "3:f m#f used", "3:f m#f discarded", "3:f m#f discarded",
				"3:f m#f discarded", "3:f m#f used", "4:f m#f returned", "6:f m#f returned", "7:f m#f awaited", "7:f m#f used", "7:f m#f discarded",
				"8:f m#f returned", "8:f m#f used", "9:f m#f returned", "9:f m#f awaited", "9:f m#f used", "10:f m#f used", "10:f m#f used",
			},
		},
		{
			"await at the top", "a.ts",
			"import { f } from 'm'\nawait f()\nfor await (const x of f()) {}\nconst y = await f()\nvoid f()",
			[]string{"2:f m#f awaited", "3:f m#f used", "4:f m#f awaited", "5:f m#f ignored"},
		},
		{
			"types only", "a.ts",
			"import type { f } from 'm'\nimport { type g, h } from 'm'\nlet x: typeof h\ntype T = ReturnType<typeof f>",
			nil,
		},
		{
			"dynamic", "a.mjs",
			"const m = await import('m')\nm.f()\nconst { g } = await import('m')\ng()\n;(await import('m')).h()\nimport('m').then((x) => x.f())",
			[]string{"2:m.f m#f discarded", "4:g m#g discarded", "5:await m#h discarded"},
		},
		{
			"strings and comments", "a.js",
			"import { f } from 'm' // f()\nconst s = 'f()', t = `f() ${f()}`, r = /f()/\n/* f() */",
			[]string{"2:f m#f used"},
		},
		{
			"syntax of all kinds", "a.tsx",
			`import { f } from 'm'
@d class A<T extends object = {}> extends B<T> { @p() private readonly x?: number = f(); #y = f(); static { f() } constructor(@i() private z: Z) { super(); f() } get q() { return f() } }
class D { get = () => f(); static #set = 1; async = 2 }
enum E { A = 1, B }
abstract class C { abstract m(): void; declare w: string }
const o = { a: 1 } satisfies Record<string, number>
const g = <T,>(x: T): x is NonNullable<T> => f()
const h = (x as any)!.y?.z?.(f())
let big = 10n ** 2n, re = /(?<n>a)\p{L}/u
const jsx = <><p {...o}>it's {f()} &amp; <B.C a="b" c={f()} /></p></>
export type { T } from 'x'
declare global { interface Window { a: string } }
namespace N { export const v = f() }
label: for (const k of [1]) { continue label }
export = f`,
			nil,
		},
		{"JSX in plain JavaScript", "a.js", "import { f } from 'm'\nexport default () => <p onClick={() => f()}>{f()}</p>", []string{"2:f m#f returned", "2:f m#f used"}},
		{"not ASCII", "a.ts", "import { f } from 'm'\nconst s = 'äöü😀', t = `ß\n`; f()\nconst u = f()", []string{"3:f m#f discarded", "4:f m#f used"}},
		{"a byte order mark", "a.ts", "\ufeffimport { f } from 'm'\r\nf()\r\n", []string{"2:f m#f discarded"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.name == "syntax of all kinds" {
				c.text = strings.TrimSuffix(c.text, "\nexport = f")
				if got := calls(t, c.file, c.text); len(got) != 11 {
					t.Errorf("%d calls: %q", len(got), got)
				}
				return
			}
			if got := calls(t, c.file, c.text); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestExports(t *testing.T) {
	t.Parallel()
	f, err := js.Parse("a.ts", []byte(`'use client'
"use strict"
import { auth } from 'm'
export const { GET, POST } = handlers, a = 1
export async function b() {}
export default class {}
export { auth, x as y }
export * from './other'
const x = 2`))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range f.Exports {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"*", "GET", "POST", "a", "auth", "b", "default", "y"}; !slices.Equal(names, want) {
		t.Errorf("exports %q", names)
	}
	if o, ok := f.Origin(f.Exports["auth"]); !ok || !o.Is("m", "auth") {
		t.Errorf("auth is %v", o)
	}
	if v := f.Value(f.Exports["b"]); v.Kind != js.Function || !v.Async {
		t.Errorf("b is %v", v.Kind)
	}
	if !slices.Equal(f.Directives, []string{"use client", "use strict"}) {
		t.Errorf("directives %q", f.Directives)
	}
	f, err = js.Parse("a.cjs", []byte("const { f } = require('m')\nmodule.exports = { f, g: 1 }\nexports.h = f"))
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := f.Origin(f.Exports["h"]); !ok || !o.Is("m", "f") || f.Exports["g"] == nil {
		t.Errorf("h is %v, exports %v", o, f.Exports)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"large":         {strings.Repeat("f(1)\n", js.MaxSize/5+1), js.ErrTooLarge},
		"minified":      {strings.Repeat("function a(b){return b}", 400), js.ErrMinified},
		"one long line": {strings.Repeat("f(1)\n", 1000) + strings.Repeat("g(2);", 2100), js.ErrMinified},
		"generated":     {"// Code generated. DO NOT EDIT.\nf()", js.ErrGenerated},
		"bundled":       {"f()\n//# sourceMappingURL=a.js.map", js.ErrGenerated},
		"UTF-16":        {"\xff\xfef\x00(\x00)\x00", js.ErrEncoding},
		"Latin-1":       {"f('\xe4')", js.ErrEncoding},
		"a NUL":         {"f()\x00", js.ErrEncoding},
		"brackets":      {strings.Repeat("[", 300), js.ErrTooDeep},
		"signs":         {strings.Repeat("!", 2000) + "a", js.ErrTooDeep},
		"arrows":        {strings.Repeat(strings.Repeat("a=>", 50)+"\n", 40) + "1", js.ErrTooDeep},
		"in comments":   {strings.Repeat("function a(){/*}*/\n", 200), js.ErrTooDeep},
		"in strings":    {strings.Repeat("function a(){'}';\n", 200), js.ErrTooDeep},
		"conditions":    {strings.Repeat("a?(b):c=>", 20) + "1", js.ErrTooDeep},
		"hidden":        {strings.Repeat("a ? /* ( */ // x\n(b):c=>", 20) + "1", js.ErrTooDeep},
		"a namespace":   {"namespace a" + strings.Repeat("/*{*/.a", 30) + "{}", js.ErrTooDeep},
	} {
		if _, err := js.Parse("a.ts", []byte(c.text)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	picture := "export const Logo = () => <path d=\"M" + strings.Repeat("-1.5-.5 2.25-3", 280) + "\" />\n"
	if _, err := js.Parse("a.tsx", []byte(picture)); err != nil {
		t.Errorf("a picture: %v", err)
	}
	if _, err := js.Parse("a.ts", []byte("f()\nconst = 1")); err == nil || err.Error() != "syntax error in line 2" {
		t.Errorf("a syntax error: %v", err)
	}
	if _, err := js.Parse("a.ts", []byte("<div>")); err == nil {
		t.Error("JSX is read in TypeScript")
	}
}
