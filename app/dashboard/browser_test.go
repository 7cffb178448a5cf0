package dashboard_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// seenPages are all pages, by the name of their picture.
var seenPages = []struct{ name, path string }{
	{"overview", "/"},
	{"leaks", "/leaks?state=all"},
	{"leaks-none", "/leaks?search=nothing"},
	{"leak", "/leaks/1"},
	{"leak-closed", "/leaks/7"},
	{"leak-reader", "/leaks/6"},
	{"repositories", "/repositories"},
	{"audits", "/audits"},
	{"activity", "/activity"},
	{"health", "/health"},
	{"required-check", "/required-check/1"},
	{"first-look", "/first-look/1"},
	{"not-found", "/nothing"},
}

// tab is a browser's tab. what it complains about fails the test.
type tab struct {
	context.Context
	*world
	mu       sync.Mutex
	problems []string
}

// newTab starts the browser that REKEY_TEST_BROWSER names, and skips the test where it names none.
func newTab(t *testing.T, w *world) *tab {
	t.Helper()
	browser := os.Getenv("REKEY_TEST_BROWSER")
	if browser == "" {
		t.Skip("REKEY_TEST_BROWSER names no browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true))
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	b := &tab{Context: ctx, world: w}
	chromedp.ListenTarget(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError && !strings.Contains(e.Entry.Text, "status of 404") && !strings.Contains(e.Entry.Text, "status of 403") {
				b.problems = append(b.problems, e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			b.problems = append(b.problems, e.ExceptionDetails.Error())
		}
	})
	b.run(log.Enable())
	return b
}

func (b *tab) run(actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b, actions...); err != nil {
		b.Fatal(err)
	}
}

// calm fails where the browser complained, as about the content security policy.
func (b *tab) calm(where string) {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.Errorf("%s: %s", where, p)
	}
	b.problems = nil
}

func (b *tab) signIn(login string) {
	b.Helper()
	b.world.github.Browse(nil) // GitHub asks
	b.run(chromedp.Navigate(b.front.URL+"/leaks/1"), chromedp.Click(`a[href^="/signin/github"]`), chromedp.WaitVisible(`//a[text()="Continue as `+login+`"]`),
		chromedp.Click(`//a[text()="Continue as `+login+`"]`), chromedp.WaitVisible(`.account`))
	b.mu.Lock()
	b.problems = nil // of the stand-in's own page
	b.mu.Unlock()
}

// axe returns the script of axe-core, which make browser fetches and REKEY_AXE names.
func axe(t *testing.T) string {
	t.Helper()
	path := os.Getenv("REKEY_AXE")
	if path == "" {
		t.Skip("REKEY_AXE names no script of axe-core: make browser")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// accessible fails for each rule of axe-core that the page breaks.
func (b *tab) accessible(where, script string) {
	b.Helper()
	var answer string
	b.run(chromedp.Evaluate(script, nil), chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 160) + " " + (n.failureSummary || "").slice(0, 200))}))))`,
		&answer, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var violations []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(answer), &violations); err != nil {
		b.Fatal(err)
	}
	for _, v := range violations {
		b.Errorf("%s: %s: %s\n%s", where, v.ID, v.Help, strings.Join(v.Nodes, "\n"))
	}
}

func dark(on bool) chromedp.Action {
	scheme := "light"
	if on {
		scheme = "dark"
	}
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}})
}

// tooWide counts what is wider than the screen and does not scroll.
const tooWide = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("pre, .table, .prose table, .sections li, .hidden, .skip")).map(e => e.outerHTML.slice(0, 120)).join("\n")`

