// Package js reads JavaScript and TypeScript as the checks of an audit see them: imports, calls and what becomes of their results,
// directives and exports, each at its place in the file as written. Comments and strings are no code here.
package js
