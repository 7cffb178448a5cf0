package guide

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Pages of Clerk's dashboard; "~" stands for the application that was open last.
const (
	apiKeysPage      = "https://dashboard.clerk.com/~/api-keys"
	applicationLogs  = "https://dashboard.clerk.com/~/application-logs"
	webhooksPage     = "https://dashboard.clerk.com/~/webhooks"
	machinesPage     = "https://dashboard.clerk.com/~/machines/configure"
	oauthPage        = "https://dashboard.clerk.com/~/oauth-applications"
	usersPage        = "https://dashboard.clerk.com/~/users"
	rotationDocument = "https://clerk.com/docs/guides/secure/rotate-api-keys"
)

func secretKey(l Leak, r repository) Guide {
	g := Guide{
		Opens: opensInstance(l),
		Takes: "About 10 minutes, no downtime: both keys work side by side.",
		Who:   whoRotates(l),
		Calm:  "Sure that nobody has used it? Then do step 1 last, once **Last used** shows the new key in use, and nothing goes down.",
		After: afterSecretKey(r),
	}
	create := Step{Do: Create, Title: "Add a new key in Clerk.", Text: openAPIKeys(l) + " Choose **Add new key** and copy it now: Clerk shows it only once. The old key keeps working."}
	check := Step{Do: Check, Title: "Check that the new key is in use:", Text: "its **Last used** says \"just now\", and the old key's stops changing. If it keeps changing, first find what still uses the old key, such as something set up by hand."}
	remove := Step{Do: Delete, Title: "Delete the old key in Clerk:", Text: row(l) + "."}
	report := Step{Do: Report, Title: "Tell rekey:", Text: "comment `/rekey rotated`. This issue closes once Clerk no longer accepts the key."}
	if l.Kind == detect.LegacyAPIKey {
		report = reportRotated()
		create.Text += " This key has the format from before 2023, set as `CLERK_API_KEY`; today's SDKs read " + code(r.variable) + "."
	}
	middle := r.replace("key")
	if r.keyless {
		return keylessGuide(g, create, middle, check, remove, report)
	}
	if l.Dashboard == "" && l.Instance == "" {
		create.Text += " If you have several applications, it's the one that lists " + listed(l) + "."
	}
	g.Steps = slices.Concat([]Step{create}, middle, []Step{check, remove, report})
	first := Step{Do: Delete, Title: "Delete the leaked key now.", Text: openAPIKeys(l) + " Delete the key " + row(l) + ". " + requestsFail, Short: "It's " + row(l) + " on the API keys page. " + requestsFail}
	again := Step{Do: Create, Title: "Add a new key", Text: "on the same page, and copy it now: Clerk shows it only once."}
	logs := Step{Title: "Check the logs today:", Text: "they expire. What to look for is below."}
	g.Abused = slices.Concat([]Step{first, again}, middle, []Step{logs, report})
	return g
}

const requestsFail = "Your own requests to Clerk fail until the new key is deployed."

// keylessGuide is for an application that Clerk's SDK or `clerk init` created: its pages open only for who claimed it.
func keylessGuide(g Guide, create Step, middle []Step, check, remove, report Step) Guide {
	g.Takes = "This key belongs to a **keyless application**, which Clerk's SDK or `clerk init` created. Until someone claims it, nobody can rotate its key, and whoever opens its claim link first owns it."
	g.Who = ""
	claim := Step{Title: "Claim it, or discard it.", Text: "\n- **To keep it**, run the app and follow the claim link that it shows. Then do all the steps below.\n" +
		"- **To discard it**, delete the folder `.clerk/` and Clerk's keys in `.env.local`: the SDK (or `npx clerk@latest init`) creates a new application. Then only remove the files from git, as below, and comment `/rekey ignore keyless application dropped`."}
	create.Title = "Once it's yours, add a new key in Clerk."
	g.Steps = slices.Concat([]Step{claim, create}, middle, []Step{check, remove, report})
	g.Calm = ""
	return g
}

// openAPIKeys says where the keys are: the exact page where the leaking file named it.
func openAPIKeys(l Leak) string {
	if l.Dashboard != "" {
		return "Open " + markdown.Link("this instance's API keys", l.Dashboard) + "."
	}
	return "Open " + markdown.Link("API keys", apiKeysPage) + " and, at the top left, choose " + instance(l) + "."
}

// row describes the key as Clerk's list of keys shows it: by its first and last characters.
func row(l Leak) string {
	prefix, end, found := strings.Cut(l.Redacted, "…")
	switch {
	case found && prefix != "" && end != "":
		return code(l.Redacted)
	case found && end != "":
		return "that ends in " + code(end)
	}
	return "that leaked"
}

// listed names the row in a sentence.
func listed(l Leak) string {
	if s := row(l); !strings.HasPrefix(s, "that ") {
		return s
	}
	return "the key " + row(l)
}

func code(s string) string { return markdown.Code(s) }

func whoRotates(l Leak) string {
	if l.Environment == detect.Test {
		return "You need to be an Owner, Admin or Developer in Clerk."
	}
	return "You need to be an Owner or Admin in Clerk (Owner on Hobby and Pro). Otherwise, send one of them this link."
}

func opensInstance(l Leak) string {
	opens := "Whoever has this key can read, change and delete every user of one Clerk instance, sign in as any of them, " +
		"read their access tokens for Google, GitHub and others, and change its settings. " +
		"It doesn't open Clerk's dashboard, billing or other instances. `CLERK_JWT_KEY` and the publishable key need no change."
	if l.Environment == detect.Test {
		opens += "\n\nThis is a **Development** key: at most 100 users, no production data. It's less urgent than a production key."
	}
	return opens
}

func afterSecretKey(r repository) []Step {
	steps := []Step{
		{Title: "The logs, today.", Text: "They expire after **1 day on Hobby, 7 on Pro, 30 on Business**. In the " + markdown.Link("application logs", applicationLogs) + ", filter **Actor** by API key, and look for " +
			"`sign_in_token.created`, `actor_token.created`, `session.created`, `user.created`, `user.deleted` and `jwt_service_token.created` that you can't explain."},
		{Title: "Sessions and tokens.", Text: "Deleting the key doesn't end them. Revoke unexplained sessions ([users](" + usersPage + ")), unused sign-in tokens (they live 30 days) and actor tokens."},
		{Title: "Settings:", Text: "users and roles, allowed origins, redirect URLs, JWT templates, webhook endpoints, OAuth applications, machine keys."},
	}
	if r.browser != "" {
		steps = append(steps, Step{Title: "The old name:", Text: "delete " + code(r.browser) + " from your host's settings too."})
	}
	return steps
}

const purge = "Not needed once the key is deleted, and useless before: GitHub keeps serving old commits, in forks and pull requests too. " +
	"If you must, follow [GitHub's guide](https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository)."
