package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// single is the message about one step.
type single struct{ respond.Notice }

func (e single) json() ([]byte, error) {
	e.Time = e.Time.UTC()
	e.Leak.Detected = e.Leak.Detected.UTC()
	e.Leak.Seconds = int64(e.Took() / time.Second)
	return json.Marshal(e.Notice)
}

// Sign returns the headers of the Standard Webhooks specification for the body: webhook-id, webhook-timestamp and
// webhook-signature, an HMAC-SHA256 over all three. key is the decoded secret.
func Sign(key []byte, id string, at time.Time, body []byte) map[string]string {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	mac.Write(body)
	return map[string]string{
		"webhook-id":        id,
		"webhook-timestamp": timestamp,
		"webhook-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}

// slack is for incoming webhooks of Slack, Mattermost, Rocket.Chat, and Discord's /slack.
func (e single) slack() ([]byte, error) { return slackMessage(slackText(e.Notice)) }

func (e single) id() string { return e.ID }

func slackMessage(text string) ([]byte, error) {
	return json.Marshal(map[string]any{"text": text, "unfurl_links": false, "unfurl_media": false})
}

func slackText(e respond.Notice) string {
	icon, what := ":rotating_light:", "Leaked Clerk "+e.Leak.Description
	switch e.Kind() {
	case respond.NoticeReopened:
		what = "Reopened: leaked Clerk " + e.Leak.Description
	case respond.NoticeRevoked:
		icon, what = ":white_check_mark:", "Revoked: leaked Clerk "+e.Leak.Description
	case respond.NoticeIgnored:
		icon, what = ":grey_question:", "Closed as a false positive: Clerk "+e.Leak.Description
	case respond.NoticeReminded:
		icon, what = ":alarm_clock:", "Still open: leaked Clerk "+e.Leak.Description
	case respond.NoticePublished:
		what = "Found in a public repository by GitHub: leaked Clerk " + e.Leak.Description
	case respond.NoticeResolved:
		icon, what = ":ballot_box_with_check:", "Closed as resolved, not verified with Clerk: leaked Clerk "+e.Leak.Description
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s *%s* `%s` in %s", icon, slackEscape(what), slackCode(e.Leak.Redacted), slackLink(e.Repository.Name, e.Repository.URL))
	if e.Leak.Instance != "" {
		fmt.Fprintf(&b, "\nClerk instance: probably `%s`", slackCode(e.Leak.Instance))
	}
	if facts := slackFacts(e); len(facts) > 0 {
		b.WriteString("\n" + strings.Join(facts, " · "))
	}
	if e.By != "" && e.By != "rekey" {
		fmt.Fprintf(&b, "\nBy `%s`", slackCode(e.By))
		if e.ApprovedBy != "" {
			fmt.Fprintf(&b, ", confirmed by `%s`", slackCode(e.ApprovedBy))
		}
		if !e.Until.IsZero() {
			b.WriteString(", until " + format.Date(respond.LastDay(e.Until)))
		}
		if e.Reason != "" {
			b.WriteString(": " + slackEscape(e.Reason))
		}
	} else if e.Reason != "" {
		b.WriteString("\n" + slackEscape(e.Reason))
	}
	if e.Kind() == respond.NoticeRevoked && e.Took() > 0 {
		fmt.Fprintf(&b, "\n%s after it was found", format.Duration(e.Took()))
	}
	if e.Issue != nil {
		b.WriteString("\n" + pointer(e.Type) + ": " + slackLink("issue #"+strconv.Itoa(e.Issue.Number), e.Issue.URL))
	}
	return b.String()
}

// pointer says what the issue is good for in that step.
func pointer(step string) string {
	if isOpen(step) {
		return "What to do"
	}
	return "Details"
}

func isOpen(step string) bool {
	return step == respond.NoticeOpened.Type() || step == respond.NoticeReopened.Type() || step == respond.NoticeReminded.Type() || step == respond.NoticePublished.Type()
}

// slackFacts say how bad it is: severity, whether strangers can read it, who pushed or wrote it.
func slackFacts(e respond.Notice) []string {
	if !isOpen(e.Type) {
		return nil
	}
	var facts []string
	if s := string(e.Leak.Severity); s != "" {
		facts = append(facts, "*"+slackEscape(strings.ToUpper(s[:1])+s[1:])+"*")
	}
	if !e.Repository.Private {
		facts = append(facts, "*public repository*")
	}
	if e.Leak.Pusher != "" {
		facts = append(facts, "pushed by `"+slackCode(e.Leak.Pusher)+"`")
	}
	if e.Leak.Author != "" {
		facts = append(facts, "written on GitHub by `"+slackCode(e.Leak.Author)+"`")
	}
	return facts
}

// slackEscape makes foreign text plain: Slack's markup starts with < and ends with >, * _ ~ ` are broken up, and so is
// what Slack would take for an address and make a link of.
func slackEscape(s string) string {
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(markdown.Unlink(markdown.Plain(s)))
	return strings.NewReplacer(".", ".\u2060", "*", "*\u2060", "_", "_\u2060", "~", "~\u2060", "`", "'", "@", "@\u2060").Replace(s)
}

func slackCode(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'").Replace(markdown.Plain(s))
}

func slackLink(text, url string) string {
	url = strings.NewReplacer("|", "%7C", ">", "%3E", "<", "%3C", " ", "%20", "\n", "").Replace(url)
	return "<" + url + "|" + strings.ReplaceAll(slackCode(text), "|", "¦") + ">"
}
