package destination

import (
	"strings"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
)

const (
	maxQuoted = 240 // characters of a vendor's words
	window    = 6   // so many characters of a secret in a row are too many
)

// Quote returns what a vendor said, on one line, for an error or a screen: nothing where it holds a part of the secret or anything that looks like a
// credential of Clerk's. A full stop at its end is left out: an error may go on.
func Quote(said string, secret detect.Secret) string {
	said = uncoloured(said)
	for i, value := 0, secret.Reveal(); i+window <= len(value); i++ {
		if strings.Contains(said, value[i:i+window]) {
			return ""
		}
	}
	for _, prefix := range []string{"sk_live_", "sk_test_", "whsec_", "ak_"} {
		if strings.Contains(said, prefix) {
			return ""
		}
	}
	line := terminal.Printable(strings.Join(strings.Fields(said), " ")) // a new line is a space, and nothing that can't be printed
	line = strings.TrimRight(line, ". ")
	if r := []rune(line); len(r) > maxQuoted {
		line = string(r[:maxQuoted-1]) + "…"
	}
	return line
}

// uncoloured leaves out what colours a terminal: some programs write it to files and pipes too, whatever NO_COLOR says.
func uncoloured(said string) string {
	var plain strings.Builder
	for {
		before, after, ok := strings.Cut(said, "\x1b[")
		plain.WriteString(before)
		if !ok {
			return plain.String()
		}
		said = strings.TrimLeft(after, "0123456789;")
		if said != "" {
			said = said[1:] // the letter that ends it
		}
	}
}
