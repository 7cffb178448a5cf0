//go:build !windows

package main

import "os"

// understandsANSI reports whether a terminal understands colours.
func understandsANSI(*os.File) bool { return true }
