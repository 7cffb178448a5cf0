package githubtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestRefsAreWhatGitSays: refs that are read without git mean what they mean to git, wherever they lie and whatever they are called.
func TestRefsAreWhatGitSays(t *testing.T) {
	t.Parallel()
	r, ids := history(t, 3)
	set := func(ref, sha string) {
		t.Helper()
		if err := r.SetRef(ref, sha); err != nil {
			t.Fatal(err)
		}
	}
	tag, err := r.Tag("v1", ids[1], "One", r.Owner())
	if err != nil {
		t.Fatal(err)
	}
	set("refs/tags/v1", tag)
	set("refs/tags/light", ids[0])
	set("refs/heads/packed", ids[0])
	set("refs/heads/moved", ids[0])
	set("refs/heads/v1.0-1-gabcdef1", ids[2])
	set("refs/heads/refs/heads/odd", ids[1])
	set("refs/heads/feature/x", ids[1])
	set("refs/pull/7/head", ids[2])
	gitIn(t, r, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
	gitIn(t, r, "symbolic-ref", "refs/heads/dangling", "refs/heads/nothing")
	compare := func(when string) {
		t.Helper()
		for _, name := range []string{
			"main", "heads/main", "refs/heads/main", "tags/v1", "v1", "light", "packed", "heads/packed", "moved", "alias", "dangling", "feature/x", "feature",
			"pull/7/head", "odd", "heads/odd", "v1.0-1-gabcdef1", "v2.0-1-g" + ids[0][:7], "nothing", "main~1", "main^", "main@{0}", "main:a", "heads", "..", "a..b", "",
			"HEAD", ids[0], ids[0][:12], tag, strings.Repeat("1", 40), "ü", "main.lock", "-main",
		} {
			r.s.mu.Lock()
			got, found := r.resolve(name)
			r.s.mu.Unlock()
			want, exists := resolvedByGit(r, name)
			if got != want || found != exists {
				t.Errorf("%s: %q is %q, %t; git says %q, %t", when, name, got, found, want, exists)
			}
		}
	}
	compare("loose")
	gitIn(t, r, "pack-refs", "--all")
	compare("packed")
	set("refs/heads/moved", ids[2])
	set("refs/heads/packed", "")
	set("refs/tags/light", "")
	compare("after changes")
}

// resolvedByGit is [Repository.resolve] by nothing but git.
func resolvedByGit(r *Repository, ref string) (sha string, found bool) {
	if strings.HasPrefix(ref, "-") {
		return "", false
	}
	names := []string{"refs/" + ref, "refs/heads/" + ref, "refs/tags/" + ref}
	if len(ref) == 40 {
		if out, err := r.s.git(r.dir, nil, "cat-file", "-t", ref); err == nil && strings.TrimSpace(out) == "commit" {
			return ref, true
		}
	}
	for _, name := range names {
		if out, err := r.s.git(r.dir, nil, "rev-parse", "--verify", "--quiet", name+"^{commit}"); err == nil {
			return strings.TrimSpace(out), true
		}
	}
	return "", false
}

// TestPushesAreDescribedAsGitDoes: what a push brings is told from one list of git's where that is enough, and is the same as from all.
func TestPushesAreDescribedAsGitDoes(t *testing.T) {
	t.Parallel()
	r, main := history(t, 3)
	commit := func(message string, parents ...string) string {
		t.Helper()
		sha, err := r.Commit(Change{Parents: slices.Concat([]string{}, parents), Message: message, Files: map[string]string{message: message}})
		if err != nil {
			t.Fatal(err)
		}
		return sha
	}
	tip := main[2]
	side := commit("side", main[0])
	known := commit("known", tip)
	if err := r.SetRef("refs/heads/other", known); err != nil {
		t.Fatal(err)
	}
	next := commit("next", tip)
	root := commit("root")
	for name, after := range map[string]string{
		"one more": next, "two more": commit("and on", next), "a merge": commit("merge", tip, side), "a merge of what is known": commit("merge known", tip, known),
		"what is known": known, "upon what is known": commit("more", known), "a step back": main[1], "forced": commit("forced", main[1]), "unrelated": root,
		"a merge of the unrelated": commit("join", tip, root), "a merge of an older one": commit("again", next, main[0]), "the same": tip,
	} {
		f, err := r.describePush("refs/heads/main", tip, after)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list, err := r.log(after, "--not", tip)
		if err != nil {
			t.Fatal(err)
		}
		_, apart := r.s.git(r.dir, nil, "merge-base", "--is-ancestor", tip, after)
		fresh := gitIn(t, r, "rev-list", after, "--not", "--all")
		for i, e := range list {
			list[i].known = !strings.Contains(fresh, e.sha)
		}
		if f.forced != (apart != nil) || f.head.sha != after || fmt.Sprint(f.commits) != fmt.Sprint(list) {
			t.Errorf("%s: forced %t, at %s,\n%v,\nwant %t, at %s,\n%v", name, f.forced, f.head.sha, f.commits, apart != nil, after, list)
		}
	}
}

// TestWhatGitSaidIsKept: an object's text is asked for once; one that wasn't there is asked for again.
func TestWhatGitSaidIsKept(t *testing.T) {
	t.Parallel()
	r, ids := history(t, 1)
	absent := "257cc5642cb1a054f08cc83f2d943e56fd3ebe99" // the blob "foo\n"
	if _, err := r.fixed("cat-file", "blob", absent); err == nil {
		t.Fatal("there is an object that nobody made")
	}
	if _, err := r.Commit(Change{Files: map[string]string{"foo": "foo\n"}}); err != nil {
		t.Fatal(err)
	}
	if text, err := r.fixed("cat-file", "blob", absent); err != nil || text != "foo\n" {
		t.Errorf("once it is there: %q, %v", text, err)
	}
	large, err := r.Commit(Change{Files: map[string]string{"large": strings.Repeat("a", maxKept+1)}})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := r.File(large, "large"); err != nil || len(text) != maxKept+1 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	for i := range maxKeptCount {
		r.answers.kept[fmt.Sprint(i)] = ""
		if len(r.answers.kept) == maxKeptCount {
			break
		}
	}
	if text, err := r.File(ids[0], "a"); err != nil || string(text) != "0" || len(r.answers.kept) != 1 {
		t.Errorf("%q, %v, with %d answers kept", text, err, len(r.answers.kept))
	}
	if text, err := r.File("main", "a"); err != nil || string(text) != "0" || len(r.answers.kept) != 1 {
		t.Errorf("by the branch: %q, %v, with %d answers kept", text, err, len(r.answers.kept))
	}
}

// history makes a repository whose default branch has a few commits.
func history(t *testing.T, n int) (r *Repository, ids []string) {
	t.Helper()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if r, err = s.CreateRepository(s.Organization("acme"), "shop", RepositoryOptions{}); err != nil {
		t.Fatal(err)
	}
	changes := make([]Change, n)
	for i := range changes {
		changes[i].Files = map[string]string{"a": fmt.Sprint(i)}
	}
	if ids, err = r.Commits(changes); err != nil {
		t.Fatal(err)
	}
	if err := r.SetRef("refs/heads/main", ids[n-1]); err != nil {
		t.Fatal(err)
	}
	return r, ids
}

func gitIn(t *testing.T, r *Repository, args ...string) string {
	t.Helper()
	out, err := r.s.git(r.dir, nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
