package webhook_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github/webhook"
)

// rest ends a payload whose object starts it.
const rest = `,` + repository + `,"installation":{"id":9},"sender":{"id":1,"login":"kim","type":"User"}}`

// written are the fields that all texts have, from the object with this number.
func written(number string) string {
	return `"id":` + number + `,"node_id":"N_` + number + `","html_url":"https://github.example/` + number + `",` +
		`"user":{"id":2,"login":"ada","type":"User"},"updated_at":"2026-01-02T03:04:05Z"`
}

func decoded(t *testing.T, event, body string) webhook.Event {
	t.Helper()
	e, err := webhook.Decode(event, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTexts(t *testing.T) {
	t.Parallel()
	updated := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ada := webhook.Account{ID: 2, Login: "ada", Type: "User"}
	// of is the text of an object that was written with this number.
	of := func(kind webhook.TextKind, id int64, number int, node, field, content string) webhook.Text {
		return webhook.Text{
			Kind: kind, ID: id, Number: number, NodeID: "N_" + node, URL: "https://github.example/" + node,
			Field: field, Content: content, Author: ada, Updated: updated,
		}
	}
	former := func(text webhook.Text) webhook.Text {
		text.Former = true
		return text
	}
	deleted := func(text webhook.Text) webhook.Text {
		text.Deleted = true
		return text
	}
	at := func(text webhook.Text, when time.Time) webhook.Text {
		text.Updated = when
		return text
	}
	issue := func(field, content string) webhook.Text { return of(webhook.TextIssue, 0, 5, "11", field, content) }
	comment := func(content string) webhook.Text {
		return of(webhook.TextIssueComment, 12, 5, "12", "body", content)
	}
	pull := func(field, content string) webhook.Text {
		return of(webhook.TextPullRequest, 0, 5, "13", field, content)
	}
	review := func(content string) webhook.Text { return of(webhook.TextReview, 14, 5, "14", "body", content) }
	lines := func(field, content string) webhook.Text {
		return of(webhook.TextReviewComment, 15, 5, "15", field, content)
	}
	discussion := func(field, content string) webhook.Text {
		return of(webhook.TextDiscussion, 0, 6, "17", field, content)
	}
	answer := func(content string) webhook.Text {
		return of(webhook.TextDiscussionComment, 18, 6, "18", "body", content)
	}
	release := func(field, content string) webhook.Text {
		return of(webhook.TextRelease, 19, 0, "19", field, content)
	}
	const (
		theIssue      = `"issue":{"number":5,"title":"T","body":"B",`
		head          = `"head":{"sha":"0123456789012345678901234567890123456789"}`
		ends          = head + `,"base":{"sha":"0123456789012345678901234567890123456789"}`
		thePull       = `"number":5,"pull_request":{` + ends + `,"title":"T","body":"B",`
		reviewed      = `"pull_request":{"number":5,"title":"not this","body":"nor this",` + head + `},`
		theDiscussion = `"discussion":{"number":6,"title":"T","body":"B",`
		bothChanged   = `,"changes":{"title":{"from":"was T"},"body":{"from":"was B"}}`
		bodyChanged   = `,"changes":{"body":{"from":"was B"}}`
	)
	for name, test := range map[string]struct {
		event, body string
		want        []webhook.Text
	}{
		"issue": {
			"issues", `{"action":"opened",` + theIssue + written("11") + `}`,
			[]webhook.Text{issue("title", "T"), issue("body", "B")},
		},
		"issue, both changed": {
			"issues", `{"action":"edited",` + theIssue + written("11") + `}` + bothChanged,
			[]webhook.Text{issue("title", "T"), former(issue("title", "was T")), issue("body", "B"), former(issue("body", "was B"))},
		},
		"issue, body emptied": {
			"issues", `{"action":"edited","issue":{"number":5,"title":"T","body":null,` + written("11") + `}` + bodyChanged,
			[]webhook.Text{issue("title", "T"), former(issue("body", "was B"))},
		},
		"issue, body added": {
			"issues", `{"action":"edited",` + theIssue + written("11") + `},"changes":{"body":{"from":""},"title":{}}`,
			[]webhook.Text{issue("title", "T"), issue("body", "B")},
		},
		"issue, changes absent": {
			"issues", `{"action":"edited",` + theIssue + written("11") + `}`,
			[]webhook.Text{issue("title", "T"), issue("body", "B")},
		},
		"issue, changes null": {
			"issues", `{"action":"edited",` + theIssue + written("11") + `},"changes":null`,
			[]webhook.Text{issue("title", "T"), issue("body", "B")},
		},
		"issue, changes of null": {
			"issues", `{"action":"edited",` + theIssue + written("11") + `},"changes":{"title":null,"body":{"from":null}}`,
			[]webhook.Text{issue("title", "T"), issue("body", "B")},
		},
		"issue, changes of another action": {
			"issues", `{"action":"opened",` + theIssue + written("11") + `}` + bothChanged,
			[]webhook.Text{issue("title", "T"), issue("body", "B")},
		},
		"issue deleted": {
			"issues", `{"action":"deleted",` + theIssue + written("11") + `}`,
			[]webhook.Text{deleted(issue("title", "T")), deleted(issue("body", "B"))},
		},
		"issue transferred": {
			"issues", `{"action":"transferred",` + theIssue + written("11") + `},"changes":{"new_issue":{"number":1,"title":"not this"}}`,
			[]webhook.Text{issue("title", "T"), issue("body", "B")},
		},
		"issue that is a pull request": {
			"issues", `{"action":"milestoned",` + theIssue + written("11") + `,"pull_request":{}}`, nil,
		},
		"issue of a deleted account": {
			"issues", `{"action":"closed","issue":{"number":5,"title":"T","user":null}`,
			[]webhook.Text{{Kind: webhook.TextIssue, Number: 5, Field: "title", Content: "T"}},
		},
		"issue with times of another type": {
			"issues", `{"action":"opened","issue":{"number":5,"title":"T","updated_at":1767323045}`,
			[]webhook.Text{{Kind: webhook.TextIssue, Number: 5, Field: "title", Content: "T"}},
		},
		"issue with times that are none": {
			"issues", `{"action":"opened","issue":{"number":5,"title":"T","updated_at":"yesterday\u0000"}`,
			[]webhook.Text{{Kind: webhook.TextIssue, Number: 5, Field: "title", Content: "T"}},
		},
		"issue with bytes of no text": {
			"issues", `{"action":"edited","issue":{"number":5,"title":"a` + "\xff" + `b","body":"a\ud83db\u0000"},"changes":{"title":{"from":"\udc00` + "\xc3" + `"}}`,
			[]webhook.Text{
				{Kind: webhook.TextIssue, Number: 5, Field: "title", Content: "a\uFFFDb"},
				{Kind: webhook.TextIssue, Number: 5, Field: "title", Content: "\uFFFD\uFFFD", Former: true},
				{Kind: webhook.TextIssue, Number: 5, Field: "body", Content: "a\uFFFDb\x00"},
			},
		},
		"comment": {
			"issue_comment", `{"action":"created",` + theIssue + written("11") + `},"comment":{"body":"C",` + written("12") + `}`,
			[]webhook.Text{comment("C")},
		},
		"comment edited": {
			"issue_comment", `{"action":"edited",` + theIssue + written("11") + `},"comment":{"body":"C",` + written("12") + `}` + bodyChanged,
			[]webhook.Text{comment("C"), former(comment("was B"))},
		},
		"comment deleted": {
			"issue_comment", `{"action":"deleted",` + theIssue + written("11") + `},"comment":{"body":"C",` + written("12") + `}`,
			[]webhook.Text{deleted(comment("C"))},
		},
		"comment on a pull request": {
			"issue_comment", `{"action":"created",` + theIssue + `"pull_request":{},` + written("11") + `},"comment":{"body":"C",` + written("12") + `}`,
			[]webhook.Text{comment("C")},
		},
		"pull request": {
			"pull_request", `{"action":"synchronize",` + thePull + written("13") + `}`, []webhook.Text{pull("title", "T"), pull("body", "B")},
		},
		"pull request without a body": {
			"pull_request", `{"action":"opened","number":5,"pull_request":{"title":"T","body":null,` + ends + `,` + written("13") + `}`,
			[]webhook.Text{pull("title", "T")},
		},
		"pull request, both changed": {
			"pull_request", `{"action":"edited",` + thePull + written("13") + `}` + bothChanged,
			[]webhook.Text{pull("title", "T"), former(pull("title", "was T")), pull("body", "B"), former(pull("body", "was B"))},
		},
		"pull request, base changed": {
			"pull_request", `{"action":"edited",` + thePull + written("13") + `},"changes":{"base":{"ref":{"from":"old"},"sha":{"from":"x"}}}`,
			[]webhook.Text{pull("title", "T"), pull("body", "B")},
		},
		"review": {
			"pull_request_review", `{"action":"submitted",` + reviewed + `"review":{"body":"R",` + written("14") + `,"submitted_at":"2025-01-01T00:00:00Z"}`,
			[]webhook.Text{review("R")},
		},
		"review that was never updated": {
			"pull_request_review", `{"action":"submitted",` + reviewed + `"review":{"body":"R",` + written("14") + `,"updated_at":null,"submitted_at":"2025-01-01T00:00:00Z"}`,
			[]webhook.Text{at(review("R"), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))},
		},
		"review without a body": {
			"pull_request_review", `{"action":"submitted",` + reviewed + `"review":{"body":null,` + written("14") + `}`, nil,
		},
		"review edited": {
			"pull_request_review", `{"action":"edited",` + reviewed + `"review":{"body":"R",` + written("14") + `}` + bodyChanged,
			[]webhook.Text{review("R"), former(review("was B"))},
		},
		"review comment": {
			"pull_request_review_comment", `{"action":"created",` + reviewed + `"comment":{"body":"C","diff_hunk":"@@ -1 +1 @@\n+x",` + written("15") + `}`,
			[]webhook.Text{lines("body", "C"), lines("diff_hunk", "@@ -1 +1 @@\n+x")},
		},
		"review comment edited": {
			"pull_request_review_comment", `{"action":"edited",` + reviewed + `"comment":{"body":"C","diff_hunk":"+x",` + written("15") + `}` + bodyChanged,
			[]webhook.Text{lines("body", "C"), former(lines("body", "was B")), lines("diff_hunk", "+x")},
		},
		"review comment deleted": {
			"pull_request_review_comment", `{"action":"deleted",` + reviewed + `"comment":{"body":"C","diff_hunk":"+x",` + written("15") + `}`,
			[]webhook.Text{deleted(lines("body", "C")), deleted(lines("diff_hunk", "+x"))},
		},
		"commit comment": {
			"commit_comment", `{"action":"created","comment":{"body":"C",` + written("16") + `}`,
			[]webhook.Text{of(webhook.TextCommitComment, 16, 0, "16", "body", "C")},
		},
		"discussion, both changed": {
			"discussion", `{"action":"edited",` + theDiscussion + written("17") + `}` + bothChanged,
			[]webhook.Text{
				discussion("title", "T"), former(discussion("title", "was T")), discussion("body", "B"), former(discussion("body", "was B")),
			},
		},
		"discussion deleted": {
			"discussion", `{"action":"deleted",` + theDiscussion + written("17") + `}`,
			[]webhook.Text{deleted(discussion("title", "T")), deleted(discussion("body", "B"))},
		},
		"discussion of another category": {
			"discussion", `{"action":"category_changed",` + theDiscussion + written("17") + `},"changes":{"category":{"from":{"id":1,"name":"General"}}}`,
			[]webhook.Text{discussion("title", "T"), discussion("body", "B")},
		},
		"answer edited": {
			"discussion_comment", `{"action":"edited",` + theDiscussion + written("17") + `},"comment":{"body":"C",` + written("18") + `}` + bodyChanged,
			[]webhook.Text{answer("C"), former(answer("was B"))},
		},
		"answer deleted": {
			"discussion_comment", `{"action":"deleted",` + theDiscussion + written("17") + `},"comment":{"body":"C",` + written("18") + `}`,
			[]webhook.Text{deleted(answer("C"))},
		},
		"release, both changed": {
			"release", `{"action":"edited","release":{"name":"T","body":"B",` + written("19") + `,"user":null,"author":{"id":2,"login":"ada","type":"User"}},` +
				`"changes":{"name":{"from":"was T"},"body":{"from":"was B"},"tag_name":{"from":"v0"},"make_latest":{"to":true}}`,
			[]webhook.Text{release("title", "T"), former(release("title", "was T")), release("body", "B"), former(release("body", "was B"))},
		},
		"release of a time before releases had one of their own": {
			"release", `{"action":"published","release":{"body":"B",` + written("19") + `,"updated_at":null,"published_at":"2025-01-01T00:00:00Z",` +
				`"created_at":"2024-01-01T00:00:00Z","author":{"id":2,"login":"ada","type":"User"}}`,
			[]webhook.Text{at(release("body", "B"), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))},
		},
		"release deleted, a draft": {
			"release", `{"action":"deleted","release":{"name":null,"body":"B",` + written("19") + `,"updated_at":null,"published_at":null,` +
				`"created_at":"2024-01-01T00:00:00Z","author":{"id":2,"login":"ada","type":"User"}}`,
			[]webhook.Text{deleted(at(release("body", "B"), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)))},
		},
		"no text": {"repository", `{"action":"edited"` + bothChanged, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := decoded(t, test.event, test.body+rest)
			if diff := cmp.Diff(test.want, webhook.Texts(e)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestReviewsTellThePullRequestsHead(t *testing.T) {
	t.Parallel()
	const reviewed = `{"pull_request":{"number":5,"head":{"sha":"0123456789012345678901234567890123456789"}},`
	review := decoded(t, "pull_request_review", reviewed+`"review":{"id":1}`+rest).(*webhook.PullRequestReview)
	comment := decoded(t, "pull_request_review_comment", reviewed+`"comment":{"id":1}`+rest).(*webhook.PullRequestReviewComment)
	if head := "0123456789012345678901234567890123456789"; review.HeadSHA != head || comment.HeadSHA != head {
		t.Errorf("head %q and %q, want %q", review.HeadSHA, comment.HeadSHA, head)
	}
}
