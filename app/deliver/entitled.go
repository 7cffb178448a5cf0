package deliver

import (
	"context"
	"strings"

	"github.com/rekey-app/rekey/respond"
)

// entitled completes a command about leaks of one repository with what GitHub says, now, of those whose word it takes: the role of the
// person, and where something waits for a second person, of those who asked for it too, and whether the person is in the policy's team.
func (w *Worker) entitled(ctx context.Context, leaks []respond.Leak, p respond.Policy, c respond.Command) (respond.Command, error) {
	if c.Bot {
		return c, nil
	}
	var err error
	if c.Role, err = w.Policies.Role(ctx, leaks[0].Repository, c.By); err != nil || c.Kind != respond.CommandApprove && c.Kind != respond.CommandIgnore {
		return c, err
	}
	c.Roles = map[string]respond.Role{}
	for _, l := range leaks {
		login := strings.ToLower(l.Request.By)
		if _, known := c.Roles[login]; known || !l.Request.Waits() {
			continue
		}
		if c.Roles[login], err = w.Policies.Role(ctx, l.Repository, l.Request.By); err != nil {
			return c, err
		}
	}
	if c.Kind == respond.CommandIgnore && len(c.Roles) == 0 {
		return c, nil
	}
	repository, found, err := w.Recorder.Repository(ctx, leaks[0].Repository)
	if err != nil || !found {
		return c, err
	}
	c.Team, err = w.Policies.Membership(ctx, repository, p, c.By)
	return c, err
}
