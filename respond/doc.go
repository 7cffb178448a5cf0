// Package respond decides what to do about findings: the state of each leak, the actions that follow, and the texts of
// check runs, issues and comments. It is pure: facts in, decisions and texts out. Packages under app perform the actions.
//
// Start with [Decide] for what follows from a scan, [Hear] for what a person says, [Learn] for what Clerk answers, and
// [Check] and [Issue] for the texts.
package respond
