package doctor

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/format"
)

// judgeHook looks at where and how GitHub delivers.
func judgeHook(f Facts) []Check {
	settings := strings.TrimSuffix(f.App.SettingsURL, "/permissions")
	address := Check{Name: "webhook", State: OK, Detail: f.Hook.URL, Link: settings}
	secret := Check{Name: "secret", State: OK, Detail: "GitHub signs deliveries", Link: settings}
	if f.HookError != nil {
		address.State, address.Detail, address.Fix = Failed, oneLine(f.HookError), "Try again in some minutes."
		if errors.Is(f.HookError, github.ErrNotFound) {
			address.Detail, address.Fix = "the App has no webhook", "Make it active in the App's settings, with the address "+wantedHook(f)+"."
		}
		secret.State, secret.Detail, secret.Link = Skipped, "needs the webhook to be known", ""
		return []Check{address, secret}
	}
	switch want := wantedHook(f); {
	case f.Hook.URL == "":
		address.State, address.Detail, address.Fix = Failed, "the App has no webhook", "Make it active in the App's settings, with the address "+want+"."
	case f.Hook.ContentType != "json":
		address.State, address.Detail = Failed, "GitHub sends deliveries as "+f.Hook.ContentType+" to "+f.Hook.URL
		address.Fix = "Set the webhook's content type to application/json."
	case want != "" && f.Hook.URL != want:
		address.State, address.Detail = Failed, "GitHub delivers to "+f.Hook.URL+", and this server expects "+want
		address.Fix = "Change the webhook's address in the App's settings, or correct REKEY_PUBLIC_URL."
	case f.Hook.Insecure:
		address.State, address.Detail = Warning, "GitHub doesn't check the certificate of "+f.Hook.URL
		address.Fix = "Enable SSL verification in the App's settings."
	}
	if !f.Hook.HasSecret {
		secret.State, secret.Detail = Failed, "the webhook has no secret at GitHub, so every delivery is refused"
		secret.Fix = "Set REKEY_WEBHOOK_SECRET's value as the webhook's secret in the App's settings."
	}
	return []Check{address, secret}
}

// wantedHook is where GitHub should deliver; "" where the settings do not tell.
func wantedHook(f Facts) string {
	switch {
	case f.Proxy != "":
		return f.Proxy
	case f.PublicURL != "":
		return f.PublicURL + "/webhook"
	}
	return ""
}

// judgeDeliveries looks at GitHub's own log: what came of the latest deliveries.
func judgeDeliveries(f Facts) Check {
	c := Check{Name: "deliveries", State: OK}
	if f.LogError != nil {
		return Check{Name: c.Name, State: Failed, Detail: oneLine(f.LogError), Fix: "Try again in some minutes."}
	}
	ended, bad := 0, 0
	var last *github.Delivery // that has ended
	for i, d := range f.Deliveries {
		if i == recent || d.Pending() {
			continue
		}
		if last == nil {
			last = &f.Deliveries[i]
		}
		ended++
		if !d.OK() {
			bad++
		}
	}
	if last == nil {
		return Check{
			Name: c.Name, State: Warning, Detail: "GitHub's log has none, so it can't be told whether they arrive",
			Fix: "Push something to a repository that the App is installed on, then run rekey doctor again.",
		}
	}
	c.Detail = fmt.Sprintf("%s of the last %d were answered well", format.Number(int64(ended-bad)), ended)
	switch {
	case !last.OK():
		c.State, c.Detail = Failed, fmt.Sprintf("the last one (%s) failed: %s; %s of the last %d failed", last.Event, why(*last), format.Number(int64(bad)), ended)
		c.Fix = remedy(last.StatusCode)
	case bad > 0:
		c.Detail += "; rekey recovers the others from GitHub's log"
	}
	return c
}

// judgePing looks at what came of a delivery that GitHub was asked to make again.
func judgePing(f Facts) Check {
	c := Check{Name: "ping", State: OK}
	switch p := f.Ping; {
	case !p.Asked:
		return Check{Name: c.Name, State: Skipped, Detail: "GitHub can only repeat a delivery, and its log has none"}
	case p.Error != nil:
		return Check{Name: c.Name, State: Warning, Detail: oneLine(p.Error), Fix: "Try again in some minutes."}
	case p.Answer == nil:
		return Check{Name: c.Name, State: Warning, Detail: "GitHub repeated a delivery, and its log doesn't say yet what came of it", Fix: "Run rekey doctor again in a minute."}
	case !p.Answer.OK():
		c.State, c.Detail, c.Fix = Failed, "a delivery that GitHub repeated just now failed: "+why(*p.Answer), remedy(p.Answer.StatusCode)
	default:
		c.Detail = "a delivery that GitHub repeated just now arrived, and its signature is right"
	}
	return c
}

func why(d github.Delivery) string {
	if d.StatusCode == http.StatusBadGateway || d.StatusCode == http.StatusGatewayTimeout {
		return d.Status
	}
	return fmt.Sprintf("the server answered %d", d.StatusCode)
}

// remedy is what to do where deliveries are answered so.
func remedy(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "Set the same webhook secret in the App's settings and in REKEY_WEBHOOK_SECRET."
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "The address leads elsewhere: it must end in /webhook, and the reverse proxy must pass it on unchanged."
	case http.StatusRequestEntityTooLarge:
		return "Let the reverse proxy pass bodies of 25 MiB."
	case http.StatusBadGateway:
		return "Check that rekey serve runs, that its address is in public DNS, and that the firewall lets GitHub in."
	case http.StatusGatewayTimeout:
		return "Check the reverse proxy and the firewall: nobody answers within ten seconds."
	case http.StatusServiceUnavailable:
		return "Look at rekey status and rekey's log: it can't store deliveries."
	}
	if status/100 == 3 {
		return "The address redirects, which GitHub doesn't follow: give the webhook the final address."
	}
	return "Look at rekey's log and the reverse proxy's for the same time."
}
