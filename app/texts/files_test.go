package texts

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

// bench is a private repository of acme on a stand-in, and what reads its files.
type bench struct {
	*testing.T
	github *githubtest.Server
	shop   *githubtest.Repository
	ada    *githubtest.Account
	files  Files
	client func(github.Access) *github.Client
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, files: Files{Scanner: detect.New(detect.Options{}), TempDir: t.TempDir()}}
	var err error
	if b.github, err = githubtest.New(githubtest.Options{Quiet: true, Permissions: map[string]string{
		"metadata": "read", "contents": "read", "checks": "write", "issues": "read", "pull_requests": "read", "actions": "write",
	}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = b.github.Close()
		if left, err := os.ReadDir(b.files.TempDir); err != nil || len(left) > 0 {
			t.Errorf("left on disk: %v, %v", left, err)
		}
	})
	block, _ := pem.Decode(b.github.PrivateKeyPEM())
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	app, err := github.New(github.Config{AppID: b.github.AppID(), PrivateKey: key, WebURL: b.github.URL(), APIURL: b.github.APIURL()})
	if err != nil {
		t.Fatal(err)
	}
	acme := b.github.Organization("acme")
	b.ada = b.github.User("ada")
	if b.shop, err = b.github.CreateRepository(acme, "shop", githubtest.RepositoryOptions{Private: true}); err != nil {
		t.Fatal(err)
	}
	sha, err := b.shop.Commit(githubtest.Change{Files: map[string]string{"README.md": "shop\n"}})
	if err == nil {
		err = b.shop.SetRef("refs/heads/main", sha)
	}
	if err != nil {
		t.Fatal(err)
	}
	in, _ := b.github.Install(t.Context(), acme, b.ada)
	b.client = func(a github.Access) *github.Client {
		return app.Repository(github.Repository{Installation: in.ID(), ID: b.shop.ID(), Owner: "acme", Name: "shop"}, a)
	}
	return b
}

func (b *bench) web() string { return b.github.URL() + "/acme/shop" }

func (b *bench) wiki(tips ...string) (WikiReading, error) {
	return b.files.Wiki(b.Context(), b.client(github.ScanAccess), b.web(), tips)
}

func (b *bench) edit(pages map[string]string) {
	b.Helper()
	if _, err := b.shop.EditWiki(b.Context(), pages, b.ada); err != nil {
		b.Fatal(err)
	}
}

// TestWiki: what is new is read, in whatever version it stood; what was read before is not read again.
func TestWiki(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.wiki(); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("a wiki that nobody has written: %v", err)
	}
	first, _, one := pasted(t, 900, detect.Live)
	b.edit(map[string]string{"Set up": first})
	b.edit(map[string]string{"Set up": "(removed)"})
	got, err := b.wiki()
	if err != nil || len(got.Places) != 1 || len(got.Tips) != 1 || len(got.Left) > 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	s := got.Places[0].Sighting
	if !s.Text.Former || s.Text.Field != "Set-up" || s.Text.URL != b.web()+"/wiki/Set-up/"+s.Commit || s.AuthorName != "ada" || s.Line != 3 ||
		s.Source != respond.InWiki || s.Path != "Set-up.md" || got.Places[0].Finding.Secret.Fingerprint() != one {
		t.Errorf("%+v", s)
	}
	again, err := b.wiki(got.Tips...)
	if err != nil || len(again.Places) > 0 || again.Stats.Commits > 0 || !cmp.Equal(again.Tips, got.Tips) {
		t.Errorf("%+v, %v", again, err)
	}
	second, _, two := pasted(t, 901, detect.Live)
	b.edit(map[string]string{"Home": second})
	again, err = b.wiki(got.Tips...)
	if err != nil || len(again.Places) != 1 || again.Stats.Commits != 1 || again.Places[0].Sighting.Text.Former ||
		again.Places[0].Finding.Secret.Fingerprint() != two {
		t.Errorf("%+v, %v", again, err)
	}
	if err := b.shop.RewriteWiki(map[string]string{"Home": second}, b.ada); err != nil {
		t.Fatal(err)
	}
	if again, err = b.wiki(got.Tips...); err != nil || len(again.Places) != 1 {
		t.Errorf("after its history was replaced: %+v, %v", again, err)
	}
}

