package text

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/respond"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	gmtext "github.com/yuin/goldmark/text"
)

// maxReason is how many bytes of a reason are kept.
const maxReason = 500

// maxCommand is how many bytes of a comment are looked at. Strangers may comment too, and some Markdown costs parsers the
// square of its length.
const maxCommand = 8 << 10

// candidate matches a line that may be a command.
var candidate = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^ {0,3}/rekey\b`) })

// quoted begins the rest of an e-mail reply, where mail programs put the message that is replied to.
var quoted = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\s*(On .{1,200} wrote:|-{2,}\s*Original Message\s*-{2,}|_{10,}|From: .{1,200}\n(Sent|Date|To|Subject): .*)\s*$`)
})

// ParseCommand returns the command that a comment's Markdown holds: the first line of running text that begins with /rekey.
// What stands in code, quotes, lists, tables, HTML, or under the line that mail programs put above a reply's original
// is no command, nor what comes after 8 KiB. A word that is none of the commands is SaidHelp, with the word as the reason. found is false where the comment speaks to people.
func ParseCommand(body string) (kind respond.CommandKind, reason string, found bool) {
	if len(body) > maxCommand {
		body = strings.ToValidUTF8(body[:maxCommand], "")
	}
	body = strings.ReplaceAll(body, "\r\n", "\n")
	if at := quoted().FindStringIndex(body); at != nil {
		body = body[:at[0]]
	}
	if !candidate().MatchString(body) {
		return "", "", false
	}
	source := []byte(body)
	doc := goldmark.New().Parser().Parse(gmtext.NewReader(source))
	for block := doc.FirstChild(); block != nil; block = block.NextSibling() {
		if block.Kind() != ast.KindParagraph {
			continue
		}
		for n := block.FirstChild(); n != nil; n = n.NextSibling() {
			t, ok := n.(*ast.Text)
			if !ok || !startsLine(source, t.Segment.Start) {
				continue
			}
			line, _, _ := strings.Cut(body[t.Segment.Start:], "\n")
			if kind, reason, found = parseCommand(line); found {
				return kind, reason, true
			}
		}
	}
	return "", "", false
}

func commands() []respond.CommandKind {
	return []respond.CommandKind{
		respond.CommandRotated, respond.CommandIgnore, respond.CommandReopen, respond.CommandStatus, respond.CommandTriage, respond.CommandApprove, respond.CommandSnooze,
		respond.CommandDeleteComment,
		respond.CommandDeleteLogs,
	}
}

// startsLine reports whether only spaces stand before the offset on its line.
func startsLine(source []byte, at int) bool {
	for at > 0 && source[at-1] == ' ' {
		at--
	}
	return at == 0 || source[at-1] == '\n'
}

func parseCommand(line string) (respond.CommandKind, string, bool) {
	rest, found := strings.CutPrefix(strings.TrimSpace(line), "/rekey")
	if !found || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", "", false
	}
	verb, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
	verb, reason = shortened(verb), shortened(strings.TrimSpace(reason))
	kind := respond.CommandKind(strings.ToLower(verb))
	switch {
	case slices.Contains(commands(), kind):
		return kind, reason, true
	case kind == respond.CommandHelp || kind == "":
		return respond.CommandHelp, "", true
	}
	return respond.CommandHelp, verb, true
}

// shortened returns no more than maxReason bytes of what somebody wrote.
func shortened(s string) string {
	if len(s) <= maxReason {
		return s
	}
	return strings.ToValidUTF8(s[:maxReason], "") + "…"
}
