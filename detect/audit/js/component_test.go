package js_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// show writes each call of a component's scripts with its line, and where each script runs.
func show(t *testing.T, name, text string) []string {
	t.Helper()
	files, err := js.Scripts(name, []byte(text))
	var out []string
	for _, f := range files {
		where := "server"
		if f.Browser {
			where = "browser"
		}
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind == js.Call && !strings.HasPrefix(n.Kids[0].Text, "__") {
				start, end := f.Range(n)
				called := text[start:end]
				if o, ok := f.Origin(n.Kids[0]); ok {
					called += " of " + o.Module
				}
				out = append(out, fmt.Sprintf("%s:%d %s", where, 1+strings.Count(text[:start], "\n"), called))
			}
			return true
		})
	}
	if err != nil {
		out = append(out, err.Error())
	}
	return out
}

func TestScriptsInComponents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"Vue", "a.vue", "<template>\n <p v-if=\"a > b\">{{ '</template>' }}<template #x><script>no()</script></template></p>\n</template>\n<script>\nimport { m } from 'm'\nexport default { name: 'A' }\n</script>\n<script setup lang=\"ts\">\nconst x: string = m()\nawait y(x as any)\n</script>\n<style>a > b {}</style>", []string{"browser:9 m of m", "browser:10 y"}},
		{"Vue, other languages and blocks", "a.vue", "<docs><script>no()</script></docs>\n<!-- <script>no()</script> -->\n<template lang=\"pug\">\nscript no()\n</template>\n<script lang=\"coffee\">no()</script>\n<script lang='tsx'>\nexport default () => <p>{f()}</p>\n</script >", []string{"browser:8 f"}},
		{"Vue, for the server", "a.server.vue", "<script setup>\nf()\n</script>", []string{"server:2 f"}},
		{"Vue, two scripts without an end between", "a.vue", "<script>\nconst a = 1</script>\n<script setup>\n(f)()\n</script>", []string{"browser:4 f"}},
		{"Svelte", "a.svelte", "<svelte:head><script>no()</script></svelte:head>\n<script context=\"module\">\n  import { m } from 'm'\n</script>\n<script lang=\"ts\">\n  export let a: number\n  $: b = m(a)\n</script>\n{#if a < b}<p>it's {@html `<script>${no('}')}</script>`}{/if}<br><li>a<li>b\n", []string{"browser:7 m of m"}},
		{"Svelte, at the end", "a.svelte", "<p class={a > 'b' ? `}` : \"{\"}>x</p>\n{@const r = /['\"{]/.test(a)}\n<Card {...props} />\n<img>\n<script>f()</script>", []string{"browser:5 f"}},
		{"Astro", "a.astro", "---\nimport { m } from 'm'\nconst t = `\n---\n${m(1)}`\nif (!t) {\n  return Astro.redirect('/')\n}\nconst { a }: Props = await load()\nif (!a) return;\n---\n<p title={`>`}>it's {a && <b>don't {f(\"<script>no()</script>\")}</b>}</p>\n<script>\nimport { m } from 'n'\nm()\n</script>\n<script type=\"application/ld+json\">{no()}</script>\n<script is:inline>g()</script>", []string{"server:5 m of m", "server:7 Astro.redirect", "server:9 load", "browser:15 m of n", "browser:18 g"}},
		{"Astro, a fence that a quotation mark hides", "a.astro", "---\nif (a) /`/.test(b)\nf()\n---\n<p/>", []string{"server:2 ", "server:3 f"}},
		{"Astro without frontmatter", "a.astro", "<p>---</p>\n{list.map((x) => <li>{x}</li>)}\n{a < b && <script>f()</script>}", []string{"browser:3 f"}},
		{"nothing closed", "a.vue", "<template><p\n<script>no()", nil},
		{"a syntax error", "a.vue", "<template/>\n<script>\nconst = 1\n</script>", []string{"syntax error in line 3"}},
		{"one bad script of two", "a.astro", "---\nf()\n---\n<script>\nconst = 1\n</script>", []string{"server:2 f", "syntax error in line 5"}},
		{"Latin-1", "a.vue", "<template>caf\xe9</template><script>f()</script>", []string{js.ErrEncoding.Error()}},
		{"line ends", "a.vue", "<p/>\r\n<script>\r\nf()\r\n\u2028</script>", []string{"browser:3 f"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := show(t, c.file, c.text); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestFrontmatterReturns: what it returns is no error, and its end is known.
func TestFrontmatterReturns(t *testing.T) {
	t.Parallel()
	files, err := js.Scripts("a.astro", []byte("---\nif (a) return\nif (b) { return }\nif (c) return d;\nconst f = () => { return 1 }\nthrow e\n---"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	page := files[0].Exports["default"]
	if page == nil || page.Kind != js.Function || !page.Async {
		t.Fatalf("the page is %+v", page)
	}
	var got []string
	page.Walk(func(n *js.Node) bool {
		switch n.Kind {
		case js.Return:
			what := "return"
			if n.Kid(0) != nil {
				what += " " + n.Kids[0].Text
			}
			got = append(got, what)
		case js.Throw:
			got = append(got, "throw")
		}
		return true
	})
	if want := []string{"return", "return", "return d", "return 1", "throw"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestComponentsAreBounded: a component that no one wrote is refused before anything is parsed.
func TestComponentsAreBounded(t *testing.T) {
	t.Parallel()
	for name, text := range map[string][]byte{
		"a large one":    bytes.Repeat([]byte("<p>a</p>\n"), 1<<20/8),
		"large scripts":  slices.Concat([]byte("<script>"), bytes.Repeat([]byte("f();\n"), js.MaxSize/5+1), []byte("</script>")),
		"many scripts":   bytes.Repeat([]byte("<script>f()</script>\n"), 1000),
		"a deep script":  slices.Concat([]byte("<script>"), bytes.Repeat([]byte("["), 1000), []byte("</script>")),
		"a long one":     slices.Concat([]byte("<script>"), bytes.Repeat([]byte("f();"), 3000), []byte("</script>")),
		"generated":      []byte("<script>\n// @generated\nf()</script>"),
		"deep elements":  nil,
		"deep templates": nil,
	} {
		switch name {
		case "deep elements":
			text = append(bytes.Repeat([]byte("<p>{"), 100_000), "<script>f()</script>"...)
		case "deep templates":
			text = append([]byte("{"), append(bytes.Repeat([]byte("`${"), 100_000), "}<script>f()</script>"...)...)
		}
		files, err := js.Scripts("a.astro", text)
		if len(files) > 0 || err == nil && !strings.HasPrefix(name, "deep ") {
			t.Errorf("%s: %d scripts, %v", name, len(files), err)
		}
		if name == "a large one" && !errors.Is(err, js.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
