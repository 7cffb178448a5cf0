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
		Takes: "It takes about ten minutes, and nothing goes down: several keys work side by side.",
		Who:   whoRotates(l),
		After: afterSecretKey(l),
	}
	add := Step{Title: "Add a new key.", Text: openAPIKeys(l) + " Under **Secret keys** choose **Add new key**, name it after the place that will use it, " +
		"and copy it at once: Clerk shows it only this one time. The old key goes on working meanwhile."}
	tell := Step{Title: "Tell rekey:", Text: "comment `/rekey rotated` here, or press **I rotated it** on the check. " + closes}
	if l.Kind == detect.LegacyAPIKey {
		tell = tellRotated()
		add.Text += "\nWhat leaked is a key in the form from before 2023, which was set as `CLERK_API_KEY`. The new one is called " +
			code(r.variable) + "; SDKs of today do not read the old name."
	}
	put := Step{Title: "Put the new key everywhere the old one is.", Text: r.put(), Again: "The places are those of the list above."}
	deploy := Step{Title: "Deploy.", Text: r.deploy(), Again: "As above."}
	see := Step{Title: "See that the new key is the one in use.", Text: "On the API keys page, **Last used** of the new key says \"Used just now\" after a request " +
		"that needs it, and that of the old key no longer moves. If it still moves, some place has the old key: find it before you go on."}
	remove := Step{Title: "Delete the old key:", Text: "the row " + row(l) + ". From that moment Clerk refuses it."}
	g.Steps = []Step{add, put, deploy, see, remove, tell}
	if keyless(l) {
		g.Steps = slices.Concat([]Step{claim()}, g.Steps[:5], []Step{untrack()}, g.Steps[5:])
	}
	g.Abused = []Step{
		{Title: "Delete the leaked key now:", Text: openAPIKeys(l) + " Delete the row " + row(l) + ". Your own requests to Clerk fail too until step 4 is done. " +
			"Accept that: until you delete it, whoever holds the key can sign in as any of your users."},
		{Title: "Add a new key", Text: "on the same page, and copy it at once."},
		put,
		deploy,
		{Title: "Look at what was done with it:", Text: "see the last section of this issue. Begin now: logs expire."},
		tell,
	}
	if l.Dashboard == "" && l.Instance == "" && !keyless(l) {
		g.Steps[0].Text += "\nIf your team has several Clerk applications, the one with the row " + row(l) + " is the right one."
	}
	return g
}

// claim comes first for the file that SDKs write in keyless mode.
func claim() Step {
	return Step{Title: "Is the application yours?", Text: "The key is that of a development instance which Clerk's SDK made by itself (keyless mode). If nobody of your team has claimed it, its claim link stands in the same file, " +
		"and whoever opens it first owns the application: claim it now, through the link that your running application shows. Or let it go: delete the folder `.clerk/`, the SDK makes another, and of the rest only steps 7 and 8 remain."}
}

// untrack takes that file out of git.
func untrack() Step {
	return Step{Title: "Take the folder out of git,", Text: "and keep it out:" + shell("git rm -r --cached .clerk && echo '/.clerk/' >> .gitignore")}
}

// keyless tells whether the key leaked in the file of keyless mode, and whether that may be told.
func keyless(l Leak) bool {
	return !l.Hide && slices.ContainsFunc(l.Paths, func(p string) bool { return strings.HasSuffix("/"+p, "/.clerk/.tmp/keyless.json") })
}

const closes = "This issue closes when the key no longer works."

// openAPIKeys says where the keys are: the exact page where the leaking file named it.
func openAPIKeys(l Leak) string {
	if l.Dashboard != "" {
		return "Open " + markdown.Link("the API keys page of this very instance", l.Dashboard) + "."
	}
	return "Open " + markdown.Link("Clerk's dashboard → API keys", apiKeysPage) + " and choose, at the top left, " + instance(l) + "."
}

// row describes the key as Clerk's list of keys shows it: by its first and last characters.
func row(l Leak) string {
	prefix, end, found := strings.Cut(l.Redacted, "…")
	switch {
	case found && prefix != "" && end != "":
		return "that begins with " + code(prefix) + " and ends in " + code(end)
	case found && end != "":
		return "that ends in " + code(end)
	}
	return "of the leaked one"
}

func code(s string) string { return markdown.Code(s) }

func whoRotates(l Leak) string {
	if l.Environment == detect.Test {
		return "In Clerk you need the role Owner or Admin, or Developer."
	}
	return "In Clerk you need the role Owner or Admin " +
		"(on the Hobby and Pro plans that is the Owner); if you are neither, send them the link to this issue."
}

func opensInstance(l Leak) string {
	opens := "Whoever has this key is administrator of one Clerk instance through its Backend API: reads, changes and deletes every user, " +
		"signs in as any of them, reads the access tokens that users gave for Google, GitHub and others, changes JWT templates, domains, redirect URLs and webhooks.\n\n" +
		"It does not open Clerk's dashboard or billing, nor any other instance: Production and Development are separate, and rotating one does not touch the other. " +
		"The key that signs sessions never leaves Clerk, so `CLERK_JWT_KEY` and the publishable key need no change."
	if l.Environment == detect.Test {
		opens += "\n\nThis is a **Development** key: at most 100 users, no production data. It is less urgent than a production key, and rotated the same way."
	}
	if l.Browser {
		opens += "\n\n**It has also been shipped to browsers.** " + code(l.Variable) + " has a prefix by which the build copies the value into what every visitor downloads. " +
			"Whatever the repository's visibility, take the key for public. Rename the variable, and use it in server code only."
	}
	return opens
}

func afterSecretKey(l Leak) []Step {
	steps := []Step{
		{Title: "Today: the logs.", Text: markdown.Link("Application logs", applicationLogs) + ", filter **Actor** by API key. They expire after **1 day on Hobby, 7 on Pro, 30 on Business**. " +
			"Look for `sign_in_token.created`, `actor_token.created`, `session.created`, `user.created`, `user.deleted`, `jwt_service_token.created` that you cannot explain."},
		{Title: "End what was started with it.", Text: "Revoke sessions that nobody can explain on the " + markdown.Link("users page", usersPage) + ", and sign-in and actor tokens that were not used yet: " +
			"deleting the key does not end them. **A sign-in token lives 30 days.** Session JWTs end by themselves after about a minute."},
		{Title: "Compare the settings with what they should be:", Text: "users and organisation roles, allowed origins, redirect URLs, JWT templates, webhook endpoints, OAuth applications, machine keys."},
	}
	if l.Environment == detect.Test {
		steps[2].Text += " In a development instance a short look is enough, unless production shares its users or settings."
	}
	return steps
}

const purge = "Do this last, or not at all: **it does not help by itself.** The key works until it is deleted in Clerk, whoever fetched it has it, and GitHub keeps " +
	"serving the old commits by their ids, in forks and in pull requests. Once the key is dead, its remains in history are harmless.\n\n" +
	"If you must: `git filter-repo --replace-text`, force-push every branch and tag, let everybody clone anew, and ask GitHub's support to remove cached views: " +
	"https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository"
