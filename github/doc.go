// Package github is GitHub as rekey uses it: an App's clients for each installation and repository, check runs, issues,
// contents, collaborators' permissions, git fetches, and one place that turns every failure into retry, snooze or give up.
//
// Start with [New], then [App.Repository]. Rate limits, redirects, token narrowing and the gaps of the REST library
// are dealt with here and nowhere else.
package github
