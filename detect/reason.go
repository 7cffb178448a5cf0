package detect

import "strings"

// Reason is one of the reasons for the confidence in a finding.
type Reason struct {
	Code ReasonCode
	// Of is what the reason is about: a variable, a host, a word, a length. It is "" where the code says all.
	Of string
}

// ReasonCode tells reasons apart. Codes are for code to decide by: they change between versions, and are stored nowhere.
type ReasonCode byte

// The reasons. What [Reason.Of] holds is in brackets.
const (
	AssignedTo           ReasonCode = iota + 1 // [a variable] that names Clerk, or the kind of credential
	AssignedToOther                            // [a variable] that names another vendor
	AssignedToOtherToo                         // [a variable] that names Clerk and another vendor
	PublishableKeyInFile                       // of the instance at [a host]
	ClerkInFile                                // [a word] that only texts about Clerk hold
	ClerkOnLine
	ClerkNearby
	OtherNearbyToo // nearby lines mention Clerk and another vendor
	SvixInFile
	OwnerUnknown // a webhook secret, and nothing in the text says whose
	RightLength  // of a secret key
	WrongLength  // [the length] of a malformed secret key's body
	ClaimAddress // the URL that claims a keyless application
	ClaimKept    // a claim token as the clerk command keeps it
	RemovedLine  // of a diff
	BrowserVariable
	ClerkFolder // the path goes through .clerk/
	ClerkPath
	ClerkRepository
)

// reasonTexts are what people read, with % for what the reason is about.
var reasonTexts = [...]string{
	AssignedTo:           "assigned to %",
	AssignedToOther:      "assigned to %, which names another vendor",
	AssignedToOtherToo:   "assigned to %, which names another vendor too",
	PublishableKeyInFile: "%'s publishable key is in the same file",
	ClerkInFile:          "the file contains %",
	ClerkOnLine:          "the line mentions Clerk",
	ClerkNearby:          "nearby lines mention Clerk",
	OtherNearbyToo:       "nearby lines mention Clerk and another vendor",
	SvixInFile:           "Svix, which delivers Clerk's webhooks and others', is in the same file",
	OwnerUnknown:         "a webhook secret, but nothing nearby says whose",
	RightLength:          "only Clerk's secret keys have 42 characters after the prefix",
	WrongLength:          "has % characters after the prefix, not the 42 of Clerk's secret keys",
	ClaimAddress:         "whoever opens this address first owns the application; it works once",
	ClaimKept:            "a claim token as the clerk command keeps it: whoever uses it first owns the application",
	RemovedLine:          "on a line that a diff removes",
	BrowserVariable:      "the variable's name ships it to browsers: rename it too",
	ClerkFolder:          "the file is in .clerk/, where Clerk's SDKs keep the keys of keyless applications: it should not be tracked",
	ClerkPath:            "the path mentions Clerk",
	ClerkRepository:      "the repository uses Clerk",
}

// String returns the reason in words for people.
func (r Reason) String() string { return strings.Replace(reasonTexts[r.Code], "%", r.Of, 1) }

// Reasons are why a finding has its confidence, strongest first.
type Reasons []Reason

// Texts returns them in words for people.
func (rs Reasons) Texts() []string {
	texts := make([]string, len(rs))
	for i, r := range rs {
		texts[i] = r.String()
	}
	return texts
}

// has reports whether one of the reasons has that code.
func (rs Reasons) has(code ReasonCode) bool { return len(rs) != len(rs.without(code)) }

// without returns the others.
func (rs Reasons) without(code ReasonCode) Reasons {
	var others Reasons
	for _, r := range rs {
		if r.Code != code {
			others = append(others, r)
		}
	}
	return others
}

// after returns the reasons with a stronger one before them, in a list of its own.
func (rs Reasons) after(first Reason) Reasons { return append(Reasons{first}, rs...) }
