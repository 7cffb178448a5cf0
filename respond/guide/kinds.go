package guide

import (
	"github.com/rekey-app/rekey/respond/markdown"
)

// tellRotated ends the instructions for all kinds that Clerk cannot be asked about.
func tellRotated() Step {
	return Step{Title: "Tell rekey:", Text: "comment `/rekey rotated` here. Clerk has no way to ask whether this kind of credential is dead, so your word closes the issue, under your name."}
}

func webhookSecret(l Leak, r repository) Guide {
	return Guide{
		Opens: "Whoever has this secret can send your server webhooks that look as if they came from Clerk: invented users, deletions, changes of roles. " +
			"It opens nothing at Clerk itself, and no user's data.",
		Takes: "It takes about ten minutes, and no event is lost: both endpoints receive meanwhile. Clerk (through Svix) cannot roll a signing secret in place.",
		Steps: []Step{
			{Title: "Add a second endpoint.", Text: "Open " + markdown.Link("Clerk's dashboard → Webhooks", webhooksPage) + " and choose, at the top left, " + instance(l) + ". Add an endpoint with the **same URL and the same events** " +
				"as the old one, and copy its **Signing Secret**."},
			{Title: "Put the new secret where the old one is.", Text: r.put()},
			{Title: "Deploy.", Text: r.deployAfter("From now on deliveries of the old endpoint fail verification. That is expected.")},
			{Title: "Send a test event", Text: "from the new endpoint's **Testing** tab, and see that your server answers 2xx."},
			{Title: "Delete the old endpoint.", Text: "With it the leaked secret is worth nothing."},
			tellRotated(),
		},
		Abused: []Step{
			{Title: "Disable the old endpoint", Text: "on " + markdown.Link("the Webhooks page", webhooksPage) + " **and** take the old secret off your server, which is what believes forged events: until the new secret is in place, refuse all webhooks."},
			{Title: "Add a new endpoint,", Text: "set its signing secret, deploy, and send a test event."},
			{Title: "Replay what was missed:", Text: "the endpoint's **Recover failed messages** sends again what failed since a time that you choose."},
			tellRotated(),
		},
		After: []Step{
			{Title: "Compare with Clerk what webhooks wrote to your database", Text: "since the leak: users, memberships and roles that exist on your side and not in Clerk were forged."},
			{Title: "See that the handler verifies every request", Text: "(`verifyWebhook()` or Svix's library) before it reads the body."},
		},
	}
}

