// Command demo plays the whole life of a leak on this machine: a GitHub on loopback, the very server that `rekey serve`
// runs, and pushes that leak keys made up for the run. It prints what happened, checks that it is what must happen, and
// shows it: on the dashboard, and on a page as it would look on GitHub. It needs git, and nothing else; nothing leaves the machine.
//
//	go run ./app/demo           play, then show the dashboard, and checks and issues on a page
//	go run ./app/demo --once    play, print, end
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/serve"
	"github.com/rekey-app/rekey/app/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

type commandLine struct {
	Once   bool   `help:"Print what happened, then end: status 0 if everything worked, else 1."`
	Listen string `default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Address of the page that shows the checks and issues. Port 0 takes a free one."`
	NoOpen bool   `help:"Don't open the page in a browser."`
	Record string `placeholder:"DIR" help:"Record rekey rotate on a terminal, as rotate.cast and rotate.svg in this directory, and end."`
	Log    bool   `help:"Show the server's log too."`
}

const description = `Shows what rekey does with a leak, without GitHub: it starts a fake GitHub on this machine and the same server that rekey serve
runs. A pull request leaks a production key and turns red; removing the line isn't enough; a stranger's pull request leaks a
development key. Then someone says that the production key is rotated, and is refused because it still works. rekey rotate replaces it
everywhere, and everything turns green. It needs only git; nothing leaves this machine.`

// run is the program: its exit status is 0 for success, 1 where something did not come out as it must, 2 for errors.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	var line commandLine
	exited, status := false, 0
	parser, err := kong.New(&line, kong.Name("demo"), kong.Description(description), kong.Writers(out, errOut),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}), kong.Exit(func(code int) { exited, status = true, code }))
	if err == nil {
		_, err = parser.Parse(args)
	}
	if exited {
		return status
	}
	if err == nil {
		logs := io.Discard
		if line.Log {
			logs = errOut
		}
		err = line.play(ctx, out, serve.NewLogger(logs, slog.LevelInfo))
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUnexpected):
		return 1
	}
	fmt.Fprintf(errOut, "demo: %v\n", err)
	return 2
}

func (l commandLine) play(ctx context.Context, out io.Writer, log *slog.Logger) error {
	o := options{Out: out, Once: l.Once || l.Record != "", Record: l.Record, Listen: l.Listen, Seed: time.Now().UnixNano(), Now: time.Now, Start: serverStart(log)}
	if f, ok := out.(*os.File); ok && !l.NoOpen && term.IsTerminal(int(f.Fd())) {
		o.Open = func(address string) { terminal.OpenBrowser(ctx, address) }
	}
	return playAndShow(ctx, o)
}

// serverStart starts the server as `rekey serve` does, through the same settings.
func serverStart(log *slog.Logger) start {
	return func(ctx context.Context, on target) (string, func() error, error) {
		front, err := serve.Listen(ctx, "the demo's server", "127.0.0.1:0", log)
		if err != nil {
			return "", nil, err
		}
		address := "http://" + front.Addr().String()
		cfg, err := config.Flags{
			Listen: front.Addr().String(), PublicURL: address, ClientID: on.ClientID, ClientSecret: on.ClientSecret, Data: on.Data, GitHubURL: on.GitHubURL, GitHubAPIURL: on.GitHubAPIURL,
			AppID: strconv.FormatInt(on.AppID, 10), PrivateKey: string(on.PrivateKeyPEM), WebhookSecret: on.WebhookSecret,
			ClerkAPIURL: on.ClerkAPIURL, Log: "info",
		}.Resolve()
		if err != nil {
			return "", nil, errors.Join(err, front.Shutdown(ctx))
		}
		server, err := serve.New(ctx, cfg, serve.Options{Log: log, Version: "demo", Front: front})
		if err != nil {
			return "", nil, errors.Join(err, front.Shutdown(ctx))
		}
		return "http://" + server.Addr().String(), server.Close, nil
	}
}
