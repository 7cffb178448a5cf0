package text

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// textKinds are all kinds of texts and their fields, in the order of docs/texts.md.
func textKinds() []respond.Sighting {
	var list []respond.Sighting
	add := func(source respond.Source, path string, number int, fields ...string) {
		for _, field := range fields {
			list = append(list, respond.Sighting{
				ID: int64(len(list) + 1), Source: source, AuthorName: "sam", Authored: monday.Add(-time.Hour), Line: 3,
				Text: respond.Text{NodeID: "N_1", ID: 34, Number: number, URL: "https://github.com/acme/shop/" + path, Field: field},
			})
		}
	}
	add(respond.InIssue, "issues/12", 12, "title", "body")
	add(respond.InIssueComment, "issues/12#issuecomment-34", 12, "body")
	add(respond.InPullRequest, "pull/7", 7, "title", "body")
	add(respond.InReview, "pull/7#pullrequestreview-34", 7, "body")
	add(respond.InReviewComment, "pull/7#discussion_r34", 7, "body", "diff_hunk")
	add(respond.InCommitComment, "commit/0123456#commitcomment-34", 0, "body")
	add(respond.InDiscussion, "discussions/9", 9, "title", "body")
	add(respond.InDiscussionComment, "discussions/9#discussioncomment-34", 9, "body")
	add(respond.InRelease, "releases/tag/v1", 0, "title", "body")
	for _, file := range []struct {
		source                    respond.Source
		path, name, field, member string
	}{
		{respond.InWiki, "wiki/Set-up/0123456789", "guides/Set-up.md", "Set-up", ""},
		{respond.InWiki, "wiki/my%20notes.env", "my notes.env", "my notes.env", ""},
		{respond.InWiki, "wiki", "", "message", ""},
		{respond.InAsset, "releases/tag/v1", "", "app.zip", "app/.env"},
		{respond.InAsset, "releases/tag/v1", "", "notes.txt", ""},
		{respond.InLog, "actions/runs/5/job/7#step:2:3", "", "build  linux/2_Run env", ""},
		{respond.InLog, "actions/runs/5", "", "0_build", ""},
	} {
		add(file.source, file.path, 0, file.field)
		s := &list[len(list)-1]
		s.Path, s.Member, s.Text.NodeID = file.name, file.member, ""
	}
	return list
}

type stateOfText struct {
	name string
	set  func(*respond.Sighting)
}

// textStates are those that a text may have. Of what a comment quotes there are no versions, GitHub reports no edits of comments on commits,
// and shows no earlier versions of releases, their files or logs.
func textStates(s respond.Sighting) []stateOfText {
	list := []stateOfText{
		{"there", func(*respond.Sighting) {}},
		{"gone", func(s *respond.Sighting) { s.Text.Gone = monday }},
	}
	if s.Text.Field == "diff_hunk" || s.Source == respond.InCommitComment || s.Source == respond.InRelease ||
		s.Source == respond.InAsset || s.Source == respond.InLog {
		return list
	}
	if s.Maskable() {
		list = append(list,
			stateOfText{"masked", func(s *respond.Sighting) { s.Text.Former, s.Text.Masked = true, monday }},
			stateOfText{"masked, written again", func(s *respond.Sighting) { s.Text.Masked = monday }},
		)
	}
	return append(list, stateOfText{"former", func(s *respond.Sighting) { s.Text.Former = true }},
		stateOfText{"former, gone", func(s *respond.Sighting) { s.Text.Former, s.Text.Gone = true, monday }})
}

// removalOf is the section of an issue about one text.
func removalOf(t *testing.T, f IssueFacts) string {
	t.Helper()
	body := Issue(context.Background(), f).Body
	_, section, found := strings.Cut(body, "### Take it off GitHub's pages\n\n")
	if !found {
		t.Fatalf("no section in\n%s", body)
	}
	section, _, _ = strings.Cut(section, "\n<details>")
	section, _, _ = strings.Cut(section, "\n### ")
	return strings.TrimSpace(section)
}

// opening is the issue's first sentence.
func opening(f IssueFacts) string {
	body := Issue(context.Background(), f).Body
	_, body, _ = strings.Cut(body, "\n") // the marker
	first, _, _ := strings.Cut(strings.TrimSpace(body), "\n")
	return first
}

// TestTextsGolden: what the issue says of a key in each kind of text, as it is, edited out, and gone. Read it aloud.
func TestTextsGolden(t *testing.T) {
	t.Parallel()
	live := with(leak(detect.SecretKey, detect.Live, 1), func(l *respond.Leak) { l.Variable, l.Pusher = "CLERK_SECRET_KEY", "" })
	var b strings.Builder
	for i, kind := range textKinds() {
		fmt.Fprintf(&b, "## %s, %s\n\n%s\n\n", kind.Source, kind.Text.Field, opening(issueFacts(live, kind)))
		for _, state := range textStates(kind) {
			s := kind
			state.set(&s)
			section := removalOf(t, issueFacts(live, s))
			lead, steps, _ := strings.Cut(section, "\n\n")
			if i == 0 && state.name == "there" {
				fmt.Fprintf(&b, "(%s)\n\n", lead)
			}
			fmt.Fprintf(&b, "%s:\n%s\n\n", state.name, steps)
		}
	}
	golden(t, "texts.md", b.String())
}