// TestBrowserShowsThePages opens every page, light, dark and on a phone: without a complaint about the content security policy, without
// a violation of axe-core's rules, and without anything wider than the screen. With REKEY_SCREENSHOTS, a directory, it takes pictures.
func TestBrowserShowsThePages(t *testing.T) {
	w := newWorld(t)
	w.acme()
	b := newTab(t, w)
	script := axe(t)
	pictures := os.Getenv("REKEY_SCREENSHOTS")
	shoot := func(name string) {
		t.Helper()
		if pictures == "" {
			return
		}
		var picture []byte
		b.run(chromedp.FullScreenshot(&picture, 100))
		if err := os.WriteFile(filepath.Join(pictures, name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	each := func(name, path string) {
		t.Helper()
		for _, look := range []struct {
			name  string
			width int64
			dark  bool
		}{{"light", 1280, false}, {"dark", 1280, true}, {"phone", 390, false}} {
			where := name + ", " + look.name
			var wide string
			b.run(dark(look.dark), chromedp.EmulateViewport(look.width, 844), chromedp.Navigate(w.front.URL+path), chromedp.WaitReady("main"), chromedp.Evaluate(tooWide, &wide))
			if wide != "" {
				t.Errorf("%s: wider than the screen:\n%s", where, wide)
			}
			b.calm(where)
			b.accessible(where, script)
			shoot(name + "-" + look.name)
		}
	}
	each("signin", "/signin?to=/leaks")
	b.signIn("ada")
	for _, p := range seenPages {
		each(p.name, p.path)
	}
	w.exec(`UPDATE leaks SET state = 'revoked', closed = detected`)
	each("overview-safe", "/")
	w.exec(`DELETE FROM repositories`)
	each("overview-empty", "/")
	each("repositories-empty", "/repositories")
	each("audits-empty", "/audits")
	each("activity-empty", "/activity")
	w.may("ada", nil)
	w.pass(6 * time.Minute)
	each("nobody", "/")
}

// TestBrowserByKeyboard signs in, filters, and closes a leak as a false positive, with the keyboard alone.
func TestBrowserByKeyboard(t *testing.T) {
	w := newWorld(t)
	w.acme()
	b := newTab(t, w)
	w.github.Browse(w.github.User("ada"))
	focused := func() (text string) {
		t.Helper()
		b.run(chromedp.Evaluate(`document.activeElement.innerText || document.activeElement.id || document.activeElement.tagName`, &text))
		return text
	}
	// to presses Tab until something is focused.
	to := func(text string) {
		t.Helper()
		for range 80 {
			b.run(chromedp.KeyEvent(kb.Tab))
			if strings.Contains(focused(), text) {
				var outline string
				b.run(chromedp.Evaluate(`getComputedStyle(document.activeElement).outlineStyle`, &outline))
				if outline == "none" {
					t.Errorf("the focus on %q is not seen", text)
				}
				return
			}
		}
		t.Fatalf("no Tab reaches %q", text)
	}
	b.run(chromedp.Navigate(w.front.URL+"/leaks"), chromedp.WaitVisible(`.signin`), chromedp.KeyEvent(kb.Tab))
	if got := focused(); got != "Skip to content" {
		t.Errorf("the first Tab reaches %q", got)
	}
	to("Sign in with GitHub")
	b.run(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`.filters`),
		input.DispatchKeyEvent(input.KeyDown).WithKey("/").WithCode("Slash").WithText("/"), input.DispatchKeyEvent(input.KeyUp).WithKey("/").WithCode("Slash"))
	if got := focused(); got != "search" {
		t.Errorf("/ reaches %q", got)
	}
	b.run(chromedp.KeyEvent("production"+kb.Enter), chromedp.WaitVisible(`//p[contains(., "1 leak")]`))
	to("Production secret key")
	b.run(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`#reason`))
	to("reason")
	b.run(chromedp.KeyEvent("a fixture"))
	to("Close as a false positive")
	b.run(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`.notice.good`))
	if list := w.jobs("order"); len(list) != 1 || !strings.Contains(list[0], "a fixture") {
		t.Errorf("queued: %v", list)
	}
	b.calm("by keyboard")
}

// TestBrowserWatchesTheFirstLook: the numbers change without a reload, and the page is loaded again in the end.
func TestBrowserWatchesTheFirstLook(t *testing.T) {
	w := newWorld(t)
	w.acme()
	b := newTab(t, w)
	b.signIn("ada")
	b.run(chromedp.Navigate(w.front.URL+"/first-look/1"), chromedp.WaitVisible(`#read`))
	w.exec(`INSERT INTO repositories (id, installation, owner, name, default_branch, private, archived, backfilled) VALUES (16, 1, 'acme', 'new', 'main', 1, 0, 0)`)
	w.exec(`UPDATE repositories SET backfilled = pushed, history_commits = 5000 WHERE id = $1`, docs)
	b.run(chromedp.WaitVisible(`//span[@id="read" and text()="5"]`))
	b.calm("watching")
}
