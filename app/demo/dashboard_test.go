package main

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestTheDashboardOfTheDemo signs in by one click, and finds there what the first look at a second repository found, with instructions;
// its links lead to the demo's own pages.
func TestTheDashboardOfTheDemo(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	_, dashboard := startDemo(ctx, t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{Jar: jar}
	get := func(address string) (text, at string) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d, %v\n%s", address, answer.StatusCode, err, body)
		}
		return html.UnescapeString(string(body)), answer.Request.URL.String()
	}
	consent, at := get(dashboard + "/signin/github?to=/leaks")
	link := regexp.MustCompile(`href="([^"]+)">Continue as ada`).FindStringSubmatch(consent)
	if link == nil {
		t.Fatalf("GitHub asks nobody: %s", consent)
	}
	to, _, _ := strings.Cut(at, "?")
	text, _ := get(to + link[1])
	leak := regexp.MustCompile(`<a href="(/leaks/\d+)">Production secret key</a>`)
	for !leak.MatchString(text) || !strings.Contains(text, "docker-compose.yml") {
		select {
		case <-ctx.Done():
			t.Fatalf("no leaks are found: %s", text)
		case <-time.After(200 * time.Millisecond):
		}
		text, _ = get(dashboard + "/leaks")
	}
	page := leak.FindStringSubmatch(text)[1]
	for !strings.Contains(text, "As in the issue") {
		select {
		case <-ctx.Done():
			t.Fatalf("there are no instructions: %s", text)
		case <-time.After(200 * time.Millisecond):
		}
		text, _ = get(dashboard + page)
	}
	if link := regexp.MustCompile(`href="([^"]+/blob/[^"]+)"`).FindStringSubmatch(text); link == nil {
		t.Error("the leak's page leads to no file")
	} else if file, at := get(link[1]); !strings.Contains(file, "CLERK_SECRET_KEY") || strings.HasPrefix(link[1], at) {
		t.Errorf("%s leads to %s:\n%s", link[1], at, file)
	} else {
		text += file
	}
	if key := regexp.MustCompile(`sk_(?:live|test)_[0-9A-Za-z]{8}`).FindString(text); key != "" {
		t.Errorf("a page shows a key: %.12s…", key)
	}
}
