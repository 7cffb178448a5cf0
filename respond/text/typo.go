package text

import (
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/markdown"
)

// maxWord is how many bytes of a word that is no command are repeated.
const maxWord = 40

// notUnderstood says which word is no command, and which one may be meant; "" where no word was given.
func notUnderstood(word string) string {
	if word == "" {
		return ""
	}
	if len(word) > maxWord {
		word = strings.ToValidUTF8(word[:maxWord], "") + "…"
	}
	s := markdown.Code(word) + " isn't a command."
	if meant, ok := nearest(strings.ToLower(word)); ok {
		s += " Did you mean `/rekey " + string(meant) + "`?"
	}
	return s + "\n\n"
}

// nearest returns the command that the fewest changes of single letters make of a word: at most two, or a third of the
// word where that is more.
func nearest(word string) (best respond.CommandKind, ok bool) {
	limit := max(2, len(word)/3)
	for _, c := range append(commands(), respond.CommandHelp) {
		if d := distance(word, string(c)); d <= limit {
			best, ok, limit = c, true, d-1
		}
	}
	return best, ok
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
