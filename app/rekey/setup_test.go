package main

import (
	"bufio"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/github/githubtest"
)

// startSetUp runs rekey serve without credentials, and returns the link that it prints.
func startSetUp(t *testing.T, args ...string) (link string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0", "--log", "warn"}, args...), nil, in, t.Output())
		in.Close()
	}()
	t.Cleanup(func() {
		stop()
		if status := <-done; status != 0 {
			t.Errorf("rekey serve ended with status %d", status)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "http") {
			go io.Copy(io.Discard, out)
			return line
		}
	}
	t.Fatal("no link is printed")
	return ""
}

// unregistered is a GitHub without an App, and the organisation acme.
func unregistered(t *testing.T) *githubtest.Server {
	t.Helper()
	gh, err := githubtest.New(githubtest.Options{Unregistered: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gh.Close(); err != nil {
			t.Error(err)
		}
	})
	gh.Organization("acme")
	return gh
}

// TestServeSetsUp: a server without an App becomes one with an App, on the same port and in the same process, and takes the
// delivery that GitHub makes then. The next start needs no set-up.
func TestServeSetsUp(t *testing.T) {
	t.Parallel()
	gh, data := unregistered(t), t.TempDir()
	link := startSetUp(t, "--data", data, "--github-url", gh.URL())
	here, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + here.Host
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	person := &formFiller{t: t, client: &http.Client{Jar: jar}}
	person.get(link)
	person.submit(nil)
	person.submit(url.Values{"account": {"organization"}, "organization": {"acme"}, "public": {base}, "keep": {"file"}})
	person.submit(nil)
	person.submit(nil)
	if !strings.Contains(person.page, gh.URL()+"/apps/rekey-acme/installations/new") {
		t.Fatalf("the last page does not lead to Install: %s", person.page)
	}
	if err := gh.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sent := gh.Deliveries(); len(sent) != 1 || sent[0].Event != "ping" {
		t.Errorf("deliveries: %+v", sent)
	}
	if d := gh.Ping(t.Context()); d.Status != http.StatusOK {
		t.Errorf("a ping is answered %d %s", d.Status, d.Answer)
	}
	person.get(base + "/readyz")
	if !strings.Contains(person.page, `"status":"ok"`) {
		t.Errorf("not ready: %s", person.page)
	}
	if (config.Flags{Data: data}).NeedsSetUp() {
		t.Error("the next start would set up again")
	}
}

// formFiller is a browser that sends forms.
type formFiller struct {
	t      *testing.T
	client *http.Client
	page   string
	at     *url.URL
}

func (f *formFiller) done(resp *http.Response, err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	f.page, f.at = string(text), resp.Request.URL
}

func (f *formFiller) get(address string) {
	f.t.Helper()
	f.done(f.client.Get(address))
}

var (
	formAction  = regexp.MustCompile(`(?s)<main.*<form[^>]* action="([^"]*)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// submit sends the last form of the page.
func (f *formFiller) submit(values url.Values) {
	f.t.Helper()
	action := formAction.FindStringSubmatch(f.page)
	if action == nil {
		f.t.Fatalf("there is no form: %s", f.page)
	}
	to, err := f.at.Parse(html.UnescapeString(action[1]))
	if err != nil {
		f.t.Fatal(err)
	}
	if values == nil {
		values = url.Values{}
	}
	for _, field := range hiddenField.FindAllStringSubmatch(f.page, -1) {
		values.Set(field[1], html.UnescapeString(field[2]))
	}
	f.done(f.client.PostForm(to.String(), values))
}