// TestTextStepsAreTicked: a step is ticked when, and only when, the text is gone; then no clicks are left to do, and it comes last.
func TestTextStepsAreTicked(t *testing.T) {
	t.Parallel()
	live := leak(detect.SecretKey, detect.Live, 1)
	for _, kind := range textKinds() {
		for _, state := range textStates(kind) {
			s := kind
			state.set(&s)
			steps := removalOf(t, issueFacts(live, s))
			gone := !s.Text.Gone.IsZero()
			if strings.Contains(steps, "- [x]") != gone || strings.Contains(steps, "- [ ]") == gone {
				t.Errorf("%s of %s, %s:\n%s", kind.Text.Field, kind.Source, state.name, steps)
			}
			if says := strings.Contains(steps, "gone, as checked on"); says != gone {
				t.Errorf("%s of %s, %s says that it is gone: %v\n%s", kind.Text.Field, kind.Source, state.name, says, steps)
			}
		}
	}
	there, deleted := textKinds()[2], textKinds()[1]
	deleted.Text.Gone = monday
	steps := removalOf(t, issueFacts(live, deleted, there))
	if strings.Index(steps, "- [x]") < strings.Index(steps, "- [ ]") {
		t.Errorf("what is done comes before what is to do:\n%s", steps)
	}
}

// TestTheTextIsNeededToAskClerk: whoever deletes the only text with the key before Clerk was asked leaves nothing to ask with.
func TestTheTextIsNeededToAskClerk(t *testing.T) {
	t.Parallel()
	live := leak(detect.SecretKey, detect.Live, 1)
	comment := textKinds()[2]
	never := issueFacts(live, comment)
	never.Policy.Verify = respond.VerifyNever
	for name, test := range map[string]struct {
		f    IssueFacts
		want bool
	}{
		"in a text":        {issueFacts(live, comment), true},
		"in a file too":    {issueFacts(live, comment, sighting(9, ".env", 1)), false},
		"by policy never":  {never, false},
		"Clerk can't say":  {issueFacts(leak(detect.WebhookSecret, "", 1), comment), false},
		"it works no more": {issueFacts(with(live, revoked), comment), false},
	} {
		if got := strings.Contains(removalOf(t, test.f), "Comment `/rekey rotated` first"); got != test.want {
			t.Errorf("%s: says that the text is needed: %v", name, got)
		}
	}
}

// TestTextsInPublicShowNoPlace: strangers don't learn where the key is.
func TestTextsInPublicShowNoPlace(t *testing.T) {
	t.Parallel()
	live := with(leak(detect.SecretKey, detect.Live, 1), func(l *respond.Leak) { l.Pusher = "" })
	for _, kind := range textKinds() {
		f := issueFacts(live, kind)
		f.Repository.Private, f.Private = false, false
		closed := f
		closed.Leak = with(live, revoked)
		body := Issue(context.Background(), f).Body + Issue(context.Background(), closed).Body
		for _, told := range []string{kind.Text.URL, "GitHub's pages", "#12", "#7", "discussion #9", "`sam`"} {
			if strings.Contains(body, told) {
				t.Errorf("%s of %s: the public issue tells %q", kind.Text.Field, kind.Source, told)
			}
		}
	}
}

// TestManyTexts: as many as an issue lists, then how many more there are.
func TestManyTexts(t *testing.T) {
	t.Parallel()
	var list []respond.Sighting
	for i := range maxPlaces + 3 {
		s := textKinds()[2]
		s.ID, s.Text.Number = int64(i+1), 100+i
		list = append(list, s)
	}
	steps := removalOf(t, issueFacts(leak(detect.SecretKey, detect.Live, 1), list...))
	if n := strings.Count(steps, "- [ ]"); n != maxPlaces || !strings.HasSuffix(steps, "- and 3 more texts") {
		t.Errorf("%d steps, ending in %q", n, steps[max(0, len(steps)-40):])
	}
}

