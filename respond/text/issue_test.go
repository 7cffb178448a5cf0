package text

import (
	"bytes"
	"context"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

func issueFacts(l respond.Leak, sightings ...respond.Sighting) IssueFacts {
	return IssueFacts{Repository: shop, Private: true, Leak: l, Sightings: sightings, Policy: respond.DefaultPolicy()}
}

func issueCases() map[string]IssueFacts {
	s := sighting(1, "apps/web/.env.production", 3)
	live := leak(detect.SecretKey, detect.Live, 1)
	live.Variable = "CLERK_SECRET_KEY"
	public := issueFacts(live, s)
	public.Repository.Private, public.Private = false, false
	elsewhere := public
	elsewhere.Elsewhere, elsewhere.Private = true, true
	alive := issueFacts(with(live, func(l *respond.Leak) { l.Verdict, l.VerifiedAt, l.InstanceID = "alive", monday, "ins_2abc" }), s)
	alive.History = []respond.Event{{At: monday, By: "ada", To: respond.Open, Reason: "said that the key is rotated; Clerk still accepts it"}}
	keyless := leak(detect.SecretKey, detect.Test, 2)
	keyless.Dashboard = "https://dashboard.clerk.com/apps/app_2x/instances/ins_2y/api-keys"
	browser := with(live, func(l *respond.Leak) { l.Variable, l.Browser = "NEXT_PUBLIC_CLERK_SECRET_KEY", true })
	never := issueFacts(live, s)
	never.Policy.Verify = respond.VerifyNever
	watch := issueFacts(live, s)
	watch.Policy.Verify = respond.VerifyWatch
	var many []respond.Sighting
	for i := range int64(30) {
		many = append(many, sighting(i+1, "packages/p"+string(rune('a'+i%26))+"/.env", int(i)+1))
	}
	cases := map[string]IssueFacts{
		"live-private":   issueFacts(live, s),
		"live-public":    public,
		"live-elsewhere": elsewhere,
		"live-alive":     alive,
		"live-browser":   issueFacts(browser, s),
		"test-keyless":   issueFacts(keyless, sighting(1, ".clerk/.tmp/keyless.json", 1)),
		"many-places":    issueFacts(live, many...),
		"never-ask":      never,
		"watch":          watch,
		"revoked":        issueFacts(with(live, revoked), s),
		"low-confidence": issueFacts(with(live, func(l *respond.Leak) { l.Confidence = "low" }), s),
	}
	for _, kind := range []detect.Kind{
		detect.LegacyAPIKey, detect.WebhookSecret, detect.MachineSecretKey, detect.PlatformAPIKey, detect.APIKey,
		detect.OAuthClientSecret, detect.EncryptionKey, detect.ClaimURL,
	} {
		env := detect.Environment("")
		if kind == detect.LegacyAPIKey {
			env = detect.Live
		}
		cases["kind-"+string(kind)] = issueFacts(leak(kind, env, 9), s)
	}
	maps.Copy(cases, exposedCases())
	return cases
}

func TestIssueGolden(t *testing.T) {
	t.Parallel()
	for name, f := range issueCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Issue(context.Background(), f)
			golden(t, "issue/"+name+".md", got.Title+"\n\n"+got.Body+"\nlabels: "+strings.Join(got.Labels, ", ")+"\nassignees: "+strings.Join(got.Assignees, ", ")+"\n")
		})
	}
}

// TestIssueIsShort: a line of fact, then the steps; tables and all else are folded away. With what rekey says of a host it is
// longer by what guide.TestWords bounds.
func TestIssueIsShort(t *testing.T) {
	t.Parallel()
	folded := regexp.MustCompile(`(?s)<details>.*?</details>`)
	for name, f := range issueCases() {
		seen := folded.ReplaceAllString(Issue(context.Background(), f).Body, "")
		opening, _, _ := strings.Cut(seen, "### ")
		if n := len(strings.Fields(opening)); n > 60 {
			t.Errorf("%s: %d words before the steps", name, n)
		}
		if n := len(strings.Fields(seen)); n > 350 {
			t.Errorf("%s: %d words are seen", name, n)
		}
		if strings.Contains(seen, "| --- |") {
			t.Errorf("%s: a table is seen", name)
		}
	}
}

