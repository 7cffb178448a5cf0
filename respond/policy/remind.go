package policy

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // images may have no time zones of their own

	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/respond"
)

// Forms of texts, as in docs/rekey.schema.json.
var (
	teamName = newForm(`^team:[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[a-z0-9][a-z0-9_.-]{0,99}$`)
	pause    = newForm(`^([1-9][0-9]{0,2}h|([1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-6])d|([1-9]|[1-4][0-9]|5[0-2])w)$`)
	hours    = newForm(`^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$`)
	zoneName = newForm(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)
)

const (
	maxReminders = 20
	pauseForm    = "a time such as 12h, 3d or 1w, of at most a year"
)

func (f *File) readIgnore(n *yaml.Node) error {
	return fields(n, "ignore", map[string]func(*yaml.Node) error{
		"approval": func(n *yaml.Node) error {
			f.Lines.Approval = n.Line
			if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && teamName.matches(n.Value) {
				team := respond.Approval(n.Value)
				f.IgnoreApproval = &team
				return nil
			}
			if choice(n, "ignore.approval", &f.IgnoreApproval, []respond.Approval{respond.ApprovalNone, respond.ApprovalSecondPerson}) != nil {
				return wrong(n, "ignore.approval", "one of none, second_person, team:organisation/name")
			}
			return nil
		},
	})
}

func (f *File) readRemind(n *yaml.Node) error {
	r := respond.DefaultRemind()
	f.Remind = &r
	if isOff(n) {
		r = respond.RemindPolicy{Off: true}
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return wrong(n, "remind", "off, or a mapping of settings")
	}
	return fields(n, "remind", map[string]func(*yaml.Node) error{
		"after": func(n *yaml.Node) error {
			r.After = nil
			return list(n, "remind.after", maxReminders, func(n *yaml.Node) error {
				d, err := duration(n, "an entry of remind.after")
				if err == nil && len(r.After) > 0 && d <= r.After[len(r.After)-1] {
					return &Error{n.Line, "each entry of remind.after must be longer than the one before it"}
				}
				r.After = append(r.After, d)
				return err
			})
		},
		"every": func(n *yaml.Node) (err error) {
			if r.Every = 0; !isOff(n) {
				r.Every, err = duration(n, "remind.every")
			}
			return err
		},
		"quiet": func(n *yaml.Node) error {
			if r.Quiet = (respond.QuietHours{}); isOff(n) {
				return nil
			}
			s, err := text(n, "remind.quiet", hours, `off, or hours such as "20:00-08:00"`)
			if err == nil {
				from, to, _ := strings.Cut(s, "-")
				r.Quiet = respond.QuietHours{From: minutes(from), To: minutes(to)}
			}
			return err
		},
		"time_zone": func(n *yaml.Node) (err error) {
			const want = "the name of a time zone, such as Europe/Berlin"
			if r.Zone, err = text(n, "remind.time_zone", zoneName, want); err == nil {
				if _, unknown := time.LoadLocation(r.Zone); unknown != nil || r.Zone == "Local" {
					return wrong(n, "remind.time_zone", want)
				}
			}
			return err
		},
		"escalate": func(n *yaml.Node) error {
			f.Lines.Escalate = n.Line
			return required(n, "remind.escalate", []string{"after", "to"}, map[string]func(*yaml.Node) error{
				"after": func(n *yaml.Node) (err error) {
					r.Escalate.After, err = duration(n, "remind.escalate.after")
					return err
				},
				"to": func(n *yaml.Node) (err error) {
					r.Escalate.To, err = text(n, "remind.escalate.to", targetName, "the name of a target that the server is configured with")
					return err
				},
			})
		},
	})
}

func isOff(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!str" && n.Value == "off" || n.ShortTag() == "!!bool" && strings.EqualFold(n.Value, "false"))
}

// duration reads whole hours, days or weeks.
func duration(n *yaml.Node, name string) (time.Duration, error) {
	s, err := text(n, name, pause, pauseForm)
	if err != nil {
		return 0, err
	}
	count, _ := strconv.Atoi(s[:len(s)-1])
	unit := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[len(s)-1]]
	return time.Duration(count) * unit, nil
}

// minutes are those since midnight, of hh:mm.
func minutes(s string) int {
	hour, minute, _ := strings.Cut(s, ":")
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

// firstApproval keeps what a file before has said.
func firstApproval(a, b respond.Approval) respond.Approval {
	if a.Required() {
		return a
	}
	return b
}

// reminding keeps what a file before has said, if that reminds.
func reminding(a, b respond.RemindPolicy) respond.RemindPolicy {
	if a.Off {
		return b
	}
	return a
}
