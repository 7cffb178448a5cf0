// Package config turns flags, environment and files into one checked [Config]. Every error is one line that names the
// setting and says how to fix it. It decides nothing else. Start with
// [Flags.Resolve].
package config

import (
	"cmp"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/policy"
)

// Flags are the settings of the server as the command line and the environment give them. Kong fills them.
type Flags struct {
	Role         string `env:"REKEY_ROLE" default:"all" placeholder:"ROLE" help:"web (takes deliveries), worker (does what they ask for) or all. Anything but all needs PostgreSQL."`
	Listen       string `env:"REKEY_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on."`
	AdminListen  string `env:"REKEY_ADMIN_LISTEN" placeholder:"HOST:PORT" help:"Separate address for operators, which serves /metrics and /status. Default: both on --listen, for this machine and private networks only."`
	Data         string `env:"REKEY_DATA" placeholder:"DIR" help:"Directory for the database, created with mode 0700. Default: rekey in the user's state directory."`
	PublicURL    string `name:"public-url" env:"REKEY_PUBLIC_URL" placeholder:"URL" help:"The address at which browsers and GitHub reach this server, such as https://rekey.example.com. All links to it start with it."`
	GitHubURL    string `name:"github-url" env:"REKEY_GITHUB_URL" placeholder:"URL" help:"GitHub's web and git address. Default: https://github.com, or the one that set-up was told."`
	GitHubAPIURL string `name:"github-api-url" env:"REKEY_GITHUB_API_URL" placeholder:"URL" help:"GitHub's API address. Default: derived from --github-url."`
	AppID        string `env:"REKEY_APP_ID" placeholder:"ID" help:"The GitHub App's ID. Default: the App that was made by set-up in the browser; without one, rekey serve starts that."`
	ClientID     string `env:"REKEY_CLIENT_ID" placeholder:"ID" help:"The App's client ID, for signing in to the dashboard."`
	ClerkAPIURL  string `name:"clerk-api-url" env:"REKEY_CLERK_API_URL" default:"https://api.clerk.com" placeholder:"URL" help:"Clerk's Backend API address."`
	Log          string `env:"REKEY_LOG" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error. Text on a terminal, JSON elsewhere."`

	WebhookProxy string `env:"REKEY_WEBHOOK_PROXY" placeholder:"URL" help:"Channel that passes GitHub's deliveries on, such as https://smee.io/CHANNEL, for a machine that GitHub can't reach. For trying rekey out: whoever knows the channel can read them."`

	PullRefs   bool   `env:"REKEY_PULL_REFS" help:"Read the heads of old pull requests too when a repository is first scanned, those of forks as well: what they brought counts as the repository's own."`
	PolicyFile string `env:"REKEY_POLICY_FILE" placeholder:"FILE" help:"Default policy, for repositories whose .github/rekey.yml doesn't say otherwise."`
	NotifyFile string `env:"REKEY_NOTIFY_FILE" placeholder:"FILE" help:"Targets that policies may name in notify: a YAML list of entries with name, format, url and secret."`

	Retention   string `env:"REKEY_RETENTION" default:"30d" placeholder:"TIME" help:"How long the database keeps deliveries, jobs and effects that are over, and scans and checks that showed nothing; at least 8d."`
	ForgetAfter string `env:"REKEY_FORGET_AFTER" default:"7d" placeholder:"TIME" help:"How long the database keeps what belongs to an installation that was removed, or a repository that was taken out of it, in case it comes back; 0 deletes it at once."`

	DatabaseURL       string `env:"REKEY_DATABASE_URL" placeholder:"URL" help:"postgres://… Default: SQLite in the data directory."`
	DatabaseURLFile   string `env:"REKEY_DATABASE_URL_FILE" placeholder:"FILE" help:"File with the database URL."`
	PrivateKey        string `env:"REKEY_PRIVATE_KEY" placeholder:"PEM" help:"The App's private key. Prefer the file: other users of this machine can read command lines."`
	PrivateKeyFile    string `env:"REKEY_PRIVATE_KEY_FILE" placeholder:"FILE" help:"File with the App's private key, as downloaded from GitHub."`
	WebhookSecret     string `env:"REKEY_WEBHOOK_SECRET" placeholder:"SECRET,…" help:"The App's webhook secret. While you rotate it: both, separated by a comma."`
	ClientSecret      string `env:"REKEY_CLIENT_SECRET" placeholder:"SECRET" help:"The App's client secret, for signing in to the dashboard. Prefer the file."`
	ClientSecretFile  string `env:"REKEY_CLIENT_SECRET_FILE" placeholder:"FILE" help:"File with the client secret."`
	WebhookSecretFile string `env:"REKEY_WEBHOOK_SECRET_FILE" placeholder:"FILE" help:"File with the webhook secret. While you rotate it: both, one per line."`
}

