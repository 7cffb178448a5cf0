package main

import (
	"bytes"
	"context"
	"html"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestDemoComesOutAsItMust(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	if status := run(t.Context(), []string{"--once"}, &out, &errOut); status != 0 {
		t.Fatalf("exit status %d:\n%s%s", status, &out, &errOut)
	}
	for _, want := range []string{"A clean commit", "production key", "stranger's pull request", "annotation  .env.production:3", "annotation  middleware.ts:6", "✓ Vercel project shop, production: written, and read back.", "✓ rekey confirmed it, and closed the issue.", "Everything worked"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo's output lacks %q:\n%s", want, &out)
		}
	}
}

// TestEveryLinkOfThePageWorks follows all that lead to the demo's own pages, and finds no key on any.
func TestEveryLinkOfThePageWorks(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	address, _ := startDemo(ctx, t)
	address = strings.TrimSuffix(address, "/")
	get := func(path string) string {
		response, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", path, response.StatusCode)
		}
		if !strings.Contains(response.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: may run or fetch what it likes", path)
		}
		return string(body)
	}
	page := get("/")
	own := 0
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		link := html.UnescapeString(m[1])
		switch place, isPlace := strings.CutPrefix(link, "#"); {
		case isPlace:
			if !strings.Contains(page, `id="`+place+`"`) {
				t.Errorf("there is no place %s", link)
			}
		case strings.HasPrefix(link, "/"):
			own++
			path, _, _ := strings.Cut(link, "#")
			page += get(path)
		case strings.HasPrefix(link, "http://"):
			t.Errorf("a link to the stand-in, which shows no pages: %s", link)
		}
	}
	if own < 6 {
		t.Errorf("only %d links to pages of its own", own)
	}
	if key := regexp.MustCompile(`sk_(?:live|test)_[0-9A-Za-z]{8}`).FindString(page); key != "" {
		t.Errorf("a page shows a key: %.12s…", key)
	}
	for path, want := range map[string]int{"/acme/shop/blob/--output=x/y": 404, "/acme/shop/commit/-x": 404, "/elsewhere": 404} {
		response, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, response.StatusCode, want)
		}
	}
}

// TestTakenPortIsNoticedAtOnce, before anything is played.
func TestTakenPortIsNoticedAtOnce(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var out, errOut bytes.Buffer
	status := run(t.Context(), []string{"--listen", listener.Addr().String()}, &out, &errOut)
	if status != 2 || out.Len() > 0 || !strings.Contains(errOut.String(), "--listen "+listener.Addr().String()) {
		t.Errorf("status %d, printed %q and %q", status, &out, &errOut)
	}
}
