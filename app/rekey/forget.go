package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
)

type forgetCommand struct {
	Account   string `arg:"" name:"organisation" help:"The organisation or user whose data is deleted."`
	Yes       bool   `short:"y" help:"Don't ask for confirmation."`
	GitHubURL string `name:"github-url" env:"REKEY_GITHUB_URL" default:"https://github.com" placeholder:"URL" help:"GitHub's web address."`

	config.Database `embed:""`
}

// Help is shown by rekey forget --help.
func (forgetCommand) Help() string {
	return `Deletes at once all that the database holds of an organisation or user: its installations, repositories, leaks with their history,
scans, and what deliveries and jobs held. It may be used while the server runs. Issues and check runs on GitHub stay.

Uninstall the App first: while it is installed, rekey learns of the organisation again with the next push. What was uninstalled is
deleted by itself after REKEY_FORGET_AFTER.

Examples:

  rekey forget acme
  rekey forget acme --yes`
}

// Run deletes, and says what.
func (c forgetCommand) Run(ctx context.Context, s streams) (err error) {
	store, err := openBeside(ctx, c.Database, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var held ledger.Holding
	err = store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		held, err = tx.HoldingOf(ctx, c.Account)
		return err
	})
	if errors.Is(err, ledger.ErrUnknownAccount) {
		return c.unknown(ctx, store)
	}
	if err != nil {
		return err
	}
	if err := c.confirm(s, held); err != nil {
		return err
	}
	f, installed, err := store.ForgetAccount(ctx, c.Account)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Deleted all data of %s: %s.\n", c.Account, counts(f))
	for _, id := range installed {
		fmt.Fprintf(s.out, "The App is still installed there, so the next push tells rekey of it again. To uninstall it: %s/organizations/%s/settings/installations/%d\n",
			strings.TrimRight(c.GitHubURL, "/"), c.Account, id)
	}
	return nil
}

// confirm asks on a terminal whether to go on.
func (c forgetCommand) confirm(s streams, held ledger.Holding) error {
	if c.Yes {
		return nil
	}
	if in, ok := s.in.(*os.File); !ok || !term.IsTerminal(int(in.Fd())) {
		return errors.New("nobody to ask for confirmation: use --yes")
	}
	return ask(s.in, s.err, c.Account, held)
}

func ask(in io.Reader, out io.Writer, account string, held ledger.Holding) error {
	fmt.Fprintf(out, "Delete %s and %s of %s, with their history? This can't be undone. Type the name to confirm: ",
		format.Count(held.Repositories, "repository", "repositories"), format.Count(held.Leaks, "leak", "leaks"), account)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(answer), account) {
		return errors.New("not confirmed: nothing was deleted")
	}
	return nil
}

// maxNames is how many names of organisations a hint lists.
const maxNames = 10

// unknown says which organisations there are.
func (c forgetCommand) unknown(ctx context.Context, store *ledger.Store) error {
	var accounts map[int64]string
	err := store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		accounts, err = tx.Accounts(ctx, maxNames)
		return err
	})
	if err != nil {
		return err
	}
	maps.DeleteFunc(accounts, func(_ int64, name string) bool { return name == "" })
	known := slices.Sorted(maps.Values(accounts))
	hint := "it holds none"
	if len(known) > 0 {
		hint = "it holds " + strings.Join(slices.Compact(known), ", ")
		if len(accounts) == maxNames {
			hint += " and maybe others"
		}
	}
	return fmt.Errorf("the database holds no organisation or user %q: %s", c.Account, hint)
}

// counts says what was deleted.
func counts(f ledger.Forgotten) string {
	var parts []string
	for _, c := range []struct {
		n         int64
		one, many string
	}{
		{f.Installations, "installation", "installations"},
		{f.Repositories, "repository", "repositories"},
		{f.Leaks, "leak", "leaks"},
		{f.Sightings, "place where one was seen", "places where they were seen"},
		{f.Scans, "scan", "scans"},
		{f.Checks, "check run", "check runs"},
		{f.Deliveries, "delivery", "deliveries"},
		{f.Jobs, "ended job", "ended jobs"},
		{f.Effects, "effect", "effects"},
	} {
		if c.n > 0 {
			parts = append(parts, format.Count(int(c.n), c.one, c.many))
		}
	}
	if len(parts) == 0 {
		return "there was nothing else"
	}
	return strings.Join(parts, ", ")
}