// DefaultGitHubURL is the GitHub that is meant where nothing names one.
const DefaultGitHubURL = "https://github.com"

// Config is what the server needs to know, checked.
type Config struct {
	Role           Role
	Listen         string
	AdminListen    string // "": none
	Data           string
	DatabaseURL    string // postgres://…, or the path of the SQLite file
	PublicURL      string // https://HOST[:PORT] at which browsers and GitHub reach the server, without trailing slash; "": not told
	GitHubURL      string // without trailing slash
	GitHubAPIURL   string // without trailing slash
	AppID          int64
	PrivateKey     *rsa.PrivateKey
	WebhookSecrets []string
	ClientID       string // with ClientSecret, for signing in; "": nobody can
	ClientSecret   string
	WebhookProxy   string // a channel that passes deliveries on; "": none
	ClerkAPIURL    string
	PullRefs       bool            // backfills read refs/pull/ too
	Policy         policy.File     // what applies where no repository's file says otherwise
	Targets        []notify.Target // whom policies may name
	Retention      ledger.Retention
	LogLevel       slog.Level
}

// Error is a setting that is wrong or missing, and how to fix it.
type Error struct {
	Setting string // environment name
	Problem string
	Fix     string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %s", e.Setting, e.Problem, e.Fix)
}

// Resolve checks the flags and reads the files that they name, and what set-up has kept in the data directory. It makes nothing. The
// error joins one [*Error] for each setting that is wrong, so that all can be fixed at once.
func (f Flags) Resolve() (Config, error) { return f.resolve(true) }

// ResolveForSetUp is [Flags.Resolve] for a server that has no App yet: the Config lacks what belongs to one.
func (f Flags) ResolveForSetUp() (Config, error) { return f.resolve(false) }

func (f Flags) resolve(withApp bool) (Config, error) {
	c := Config{PullRefs: f.PullRefs}
	var errs []error
	check := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	set(&c.Data, check)(dataDirectory(f.Data, os.Getenv))
	if withApp && c.Data != "" {
		var err error
		f, err = f.withCredentials(c.Data)
		check(err)
	}
	set(&c.Listen, check)(listenAddress("REKEY_LISTEN", f.Listen))
	if f.AdminListen != "" {
		set(&c.AdminListen, check)(listenAddress("REKEY_ADMIN_LISTEN", f.AdminListen))
	}
	set(&c.PublicURL, check)(publicURL(f.PublicURL))
	set(&c.GitHubURL, check)(secureURL("REKEY_GITHUB_URL", cmp.Or(f.GitHubURL, DefaultGitHubURL)))
	set(&c.GitHubAPIURL, check)(secureURL("REKEY_GITHUB_API_URL", f.GitHubAPIURL))
	if c.GitHubAPIURL == "" && c.GitHubURL != "" {
		var err error
		if c.GitHubAPIURL, err = github.APIURL(c.GitHubURL); err != nil {
			check(&Error{"REKEY_GITHUB_URL", "has no known API", err.Error()})
		}
	}
	set(&c.ClerkAPIURL, check)(secureURL("REKEY_CLERK_API_URL", f.ClerkAPIURL))
	set(&c.Role, check)(role(f.Role))
	if withApp && (c.Role.Works() || f.AppID != "") { // the pages name it
		set(&c.AppID, check)(appID(f.AppID))
	}
	if withApp && c.Role.Works() {
		set(&c.PrivateKey, check)(f.privateKey())
	}
	if withApp && c.Role.Takes() {
		set(&c.WebhookSecrets, check)(f.webhookSecrets())
		check(f.client(&c))
	}
	set(&c.WebhookProxy, check)(secureURL("REKEY_WEBHOOK_PROXY", f.WebhookProxy))
	set(&c.Policy, check)(f.policyFile())
	set(&c.Targets, check)(f.targets())
	check(unknownTarget(c.Policy, c.Targets))
	set(&c.DatabaseURL, check)(f.databaseURL(c.Data))
	check(c.Role.fits(c.DatabaseURL))
	set(&c.Retention, check)(f.retention())
	if err := c.LogLevel.UnmarshalText([]byte(f.Log)); err != nil {
		check(&Error{"REKEY_LOG", fmt.Sprintf("is %q", f.Log), "use debug, info, warn or error"})
	}
	if len(errs) > 0 {
		return Config{}, errors.Join(errs...)
	}
	return c, nil
}

