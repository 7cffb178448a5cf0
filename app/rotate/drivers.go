package rotate

import (
	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/aws"
	"github.com/rekey-app/rekey/app/rotate/destination/cloudflare"
	"github.com/rekey-app/rekey/app/rotate/destination/doppler"
	"github.com/rekey-app/rekey/app/rotate/destination/dotenv"
	"github.com/rekey-app/rekey/app/rotate/destination/fly"
	"github.com/rekey-app/rekey/app/rotate/destination/gcp"
	"github.com/rekey-app/rekey/app/rotate/destination/github"
	"github.com/rekey-app/rekey/app/rotate/destination/heroku"
	"github.com/rekey-app/rekey/app/rotate/destination/kubernetes"
	"github.com/rekey-app/rekey/app/rotate/destination/netlify"
	"github.com/rekey-app/rekey/app/rotate/destination/railway"
	"github.com/rekey-app/rekey/app/rotate/destination/render"
	"github.com/rekey-app/rekey/app/rotate/destination/vercel"
)

// Drivers returns the drivers of all hosts and stores, in the order in which they are written: this machine's files first, since a run that was stopped
// finds the new credential again there.
func Drivers(m *destination.Machine) []destination.Driver {
	return []destination.Driver{
		dotenv.New(m), github.New(m), vercel.New(m), netlify.New(m), cloudflare.New(m), render.New(m), railway.New(m), fly.New(m), heroku.New(m), doppler.New(m), aws.New(m),
		gcp.New(m), kubernetes.New(m),
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