// TestPublicIssueTellsNoPlace: neither path, commit, author nor pusher.
func TestPublicIssueShowsNoPlace(t *testing.T) {
	t.Parallel()
	body := Issue(context.Background(), issueCases()["live-public"]).Body
	for _, told := range []string{"apps/web", ".env.production", introduced, short(introduced), "Ada", "`ada`", "refs/", "`main`"} {
		if strings.Contains(body, told) {
			t.Errorf("the issue in a public repository tells %q", told)
		}
	}
}

func TestIssueAssignsPeopleOnly(t *testing.T) {
	t.Parallel()
	f := issueFacts(leak(detect.SecretKey, detect.Live, 1))
	f.Leak.Pusher = "renovate[bot]"
	f.Policy.Issues.Assignees = []string{"grace", "ada", "grace"}
	if got := Issue(context.Background(), f).Assignees; len(got) != 2 || got[0] != "grace" || got[1] != "ada" {
		t.Errorf("assignees %v", got)
	}
}

// TestForeignTextDoesNothing puts text into everything that others write, and wants the same document as for harmless
// text: the same blocks, the same links' hosts, no HTML but our own, no mention outside code.
func TestForeignTextDoesNothing(t *testing.T) {
	t.Parallel()
	bits := []string{
		"`", "```", "|", "\n", "\n\n# x\n", "@octocat", "#12", "<img src=x onerror=alert(1)>", "</code>", "<!--", "-->", "</details>",
		"![x](y)", "](javascript:alert(1))", "https://evil.example", "\u202e", "\u200b", "\xff", "*a*", "    ", "[x]", "a@evil.example", "/rekey ignore x", "..", "/",
	}
	foreign := rapid.Custom(func(t *rapid.T) string {
		return "x" + strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(bits), rapid.String()), 0, 6).Draw(t, "bits"), "") + "x"
	})
	f, c := hostileFacts(func() string { return "x" })
	harmless := map[string]bool{rendered(t, f, c): true}
	for _, name := range []string{"", "xxx"} { // what does not look like a variable's name is not shown as one, or put in a command
		f.Leak.Variable = name
		harmless[rendered(t, f, c)] = true
	}
	rapid.Check(t, func(rt *rapid.T) {
		f, c := hostileFacts(func() string { return foreign.Draw(rt, "foreign") })
		issue := rendered(rt, f, c)
		if !harmless[issue] {
			rt.Fatalf("structure changed:\n%s\nfrom\n%s", issue, Issue(context.Background(), f).Body)
		}
		run, _ := Check(c)
		for _, s := range []string{run.Title, Issue(context.Background(), f).Title} {
			if strings.ContainsAny(s, "\n\r\u202e\u200b") {
				rt.Fatalf("title %q", s)
			}
		}
		if !strings.HasPrefix(Issue(context.Background(), f).Body, Marker(shop.ID, f.Leak.Fingerprint)+"\n") || strings.Count(Issue(context.Background(), f).Body, "<!--") != 1 {
			rt.Fatalf("marker lost or doubled")
		}
	})
}

func hostileFacts(text func() string) (IssueFacts, CheckFacts) {
	l := leak(detect.SecretKey, detect.Live, 1)
	l.Instance, l.Variable, l.Pusher, l.Reasons, l.ClosedBy, l.Reason = text(), text(), text(), []string{text(), text()}, text(), text()
	l.InstanceID, l.Dashboard, l.Browser = text(), text(), true
	s := sighting(1, text(), 3)
	s.AuthorName, s.Ref, s.Member, s.Encoding, s.AuthorEmail = text(), "refs/heads/"+text(), text(), text(), text()
	msg := sighting(2, "", 1)
	msg.Source, msg.AuthorName, msg.Commit = "message", text(), text()
	f := issueFacts(l, s, msg)
	f.History = []respond.Event{{At: monday, By: text(), To: respond.Open, Reason: text()}}
	closed := leak(detect.SecretKey, detect.Live, 2)
	closed.State, closed.ClosedBy, closed.Reason = respond.Resolved, text(), text()
	c := facts(at(l, s, true), at(l, msg, false), at(closed, s, true))
	c.Scans[0].Skipped = []string{text()}
	c.Scans = append(c.Scans, respond.Scan{Failure: text(), Ref: "refs/heads/" + text(), Finished: monday})
	c.PolicyFile = PolicyProblem{Line: 1, Message: text()}
	return f, c
}

