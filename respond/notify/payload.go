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

	"github.com/rekey-app/rekey/respond/markdown"
)

// JSON returns the event as JSON receivers get it.
func JSON(e Event) ([]byte, error) {
	e.Time = e.Time.UTC()
	e.Leak.Detected = e.Leak.Detected.UTC()
	e.Leak.Seconds = int64(e.Leak.Took / time.Second)
	return json.Marshal(e)
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

// Slack returns the event as a message for incoming webhooks of Slack, Mattermost, Rocket.Chat, and Discord's /slack.
func Slack(e Event) ([]byte, error) {
	return json.Marshal(map[string]any{"text": slackText(e), "unfurl_links": false, "unfurl_media": false})
}

func slackText(e Event) string {
	icon, what := ":rotating_light:", "Leaked Clerk "+e.Leak.Description
	switch e.Type {
	case "leak.reopened":
		what = "Open again: leaked Clerk " + e.Leak.Description
	case "leak.revoked":
		icon, what = ":white_check_mark:", "Dead: leaked Clerk "+e.Leak.Description
	case "leak.ignored":
		icon, what = ":grey_question:", "Closed as no secret: Clerk "+e.Leak.Description
	case "leak.resolved":
		icon, what = ":ballot_box_with_check:", "Closed without Clerk's word: leaked Clerk "+e.Leak.Description
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s *%s* `%s` in %s", icon, slackEscape(what), slackCode(e.Leak.Redacted), slackLink(e.Repository.Name, e.Repository.URL))
	if e.Leak.Instance != "" {
		fmt.Fprintf(&b, "\nClerk instance: probably `%s`", slackCode(e.Leak.Instance))
	}
	if e.By != "" {
		fmt.Fprintf(&b, "\nBy `%s`", slackCode(e.By))
		if e.Reason != "" {
			b.WriteString(": " + slackEscape(e.Reason))
		}
	}
	if e.Type == "leak.revoked" && e.Leak.Took > 0 {
		fmt.Fprintf(&b, "\n%s after it was found", e.Leak.Took.Round(time.Second))
	}
	if e.Issue != nil {
		b.WriteString("\nWhat to do: " + slackLink("issue #"+strconv.Itoa(e.Issue.Number), e.Issue.URL))
	}
	return b.String()
}

// slackEscape makes foreign text plain: Slack's markup starts with < and ends with >, and * _ ~ ` are broken up.
func slackEscape(s string) string {
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(markdown.Plain(s))
	return strings.NewReplacer("*", "*\u2060", "_", "_\u2060", "~", "~\u2060", "`", "'", "@", "@\u2060").Replace(s)
}

func slackCode(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'").Replace(markdown.Plain(s))
}

func slackLink(text, url string) string {
	url = strings.NewReplacer("|", "%7C", ">", "%3E", "<", "%3C", " ", "%20", "\n", "").Replace(url)
	return "<" + url + "|" + strings.ReplaceAll(slackCode(text), "|", "¦") + ">"
}
