// Package text puts into words what package respond decides: check runs, annotations, issues, comments and notices, as
// Markdown for GitHub; and it reads the commands in people's comments. Its functions are pure.
//
// Start with [Check], [Issue], [Summary] and [Comment].
package text
