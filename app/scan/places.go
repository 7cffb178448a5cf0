package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/format"
)

// placesOf puts the hits of one credential together that are one place to people. In a history that is a file, as its
// lines move with every commit: the commits stand in their order, and files that still hold the credential come first.
func placesOf(hits []Hit) [][]Hit {
	type place struct {
		repository, root, path string
		line, column           int
	}
	places := together(hits, func(i int, h Hit) place {
		p := place{h.Repository, h.Root, h.Path(), h.Place.Line, h.Place.Column}
		switch {
		case h.File == "":
			p.path = "\x00" + h.Blob
		case h.Commit != "":
			p.line, p.column = 0, 0
		case h.Online.Kind != "":
			p.path += "\x00" + h.Online.URL + "\x00" + h.Online.Field
		case h.Place.Line == 0:
			p.path += "\x00" + strconv.Itoa(i)
		}
		return p
	})
	for _, hits := range places {
		slices.SortStableFunc(hits, func(a, b Hit) int { return a.Author.When.Compare(b.Author.When) })
	}
	slices.SortStableFunc(places, func(a, b []Hit) int { return cmp.Compare(deleted(a), deleted(b)) })
	return places
}

// nameOf is what people call a place: the path of a file as seen from the current directory, or what else it is.
func nameOf(h Hit, path string) string {
	switch path {
	case "-":
		return "standard input"
	case "":
		return "object " + h.Blob
	}
	return joined(h.Root, path)
}

// pathOf is a hit's path as seen from the current directory; in a repository, from its top.
func pathOf(h Hit) string { return joined(h.Root, h.Path()) }

// together puts what has the same key together, in the order in which the keys first come.
func together[T any, K comparable](all []T, key func(i int, one T) K) (groups [][]T) {
	at := map[K]int{}
	for i, h := range all {
		k := key(i, h)
		group, known := at[k]
		if !known {
			group = len(groups)
			at[k] = group
			groups = append(groups, nil)
		}
		groups[group] = append(groups[group], h)
	}
	return groups
}

// deleted is 1 where only the history holds what the hits of one place found.
func deleted(place []Hit) int {
	if place[0].Commit != "" && len(refsOf(place)) == 0 {
		return 1
	}
	return 0
}

// place writes one place: where the credential stood there first, and what commits brought it.
func (s Style) place(b *strings.Builder, hits []Hit) {
	h := hits[0]
	place := terminal.Printable(nameOf(h, h.Path()))
	switch {
	case h.isText():
		place = onlineName(h)
	case h.Place.Line > 0:
		column := h.Place.Column
		if h.Column > 0 {
			column = h.Column // as editors count, in characters
		}
		place += fmt.Sprintf(":%d:%d", h.Place.Line, column)
	}
	if h.Repository != "" {
		place += s.Paint(terminal.Faint, "  in "+terminal.Printable(h.Repository))
	}
	if h.Encoding != detect.Plain && h.Member == "" {
		place += s.Paint(terminal.Faint, "  as "+h.Encoding)
	}
	fmt.Fprintf(b, "  %s\n", place)
	line := h.Line
	if line == "" && h.Variable != "" {
		line = terminal.Printable(h.Variable) + " … " + h.redacted()
	}
	if line != "" {
		fmt.Fprintf(b, "    %s\n", s.Paint(terminal.Faint, line))
	}
	if h.Online.Kind != "" {
		s.onlinePlace(b, h)
	}
	if h.Commit != "" {
		fmt.Fprintf(b, "    %s\n", s.Paint(terminal.Faint, commitWords(hits)))
	}
}

// commitWords says who brought a place first, how many others did, and where it is now.
func commitWords(hits []Hit) string {
	first := hits[0]
	words := first.Commit[:min(12, len(first.Commit))]
	if first.Author.Name != "" {
		words += " by " + terminal.Printable(first.Author.Name)
	}
	if !first.Author.When.IsZero() {
		words += " on " + format.Date(first.Author.When)
	}
	commits := map[string]bool{}
	for _, h := range hits {
		commits[h.Commit] = true
	}
	if n := len(commits) - 1; n > 0 {
		words += " and " + format.Count(n, "other commit", "other commits")
	}
	refs := refsOf(hits)
	switch {
	case len(refs) == 0 && first.Blob == first.Commit: // its message, which no later commit changes
		return words
	case len(refs) == 0:
		return words + ", deleted since"
	}
	words += ", still in " + terminal.Printable(shortRef(refs))
	if n := len(refs) - 1; n > 0 {
		words += " and " + format.Count(n, "other ref", "other refs")
	}
	return words
}

// refsOf returns every ref that still holds one of the hits.
func refsOf(hits []Hit) []string {
	var refs []string
	for _, h := range hits {
		refs = append(refs, h.Refs...)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// shortRef is the name of the ref that says most, as people write it.
func shortRef(refs []string) string {
	ref := refs[0]
	for _, known := range []string{"refs/heads/main", "refs/heads/master"} {
		if slices.Contains(refs, known) {
			ref = known
			break
		}
	}
	for _, prefix := range []string{"refs/heads/", "refs/remotes/", "refs/"} {
		if short, ok := strings.CutPrefix(ref, prefix); ok {
			return short
		}
	}
	return ref
}
