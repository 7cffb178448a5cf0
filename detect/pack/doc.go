// Package pack reads git objects as they arrive in a packfile, hands each new blob once to a scanner, and works out
// paths and introducing commits from the trees and commits of the same pack, only where something was found.
//
// Start with [Open] for a pack from a stream, then [Pack.Scan].
//
// The way of a pack: spool.go keeps the bytes, stream.go finds where each object begins while they arrive, packfile.go
// holds that table and the delta trees, walk.go makes the objects depth first, scan.go hands them to the scanner, and,
// after a finding only, history.go asks trees and commits where it stands.
package pack
