package rotate

import (
	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/doppler"
	"github.com/rekey-app/rekey/app/rotate/destination/dotenv"
	"github.com/rekey-app/rekey/app/rotate/destination/fly"
	"github.com/rekey-app/rekey/app/rotate/destination/github"
	"github.com/rekey-app/rekey/app/rotate/destination/heroku"
	"github.com/rekey-app/rekey/app/rotate/destination/netlify"
	"github.com/rekey-app/rekey/app/rotate/destination/railway"
	"github.com/rekey-app/rekey/app/rotate/destination/render"
	"github.com/rekey-app/rekey/app/rotate/destination/vercel"
)

// Drivers returns the drivers of all hosts and stores, in the order in which they are written: what runs first, this machine's files last, since an
// interrupted run finds the new credential again there.
func Drivers(m *destination.Machine) []destination.Driver {
	return []destination.Driver{
		github.New(m), vercel.New(m), netlify.New(m), fly.New(m), heroku.New(m), railway.New(m), render.New(m), doppler.New(m), dotenv.New(m),
	}
}

// Hosts returns the names of all drivers.
func Hosts() []string {
	var names []string
	for _, d := range Drivers(&destination.Machine{}) {
		names = append(names, d.Name())
	}
	return names
}