// TestMaskedGolden: what a masked text says, why one isn't masked, and what came of /rekey delete-comment. Read it aloud.
func TestMaskedGolden(t *testing.T) {
	t.Parallel()
	live := with(leak(detect.SecretKey, detect.Live, 1), func(l *respond.Leak) { l.Variable, l.Pusher = "CLERK_SECRET_KEY", "" })
	var b strings.Builder
	for _, hidden := range []bool{false, true} {
		masked := "It works with this: CLERK_SECRET_KEY=" + Masked(live.Redacted, hidden)
		if !hidden {
			masked += MaskNote(masked, 12)
		}
		fmt.Fprintf(&b, "## A masked text, hidden: %v\n\n%s\n\n", hidden, masked)
	}
	b.WriteString("## Not masked\n\n")
	reasons := []respond.Kept{
		respond.KeptInexact, respond.KeptPermission, respond.KeptLocked, respond.KeptArchived, respond.KeptRefused, respond.KeptLimit, respond.KeptEdited,
	}
	for i, why := range reasons {
		s := textKinds()[2]
		if i%2 == 1 {
			s = textKinds()[4] // on a pull request
		}
		s.Text.Kept = why
		f := issueFacts(live, s)
		f.Policy.Texts.Redact = respond.RedactMask
		_, steps, _ := strings.Cut(removalOf(t, f), "\n\n")
		b.WriteString(steps + "\n")
		f.Policy.Texts.Redact = respond.RedactOff
		if _, off, _ := strings.Cut(removalOf(t, f), "\n\n"); len(off) >= len(steps) {
			t.Errorf("%s is told though nobody wants texts masked", why)
		}
	}
	kinds := textKinds()
	came := []respond.Deletion{
		{Text: kinds[2], Deleted: true},
		{Text: kinds[11], Deleted: true},
		{Text: kinds[0], Kept: respond.KeptWhole},
		{Text: kinds[5], Kept: respond.KeptWhole},
		{Text: kinds[6], Kept: respond.KeptPermission},
		{Text: kinds[11], Kept: respond.KeptReplies},
		{Text: kinds[2], Kept: respond.KeptMoved},
	}
	for _, reply := range []struct {
		name string
		came []respond.Deletion
		last bool
	}{{"all of it", came[:2], true}, {"some of it", came, false}, {"nothing", came[2:4], false}, {"nothing to delete", nil, false}} {
		for _, hidden := range []bool{false, true} {
			facts := respond.LeakFacts{Repository: issueFacts(live).Repository, Leak: live, Hidden: hidden}
			facts.Leak.IssueNumber = 12
			d := respond.TellDeletions(facts, "comment:1", "ada", reply.came, reply.last)
			fmt.Fprintf(&b, "\n## /rekey delete-comment: %s, hidden: %v\n\n%s\n", reply.name, hidden, commentOf(d.Actions[0]))
			for _, place := range []string{"#12", "pull/7", "https://"} {
				if hidden && strings.Contains(commentOf(d.Actions[0]), place) {
					t.Errorf("%s: strangers are told %s", reply.name, place)
				}
			}
		}
	}
	golden(t, "masked.md", b.String())
}

// TestMaskNote: a text has the line once, with its own line ends, and never is too long for GitHub by it.
func TestMaskNote(t *testing.T) {
	t.Parallel()
	note := MaskNote("a", 0)
	if !strings.HasPrefix(note, "\n\n> ") || !IsMaskNote(note) || !IsMaskNote("") || IsMaskNote(" b"+note) || IsMaskNote(note+"\nmore") {
		t.Errorf("%q", note)
	}
	if again := MaskNote("a"+note, 12); again != "" {
		t.Errorf("a second time: %q", again)
	}
	if got := MaskNote("a\r\nb", 0); !strings.HasPrefix(got, "\r\n\r\n> ") || strings.Contains(strings.ReplaceAll(got, "\r\n", ""), "\n") {
		t.Errorf("%q", got)
	}
	if got := MaskNote(strings.Repeat("é", 65_500), 0); got != "" {
		t.Errorf("a text that would be too long gets %q", got)
	}
}

// TestPlacesOfAlerts: where GitHub's secret scanning found the key is in the one list of places, and none is there twice.
func TestPlacesOfAlerts(t *testing.T) {
	t.Parallel()
	live := leak(detect.SecretKey, detect.Live, 1)
	all := textKinds()
	f := issueFacts(live, all[1], all[2])
	at := func(kind, url string) respond.AlertPlace { return respond.AlertPlace{Kind: kind, URL: url} }
	f.Alerts = []respond.Alert{{Number: 3, State: respond.AlertOpen, Places: []respond.AlertPlace{
		at("issue_body", all[1].Text.URL), at("issue_comment", strings.ToUpper(all[2].Text.URL)), // known
		at("issue_title", all[1].Text.URL), at("pull_request_comment", "https://github.com/acme/shop/pull/7#issuecomment-9"),
		at("wiki_commit", "https://github.com/acme/shop/wiki/Home"), at("pull_request_review", ""), at("gist", ""), at("issue_body", ""),
	}}, {Number: 4, State: respond.AlertOpen, Places: []respond.AlertPlace{at("issue_title", all[1].Text.URL)}}}
	body := Issue(context.Background(), f).Body
	_, list, _ := strings.Cut(body, "**Where it was found**\n\n")
	list, _, _ = strings.Cut(list, "\n\n")
	var got []string
	for line := range strings.Lines(list) {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "- "), "["), "](")
		name, _, _ = strings.Cut(name, ",")
		got = append(got, name)
	}
	want := []string{
		"the title of issue #12", "a comment on #7", "a page of the wiki", "a review of pull request", "another place on GitHub",
		"the description of issue #12", "a comment on #12",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s\n%s", diff, list)
	}
	if strings.Contains(body, "GitHub also found it in") {
		t.Error("there is a second list")
	}
	steps := removalOf(t, f)
	if n := strings.Count(steps, "- [ ]"); n != len(want) {
		t.Errorf("%d steps, want one for each place\n%s", n, steps)
	}
}
