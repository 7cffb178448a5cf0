package push

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/guide"
)

const (
	// width is what fits into 80 columns behind the "remote: " that git writes before a server's lines.
	width = 72
	// mostKeys and mostPlaces are how many are shown.
	mostKeys, mostPlaces = 5, 3
)

// message is lines of at most width columns, but for names and commands, which people copy.
type message struct{ strings.Builder }

func (m *message) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

// prose breaks a sentence between words.
func (m *message) prose(first, text string) {
	line, rest := first, strings.Repeat(" ", utf8.RuneCountInString(first))
	empty := true
	for word := range strings.FieldsSeq(text) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			m.line("%s", line)
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	m.line("%s", line)
}

// WriteRefusal says what was found, where, and what to do. It holds no key and no colours.
func (v Verdict) WriteRefusal(w io.Writer) error {
	keys := keysOf(v.Refused())
	var m message
	did, what := "stopped", "a Clerk key"
	if v.Server {
		did = "refused"
	}
	if len(keys) > 1 {
		what = format.Count(len(keys), "Clerk key", "Clerk keys")
	}
	m.line("rekey %s this push: it contains %s.\n", did, what)
	for _, hits := range keys[:min(mostKeys, len(keys))] {
		v.key(&m, hits)
	}
	if n := len(keys) - mostKeys; n > 0 {
		m.line("  and %s\n", format.Count(n, "more key", "more keys"))
	}
	v.steps(&m, keys)
	v.exceptions(&m, keys)
	for _, note := range v.Notes {
		m.line("")
		m.prose("", terminal.Printable(note))
	}
	_, err := io.WriteString(w, m.String())
	return err
}

// WriteUnchecked says that a push could not be checked, why, and what becomes of it.
func WriteUnchecked(w io.Writer, why error, refused bool) error {
	did := "did not check this push, and accepts it"
	if refused {
		did = "could not check this push, and refuses it"
	}
	var m message
	m.prose("", terminal.Printable("rekey "+did+": "+why.Error()))
	_, err := io.WriteString(w, m.String())
	return err
}

// keysOf puts the findings of each credential together, the worst first.
func keysOf(hits []scan.Hit) [][]scan.Hit {
	var order []detect.Secret
	by := map[detect.Secret][]scan.Hit{}
	for _, h := range hits {
		if by[h.Secret] == nil {
			order = append(order, h.Secret)
		}
		by[h.Secret] = append(by[h.Secret], h)
	}
	keys := make([][]scan.Hit, len(order))
	for i, secret := range order {
		keys[i] = by[secret]
	}
	slices.SortStableFunc(keys, func(a, b []scan.Hit) int { return a[0].Severity.Compare(b[0].Severity) })
	return keys
}

func (v Verdict) key(m *message, hits []scan.Hit) {
	h := hits[0]
	m.line("  %s %s", respond.Describe(h.Kind, h.Environment), h.Secret.Redacted())
	for _, h := range hits[:min(mostPlaces, len(hits))] {
		place := placeOf(h)
		if name := v.tagOf(h); name != "" {
			place = "message of tag " + name
		}
		if h.Place.Line > 0 && !h.NoFile {
			place += fmt.Sprintf(", line %d", h.Place.Line)
		}
		m.line("    %s", place)
		if h.Commit != "" && h.File != scan.TagMessage {
			m.line("    commit %s%s", h.Commit[:12], v.refOf(h))
		}
		if h.Allowed && h.Environment == detect.Live {
			m.line("    rekey:allow counts for test keys only, not for production keys")
		}
	}
	if n := len(hits) - mostPlaces; n > 0 {
		m.line("    and %s", format.Count(n, "more place", "more places"))
	}
	m.line("")
}

func placeOf(h scan.Hit) string {
	if path := h.Path(); path != "" {
		return terminal.Printable(path)
	}
	return "object " + h.Blob[:12]
}

// tagOf names the tag that a finding is in the message of; "" for other findings.
func (v Verdict) tagOf(h scan.Hit) string {
	for _, u := range v.Updates {
		if name, ok := strings.CutPrefix(u.Ref, "refs/tags/"); ok && h.File == scan.TagMessage && u.New == h.Blob {
			return terminal.Printable(name)
		}
	}
	return ""
}

