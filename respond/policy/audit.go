package policy

import (
	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/respond"
)

// readAudit reads one word for the check run, or a mapping.
func (f *File) readAudit(n *yaml.Node) error {
	check := func(n *yaml.Node, name string) error {
		if isOff(n) {
			off := respond.AuditOff
			f.AuditCheck = &off
			return nil
		}
		return choice(n, name, &f.AuditCheck, []respond.AuditCheck{respond.AuditOff, respond.AuditNotice, respond.AuditFail})
	}
	if n.Kind != yaml.MappingNode {
		if check(n, "audit") != nil {
			return wrong(n, "audit", "one of off, notice, fail, or a mapping of settings")
		}
		return nil
	}
	return fields(n, "audit", map[string]func(*yaml.Node) error{
		"issue": func(n *yaml.Node) error { return boolean(n, "audit.issue", &f.AuditIssue) },
		"check": func(n *yaml.Node) error { return check(n, "audit.check") },
		"level": func(n *yaml.Node) error {
			return choice(n, "audit.level", &f.AuditLevel, []respond.AuditLevel{respond.AuditDefault, respond.AuditAll})
		},
	})
}
