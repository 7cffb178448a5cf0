// Package doctor finds out whether a server's surroundings are as it needs them: settings, database, disk, clock, GitHub, the App and
// its webhook, Clerk. [Ask] asks, [Judge] decides what is well and how to fix what is not (pure), [WriteText] shows it.
package doctor

import (
	"io/fs"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// State is how a check ended.
type State string

// The states. Only Failed means that something does not work.
const (
	OK      State = "ok"
	Warning State = "warning"
	Failed  State = "failed"
	Skipped State = "skipped" // what it depends on has failed
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"`  // what to do, as a sentence
	Link   string `json:"link,omitempty"` // where
}

// Healthy reports whether nothing has failed.
func Healthy(checks []Check) bool {
	for _, c := range checks {
		if c.State == Failed {
			return false
		}
	}
	return true
}

// Facts are what [Ask] found out. A part that was not asked for is zero.
type Facts struct {
	NoApp       bool  // nothing names an App: set-up has not been done
	Config      error // why the settings cannot be used
	Data        string
	Credentials fs.FileMode // of set-up's file; 0: there is none
	PublicURL   string
	Proxy       string // of webhooks
	SignIn      bool   // the settings name an OAuth client

	Database Database
	Free     int64 // on the data directory's disk, in bytes; -1: not known

	GitHubURL     string
	GitHub        error     // of the request for the registration
	Now           time.Time // ours, at GitHub's answer
	GitHubNow     time.Time // GitHub's; zero: not told
	App           github.Registration
	Installations []github.Installation
	Logs          map[int64]respond.WantedLogs // by installation: whose policies have logs of Actions read
	Listing       error

	Hook       github.HookConfig
	HookError  error
	Deliveries []github.Delivery // the newest first
	LogError   error
	Ping       Ping

	ClerkURL    string
	ClerkStatus int
	Clerk       error
}

// Database is what was found out about the database.
type Database struct {
	Name    string // PostgreSQL, or the path of a file
	Missing bool   // the file is not there yet
	Open    error
	Write   error
}

// Ping is a delivery that GitHub was asked to make again.
type Ping struct {
	Asked  bool
	Error  error
	Answer *github.Delivery // nil: none came in time
}
