package pack_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/detect/pack/gittest"
)

// TestBoundaryIsTheMergeBase: of a branch into which the main one was merged it is the commit that was merged last, as git says.
func TestBoundaryIsTheMergeBase(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Commit("a tree", map[string]string{"a": "a"})
	commit := func(name string, parents ...string) string {
		args := []string{"commit-tree", "HEAD^{tree}", "-m", name}
		for _, parent := range parents {
			args = append(args, "-p", parent)
		}
		return strings.TrimSpace(r.Git("", args...))
	}
	root := commit("root")
	main1 := commit("main1", root)
	branch1 := commit("branch1", root)
	merged := commit("merged", branch1, main1)
	main2 := commit("main2", main1)
	branch2 := commit("branch2", merged)
	for name, c := range map[string]struct{ head, base string }{
		"straight":                      {branch1, main2},
		"merged in between":             {branch2, main2},
		"nothing of its own":            {main1, main2},
		"the base is ahead by nothing":  {branch2, main1},
		"the head is the base's parent": {root, main1},
	} {
		packed := r.Git(c.head+"\n^"+c.base+"\n", "pack-objects", "--revs", "--stdout", "--filter=tree:0", "-q")
		p, err := pack.Open(t.Context(), strings.NewReader(packed), pack.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := p.Boundary(t.Context(), c.head, 100)
		want := strings.TrimSpace(r.Git("", "merge-base", c.head, c.base))
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
		if _, err := p.Boundary(t.Context(), c.head, 0); name == "straight" && !errors.Is(err, pack.ErrLimit) {
			t.Errorf("over the limit: %v", err)
		}
		p.Close()
	}
}

// TestTextsReadsThePackOnce: of the wanted blobs those that are there and within the limits.
func TestTextsReadsThePackOnce(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	blobs := map[string]string{}
	for name, text := range map[string]string{"a": "first", "b": strings.Repeat("long ", 100), "c": "third"} {
		r.Write(name, text)
		blobs[name] = strings.TrimSpace(r.Git(text, "hash-object", "--stdin"))
	}
	head := r.Commit("all", nil)
	packed := []byte(r.Git(head+"\n", "pack-objects", "--revs", "--stdout", "-q"))
	p, err := pack.Open(t.Context(), bytes.NewReader(packed), pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	missing := strings.Repeat("0a", 20)
	texts, fits, err := p.Texts(t.Context(), []string{blobs["a"], blobs["b"], missing, head}, 100, 1000)
	if err != nil || !fits || len(texts) != 1 || string(texts[blobs["a"]]) != "first" {
		t.Errorf("texts %q, %t, %v", texts, fits, err)
	}
	for room, want := range map[int]bool{9: false, 10: true} {
		if texts, fits, err := p.Texts(t.Context(), []string{blobs["a"], blobs["c"]}, 100, room); err != nil || fits != want || fits && len(texts) != 2 {
			t.Errorf("with room for %d bytes: %q, %t, %v", room, texts, fits, err)
		}
	}
}
