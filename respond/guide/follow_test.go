package guide_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

// production is what runs, and what it reads the key from, while somebody follows the steps literally.
type production struct {
	file     bool // the tip of the branch reads the old key from a file
	running  bool // what runs was built from a commit that does
	set      bool // the host has the new key
	taken    bool // what runs was started with it
	oldAlive bool
	newAlive bool
}

// works reports whether requests to Clerk succeed. A host that was never given the new key still has the old one, unless
// the file was all there was.
func (p production) works(onlyFile bool) bool {
	switch {
	case p.running: // the file wins
		return p.oldAlive
	case p.taken:
		return p.newAlive
	}
	return p.oldAlive && !onlyFile
}

// follow does what the step says and nothing else.
func (p *production) follow(s guide.Step) {
	switch s.Do {
	case guide.Create:
		p.newAlive = true
	case guide.Set:
		p.set = p.newAlive
		p.taken = p.taken || p.set && strings.Contains(s.Text, "takes effect right away")
	case guide.Change:
		p.file = false
	case guide.Deploy:
		p.running = p.file
		p.taken = p.taken || p.set || strings.Contains(s.Title, "Set it")
	case guide.Delete:
		p.oldAlive = false
	}
}

// TestFollowedLiterally: whoever follows the steps has no outage, and what runs ends with the new key. It looks at every
// host and language, with the key as a literal, in committed settings, and in neither.
func TestFollowedLiterally(t *testing.T) {
	t.Parallel()
	for _, name := range append(cases(t, "testdata/hosts/*.txtar"), cases(t, "testdata/languages/*.txtar")...) {
		for _, v := range variants {
			c := parseCase(t, name).in(v.name)
			g := c.guide()
			where := filepath.Base(name) + ", " + v.title
			runs := v.name != "" && (filepath.Base(name) != "text.txtar" || v.name != "code") // nothing runs notes and comments
			p := production{file: v.name != "", running: runs, oldAlive: true}
			for i, s := range g.Steps {
				p.follow(s)
				if !p.works(runs) {
					t.Errorf("%s: step %d (%s) ends in an outage: %+v", where, i+1, s.Title, p)
				}
			}
			if p.file || p.running || p.oldAlive || !p.taken {
				t.Errorf("%s: ends with %+v", where, p)
			}
			if v.name != "" && !slices.ContainsFunc(g.Steps, func(s guide.Step) bool {
				return s.Do == guide.Change && strings.Contains(s.Text, filepath.Base(c.leak.Head[0].Path)) || strings.Contains(s.Text, filepath.Dir(c.leak.Head[0].Path))
			}) {
				t.Errorf("%s: no step names the file", where)
			}
		}
	}
}

// TestNoPlaceholders: where the repository says what a host is called, so does the command.
func TestNoPlaceholders(t *testing.T) {
	t.Parallel()
	for _, name := range append(cases(t, "testdata/hosts/*.txtar"), cases(t, "testdata/languages/*.txtar")...) {
		for _, v := range variants {
			g := parseCase(t, name).in(v.name).guide()
			for _, s := range g.Steps {
				blocks := strings.Split(s.Text, "```")
				if n := len(blocks) / 2; n > 1 && s.Do != guide.Deploy && !strings.Contains(s.Text, "secrets.yaml") {
					t.Errorf("%s, %s: %d blocks in one step: %s", filepath.Base(name), v.title, n, s.Text)
				}
				for i := 1; i < len(blocks); i += 2 {
					if strings.Contains(blocks[i], "<") || strings.Contains(blocks[i], "RELEASE") {
						t.Errorf("%s, %s: placeholder in %s", filepath.Base(name), v.title, blocks[i])
					}
					if language, rest, _ := strings.Cut(blocks[i], "\n"); language == "sh" && strings.Count(strings.TrimSpace(rest), "\n") > 0 {
						t.Errorf("%s, %s: several lines, of which one could answer another's question: %s", filepath.Base(name), v.title, rest)
					}
				}
			}
		}
	}
}

// TestWords keeps the instructions short for every host and language: what is seen before anything is unfolded, and all of it.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, name := range append(cases(t, "testdata/hosts/*.txtar"), cases(t, "testdata/languages/*.txtar")...) {
		for _, v := range variants {
			c := parseCase(t, name).in(v.name)
			for _, abused := range []bool{false, true} {
				text := c.guide().Markdown(abused)
				seen, _, _ := strings.Cut(text, "<details>")
				if n := len(strings.Fields(seen)); n > 300 {
					t.Errorf("%s, %s: %d words are seen", filepath.Base(name), v.title, n)
				}
				if n := len(strings.Fields(text)); n > 550 {
					t.Errorf("%s, %s: %d words in all", filepath.Base(name), v.title, n)
				}
			}
		}
	}
}

// TestTheNameThatTheCodeReads: where the key leaked under another name than the SDK's, the code may read that one.
func TestTheNameThatTheCodeReads(t *testing.T) {
	t.Parallel()
	f := files{"package.json": `{"dependencies": {"nuxt": "4", "@clerk/nuxt": "2"}}`, "netlify.toml": ""}
	for variable, asked := range map[string]bool{
		"CLERK_WEBHOOK_SECRET": true, "SVIX_SECRET": true, "NUXT_CLERK_WEBHOOK_SIGNING_SECRET": false, "webhook.verify": false, "": false,
	} {
		l := guide.Leak{Kind: detect.WebhookSecret, Redacted: "whsec_…e5f6", Variable: variable}
		if got := guide.For(t.Context(), l, f).Markdown(false); strings.Contains(got, "Does the code read `"+variable+"`?") != asked {
			t.Errorf("%q: %s", variable, got)
		}
	}
}

// TestNothingForStrangers: what may not be told is not told, whatever the place is.
func TestNothingForStrangers(t *testing.T) {
	t.Parallel()
	for _, name := range append(cases(t, "testdata/hosts/*.txtar"), cases(t, "testdata/languages/*.txtar")...) {
		for _, v := range variants[:2] {
			c := parseCase(t, name).in(v.name)
			c.leak.Hide = true
			var told []string
			for p := range parseCase(t, name).variants[v.name] {
				if _, base := parseCase(t, name).files[p]; !base && p != ".env" { // ".env" is the name of a file on servers too
					told = append(told, p)
				}
			}
			got := c.guide().Markdown(true)
			for _, p := range told {
				if strings.Contains(got, p) {
					t.Errorf("%s, %s: names %s", filepath.Base(name), v.title, p)
				}
			}
			if !strings.Contains(got, "still in a file of this repository") {
				t.Errorf("%s, %s: says nothing of files", filepath.Base(name), v.title)
			}
		}
	}
}
