// Package app holds nothing but the tests of the whole product: the server of app/serve against a stand-in for GitHub and
// for Clerk. The programs are app/rekey and app/demo. docs/architecture.md is the tour of the code.
package app
