package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github/wire"
)

const (
	zero    = "0000000000000000000000000000000000000000"
	unknown = "1111111111111111111111111111111111111111"
)

// history is a repository with a line of commits c[0] .. c[4] on main, a side commit and an orphan.
type history struct {
	*repository
	c            []string
	side, orphan string
}

func newHistory(t testing.TB, wrap func(http.Handler) http.Handler) *history {
	h := &history{repository: newRepository(t, wrap)}
	h.c = []string{h.commit("a.txt", "one\n")}
	for _, name := range []string{"b.txt", "c.txt", "d.txt", "e.txt"} {
		h.c = append(h.c, h.commit(name, strings.Repeat(name+" is a line of some length\n", 40), h.c[len(h.c)-1]))
	}
	h.ref("refs/heads/main", h.c[4])
	h.side = h.commit("side.txt", "side\n", h.c[0])
	h.orphan = h.commit("orphan.txt", "alone\n")
	h.ref("refs/heads/keep", h.orphan)
	h.posts.Store(0)
	return h
}

func fetch(ctx context.Context, url string, req wire.Request) ([]byte, error) {
	c := &wire.Client{UserAgent: "rekey test/1"}
	body, err := c.Fetch(ctx, url, req)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func TestFetchGivesExactlyWhatIsNew(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nil)
	for _, test := range []struct {
		name  string
		req   wire.Request
		want  map[string]bool
		posts int64
	}{
		{"push", wire.Request{Wants: []string{h.c[4]}, Haves: []string{h.c[2]}}, h.objects(h.c[4], "^"+h.c[2]), 1},
		{"push, sure of its haves", wire.Request{Wants: []string{h.c[4]}, Haves: []string{h.c[2]}, RequireCommon: true}, h.objects(h.c[4], "^"+h.c[2]), 1},
		{"no ref's tip", wire.Request{Wants: []string{h.c[3]}, Haves: []string{h.c[2]}}, h.objects(h.c[3], "^"+h.c[2]), 1},
		{"no ref reaches it", wire.Request{Wants: []string{h.side}, Haves: []string{h.c[0]}}, h.objects(h.side, "^"+h.c[0]), 1},
		{"forced back and aside", wire.Request{Wants: []string{h.side}, Haves: []string{h.c[4]}}, h.objects(h.side, "^"+h.c[4]), 1},
		{"forced, sure of its haves", wire.Request{Wants: []string{h.side}, Haves: []string{h.c[4]}, RequireCommon: true}, h.objects(h.side, "^"+h.c[4]), 2},
		{"orphan beside a have", wire.Request{Wants: []string{h.orphan}, Haves: []string{h.c[4]}, RequireCommon: true}, h.objects(h.orphan), 2},
		{"unknown have beside a known", wire.Request{Wants: []string{h.c[4]}, Haves: []string{unknown, h.c[3]}}, h.objects(h.c[4], "^"+h.c[3]), 1},
		{"unknown beside a known, sure", wire.Request{Wants: []string{h.c[4]}, Haves: []string{unknown, h.c[3]}, RequireCommon: true}, h.objects(h.c[4], "^"+h.c[3]), 1},
		{"unknown haves alone bring all", wire.Request{Wants: []string{h.c[4]}, Haves: []string{unknown}}, h.objects(h.c[4]), 1},
		{"no haves bring all", wire.Request{Wants: []string{h.c[4]}, RequireCommon: true}, h.objects(h.c[4]), 1},
		{"new branch", wire.Request{Wants: []string{h.c[4]}, Haves: []string{zero}, RequireCommon: true}, h.objects(h.c[4]), 1},
		{"two wants, repeated", wire.Request{Wants: []string{h.c[4], h.side, h.c[4]}, Haves: []string{h.c[2]}}, h.objects(h.c[4], h.side, "^"+h.c[2]), 1},
		{"deepen", wire.Request{Wants: []string{h.c[4]}, Deepen: 1}, h.objects("--max-count=1", h.c[4]), 1},
		{"deepen bounds unknown haves", wire.Request{Wants: []string{h.c[4]}, Haves: []string{unknown}, Deepen: 1}, h.objects("--max-count=1", h.c[4]), 1},
		{"wanted and had", wire.Request{Wants: []string{h.c[4]}, Haves: []string{h.c[4]}, RequireCommon: true}, map[string]bool{}, 0},
		{"wanted and had, surely", wire.Request{Wants: []string{h.c[4]}, Haves: []string{h.c[4]}}, map[string]bool{}, 1},
		{"nothing new", wire.Request{Wants: []string{h.c[2]}, Haves: []string{h.c[4]}, RequireCommon: true}, map[string]bool{}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			h.posts.Store(0)
			pack, err := fetch(t.Context(), h.url, test.req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, h.contents(pack)); diff != "" {
				t.Errorf("objects of the pack (-want +got):\n%s", diff)
			}
			if got := h.posts.Load(); test.posts != 0 && got != test.posts {
				t.Errorf("%d POSTs, want %d", got, test.posts)
			}
		})
	}
}

