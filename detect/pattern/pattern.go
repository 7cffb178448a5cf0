// Package pattern writes what detect knows of Clerk's credentials as custom patterns of GitHub's secret scanning, so that GitHub's
// own push protection refuses them. Start with [GitHub].
//
// Regular expressions see less than package detect: no encodings, no entropy, nothing of what else is in the file. The patterns
// take what is sure by shape, or by the name that it is assigned to.
package pattern

import (
	"slices"
	"strings"
)

// Pattern is a custom pattern as GitHub's REST API takes it. Its expressions are of the subset that GitHub's engine, Hyperscan, and
// Go's regexp share: no look-around, no back-references, no modifiers.
type Pattern struct {
	Name           string   `json:"name"`
	Pattern        string   `json:"pattern"`         // of the secret itself
	StartDelimiter string   `json:"start_delimiter"` // what stands right before it
	EndDelimiter   string   `json:"end_delimiter"`   // and right behind it
	MustMatch      []string `json:"must_match,omitempty"`
	MustNotMatch   []string `json:"must_not_match,omitempty"`
}

// Body is the body of POST /orgs/{org}/secret-scanning/custom-patterns, and of the same for a repository and an enterprise.
type Body struct {
	Patterns []Pattern `json:"patterns"`
}

const (
	// encoded is a character that is no part of a word, as JSON, URLs and mail write it: \n, \u003d, %3D, =3D; or a terminal's colour.
	encoded = `\x1B?\[[0-9;]{1,8}m|\\[nrt]|=3D|(?:%|\\u00)(?:0[9AaDd]|2[0-9A-Ca-cFf]|3[A-Fa-f]|5[BbCc]|60|7[BbCc])`
	// fresh is what stands before a secret that begins there. The underscore keeps Autumn's am_sk_live_… out.
	fresh = `\A|[^0-9A-Za-z_-]|` + encoded
	// ended is what stands behind a secret that ends there: more of base64 would make it another's.
	ended = `\z|[^0-9A-Za-z_+/=-]`

	// assigned is what stands between a name and its value: quotes and brackets, one of = : := =>, a quote; or blanks and a quote.
	assigned = "[\"'`\\])]{0,3}(?:[ \\t]{0,8}(?::=|=>|[=:])[ \\t]{0,8}|[ \\t]{1,8})(?:\\\\?[\"'`])?"
	// named goes on a variable's name.
	named = `[0-9A-Za-z_.-]{0,40}`
)

// GitHub returns the patterns.
func GitHub() []Pattern {
	clerk := fold("clerk")
	return []Pattern{
		{
			Name:           "Clerk secret key",
			Pattern:        `sk_(?:test|live)_[A-Za-z0-9]{42}`,
			StartDelimiter: fresh, EndDelimiter: ended,
			MustMatch:    []string{`[A-Z]`, `(?:test|live)_[A-Z0-9]*[a-z]`},
			MustNotMatch: append(placeholders(`_(?:test|live)_`), `_a2V5Xz`), // WorkOS writes "key_" in base64 there
		},
		{
			Name:           "Clerk webhook signing secret",
			Pattern:        `whsec_[A-Za-z0-9+/]{32}`,
			StartDelimiter: clerk + named + assigned, EndDelimiter: ended,
			MustMatch:    []string{`[A-Z]`, `whsec_[A-Z0-9+/]*[a-z]`},
			MustNotMatch: placeholders(`whsec_`),
		},
		{
			Name:           "Clerk machine secret key",
			Pattern:        `ak_[A-Za-z0-9+/=_-]{20,200}`,
			StartDelimiter: clerk + named + fold("machine") + named + assigned, EndDelimiter: ended,
			MustNotMatch: placeholders(`ak_`),
		},
		{
			Name:           "Clerk Platform API key",
			Pattern:        `ak_[A-Za-z0-9+/=_-]{20,200}`,
			StartDelimiter: clerk + named + fold("platform") + named + assigned, EndDelimiter: ended,
			MustNotMatch: placeholders(`ak_`),
		},
		{
			Name: "Clerk claim URL",
			// Other parameters may come before the token.
			Pattern:        `dashboard\.clerk\.com\\?/apps\\?/claim\?(?:[0-9A-Za-z_.~%+-]{1,40}=[0-9A-Za-z_.~%+-]{0,200}&(?:amp;)?){0,4}token=[A-Za-z0-9]{40}`,
			StartDelimiter: `\A|[^0-9A-Za-z_.-]|` + encoded, EndDelimiter: ended,
			MustNotMatch: append(placeholders(`token=`), `token=[0-9a-fA-F]{40}`),
		},
	}
}

// words are those of placeholders, of which one in a key may be chance, and two are not.
const words = "example sample dummy replace insert secret fake mock test your here goes this that with from real todo none null " +
	"redact masked hidden live prod clerk token password value string random invalid demo public integration docker local key"

// placeholders are expressions that match placeholders behind a prefix, and of random keys fewer than one in 10,000.
func placeholders(prefix string) []string {
	var folded []string
	for word := range strings.FieldsSeq(words) {
		if len(word) > 3 {
			folded = append(folded, fold(word))
		}
	}
	slices.Sort(folded)
	word := "(?:" + strings.Join(folded, "|") + ")"
	const more = `[0-9A-Za-z+/=_-]*`
	return []string{
		prefix + "(?:" + more + word + "){2}",
		strings.Join([]string{fold("placeholder"), fold("changeme"), fold("deadbeef"), fold("qwerty"), fold("abcdefg"), "1234567"}, "|"),
		`0{6}|1{6}|[Xx]{6}|[Aa]{6}`,
	}
}

// fold matches a word in any case, without a modifier.
func fold(word string) string {
	var b strings.Builder
	for _, c := range word {
		b.WriteString("[" + strings.ToUpper(string(c)) + string(c) + "]")
	}
	return b.String()
}