// refOf names the ref that brings a finding's commit.
func (v Verdict) refOf(h scan.Hit) string {
	refs := v.refs[h.Commit]
	if len(v.Updates) == 1 {
		refs = []string{v.Updates[0].Ref}
	}
	if len(refs) == 0 {
		return ""
	}
	name := terminal.Printable(refs[0])
	if short, ok := strings.CutPrefix(name, "refs/heads/"); ok {
		name = "branch " + short
	} else if short, ok := strings.CutPrefix(name, "refs/tags/"); ok {
		name = "tag " + short
	}
	if n := len(refs) - 1; n > 0 {
		name += " and " + format.Count(n, "other ref", "other refs")
	}
	return ", " + name
}

// steps say how to push without the keys, and when they must be revoked.
func (v Verdict) steps(m *message, keys [][]scan.Hit) {
	if v.Server {
		m.prose("", "The server accepted nothing of this push, so the key isn't in the repository. To push without it:")
	} else {
		m.prose("", "Nothing was pushed, so nothing has leaked yet. To push without the key:")
	}
	m.line("")
	files, messages, tags := v.kindsOf(keys)
	step := 0
	next := func(text string) {
		step++
		m.prose(fmt.Sprintf("  %d. ", step), text)
	}
	if len(files) > 0 {
		where := terminal.Printable(files[0])
		if n := len(files) - 1; n > 0 {
			where += " and " + format.Count(n, "other file", "other files")
		}
		next("Remove the key from " + where + ", and read it from an environment variable.")
	}
	if len(files) > 0 || messages {
		switch r := v.remedy; {
		case r.oldest == "":
			next("Rewrite the commits that contain it (git commit --amend, git rebase -i). A new commit that removes the line isn't enough.")
		case r.amend:
			next("Change the commit:")
			m.line("       git commit -a --amend")
		default:
			next("Change the commit that added it. A new commit that removes the line isn't enough:")
			m.line("       git rebase -i %s", r.base())
			what := `mark it "edit", remove the key, then git commit -a --amend and git rebase --continue`
			if len(files) == 0 {
				what = `mark it "reword", and remove the key from the message`
			}
			m.prose("       ", what)
		}
	}
	if len(tags) > 0 {
		next("Make the tag again, without the key in its message:")
	}
	for _, name := range tags {
		m.line("       git tag -f -a %s %s^{}", name, name)
	}
	next("Push again.")
	m.line("")
	h := keys[0][0]
	m.prose("", "If the key was ever pushed or sent to anyone, revoke it in Clerk too"+colonIf(cmp.Or(h.Dashboard, guide.Page(h.Kind)))+" If it never left "+
		map[bool]string{false: "this machine", true: "your machine"}[v.Server]+", you can keep it.")
}

func colonIf(page string) string {
	if page == "" {
		return "."
	}
	return " (" + page + ")."
}

// base are the arguments of git rebase that begin with the oldest commit to change.
func (r remedy) base() string {
	base := r.oldest[:12] + "^"
	if r.root {
		base = "--root"
	}
	if r.merges {
		base = "--rebase-merges " + base
	}
	return base
}

// kindsOf lists the files and the tags of findings, and reports whether some are in messages of commits.
func (v Verdict) kindsOf(keys [][]scan.Hit) (files []string, messages bool, tags []string) {
	for _, hits := range keys {
		for _, h := range hits {
			switch {
			case h.File == scan.TagMessage && h.NoFile:
				if name := cmp.Or(v.tagOf(h), "NAME"); !slices.Contains(tags, name) {
					tags = append(tags, name)
				}
			case h.NoFile:
				messages = true
			case h.File != "" && !slices.Contains(files, h.File):
				files = append(files, h.File)
			}
		}
	}
	return files, messages, tags
}

// exceptions say what to do where the key may be pushed.
func (v Verdict) exceptions(m *message, keys [][]scan.Hit) {
	test, live := "", ""
	for _, hits := range keys {
		if hits[0].Environment == detect.Live {
			live = cmp.Or(live, hits[0].Secret.Fingerprint())
		} else {
			test = cmp.Or(test, hits[0].Secret.Fingerprint())
		}
	}
	m.line("")
	if test != "" {
		m.prose("", "A key for tests, on purpose? Write rekey:allow in a comment on its line.")
	}
	first := cmp.Or(live, test)
	switch {
	case !v.Server:
		m.line("A false positive? Put this line into %s:\n  %s", scan.IgnoreFile, first)
		m.line("To push all the same: git push --no-verify")
	case live != "":
		m.line("A false positive? Ask the server's administrator to allow it:\n  %s", first)
	default:
		m.line("A false positive? Allow it in %s of the default branch:\n  %s", respond.PolicyPath, first)
	}
}
