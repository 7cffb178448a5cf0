package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v62/github"
)

// Manifest is what GitHub makes an App from: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
type Manifest struct {
	Name         string            `json:"name"`
	URL          string            `json:"url"` // the App's home page
	Description  string            `json:"description"`
	Public       bool              `json:"public"` // whether others may install it
	Hook         ManifestHook      `json:"hook_attributes"`
	RedirectURL  string            `json:"redirect_url,omitempty"`  // where GitHub leads once the App is made
	CallbackURLs []string          `json:"callback_urls,omitempty"` // where it leads after signing in; at most 10
	SetupURL     string            `json:"setup_url,omitempty"`     // where it leads after installing
	Permissions  map[string]string `json:"default_permissions"`
	Events       []string          `json:"default_events"`
}

// ManifestHook is the App's webhook. GitHub makes its secret.
type ManifestHook struct {
	URL    string `json:"url"`
	Active bool   `json:"active"`
}

// NewManifest asks for all of [Needs], with deliveries to hookURL.
func NewManifest(name, hookURL string) Manifest {
	wanted := Wanted()
	return Manifest{
		Name: name, URL: "https://github.com/rekey-app/rekey",
		Description: "Finds leaked Clerk keys in every push and stays with each leak until the key is revoked.",
		Hook:        ManifestHook{URL: hookURL, Active: true}, Permissions: wanted.Permissions, Events: wanted.Events,
	}
}

// ManifestPage is the page of the GitHub at webURL that a manifest is sent to with a form: the organisation's, or for "" that of whoever
// is signed in. GitHub repeats the state when it leads back.
func ManifestPage(webURL, organization, state string) (string, error) {
	web, err := base(webURL)
	if err != nil {
		return "", fmt.Errorf("github: address of GitHub: %w", err)
	}
	page := web.JoinPath("settings", "apps", "new")
	if organization != "" {
		page = web.JoinPath("organizations", organization, "settings", "apps", "new")
	}
	page.RawQuery = url.Values{"state": {state}}.Encode()
	return page.String(), nil
}

// NewApp is an App that was made from a manifest. It holds secrets.
type NewApp struct {
	Registration
	ID            int64
	ClientSecret  string
	WebhookSecret string
	PrivateKey    string // PEM
}

// String leaves out the secrets.
func (a NewApp) String() string { return fmt.Sprintf("App %d (%s)", a.ID, a.Slug) }

// codeWithin is how long the exchange of a code may take.
const codeWithin = 20 * time.Second

// maxApp is how many bytes GitHub's description of an App may have.
const maxApp = 1 << 20

// ErrCode is returned for a code that GitHub does not take: it was used, is older than an hour, or is not one of GitHub's.
var ErrCode = errors.New("GitHub doesn't know this code: it was used already, or is older than an hour")

// ConvertManifest exchanges the code that GitHub gave after making an App for the App's credentials, which works once and within the
// hour. Errors hold neither.
func ConvertManifest(ctx context.Context, to Config, code string) (NewApp, error) {
	web, err := base(to.WebURL)
	if err != nil {
		return NewApp{}, fmt.Errorf("github: address of GitHub: %w", err)
	}
	if to.APIURL == "" {
		if to.APIURL, err = APIURL(to.WebURL); err != nil {
			return NewApp{}, err
		}
	}
	api, err := base(to.APIURL)
	if err != nil {
		return NewApp{}, fmt.Errorf("github: address of GitHub's API: %w", err)
	}
	if to.HTTP == nil {
		to.HTTP = newTransport()
	}
	ctx, cancel := context.WithTimeout(ctx, codeWithin)
	defer cancel()
	app, err := convert(ctx, to, api, web, code)
	if err != nil {
		return NewApp{}, &Error{Op: "exchange the code", About: web.Host, Err: withoutCode(err, code)}
	}
	return app, nil
}

func convert(ctx context.Context, to Config, api, web *url.URL, code string) (NewApp, error) {
	if code == "" || len(code) > 200 {
		return NewApp{}, ErrCode
	}
	address := api.String() + "/app-manifests/" + url.PathEscape(code) + "/conversions"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	if err != nil {
		return NewApp{}, errors.New("the address of GitHub's API is not usable")
	}
	r.Header.Set("Accept", "application/vnd.github+json")
	r.Header.Set("User-Agent", to.UserAgent)
	client := &http.Client{Transport: to.HTTP, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return NewApp{}, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusUnprocessableEntity:
		return NewApp{}, ErrCode
	case resp.StatusCode/100 != 2:
		return NewApp{}, gogithub.CheckResponse(resp)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxApp))
	if err != nil {
		return NewApp{}, err
	}
	return newApp(text, web)
}

// newApp reads GitHub's description of an App that was just made.
func newApp(text []byte, web *url.URL) (NewApp, error) {
	var app struct {
		appJSON
		ID            int64  `json:"id"`
		ClientSecret  string `json:"client_secret"`
		WebhookSecret string `json:"webhook_secret"`
		PEM           string `json:"pem"`
	}
	if json.Unmarshal(text, &app) != nil || app.ID <= 0 || app.PEM == "" || app.WebhookSecret == "" || app.Slug == "" {
		return NewApp{}, errors.New("GitHub's answer lacks what an App needs")
	}
	return NewApp{
		Registration: app.registration(web), ID: app.ID, ClientSecret: app.ClientSecret, WebhookSecret: app.WebhookSecret, PrivateKey: app.PEM,
	}, nil
}

// withoutCode keeps the code, which errors of requests name as part of the address, out of an error.
func withoutCode(err error, code string) error {
	if code == "" || !strings.Contains(err.Error(), url.PathEscape(code)) {
		return err
	}
	var answer *gogithub.ErrorResponse
	if errors.As(err, &answer) {
		return fmt.Errorf("GitHub answered %d", answer.Response.StatusCode)
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return errors.New("GitHub's answer makes no sense")
}
