package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/detect/audit/lock"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// facts are what the ledger knows of a commit that is to be audited.
type facts struct {
	repository respond.Repository
	head       string // "": the default branch's tip
	tip        string // of the default branch; "": not known
	scans      []respond.Scan
	last       ledger.Audit // zero: none
}

// task is an audit to be made. The zero task is none.
type task struct {
	head   string
	pull   int
	merge  bool   // a merge group's; without it and pull: the state of the default branch
	base   string // of the branch that the pull request or merge group goes to; "": not known
	create bool   // the commit gets a check run, also if it has none
}

// brings reports whether the task is about what a pull request or a merge group brings.
func (t task) brings() bool { return t.pull != 0 || t.merge }

// plan decides what is audited. What the default branch points to is audited as its state, also where a pull request has it as its head.
func plan(f facts) task {
	subject := respond.AuditSubjectOf(f.scans, f.repository.DefaultBranch)
	switch {
	case f.head == "":
		return task{}
	case f.head == f.tip:
		return task{head: f.head, create: subject.Pushed || subject.Pull != 0}
	case subject.Pull != 0, subject.Merge:
		return task{head: f.head, pull: subject.Pull, merge: subject.Merge, base: subject.Base, create: true}
	}
	return task{}
}

// changes are what a pull request or a merge group changes, of the files that are audited.
type changes struct {
	head    []string          // changed or added, in order
	base    []string          // changed or removed, in order
	renamed map[string]string // paths at the base by those at the head, of files that are the same but for their names
	added   map[string]bool   // paths that the base doesn't have
}

// changesOf compares two commits.
func changesOf(base, head *snapshot) changes {
	c := changes{renamed: map[string]string{}, added: map[string]bool{}}
	removed := map[string]string{} // by blob
	for _, name := range base.paths {
		if !audit.Wanted(name) || head.blobs[name] == base.blobs[name] {
			continue
		}
		c.base = append(c.base, name)
		if head.blobs[name] == "" {
			removed[base.blobs[name]] = name
		}
	}
	for _, name := range head.paths {
		if !audit.Wanted(name) || head.blobs[name] == base.blobs[name] {
			continue
		}
		c.head = append(c.head, name)
		if base.blobs[name] == "" {
			c.added[name] = true
			if from, moved := removed[head.blobs[name]]; moved {
				c.renamed[name] = from
				delete(removed, head.blobs[name])
			}
		}
	}
	return c
}

// wanted lists the files of a commit that are audited, those that name packages first, then the shallow ones.
func wanted(s *snapshot) []string {
	var names []string
	for _, name := range s.paths { // the shallow ones come first
		if audit.Wanted(name) {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return names
}

func rank(name string) int {
	if webhook.NamesPackages(name) {
		return 0
	}
	return 1
}

// manifests lists the files of a commit that name packages, at most maxManifests.
func manifests(s *snapshot) []string {
	var names []string
	for _, name := range s.paths {
		if webhook.NamesPackages(name) && len(names) < maxManifests {
			names = append(names, name)
		}
	}
	return names
}

// versioned lists the files of a commit that say which versions of packages are used, at most maxManifests.
func versioned(s *snapshot) []string {
	var names []string
	for _, name := range s.paths {
		if lock.Reads(name) && len(names) < maxManifests {
			names = append(names, name)
		}
	}
	return names
}

// digest is a hash of files of a commit, and of how they are audited.
func digest(s *snapshot, names []string, how ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q", how)
	for _, name := range names {
		fmt.Fprintf(h, " %q %s", name, s.blobs[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// level is the policy's level as audits know it.
func level(p respond.Policy) audit.Tier {
	if p.Audit.Level == respond.AuditAll {
		return audit.All
	}
	return audit.Default
}

// samePackages reports whether two audits see the same packages.
func samePackages(a, b []audit.Package) bool {
	return slices.EqualFunc(a, b, func(a, b audit.Package) bool {
		return a.Name == b.Name && a.Version == b.Version && a.Root == b.Root
	})
}

// side is what was found at one end of a pull request. Paths are those of the head, also of a file that was only renamed.
type side struct {
	findings []respond.AuditFinding
	line     func(path string, number int) string // a line without the space around it
}

// newFindings returns those of a pull request's findings that did not stand before at the same place: on the same line by a comparison of
// both texts, or on one of the same words that was moved.
func newFindings(base, head side, aligned func(path string) map[int]int) (list []respond.AuditFinding) {
	type place struct {
		check, path string
		line        int
		words       string
	}
	stood := map[place]int{}
	at := func(f respond.AuditFinding, line int) place { return place{check: f.Check, path: f.Path, line: line} }
	for _, f := range base.findings {
		stood[at(f, f.Line)]++
	}
	var unaligned []respond.AuditFinding
	for _, f := range head.findings {
		line := f.Line
		if line > 0 {
			line = aligned(f.Path)[f.Line]
		}
		if p := at(f, line); (line > 0 || f.Line == 0) && stood[p] > 0 {
			stood[p]--
			continue
		}
		unaligned = append(unaligned, f)
	}
	moved := map[place]int{}
	for p, n := range stood {
		if p.line > 0 {
			moved[place{check: p.check, path: p.path, words: base.line(p.path, p.line)}] += n
		}
	}
	for _, f := range unaligned {
		if p := (place{check: f.Check, path: f.Path, words: head.line(f.Path, f.Line)}); f.Line > 0 && moved[p] > 0 {
			moved[p]--
			continue
		}
		list = append(list, f)
	}
	slices.SortStableFunc(list, respond.CompareAudit)
	return list
}

// underNewNames returns findings at the base as they would be if files that were only renamed had their new names. What is about the name
// itself keeps the old one.
func underNewNames(findings []respond.AuditFinding, renamed map[string]string) []respond.AuditFinding {
	to := map[string]string{}
	for now, before := range renamed {
		to[before] = now
	}
	list := slices.Clone(findings)
	for i, f := range list {
		if now, moved := to[f.Path]; moved && f.Line > 0 {
			list[i].Path = now
		}
	}
	return list
}
