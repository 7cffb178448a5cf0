package local

import (
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

// levelOf is the level of an audit: as it was asked for, or as the policy of the repository has it, which from names then. A policy that
// can't be read is a problem, and says nothing.
func levelOf(source source, asked audit.Tier) (level audit.Tier, from string, problem *Problem) {
	if asked != 0 {
		return asked, "", nil
	}
	text := source.policy()
	if text == nil || len(text) > policy.MaxSize {
		return audit.Default, "", nil
	}
	name := terminal.Printable(source.name(respond.PolicyPath))
	file, err := policy.Parse(text)
	switch {
	case err != nil:
		return audit.Default, "", &Problem{Name: name, Reason: terminal.Printable(err.Error()), Part: true}
	case file.AuditLevel == nil:
		return audit.Default, "", nil
	case *file.AuditLevel == respond.AuditAll:
		return audit.All, name, nil
	}
	return audit.Default, name, nil
}
