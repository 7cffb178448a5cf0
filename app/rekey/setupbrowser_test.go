package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/rekey-app/rekey/app/config"
)

// TestBrowserSetsUp goes from the printed link to GitHub's Install page with the keyboard alone, in the browser that
// REKEY_TEST_BROWSER names. Then the server that began as set-up takes deliveries.
func TestBrowserSetsUp(t *testing.T) {
	browser := os.Getenv("REKEY_TEST_BROWSER")
	if browser == "" {
		t.Skip("REKEY_TEST_BROWSER names no browser")
	}
	gh, data := unregistered(t), t.TempDir()
	link := startSetUp(t, "--data", data, "--github-url", gh.URL())
	tab, complaints := openBrowser(t, browser)
	at, _, _ := strings.Cut(link, "/setup")

	look(t, tab, "setup-1-start", chromedp.Navigate(link), chromedp.WaitVisible("h1"))
	look(t, tab, "setup-2-form", press("Start set-up"), chromedp.WaitVisible("#organization"))
	look(t, tab, "setup-3-wrong", chromedp.Focus("#organization"), press("Continue"), chromedp.WaitVisible("#organization-wrong"))
	look(t, tab, "setup-4-review", chromedp.Focus("#organization"), chromedp.KeyEvent("acme"+kb.Enter), chromedp.WaitReady(`input[name="manifest"]`))
	look(t, tab, "", press("Create the App on GitHub"), chromedp.WaitVisible(`input[name="name"]`))
	look(t, tab, "setup-5-made", press("Create GitHub App for acme"), chromedp.WaitVisible(`a[href$="/installations/new"]`))
	var here, text string
	act(t, tab, chromedp.Location(&here), chromedp.Text("main", &text))
	if here != at+"/setup" || !strings.Contains(text, "rekey-acme") || !strings.Contains(text, config.CredentialsPath(data)) {
		t.Errorf("at %s: %s", here, text)
	}
	look(t, tab, "", press("Install rekey-acme on GitHub"), chromedp.WaitVisible("select[name=account]"))
	act(t, tab, chromedp.Location(&here))
	if here != gh.URL()+"/apps/rekey-acme/installations/new" {
		t.Errorf("the last page leads to %s", here)
	}
	for _, complaint := range complaints() {
		t.Errorf("the browser complains: %s", complaint)
	}
}

// TestBrowserShowsCredentialsOnce has them shown, and opens the link in a second browser, which is turned away.
func TestBrowserShowsCredentialsOnce(t *testing.T) {
	browser := os.Getenv("REKEY_TEST_BROWSER")
	if browser == "" {
		t.Skip("REKEY_TEST_BROWSER names no browser")
	}
	gh, data := unregistered(t), t.TempDir()
	link := startSetUp(t, "--data", data, "--github-url", gh.URL())
	tab, complaints := openBrowser(t, browser)
	look(t, tab, "", chromedp.Navigate(link), press("Start set-up"), chromedp.WaitVisible("#organization"))
	look(t, tab, "", chromedp.Click(`input[value="show"]`), chromedp.Focus("#organization"), chromedp.KeyEvent("acme"+kb.Enter), chromedp.WaitReady(`input[name="manifest"]`))
	look(t, tab, "", press("Create the App on GitHub"), chromedp.WaitVisible(`input[name="name"]`))
	look(t, tab, "setup-6-once", press("Create GitHub App for acme"), chromedp.WaitVisible("#environment"))
	var shown string
	act(t, tab, chromedp.Value("#environment", &shown))
	if !strings.Contains(shown, "REKEY_WEBHOOK_SECRET="+gh.WebhookSecret()) || !strings.Contains(shown, "REKEY_CLIENT_SECRET="+gh.ClientSecret()) {
		t.Error("the credentials are not shown")
	}
	look(t, tab, "", press("I have saved them"), chromedp.WaitVisible(`a[href$="/installations/new"]`))
	if (config.Flags{Data: data}).NeedsSetUp() != true {
		t.Error("credentials are on the disk")
	}
	for _, complaint := range complaints() {
		t.Errorf("the browser complains: %s", complaint)
	}
	other := startSetUp(t, "--data", t.TempDir(), "--github-url", gh.URL())
	first, _ := openBrowser(t, browser)
	look(t, first, "", chromedp.Navigate(other), press("Start set-up"), chromedp.WaitVisible("#organization"))
	second, _ := openBrowser(t, browser)
	look(t, second, "setup-7-taken", chromedp.Navigate(other), chromedp.WaitVisible(".problem"))
	var text string
	act(t, second, chromedp.Text("main", &text))
	if !strings.Contains(text, "This link was opened already") {
		t.Errorf("the second browser sees %s", text)
	}
}