// set returns a function that takes what checking a setting gave: the value for field, or an error for check.
func set[T any](field *T, check func(error)) func(T, error) {
	return func(value T, err error) {
		*field = value
		check(err)
	}
}

// MakeData makes the data directory, readable by its owner alone. One that is there already stays as it is.
func (c Config) MakeData() error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return &Error{"REKEY_DATA", "cannot be created", err.Error()}
	}
	return nil
}

func listenAddress(setting, s string) (string, error) {
	if _, _, err := net.SplitHostPort(s); err != nil {
		return "", &Error{setting, fmt.Sprintf("is %q", s), "use HOST:PORT, such as 127.0.0.1:8080 or :8080"}
	}
	return s, nil
}

func httpURL(setting, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", &Error{setting, "is not a web address", "use https://HOST, without a user, query or fragment"}
	}
	return strings.TrimRight(s, "/"), nil
}

// secureURL is an address that credentials are sent to: https, or http on this machine.
func secureURL(setting, s string) (string, error) {
	checked, err := httpURL(setting, s)
	if err != nil || checked == "" {
		return checked, err
	}
	u, err := url.Parse(checked)
	if err != nil {
		return "", err
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "https" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", &Error{setting, "would send credentials unencrypted", "use https://…"}
	}
	return checked, nil
}

// publicURL is where browsers and GitHub reach the server: a host alone, since cookies and links count on the root.
func publicURL(s string) (string, error) {
	const setting = "REKEY_PUBLIC_URL"
	checked, err := secureURL(setting, s)
	if err != nil || checked == "" {
		return checked, err
	}
	u, err := url.Parse(checked)
	if err != nil {
		return "", err
	}
	if u.Path != "" {
		return "", &Error{setting, "has the path " + u.Path, "use https://HOST: rekey needs a host of its own"}
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// PublicURL checks an address that somebody gives as the server's own, as REKEY_PUBLIC_URL is checked.
func PublicURL(s string) (string, error) { return publicURL(s) }

func appID(s string) (int64, error) {
	const fix = "set it to the number that GitHub shows as App ID in the App's settings"
	if s == "" {
		return 0, &Error{"REKEY_APP_ID", "is not set", fix}
	}
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 {
		return 0, &Error{"REKEY_APP_ID", fmt.Sprintf("is %q", s), fix}
	}
	return id, nil
}

// StateDirectory is rekey's directory in the user's state directory, for what is no setting: $XDG_STATE_HOME/rekey, or as the platform
// has it. There is none where there is no home directory.
func StateDirectory(getenv func(string) string) (string, error) { return dataDirectory("", getenv) }

// dataDirectory follows the XDG Base Directory Specification on Unix ($XDG_STATE_HOME, ~/.local/state), and the
// platform's directory for application data elsewhere.
func dataDirectory(s string, getenv func(string) string) (string, error) {
	if s != "" {
		return filepath.Abs(s)
	}
	if state := getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "rekey"), nil
	}
	if runtime.GOOS == "windows" {
		if local := getenv("LocalAppData"); local != "" {
			return filepath.Join(local, "rekey"), nil
		}
	}
	home := getenv("HOME")
	if home == "" {
		return "", &Error{"REKEY_DATA", "is not set, and there is no home directory", "set it to a directory for the database"}
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "rekey"), nil
	}
	return filepath.Join(home, ".local", "state", "rekey"), nil
}
