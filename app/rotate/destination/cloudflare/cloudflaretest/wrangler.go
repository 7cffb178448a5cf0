package cloudflaretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
)

// loginFile is where wrangler keeps its login, below the home directory.
const loginFile = ".config/.wrangler/config/default.toml"

// Old is the name of a file that makes a wrangler of old of it: put it beside the program.
const Old = "old"

// Wrangler stands in for the program: it asks the stand-in that CLOUDFLARE_API_BASE_URL names, as the program asks Cloudflare.
func Wrangler(p *destinationtest.Process) int {
	w := &wrangler{p: p, account: os.Getenv("CLOUDFLARE_ACCOUNT_ID"), base: os.Getenv("CLOUDFLARE_API_BASE_URL")}
	if found, err := os.ReadDir("."); err != nil || len(found) > 0 {
		fmt.Fprintln(p.Err, "✘ [ERROR] the stand-in is to be run in an empty directory")
		return 1
	}
	_, err := os.Stat(filepath.Join(os.Getenv("HOME"), loginFile))
	w.loggedIn = err == nil
	if err := w.run(); err != nil {
		fmt.Fprintf(p.Err, "\n✘ [ERROR] %v\n\n🪵  Logs were written to \"/tmp/wrangler.log\"\n", err)
		return 1
	}
	return 0
}

type wrangler struct {
	p             *destinationtest.Process
	account, base string
	loggedIn      bool
}

const errLogin = destinationtest.Complaint("In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.")

func (w *wrangler) run() error {
	args := w.p.Args
	if args[0] == "whoami" {
		return w.whoami()
	}
	if !w.loggedIn {
		return errLogin
	}
	if err := w.choose(); err != nil {
		return err
	}
	if args[0] == "pages" {
		return w.pages(args[1:])
	}
	script := "/accounts/" + w.account + "/workers/scripts/" + w.p.Flag("--name")
	switch strings.Join(args[:2], " ") {
	case "secret list":
		var all json.RawMessage
		if err := w.ask(http.MethodGet, script+"/secrets", nil, &all); err != nil {
			return err
		}
		fmt.Fprintln(w.p.Out, string(all))
		return nil
	case "secret put":
		return w.put(script, args[2], strings.TrimRight(string(w.p.Input), " \t\r\n"))
	case "secret bulk":
		return w.bulk(func(key, value string) error { return w.put(script, key, value) })
	}
	return destinationtest.Complaint(fmt.Sprintf("Unknown arguments: %s", strings.Join(args, ", ")))
}

func (w *wrangler) whoami() error {
	_, err := os.Stat(filepath.Join(w.p.Dir, Old))
	old, wanted := err == nil, slices.Contains(w.p.Args, "--json")
	var accounts []map[string]string
	failed := error(errLogin)
	if w.loggedIn {
		failed = w.ask(http.MethodGet, "/accounts", nil, &accounts)
	}
	refused := failed != nil && strings.Contains(failed.Error(), "1000]") || !w.loggedIn
	switch {
	case old && wanted:
		return destinationtest.Complaint("Unknown argument: json")
	case refused && wanted:
		fmt.Fprintln(w.p.Out, `{"loggedIn": false}`)
		return errLogin
	case refused:
		fmt.Fprintln(w.p.Out, "You are not authenticated. Please run `wrangler login`.")
		return nil
	case failed != nil:
		return failed
	case wanted:
		return json.NewEncoder(w.p.Out).Encode(map[string]any{"loggedIn": true, "authType": "OAuth Token", "email": "ada@example.com", "accounts": accounts}) //nolint:wrapcheck // a program's end
	}
	fmt.Fprintln(w.p.Out, "👋 You are logged in with an OAuth Token, associated with the email ada@example.com.")
	return nil
}

// choose takes the only account where none is named.
func (w *wrangler) choose() error {
	if w.account != "" {
		return nil
	}
	var accounts []map[string]string
	if err := w.ask(http.MethodGet, "/accounts", nil, &accounts); err != nil {
		return err
	}
	if len(accounts) != 1 {
		return destinationtest.Complaint("More than one account available but unable to select one in non-interactive mode.")
	}
	w.account = accounts[0]["id"]
	return nil
}

func (w *wrangler) put(script, key, value string) error {
	err := w.ask(http.MethodPut, script+"/secrets", map[string]string{"name": key, "text": value, "type": "secret_text"}, nil)
	if err == nil {
		fmt.Fprintln(w.p.Out, "✨ Success! Uploaded secret "+key)
	}
	return err
}

func (w *wrangler) bulk(put func(key, value string) error) error {
	var values map[string]string
	if err := json.Unmarshal(w.p.Input, &values); err != nil {
		return destinationtest.Complaint("🚨 No content found in file, or piped input.")
	}
	for key, value := range values {
		if err := put(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (w *wrangler) pages(args []string) error {
	project, env := "/accounts/"+w.account+"/pages/projects/"+w.p.Flag("--project-name"), w.p.Flag("--env")
	var p struct {
		Configs map[string]struct {
			Hash string         `json:"wrangler_config_hash"`
			Vars map[string]Var `json:"env_vars"`
		} `json:"deployment_configs"`
	}
	if err := w.ask(http.MethodGet, project, nil, &p); err != nil {
		return err
	}
	put := func(key, value string) error {
		return w.ask(http.MethodPatch, project, map[string]any{"deployment_configs": map[string]any{env: map[string]any{
			"env_vars": map[string]any{key: Var{"secret_text", value}}, "wrangler_config_hash": p.Configs[env].Hash,
		}}}, nil)
	}
	switch strings.Join(args[:2], " ") {
	case "secret list":
		fmt.Fprintf(w.p.Out, "The %q environment of your Pages project %q has access to the following secrets:\n", env, w.p.Flag("--project-name"))
		for key, v := range p.Configs[env].Vars {
			if v.Type == "secret_text" {
				fmt.Fprintf(w.p.Out, "  - %s: Value Encrypted\n", key)
			}
		}
		return nil
	case "secret put":
		return put(args[2], strings.TrimRight(string(w.p.Input), " \t\r\n"))
	case "secret bulk":
		return w.bulk(put)
	}
	return destinationtest.Complaint(fmt.Sprintf("Unknown arguments: %s", strings.Join(args, ", ")))
}

// ask sends a request of the API.
func (w *wrangler) ask(method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err //nolint:wrapcheck // a program's end
	}
	req, err := http.NewRequest(method, w.base+path, bytes.NewReader(text)) //nolint:noctx // a program that ends by itself
	if err != nil {
		return err //nolint:wrapcheck // a program's end
	}
	req.Header.Set("Authorization", "Bearer "+Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return destinationtest.Complaint("fetch failed")
	}
	defer resp.Body.Close()
	answer := struct {
		Errors []struct {
			Code    int
			Message string
		}
		Result any
	}{Result: into}
	said, err := io.ReadAll(resp.Body)
	if err != nil || json.Unmarshal(said, &answer) != nil {
		return destinationtest.Complaint("fetch failed")
	}
	if len(answer.Errors) > 0 {
		return destinationtest.Complaint(fmt.Sprintf("A request to the Cloudflare API (%s) failed.\n\n  %s [code: %d]", path, answer.Errors[0].Message, answer.Errors[0].Code))
	}
	return nil
}