func TestFetchRefusesTheWholeHistoryByAccident(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nil)
	_, err := fetch(t.Context(), h.url, wire.Request{Wants: []string{h.c[4]}, Haves: []string{unknown}, RequireCommon: true})
	if !errors.Is(err, wire.ErrNoCommonHave) {
		t.Errorf("got %v, want ErrNoCommonHave", err)
	}
}

func TestFetchUnknownWant(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nil)
	for _, sure := range []bool{false, true} {
		_, err := fetch(t.Context(), h.url, wire.Request{Wants: []string{unknown}, Haves: []string{h.c[0]}, RequireCommon: sure})
		var said *wire.ServerError
		if !errors.As(err, &said) || !said.NotOurRef() || !strings.Contains(err.Error(), unknown) {
			t.Errorf("got %v, want the server's \"not our ref\"", err)
		}
	}
}

func TestFetchTag(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nil)
	h.git("tag", "-a", "-m", "first", "v1", h.c[1])
	tag := h.git("rev-parse", "refs/tags/v1")
	pack, err := fetch(t.Context(), h.url, wire.Request{Wants: []string{tag}, Haves: []string{h.c[0]}})
	if err != nil {
		t.Fatal(err)
	}
	got := h.contents(pack)
	if !got[tag] || !got[h.c[1]] || got[h.c[0]] {
		t.Errorf("the pack holds %v, want the tag %s and its commit %s only", got, tag, h.c[1])
	}
}

func TestFetchFilter(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nil)
	req := wire.Request{Wants: []string{h.c[4]}, Haves: []string{h.c[3]}, Filter: "blob:none", RequireCommon: true}
	if _, err := fetch(t.Context(), h.url, req); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "filters") {
		t.Errorf("a server without filters: %v, want an error that names them", err)
	}
	h.git("config", "uploadpack.allowFilter", "true")
	pack, err := fetch(t.Context(), h.url, req)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{h.c[4]: true, h.git("rev-parse", h.c[4]+"^{tree}"): true}
	if diff := cmp.Diff(want, h.contents(pack)); diff != "" {
		t.Errorf("objects of the pack (-want +got):\n%s", diff)
	}
}

func TestFetchRefusesBadRequests(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something was sent") }))
	defer s.Close()
	for _, test := range []struct {
		url  string
		req  wire.Request
		want string
	}{
		{s.URL, wire.Request{}, "nothing is wanted"},
		{s.URL, wire.Request{Wants: []string{zero}}, "nothing is wanted"},
		{s.URL, wire.Request{Wants: []string{"main"}}, "not an object id"},
		{s.URL, wire.Request{Wants: []string{unknown}, Haves: []string{"x\nwant y"}}, "not an object id"},
		{s.URL, wire.Request{Wants: []string{unknown + unknown[:24]}}, "SHA-256"},
		{strings.Replace(s.URL, "//", "//x-access-token:hunter2@", 1), wire.Request{Wants: []string{unknown}}, "holds credentials"},
		{s.URL, wire.Request{Wants: []string{unknown}, Filter: "blob:none\nwant x"}, "not a filter"},
		{"git://example.com/x", wire.Request{Wants: []string{unknown}}, "only http and https"},
	} {
		_, err := fetch(t.Context(), test.url, test.req)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: got %v, want %q", test.req, err, test.want)
		}
	}
}

func TestRefs(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nil)
	h.git("tag", "-a", "-m", "first", "v1", h.c[1])
	h.ref("refs/tags/light", h.c[2])
	h.ref("refs/pull/1/head", h.side)
	c := &wire.Client{}
	got, err := c.Refs(t.Context(), h.url, "refs/heads/", "refs/tags/", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	want := []wire.Ref{
		{Name: "HEAD", ID: h.c[4], Target: "refs/heads/main"},
		{Name: "refs/heads/keep", ID: h.orphan},
		{Name: "refs/heads/main", ID: h.c[4]},
		{Name: "refs/tags/light", ID: h.c[2]},
		{Name: "refs/tags/v1", ID: h.git("rev-parse", "refs/tags/v1"), Peeled: h.c[1]},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refs (-want +got):\n%s", diff)
	}
	if all, err := c.Refs(t.Context(), h.url); err != nil || len(all) != len(want)+1 {
		t.Errorf("all refs: %v, %v; want %d", all, err, len(want)+1)
	}
	if none, err := c.Refs(t.Context(), newRepository(t, nil).url, "refs/heads/"); err != nil || len(none) != 0 {
		t.Errorf("refs of an empty repository: %v, %v", none, err)
	}
	if _, err := c.Refs(t.Context(), h.url, "refs/heads/\nref-prefix x"); err == nil {
		t.Error("a prefix with a newline was sent")
	}
}

func TestProxyThatDropsTheProtocolHeader(t *testing.T) {
	t.Parallel()
	h := newHistory(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Git-Protocol")
			next.ServeHTTP(w, r)
		})
	})
	pack, err := fetch(t.Context(), h.url, wire.Request{Wants: []string{h.c[4]}, Haves: []string{h.c[2]}})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "Git-Protocol") {
		t.Errorf("got %d bytes and %v, want an error that names the header", len(pack), err)
	}
}