func TestWikiPage(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][2]string{
		"Home.md":          {"Home", "/Home/abc"},
		"guides/Set-up.md": {"Set-up", "/Set-up/abc"},
		"Über-uns.rst.txt": {"Über-uns", "/%C3%9Cber-uns/abc"},
		"Notes.mediawiki":  {"Notes", "/Notes/abc"},
		"files/a b.env":    {"files/a b.env", "/files/a%20b.env"},
		".md":              {".md", "/.md"},
		"":                 {"message", ""},
	} {
		page, link := wikiPage(file, "abc")
		if [2]string{page, link} != want {
			t.Errorf("%q: %q, %q", file, page, link)
		}
	}
}

// zipped makes an archive.
func zipped(t *testing.T, files map[string]io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.Copy(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// release publishes files, and returns the release as GitHub has it.
func (b *bench) release(assets ...githubtest.Asset) github.Text {
	b.Helper()
	id, _ := b.shop.PublishRelease(b.Context(), githubtest.Release{Tag: "v1", Body: "notes", Assets: assets}, b.ada)
	r, err := b.client(github.TextsAccess).Release(b.Context(), id)
	if err != nil || len(r.Assets) != len(assets) || r.Body != "notes" {
		b.Fatalf("%+v, %v", r, err)
	}
	return r
}

// zeros is a file that shrinks to nothing in an archive.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestAsset: files of releases are read, and archives as what they hold, whichever size they have.
func TestAsset(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text, key, fingerprint := pasted(t, 910, detect.Live)
	noise := strings.Repeat("nothing of anybody's interest\n", budget.FileHeld/30+1)
	inner := zipped(t, map[string]io.Reader{"zeros": io.LimitReader(zeros{}, 32<<20)})
	bomb := zipped(t, map[string]io.Reader{"inner.zip": bytes.NewReader(inner), ".env": strings.NewReader(text)})
	r := b.release(
		githubtest.Asset{Name: "notes.txt", Content: []byte(text + text)},
		githubtest.Asset{Name: "app.zip", Content: zipped(t, map[string]io.Reader{"app/.env": strings.NewReader(text)})},
		githubtest.Asset{Name: "large.txt", Content: []byte(noise + text)},
		githubtest.Asset{Name: "clean.txt", Content: []byte("clean")},
		githubtest.Asset{Name: "bomb.zip", Content: bomb},
	)
	client := b.client(github.TextsAccess)
	for i, member := range map[int]string{0: "", 1: "app/.env", 2: ""} {
		got, err := b.files.Asset(t.Context(), client, r, r.Assets[i])
		if err != nil || len(got.Places) != 1 || len(got.Left) > 0 {
			t.Errorf("%s: %d places, left %v, %v", r.Assets[i].Name, len(got.Places), got.Left, err)
			continue
		}
		s := got.Places[0].Sighting
		want := respond.Text{ID: r.Assets[i].ID, URL: r.URL, Field: r.Assets[i].Name}
		if diff := cmp.Diff(want, s.Text); diff != "" || s.Member != member || got.Places[0].Finding.Secret.Fingerprint() != fingerprint {
			t.Errorf("in %q: (-want +got)\n%s", s.Member, diff)
		}
	}
	if got, err := b.files.Asset(t.Context(), client, r, r.Assets[3]); err != nil || len(got.Places)+len(got.Left) > 0 {
		t.Errorf("clean: %+v, %v", got, err)
	}
	got, err := b.files.Asset(t.Context(), client, r, r.Assets[4])
	if err != nil || len(got.Left) == 0 || strings.Contains(fmt.Sprint(got.Left), key) {
		t.Errorf("a bomb: %d places, left %v, %v", len(got.Places), got.Left, err)
	}
	before := len(b.github.Requests())
	huge := github.Asset{ID: r.Assets[0].ID, Name: "disk.img", Size: budget.AssetSize + 1}
	if got, err := b.files.Asset(t.Context(), client, r, huge); err != nil || len(got.Left) != 1 || len(b.github.Requests()) != before {
		t.Errorf("a huge one: %+v, %v", got, err)
	}
	if _, err := b.files.Asset(t.Context(), client, r, github.Asset{ID: 1, Name: "gone"}); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("one that is gone: %v", err)
	}
	for id, want := range map[int64]bool{r.Assets[0].ID: true, 1: false} {
		if there, err := client.HasAsset(t.Context(), id); err != nil || there != want {
			t.Errorf("asset %d is there: %v, %v", id, there, err)
		}
	}
}

// run ends a run whose steps printed this, and returns it as GitHub has it.
func (b *bench) run(r githubtest.Run) github.Run {
	b.Helper()
	id, _, err := b.shop.CompleteRun(b.Context(), r, b.ada)
	if err != nil {
		b.Fatal(err)
	}
	runs, _, err := b.client(github.ActionsAccess).RunPage(b.Context(), "")
	if err != nil || runs[0].ID != id || runs[0].Actor != "ada" {
		b.Fatalf("%+v, %v", runs, err)
	}
	return runs[0]
}

// TestLogs: a log that prints a key names job, step and line, and leads there. What a clean run costs is one request.
func TestLogs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := detecttest.Key(920, detect.Live)
	client := b.client(github.ActionsAccess)
	run := b.run(githubtest.Run{Steps: []githubtest.RunStep{
		{Job: "build / linux", Name: "Set up job", Log: "hello\n"},
		{Job: "build / linux", Name: "Run env", Log: "PATH=/bin\nCLERK_SECRET_KEY=" + key + "\nCLERK_SECRET_KEY=" + key + "\n"},
		{Job: "lint", Name: "Run lint", Log: strings.Repeat("fine\n", 1000)},
	}})
	got, err := b.files.Logs(t.Context(), client, run)
	if err != nil || len(got.Places) != 1 || len(got.Left) > 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	s := got.Places[0].Sighting
	if !strings.HasPrefix(s.Text.URL, run.URL+"/job/") || !strings.HasSuffix(s.Text.URL, "#step:2:2") || s.Text.Field != "build  linux/2_Run env" ||
		s.Text.ID != run.ID || s.Line != 2 || s.AuthorName != "ada" || s.Source != respond.InLog {
		t.Errorf("%+v", s)
	}
	clean := b.run(githubtest.Run{Steps: []githubtest.RunStep{{Job: "build", Name: "Run make", Log: "made\n"}}})
	before := b.github.Count(githubtest.REST)
	if got, err := b.files.Logs(t.Context(), client, clean); err != nil || len(got.Places)+len(got.Left) > 0 {
		t.Errorf("clean: %+v, %v", got, err)
	}
	if n := b.github.Count(githubtest.REST) - before; n != 1 {
		t.Errorf("a clean run costs %d requests", n)
	}
	again := b.run(githubtest.Run{Steps: []githubtest.RunStep{{Job: "build", Name: "Run make", Log: "made\n"}}})
	b.shop.Rerun(again.ID)
	if there, err := client.HasRunLogs(t.Context(), again.ID); err != nil || !there {
		t.Errorf("logs of a run that is run again are there: %v, %v; those of its first attempt are", there, err)
	}
	for _, want := range []bool{true, false} {
		if there, err := client.HasRunLogs(t.Context(), clean.ID); err != nil || there != want {
			t.Errorf("logs are there: %v, %v; want %v", there, err, want)
		}
		if err := b.client(github.ActionsWriteAccess).DeleteRunLogs(t.Context(), clean.ID); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.files.Logs(t.Context(), client, clean); !errors.Is(err, github.ErrGone) {
		t.Errorf("deleted: %v", err)
	}
}

// TestLogsOfWholeJobs: for some runs GitHub has no logs of steps, and what is left of a broken archive is read.
func TestLogsOfWholeJobs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := "2026-11-29T06:00:00.0000000Z CLERK_SECRET_KEY=" + detecttest.Key(921, detect.Live) + "\n"
	whole := zipped(t, map[string]io.Reader{"0_build.txt": strings.NewReader(text), "build/system.txt": strings.NewReader("Job defined at\n")})
	many := zipped(t, map[string]io.Reader{"build/1_Run.txt": io.MultiReader(io.LimitReader(zeros{}, 20<<20), strings.NewReader("\n"+text))})
	for name, test := range map[string]struct {
		logs  []byte
		field string
		line  int
		left  bool
	}{
		"no steps":      {whole, "0_build", 1, false},
		"many MB":       {many, "build/1_Run", 2, false},
		"cut off":       {whole[:len(whole)-40], "0_build", 1, true},
		"no archive":    {[]byte("Server Error"), "", 0, true},
		"nothing of it": {[]byte{}, "", 0, true},
	} {
		got, err := b.files.Logs(t.Context(), b.client(github.ActionsAccess), b.run(githubtest.Run{Logs: test.logs}))
		if err != nil || test.left != (len(got.Left) > 0) || (test.field != "") != (len(got.Places) == 1) {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		for _, p := range got.Places {
			if p.Sighting.Text.Field != test.field || p.Sighting.Line != test.line {
				t.Errorf("%s: %+v", name, p.Sighting)
			}
		}
	}
}

// TestFetchedIsWhatWasSent: whether it is held in memory or on disk, and where it is cut.
func TestFetchedIsWhatWasSent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, size := range []int{0, 1, budget.FileHeld - 1, budget.FileHeld, budget.FileHeld + 1, 3 * budget.FileHeld} {
		for _, end := range []error{io.EOF, github.ErrAboveLimit, context.DeadlineExceeded} {
			sent := bytes.Repeat([]byte{'x'}, size)
			f, err := fetched(io.NopCloser(io.MultiReader(bytes.NewReader(sent), failing{end})), nil, dir)
			if errors.Is(end, context.DeadlineExceeded) {
				if !errors.Is(err, end) {
					t.Errorf("%d bytes, then %v: %v", size, end, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(f)
			if err != nil || !bytes.Equal(got, sent) || f.size != int64(size) || f.cut != errors.Is(end, github.ErrAboveLimit) {
				t.Errorf("%d bytes, then %v: %d bytes, cut %v, %v", size, end, len(got), f.cut, err)
			}
			f.close()
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestKey: a key is read again from wherever it is, and from nowhere else. The wiki is git, which others read.
func TestKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text, _, fingerprint := pasted(t, 930, detect.Live)
	_, _, other := pasted(t, 931, detect.Live)
	r := b.release(githubtest.Asset{Name: "a.zip", Content: zipped(t, map[string]io.Reader{".env": strings.NewReader(text)})})
	notes := func() int64 {
		id, _ := b.shop.PublishRelease(b.Context(), githubtest.Release{Tag: "v2", Body: text}, b.ada)
		return id
	}()
	run := b.run(githubtest.Run{Steps: []githubtest.RunStep{{Job: "build", Name: "Run env", Log: text}}})
	head, err := b.shop.Commit(githubtest.Change{Files: map[string]string{".env": text}})
	if err == nil {
		err = b.shop.SetRef("refs/heads/topic", head)
	}
	if err != nil {
		t.Fatal(err)
	}
	pull, _, err := b.shop.OpenPullRequest(b.Context(), githubtest.PullRequestOptions{HeadRef: "topic", BaseRef: "main", Title: "Sign in", By: b.ada})
	if err == nil {
		_, err = pull.Review(b.Context(), githubtest.Review{Comments: []githubtest.ReviewComment{{Path: ".env", Line: 3, Body: "Is this right?"}}}, b.ada)
	}
	if err != nil {
		t.Fatal(err)
	}
	page, err := b.client(github.TextsAccess).TextPage(b.Context(), github.ReviewComments, "")
	if err != nil || len(page.Texts) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	comment := page.Texts[0]
	for name, s := range map[string]respond.Sighting{
		"a release's file": {Source: respond.InAsset, Text: respond.Text{ID: r.Assets[0].ID, Field: "a.zip"}, Member: ".env"},
		"a release's note": {Source: respond.InRelease, Text: respond.Text{ID: notes, Field: "body"}},
		"a log":            {Source: respond.InLog, Text: respond.Text{ID: run.ID, Field: "build/1_Run env"}},
		"quoted code":      {Source: respond.InReviewComment, Text: respond.Text{ID: comment.ID, NodeID: comment.NodeID, Field: "diff_hunk"}},
	} {
		client := b.client(AccessOf(s))
		if key, found, err := b.files.Key(t.Context(), client, s, fingerprint); err != nil || !found || key.Fingerprint() != fingerprint {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		if _, found, err := b.files.Key(t.Context(), client, s, other); err != nil || found {
			t.Errorf("%s, another key: %v, %v", name, found, err)
		}
		if s.Text.ID = 1; s.Text.Field != "" {
			s.Text.NodeID = ""
		}
		if _, found, err := b.files.Key(t.Context(), client, s, fingerprint); err != nil || found {
			t.Errorf("%s that is gone: %v, %v", name, found, err)
		}
	}
}
