package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestBrowserShowsTheDemo opens the demo's page in a real browser. REKEY_TEST_BROWSER names one (Chromium); with
// REKEY_PICTURES, a directory, the pictures of the README are taken again (make pictures).
func TestBrowserShowsTheDemo(t *testing.T) {
	browser := os.Getenv("REKEY_TEST_BROWSER")
	if browser == "" {
		t.Skip("REKEY_TEST_BROWSER names no browser")
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	address, dashboard := startDemo(ctx, t)

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1000, 900),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true))
	allocated, cancel := chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	tab, cancel := chromedp.NewContext(allocated)
	defer cancel()
	tab, cancel = context.WithTimeout(tab, time.Minute)
	defer cancel()

	var title, text string
	var check, issue []byte
	var cut int
	err := chromedp.Run(tab,
		chromedp.EmulateViewport(1000, 900, chromedp.EmulateScale(2)),
		chromedp.Navigate(address),
		chromedp.Title(&title), chromedp.Text("body", &text),
		chromedp.Screenshot("#moment-2 .check", &check, chromedp.ByQuery), chromedp.Screenshot(".issue.filed", &issue, chromedp.ByQuery),
		chromedp.EmulateViewport(400, 900),
		chromedp.Evaluate(`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 401 && !e.closest("pre") && !e.closest("tr, tbody, thead")).length`, &cut),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"acme/shop", "Clerk secret keys", "failure", "success", ".env.production", "What happened", "refused", "revoked"} {
		if !strings.Contains(title+text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	var overview, leak []byte
	err = chromedp.Run(tab,
		chromedp.EmulateViewport(1280, 860, chromedp.EmulateScale(2)),
		chromedp.Navigate(dashboard+"/leaks"), chromedp.Click(`a[href^="/signin/github"]`), chromedp.Click(`//a[text()="Continue as ada"]`),
		chromedp.WaitVisible(`//td/a[contains(., "Production secret key")]`),
		chromedp.Navigate(dashboard+"/"), chromedp.WaitVisible("#urgent"), chromedp.CaptureScreenshot(&overview),
		chromedp.Click(`//a[contains(., "Production secret key")]`), chromedp.WaitVisible("#instructions"), chromedp.CaptureScreenshot(&leak),
	)
	if err != nil {
		t.Fatal(err)
	}
	if cut > 0 {
		t.Errorf("%d elements are wider than a screen of 400 pixels", cut)
	}
	if dir := os.Getenv("REKEY_PICTURES"); dir != "" {
		for name, picture := range map[string][]byte{"check.png": check, "issue.png": issue, "overview.png": overview, "leak.png": leak} {
			if err := os.WriteFile(filepath.Join(dir, name), smaller(t, picture), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// smaller is a picture with at most 256 colours, the most frequent ones: a page has few, and shades of them at the edges of letters.
func smaller(t *testing.T, picture []byte) []byte {
	t.Helper()
	from, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.Color]int{}
	size := from.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			count[from.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return cmp.Compare(count[b], count[a]) })
	palette := color.Palette(colours[:min(len(colours), 256)])
	index := map[color.Color]uint8{}
	for _, c := range colours {
		index[c] = uint8(palette.Index(c))
	}
	to := image.NewPaletted(size, palette)
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			to.SetColorIndex(x, y, index[from.At(x, y)])
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, to); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// startDemo plays the demo and returns the addresses of its page and of the dashboard.
func startDemo(ctx context.Context, t *testing.T) (page, dashboard string) {
	t.Helper()
	out, in := io.Pipe()
	done := make(chan int, 1)
	ctx, stop := context.WithCancel(ctx)
	go func() {
		done <- run(ctx, nil, in, io.Discard)
		in.Close()
	}()
	t.Cleanup(func() {
		stop()
		if status := <-done; status != 0 {
			t.Errorf("the demo ended with status %d", status)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		_, rest, found := strings.Cut(lines.Text(), "http://")
		address, _, _ := strings.Cut(rest, " ")
		switch {
		case found && strings.Contains(lines.Text(), "The dashboard"):
			dashboard = "http://" + strings.TrimSuffix(address, "/")
		case found && strings.Contains(lines.Text(), "as on GitHub"):
			go io.Copy(io.Discard, out)
			return "http://" + address, dashboard
		}
	}
	t.Fatal("the demo serves no page")
	return "", ""
}
