package audit

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// isOurs reports whether a file is the repository's own, and neither a test, nor what a program made or brought along. A mistake in what
// isn't is no mistake of the integration.
func isOurs(name string) bool {
	parts := strings.Split(strings.ToLower(name), "/")
	for _, dir := range parts[:len(parts)-1] {
		if slices.Contains(notOurs, dir) {
			return false
		}
	}
	base := parts[len(parts)-1]
	for _, sign := range []string{".test.", ".spec.", "_test.", "_spec.", ".stories.", ".min."} {
		if strings.Contains(base, sign) {
			return false
		}
	}
	return !strings.HasPrefix(base, "test_") && base != "conftest.py"
}

// notOurs are directories of tests, of what is made, and of what others wrote.
var notOurs = []string{
	"node_modules", "vendor", "third_party", "bower_components", "site-packages", ".venv", "venv", ".yarn", ".pnpm-store",
	"dist", "build", "out", ".next", ".nuxt", ".output", ".svelte-kit", ".turbo", ".vercel", "coverage", "__pycache__",
	"test", "tests", "__tests__", "testdata", "fixtures", "__fixtures__", "mocks", "__mocks__", "spec", "specs", "snapshots", "__snapshots__",
}

// extension returns what a name ends in, lower case, with the dot.
func extension(name string) string { return strings.ToLower(path.Ext(name)) }

// rangeOf returns the part of a text from byte start to end.
func rangeOf(text []byte, start, end int) Range {
	end = min(end, len(text))
	start = min(start, end)
	r := Range{Start: start, End: end}
	r.Line, r.Column = lineOf(text, start)
	r.EndLine, r.EndColumn = lineOf(text, end)
	return r
}

func lineOf(text []byte, at int) (line, column int) {
	return bytes.Count(text[:at], []byte("\n")) + 1, at - bytes.LastIndexByte(text[:at], '\n')
}
