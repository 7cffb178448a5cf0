package text

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/respondtest"
)

// TestComments holds all comments' words in one file, to be read by a person.
func TestCommentsGolden(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, tt := range respondtest.Cases() {
		for _, a := range tt.Decide().Actions {
			if a.Do == respond.Comment {
				fmt.Fprintf(&b, "=== %s\n%s\n\n", tt.Name, Comment(a.Reply))
			}
		}
	}
	golden(t, "comments.md", b.String())
}

// commentOf returns what an action comments; "" for other effects.
func commentOf(a respond.Action) string {
	if a.Do != respond.Comment {
		return ""
	}
	return Comment(a.Reply)
}

// TestEveryReplyHasWords: a comment is never empty, and mentions nobody.
func TestEveryReplyHasWords(t *testing.T) {
	t.Parallel()
	for _, tt := range respondtest.Cases() {
		for _, a := range tt.Decide().Actions {
			if comment := commentOf(a); (comment == "") != (a.Do != respond.Comment) || strings.Contains(comment, "@") {
				t.Errorf("%s: %s says %q", tt.Name, a.Do, comment)
			}
		}
	}
}