// openBrowser returns a tab, and what the browser has complained of so far: violations of the content security policy, failed
// requests and errors of scripts.
func openBrowser(t *testing.T, browser string) (tab context.Context, complaints func() []string) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1000, 900),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true))
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	tab, cancel = chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	tab, cancel = context.WithTimeout(tab, time.Minute)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var list []string
	chromedp.ListenTarget(tab, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if !strings.Contains(e.Entry.URL, "/favicon.ico") && !strings.Contains(e.Entry.Text, "422") {
				list = append(list, string(e.Entry.Source)+": "+e.Entry.Text+" "+e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			list = append(list, e.ExceptionDetails.Text)
		}
	})
	act(t, tab, log.Enable())
	return tab, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), list...)
	}
}

func act(t *testing.T, tab context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(tab, actions...); err != nil {
		var text string
		_ = chromedp.Run(tab, chromedp.Text("body", &text)) // it only explains
		t.Fatalf("%v; the page says: %s", err, text)
	}
}

// look does something, and takes a picture of what is there then where REKEY_SCREENSHOTS names a directory: light, dark and as wide
// as a phone. Nothing may be wider than the screen.
func look(t *testing.T, tab context.Context, name string, actions ...chromedp.Action) {
	t.Helper()
	act(t, tab, actions...)
	if name == "" {
		return
	}
	var cut int
	const wider = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("pre, .hidden, .skip, thead")).length`
	act(t, tab, chromedp.EmulateViewport(390, 844), chromedp.Evaluate(wider, &cut))
	if cut > 0 {
		t.Errorf("%s: %d elements are wider than a phone", name, cut)
	}
	act(t, tab, chromedp.EmulateViewport(1000, 844))
	axe(t, tab, name)
	dir := os.Getenv("REKEY_SCREENSHOTS")
	for _, as := range []struct {
		suffix, scheme string
		width          int64
	}{{"phone", "light", 390}, {"dark", "dark", 1000}, {"light", "light", 1000}} {
		if dir == "" {
			break
		}
		var picture []byte
		act(t, tab, chromedp.EmulateViewport(as.width, 844), emulateScheme(as.scheme), chromedp.FullScreenshot(&picture, 100))
		if err := os.WriteFile(filepath.Join(dir, name+"-"+as.suffix+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	act(t, tab, chromedp.EmulateViewport(1000, 844))
}

// axe has axe-core look for what keeps people out, where REKEY_AXE names its script (axe.min.js of the npm package).
func axe(t *testing.T, tab context.Context, name string) {
	t.Helper()
	path := os.Getenv("REKEY_AXE")
	if path == "" {
		return
	}
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		var violations []string
		act(t, tab, emulateScheme(scheme), chromedp.Evaluate(string(script)+";0", nil), chromedp.Evaluate(
			`axe.run().then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join(" ")))`, &violations,
			func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		for _, v := range violations {
			t.Errorf("%s, %s: %s", name, scheme, v)
		}
	}
}

// press moves the focus to a button or link by the tabulator key, as somebody without a mouse does, and presses Enter.
func press(text string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for range 60 {
			var focused string
			if err := chromedp.Run(ctx, chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`document.activeElement.innerText || ""`, &focused)); err != nil {
				return err
			}
			if strings.TrimSpace(focused) == text {
				return chromedp.Run(ctx, chromedp.KeyEvent(kb.Enter))
			}
		}
		return errors.New("the keyboard does not reach " + text)
	})
}

func emulateScheme(scheme string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}})
}
