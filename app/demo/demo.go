package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// options say how to play.
type options struct {
	Out    io.Writer
	Once   bool                 // print, and do not serve the page
	Record string               // a directory for the recording; "": the story is played
	Open   func(address string) // shows the page in a browser; nil does not
	Listen string               // where the page is served
	Seed   int64                // of the keys
	Start  start
	Now    func() time.Time
}

// start starts the server against the stand-in GitHub. It returns where the server is: its dashboard, and below it where it takes
// webhooks.
type start func(ctx context.Context, on target) (address string, stop func() error, err error)

// target is what the server is to be configured with.
type target struct {
	GitHubURL, GitHubAPIURL string
	ClerkAPIURL             string
	AppID                   int64
	PrivateKeyPEM           []byte
	WebhookSecret           string
	ClientID, ClientSecret  string
	Data                    string // a directory for the database
}

// errUnexpected is returned when something did not come out as it must; what it was has been printed.
var errUnexpected = errors.New("the demo did not come out as it must")

// effectTimeout is how long the demo waits for a check run or an issue.
const effectTimeout = 20 * time.Second

// playAndShow plays the demo, and shows its page until ctx ends. It needs git.
func playAndShow(ctx context.Context, o options) error {
	if _, err := exec.LookPath("git"); err != nil {
		return errors.New("the demo makes real repositories and needs git: install it")
	}
	// An address that is taken is noticed before anything is played.
	var listener net.Listener
	if !o.Once {
		var err error
		if listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen); err != nil {
			return fmt.Errorf("--listen %s: %w: choose another address, or port 0 for any", o.Listen, err)
		}
		defer listener.Close()
	}
	server, err := githubtest.New(githubtest.Options{Now: o.Now})
	if err != nil {
		return fmt.Errorf("starting the stand-in for GitHub: %w", err)
	}
	defer server.Close()
	clerk := clerktest.New(o.Now)
	defer clerk.Close()
	data, err := os.MkdirTemp("", "rekey-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	dashboard, stop, err := o.Start(ctx, target{
		GitHubURL: server.URL(), GitHubAPIURL: server.APIURL(), ClerkAPIURL: clerk.URL, AppID: server.AppID(),
		PrivateKeyPEM: server.PrivateKeyPEM(), WebhookSecret: server.WebhookSecret(),
		ClientID: server.ClientID(), ClientSecret: server.ClientSecret(), Data: data,
	})
	if err != nil {
		return err
	}
	server.SetWebhookURL(dashboard + "/webhook")
	server.SetCallbackURL(dashboard + signin.Callback)
	s, err := newScenario(server, clerk, o)
	var pages http.Handler
	switch {
	case err == nil && o.Record != "":
		err = record(ctx, s, o.Record)
	case err == nil:
		pages, err = play(ctx, s)
	}
	if err == nil && !o.Once {
		err = s.past(ctx)
	}
	if err == nil && !o.Once {
		server.Inject(leadsTo("http://" + listener.Addr().String()))
		fmt.Fprintf(o.Out, "\nThe dashboard: %s/ (sign in as ada, with one click)\n", dashboard)
		err = show(ctx, listener, pages, dashboard+"/", o)
	}
	if stopped := stop(); err == nil {
		err = stopped
	}
	return err
}

func play(ctx context.Context, s *scenario) (http.Handler, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	t := &player{scenario: s}
	t.opening()
	steps := s.steps()
	for i, step := range steps {
		if err := t.play(ctx, i+1, step); err != nil {
			return nil, err
		}
	}
	if err := s.github.Settle(ctx); err != nil {
		return nil, err
	}
	if err := t.closing(); err != nil {
		return nil, err
	}
	p, err := s.page(ctx, steps)
	if err != nil {
		return nil, err
	}
	return s.handler(p)
}

// show serves the pages until ctx ends, and opens first.
func show(ctx context.Context, listener net.Listener, pages http.Handler, first string, o options) error {
	srv := &http.Server{Handler: pages, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { srv.Close() })()
	address := "http://" + listener.Addr().String() + "/"
	fmt.Fprintf(o.Out, "See it as on GitHub: %s (stop with Ctrl-C)\n", address)
	if o.Open != nil {
		o.Open(first)
	}
	if err := srv.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
