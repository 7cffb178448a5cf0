package detect

import (
	"bytes"

	"github.com/rekey-app/rekey/detect/budget"
)

// ShowsClerk reports whether the finding shows that its repository uses Clerk.
func (f Finding) ShowsClerk() bool { return f.Confidence.rank() >= MediumConfidence.rank() }

// AsksRepository reports whether [Finding.InRepository] would change the finding.
func (f Finding) AsksRepository() bool { return f.lacks == lacksRepository }

// InRepository judges the finding again now that it is known that its repository uses Clerk: it holds a finding that
// [Finding.ShowsClerk], or a file that [Scanner.MentionsClerk]. What of the repository is looked at is the caller's choice.
func (f Finding) InRepository() Finding {
	if f.lacks != lacksRepository {
		return f
	}
	f.lacks = lacksNothing
	f.Confidence = MediumConfidence
	f.Reasons = f.Reasons.after(Reason{Code: ClerkRepository})
	return f
}

// MentionsClerk reports whether text holds what only texts about Clerk hold: an SDK's name, as in a manifest or an import, an
// address of Clerk's, or a publishable key of an instance.
func (s *Scanner) MentionsClerk(text []byte) bool {
	steps := 0
	e := s.gather(text, 0, func(n int) bool { steps += n; return steps < budget.CleanSteps })
	if e.word != "" || len(e.live)+len(e.test) > 0 {
		return true
	}
	for _, name := range otherSDKs {
		if bytes.Contains(text, []byte(name)) {
			return true
		}
	}
	return false
}

// otherSDKs are names of SDKs that manifests have, beside those of clerkWords.
var otherSDKs = [...]string{"Clerk.BackendAPI", "Clerk.Net", "com.clerk", "clerkinc/", "clerk-rs", "clerk_flutter", "clerk_auth"}
