package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// understandsANSI has a console of Windows understand colours, and reports whether it does: older ones don't, and others only when they are asked.
func understandsANSI(f *os.File) bool {
	var mode uint32
	console := windows.Handle(f.Fd())
	return windows.GetConsoleMode(console, &mode) == nil && windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
