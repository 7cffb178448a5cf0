//go:build !unix

package config

// syncDirectory does nothing: these systems have no such thing for directories.
func syncDirectory(string) error { return nil }
