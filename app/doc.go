// Package app holds nothing but the tests of the whole product: the server of app/serve against a stand-in for GitHub and
// for Clerk. The programs are app/rekey and app/demo.
package app