// rendered returns the skeleton of the issue's and the check's documents: kinds of nodes, links' hosts, our own HTML. What
// stands inside code, and whether a code is one with backticks or one of HTML, is left out; so is whether a place has a link.
func rendered(t interface{ Fatalf(string, ...any) }, f IssueFacts, c CheckFacts) string {
	run, _ := Check(c)
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	var b bytes.Buffer
	for _, body := range []string{Issue(context.Background(), f).Body, run.Summary} {
		source := []byte(body)
		ast.Walk(md.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.Text, *ast.String:
			case *ast.CodeSpan:
				return ast.WalkSkipChildren, nil
			case *ast.RawHTML:
				switch raw := string(n.Segments.Value(source)); raw {
				case "<code>", "</code>":
				default:
					t.Fatalf("foreign HTML %q", raw)
				}
			case *ast.Link:
				if d := string(n.Destination); strings.HasPrefix(d, "https://github.com/acme/shop/blob/") || strings.HasPrefix(d, "https://github.com/acme/shop/commit/") {
					return ast.WalkContinue, nil
				}
				b.WriteString("link " + string(n.Destination) + "\n")
			case *ast.AutoLink:
				b.WriteString("autolink " + string(n.URL(source)) + "\n")
			default:
				b.WriteString(n.Kind().String() + "\n")
			}
			return ast.WalkContinue, nil
		})
	}
	return b.String()
}

func TestIssueKeepsGitHubsLimit(t *testing.T) {
	t.Parallel()
	f := issueFacts(leak(detect.SecretKey, detect.Live, 1))
	for range 3000 {
		f.History = append(f.History, respond.Event{At: monday, By: "ada", To: respond.Open, Reason: strings.Repeat("😀", 150)})
	}
	got := Issue(context.Background(), f)
	if n := utf16Length(got.Body); n > 65_536 || n < 60_000 {
		t.Errorf("body of %d characters", n)
	}
	if !strings.HasSuffix(got.Body, "its end is missing._") {
		t.Errorf("no note at the end: %q", got.Body[len(got.Body)-100:])
	}
}

func TestSummaryGolden(t *testing.T) {
	t.Parallel()
	f := SummaryFacts{Repository: shop, Private: true, Policy: respond.DefaultPolicy()}
	for i := range int64(4) {
		l := SummaryLeak{Leak: leak(detect.SecretKey, []detect.Environment{detect.Test, detect.Live}[i%2], i+1), Sightings: []respond.Sighting{sighting(i, "old/.env", int(i)+1)}}
		if i == 3 {
			l.Leak.State = respond.Revoked
			l.Sightings = append(l.Sightings, sighting(9, "b", 2))
		}
		f.Leaks = append(f.Leaks, l)
	}
	got := Summary(f)
	golden(t, "summary.md", got.Title+"\n\n"+got.Body)
	f.Private = false
	if got := Summary(f); strings.Contains(got.Body, "old/") {
		t.Error("a public summary tells places")
	}
	for i := range int64(1000) {
		f.Leaks = append(f.Leaks, SummaryLeak{Leak: leak(detect.SecretKey, detect.Live, i+10), Sightings: []respond.Sighting{sighting(i, strings.Repeat("😀", 150), 1)}})
	}
	f.Private = true
	if n := utf16Length(Summary(f).Body); n > 65_536 {
		t.Errorf("body of %d characters", n)
	}
}
