package js_test

import (
	"testing"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// FuzzParse holds that any text is read or refused, and that what is said of places is within the file.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"'use client'\nimport { auth as a } from '@clerk/nextjs/server'\nexport default cm(async (auth) => { await auth.protect() })",
		"await f(); for await (const x of y) {}\nexport * from './x'",
		"@d class A<T> extends B { #x = 1; static { f() } async *g() { yield* h() } }",
		"const x = <a b={c} {...d}>it's {`t${e}`}</a>",
		"switch (a) { case 'b': c(); default: } try { d() } catch { e() } finally { f() }",
		"let { a, b: { c = 1 }, ...d } = require('m'), [e, , ...g] = h; a ||= b ?? c?.d?.(e)",
		"enum E { A = 1 } namespace N { export const v = 1 } abstract class C { declare x: string }",
		"a ? (b) : c => d", "/(?<n>a)\\p{L}/v.test(x)", "\ufeff#!/usr/bin/env node\r\nvoid 0", "using r = f()", "label: do x(); while (0)",
		"import('m').then((x) => x.f()), new.target, import.meta.url, 10n ** 2n", "var __export = 1; __export(a, {})", "'\U0001F600'; f(\u2028)",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, typed bool) {
		name := "a.js"
		if typed {
			name = "a.tsx"
		}
		file, err := js.Parse(name, []byte(text))
		if err != nil {
			return
		}
		file.Root.Walk(func(n *js.Node) bool {
			if start, end := file.Range(n); start < 0 || start > end || end > len(text) {
				t.Errorf("a node of kind %d is at %d to %d of %d bytes", n.Kind, start, end, len(text))
			}
			for _, kid := range n.Kids {
				if kid != nil && kid.Parent != n {
					t.Errorf("a node of kind %d has another parent than that of kind %d which holds it", kid.Kind, n.Kind)
				}
			}
			file.Origin(n)
			file.Value(n)
			n.Fate()
			n.Path()
			return true
		})
	})
}

// FuzzScripts holds that any component is read or refused, and that what is said of places is within the file.
func FuzzScripts(f *testing.F) {
	for _, seed := range []string{
		"<script setup lang=\"ts\">\nf()\n</script><template><p v-if=\"a > b\">{{ c }}</p></template>",
		"<script context=\"module\">export const a = 1</script><script>$: b = a</script>{#if b < 1}<p {...c}>{@html `<b>${d}</b>`}</p>{/if}",
		"---\nif (a) return Astro.redirect('/')\n---\n{a && <p title={`x`}>it's {b}</p>}<script>f()</script>", "---\n`---\n---", "<a b='", "<!-- ", "{/[/]}/}", "<>{</>",
	} {
		for i := range 3 {
			f.Add(seed, byte(i))
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind byte) {
		name := []string{"a.vue", "a.svelte", "a.astro"}[kind%3]
		files, _ := js.Scripts(name, []byte(text))
		for _, file := range files {
			file.Root.Walk(func(n *js.Node) bool {
				if start, end := file.Range(n); start < 0 || start > end || end > len(text) {
					t.Errorf("a node of kind %d is at %d to %d of %d bytes", n.Kind, start, end, len(text))
				}
				n.Fate()
				return true
			})
		}
	})
}