func machineSecretKey(l Leak, r repository) Guide {
	return Guide{
		Opens: "Whoever has this key can act as one machine: create and revoke its machine-to-machine tokens, and so call those of your services that accept it. It does not open users, or the rest of the instance.",
		Takes: "It takes about ten minutes; the old key can go on working for up to eight hours while you deploy.",
		Steps: []Step{
			{Title: "Rotate it.", Text: "Open " + markdown.Link("Clerk's dashboard → Machines", machinesPage) + " and choose, at the top left, " + instance(l) + "; then the machine. Rotate its secret key with a grace period (at most 8 hours), and copy the new one.\n" +
				"By API, where the secret key of the instance is in `$CLERK_SECRET_KEY`:\n```sh\n" +
				`curl -X POST https://api.clerk.com/v1/machines/MACHINE_ID/secret_key/rotate \` + "\n" +
				`  -H "Authorization: Bearer $CLERK_SECRET_KEY" -H 'Content-Type: application/json' -d '{"previous_token_ttl": 3600}'` + "\n```"},
			{Title: "Put the new key where the old one is.", Text: r.put()},
			{Title: "Deploy.", Text: r.deployAfter("Do it within the grace period.")},
			tellRotated(),
		},
		Abused: []Step{
			{Title: "Rotate it without a grace period:", Text: "`previous_token_ttl: 0`. The old key is dead at once, and the machine's calls fail until the new one is deployed."},
			{Title: "Revoke the tokens that it made:", Text: "`POST /v1/m2m_tokens/{id}/revoke` for each opaque token. Tokens in JWT form cannot be revoked; they end when they expire."},
			{Title: "Set the new key and deploy.", Text: ""},
			tellRotated(),
		},
		After: []Step{
			{Title: "Look at the calls that this machine made", Text: "to your services since the leak, and at tokens that you cannot explain. A machine-to-machine token has no expiry unless one was given."},
		},
	}
}

func platformAPIKey(l Leak, r repository) Guide {
	return Guide{
		Opens: "**This is the worst one to lose.** Whoever has it can list all applications of your Clerk workspace together with their secret keys, rotate those keys, and create instances. " +
			"Take the secret keys of **all** instances, production included, as exposed.",
		Who: "You need to be Owner of the Clerk workspace. Do not wait for a good moment: delete first.",
		Steps: []Step{
			{Title: "Delete the leaked key", Text: "in the settings of your Clerk workspace, where its API keys are listed (the row " + row(l) + "), and create another."},
			{Title: "Put the new key where the old one is.", Text: r.put()},
			{Title: "Rotate the secret keys of every application, in every instance:", Text: markdown.Link("this is how", rotationDocument) + ". Begin with production."},
			{Title: "Deploy", Text: "what uses them, then delete the old secret keys."},
			tellRotated(),
		},
		After: []Step{
			{Title: "Look at every application of the workspace:", Text: "applications, instances and domains that nobody made, members that nobody invited."},
			{Title: "Today: the logs of each instance.", Text: markdown.Link("Application logs", applicationLogs) + " expire after 1 day on Hobby, 7 on Pro, 30 on Business."},
		},
	}
}

func apiKey(l Leak, _ repository) Guide {
	return Guide{
		Opens: "This is the secret of an API key that your application issued to one of **its users** or organisations. Whoever has it acts for that user against your API. It does not open Clerk, nor other users. Such keys never expire by default.",
		Who:   "Whoever holds your Clerk instance's secret key can revoke it; so can the user whose key it is.",
		Steps: []Step{
			{Title: "Find whose it is.", Text: "Who pushed it, or whose integration it belongs to? The key's id begins with `ak_` too, followed by 32 hexadecimal digits, and is no secret."},
			{Title: "Have the user create another key", Text: "in your application, where it shows their API keys (`<APIKeys />`), and put it where the old one is."},
			{Title: "Revoke the leaked one:", Text: "the user does it in the same place, or you do by API. It takes effect at once.\n```sh\n" +
				`curl -X POST https://api.clerk.com/v1/api_keys/KEY_ID/revoke -H "Authorization: Bearer $CLERK_SECRET_KEY"` + "\n```"},
			tellRotated(),
		},
		Abused: []Step{
			{Title: "Revoke it first", Text: "(`POST /v1/api_keys/{id}/revoke`). It takes effect at once."},
			{Title: "Tell the user,", Text: "who has to create another key."},
			tellRotated(),
		},
		After: []Step{{Title: "Look at what was done in that user's name", Text: "in your API's own logs since the leak, and tell the user."}},
	}
}

func oauthClientSecret(l Leak, r repository) Guide {
	return Guide{
		Opens: "This is the client secret of an OAuth application for which Clerk is the identity provider. Whoever has it, and a code or a refresh token, can obtain tokens as that client. By itself it opens no user's data.",
		Takes: "It takes about ten minutes. The old secret ends at once, so sign-in through this client fails until the new one is deployed: have everything ready.",
		Steps: []Step{
			{Title: "Find every client that uses it,", Text: "so that you can change it without delay." + whereUsed(r)},
			{Title: "Rotate it.", Text: "Open " + markdown.Link("Clerk's dashboard → OAuth applications", oauthPage) + " and choose, at the top left, " + instance(l) + "; then the OAuth application. Rotate its client secret and copy the new one: it is shown only once.\nBy API:\n```sh\n" +
				`curl -X POST https://api.clerk.com/v1/oauth_applications/APPLICATION_ID/rotate_secret -H "Authorization: Bearer $CLERK_SECRET_KEY"` + "\n```"},
			{Title: "Set it in every client, and deploy.", Text: ""},
			{Title: "Sign in once", Text: "through each client."},
			tellRotated(),
		},
		After: []Step{
			{Title: "Revoke access tokens that you cannot explain:", Text: "`POST /v1/oauth_applications/{id}/revoke_token`."},
			{Title: "Compare the application's redirect URIs", Text: "with what they should be."},
		},
	}
}

func encryptionKey(l Leak, r repository) Guide {
	return Guide{
		Opens: "This key protects what Clerk's middleware (Next.js, TanStack) hands to the server code in internal headers. It helps only somebody who can read or forge those headers. It opens nothing at Clerk.",
		Takes: "It takes five minutes. Nobody needs access to Clerk: you made this key yourselves.",
		Steps: []Step{
			{Title: "Make a new key:", Text: "\n```sh\nopenssl rand -hex 32\n```"},
			{Title: "Put it where the old one is.", Text: r.put()},
			{Title: "Deploy all servers at once.", Text: r.deployAfter("A server with the old key cannot read what a middleware with the new one wrote.")},
			tellRotated(),
		},
		After: []Step{{Title: "If the middleware was given secret keys at run time", Text: "(the option `secretKey` of `clerkMiddleware()`), and requests could have been observed, rotate those keys too."}},
	}
}

func claimURL(l Leak, _ repository) Guide {
	return Guide{
		Opens: "Clerk's SDK made a development instance of its own because no keys were set, and this link makes whoever opens it **first** its owner. It can be used once.",
		Takes: "It takes two minutes. Anybody with a Clerk account can do it.",
		Steps: []Step{
			{Title: "Claim the application yourself, now:", Text: "start your application locally, and follow the link that Clerk shows in its corner or in the terminal. Once claimed, the link is worth nothing.\n" +
				"Or throw the application away: delete the folder `.clerk/`, and the SDK makes another."},
			{Title: "If it turns out to be claimed by somebody else,", Text: "delete `.clerk/`, and use none of its keys any more."},
			{Title: "Take the folder out of git", Text: "and keep it out:\n```sh\ngit rm -r --cached .clerk && echo '/.clerk/' >> .gitignore\n```"},
			{Title: "Rotate the secret key that stands in the same file.", Text: "It has an issue of its own."},
			tellRotated(),
		},
		After: []Step{{Title: "Look at the users and settings of the application", Text: "once it is yours: somebody who had the secret key beside this link could change them."}},
	}
}

func whereUsed(r repository) string {
	if len(r.places) == 0 {
		return ""
	}
	return "\n" + r.list()
}
