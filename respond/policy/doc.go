// Package policy reads .github/rekey.yml: when a check fails, where issues go, whether Clerk may be asked, what is
// allowed, and who is notified.
//
// Start with [Parse] for one file, and [Merge] for the repository's file over the organisation's over the server's.
// Parsing is strict: an unknown key is an error that names the line. A policy is always read from the default branch, so
// that a pull request cannot change the policy that judges it.
package policy
