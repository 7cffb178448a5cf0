package respond

import "slices"

// Deletion is what came of a text that somebody wanted deleted.
type Deletion struct {
	Text    Sighting
	Deleted bool
	Kept    Kept // why it was not
}

// deleteTexts has the comments deleted that hold the key. What comes of it is told when it is done, by [TellDeletions].
func (r *commandRun) deleteTexts() {
	a := leakAction(DeleteTexts, r.Leak, "delete:"+r.command.ID)
	a.By = r.command.By
	r.Actions = append(r.Actions, a)
}

// TellDeletions says under the leak's issue what came of a command to delete comments, once for each command. textsOnly reports that nothing
// but texts ever held the key.
func TellDeletions(f LeakFacts, command, by string, came []Deletion, textsOnly bool) Decision {
	var d Decision
	if f.Leak.IssueNumber == 0 {
		return d
	}
	a := leakAction(Comment, f.Leak, "deleted:"+command)
	a.Reply = f.reply(ReplyDeleted)
	a.Reply.By, a.Reply.Deletions = by, came
	left := slices.ContainsFunc(came, func(d Deletion) bool { return !d.Deleted })
	a.Reply.Unreadable = textsOnly && !left && len(came) > 0
	if f.Hidden {
		a.Reply.Kind = ReplyPublicDeleted
	}
	d.Actions = append(d.Actions, a)
	return d
}
