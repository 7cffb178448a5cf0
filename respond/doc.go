// Package respond decides what to do about findings: the state of each leak, and the actions that follow. It is pure:
// facts in, decisions out. Package text puts them into words, and packages under app perform the actions.
//
// Start with [Decide] for what follows from a scan, [Apply] for what a person says and [Learn] for what Clerk answers.
package respond
