package guide

import (
	"github.com/rekey-app/rekey/respond/markdown"
)

var tellRotated = Step{"Tell rekey:", "comment `/rekey rotated` here. Clerk has no way to ask whether this kind of credential is dead, so your word closes the issue, under your name."}

func webhookSecret(l Leak, r repository) Guide {
	return Guide{
		Opens: "Whoever has this secret can send your server webhooks that look as if they came from Clerk: invented users, deletions, changes of roles. " +
			"It opens nothing at Clerk itself, and no user's data.",
		Who: "It takes about ten minutes, and no event is lost: both endpoints receive meanwhile. Clerk (through Svix) cannot roll a signing secret in place.",
		Steps: []Step{
			{"Add a second endpoint.", "Open " + markdown.Link("Clerk's dashboard → Webhooks", webhooksPage) + " and choose, at the top left, " + instance(l) + ". Add an endpoint with the **same URL and the same events** " +
				"as the old one, and copy its **Signing Secret**."},
			{"Put the new secret where the old one is.", r.put()},
			{"Deploy.", r.deploy() + " From now on deliveries of the old endpoint fail verification. That is expected."},
			{"Send a test event", "from the new endpoint's **Testing** tab, and see that your server answers 2xx."},
			{"Delete the old endpoint.", "With it the leaked secret is worth nothing."},
			tellRotated,
		},
		Abused: []Step{
			{"Disable the old endpoint", "on " + markdown.Link("the Webhooks page", webhooksPage) + " **and** take the old secret off your server, which is what believes forged events: until the new secret is in place, refuse all webhooks."},
			{"Add a new endpoint,", "set its signing secret, deploy, and send a test event."},
			{"Replay what was missed:", "the endpoint's **Recover failed messages** sends again what failed since a time that you choose."},
			tellRotated,
		},
		After: []Step{
			{"Compare with Clerk what webhooks wrote to your database", "since the leak: users, memberships and roles that exist on your side and not in Clerk were forged."},
			{"See that the handler verifies every request", "(`verifyWebhook()` or Svix's library) before it reads the body."},
		},
	}
}

func machineSecretKey(l Leak, r repository) Guide {
	return Guide{
		Opens: "Whoever has this key can act as one machine: create and revoke its machine-to-machine tokens, and so call those of your services that accept it. It does not open users, or the rest of the instance.",
		Who:   "It takes about ten minutes; the old key can go on working for up to eight hours while you deploy.",
		Steps: []Step{
			{"Rotate it.", "Open " + markdown.Link("Clerk's dashboard → Machines", machinesPage) + " and choose, at the top left, " + instance(l) + "; then the machine. Rotate its secret key with a grace period (at most 8 hours), and copy the new one.\n" +
				"By API, where the secret key of the instance is in `$CLERK_SECRET_KEY`:\n```sh\n" +
				`curl -X POST https://api.clerk.com/v1/machines/MACHINE_ID/secret_key/rotate \` + "\n" +
				`  -H "Authorization: Bearer $CLERK_SECRET_KEY" -H 'Content-Type: application/json' -d '{"previous_token_ttl": 3600}'` + "\n```"},
			{"Put the new key where the old one is.", r.put()},
			{"Deploy.", r.deploy() + " Do it within the grace period."},
			tellRotated,
		},
		Abused: []Step{
			{"Rotate it without a grace period:", "`previous_token_ttl: 0`. The old key is dead at once, and the machine's calls fail until the new one is deployed."},
			{"Revoke the tokens that it made:", "`POST /v1/m2m_tokens/{id}/revoke` for each opaque token. Tokens in JWT form cannot be revoked; they end when they expire."},
			{"Set the new key and deploy.", ""},
			tellRotated,
		},
		After: []Step{
			{"Look at the calls that this machine made", "to your services since the leak, and at tokens that you cannot explain. A machine-to-machine token has no expiry unless one was given."},
		},
	}
}

func platformAPIKey(l Leak, r repository) Guide {
	return Guide{
		Opens: "**This is the worst one to lose.** Whoever has it can list all applications of your Clerk workspace together with their secret keys, rotate those keys, and create instances. " +
			"Take the secret keys of **all** instances, production included, for exposed.",
		Who: "You need to be Owner of the Clerk workspace. Do not wait for a good moment: delete first.",
		Steps: []Step{
			{"Delete the leaked key", "in the settings of your Clerk workspace, where its API keys are listed (" + row(l) + "), and create another."},
			{"Put the new key where the old one is.", r.put()},
			{"Rotate the secret keys of every application, in every instance:", markdown.Link("this is how", rotationDocument) + ". Begin with production."},
			{"Deploy", "what uses them, then delete the old secret keys."},
			tellRotated,
		},
		After: []Step{
			{"Look at every application of the workspace:", "applications, instances and domains that nobody made, members that nobody invited."},
			{"Today: the logs of each instance.", markdown.Link("Application logs", applicationLogs) + " expire after 1 day on Hobby, 7 on Pro, 30 on Business."},
		},
	}
}

func apiKey(l Leak, _ repository) Guide {
	return Guide{
		Opens: "This is the secret of an API key that your application issued to one of **its users** or organisations. Whoever has it acts for that user against your API. It does not open Clerk, nor other users. Such keys never expire by default.",
		Who:   "Whoever holds your Clerk instance's secret key can revoke it; so can the user whose key it is.",
		Steps: []Step{
			{"Find whose it is.", "Who pushed it, or whose integration it belongs to? The key's id begins with `ak_` too, followed by 32 hexadecimal digits, and is no secret."},
			{"Have the user create another key", "in your application, where it shows their API keys (`<APIKeys />`), and put it where the old one is."},
			{"Revoke the leaked one:", "the user does it in the same place, or you do by API. It takes effect at once.\n```sh\n" +
				`curl -X POST https://api.clerk.com/v1/api_keys/KEY_ID/revoke -H "Authorization: Bearer $CLERK_SECRET_KEY"` + "\n```"},
			tellRotated,
		},
		Abused: []Step{
			{"Revoke it first", "(`POST /v1/api_keys/{id}/revoke`). It takes effect at once."},
			{"Tell the user,", "who has to create another key."},
			tellRotated,
		},
		After: []Step{{"Look at what was done in that user's name", "in your API's own logs since the leak, and tell the user."}},
	}
}

func oauthClientSecret(l Leak, r repository) Guide {
	return Guide{
		Opens: "This is the client secret of an OAuth application for which Clerk is the identity provider. Whoever has it, and a code or a refresh token, can obtain tokens as that client. By itself it opens no user's data.",
		Who:   "It takes about ten minutes. The old secret ends at once, so sign-in through this client fails until the new one is deployed: have everything ready.",
		Steps: []Step{
			{"Find every client that uses it,", "so that you can change it without delay." + whereUsed(r)},
			{"Rotate it.", "Open " + markdown.Link("Clerk's dashboard → OAuth applications", oauthPage) + " and choose, at the top left, " + instance(l) + "; then the OAuth application. Rotate its client secret and copy the new one: it is shown only once.\nBy API:\n```sh\n" +
				`curl -X POST https://api.clerk.com/v1/oauth_applications/APPLICATION_ID/rotate_secret -H "Authorization: Bearer $CLERK_SECRET_KEY"` + "\n```"},
			{"Set it in every client, and deploy.", ""},
			{"Sign in once", "through each client."},
			tellRotated,
		},
		After: []Step{
			{"Revoke access tokens that you cannot explain:", "`POST /v1/oauth_applications/{id}/revoke_token`."},
			{"Compare the application's redirect URIs", "with what they should be."},
		},
	}
}

func encryptionKey(l Leak, r repository) Guide {
	return Guide{
		Opens: "This key protects what Clerk's middleware (Next.js, TanStack) hands to the server code in internal headers. It helps only somebody who can read or forge those headers. It opens nothing at Clerk.",
		Who:   "It takes five minutes. Nobody needs access to Clerk: you made this key yourselves.",
		Steps: []Step{
			{"Make a new key:", "\n```sh\nopenssl rand -hex 32\n```"},
			{"Put it where the old one is.", r.put()},
			{"Deploy all servers at once.", r.deploy() + " A server with the old key cannot read what a middleware with the new one wrote."},
			tellRotated,
		},
		After: []Step{{"If the middleware was given secret keys at run time", "(the option `secretKey` of `clerkMiddleware()`), and requests could have been observed, rotate those keys too."}},
	}
}

func claimURL(l Leak, _ repository) Guide {
	return Guide{
		Opens: "Clerk's SDK made a development instance of its own because no keys were set, and this link makes whoever opens it **first** its owner. It can be used once.",
		Who:   "It takes two minutes. Anybody with a Clerk account can do it.",
		Steps: []Step{
			{"Claim the application yourself, now:", "start your application locally, and follow the link that Clerk shows in its corner or in the terminal. Once claimed, the link is worth nothing.\n" +
				"Or throw the application away: delete the folder `.clerk/`, and the SDK makes another."},
			{"If it turns out to be claimed by somebody else,", "delete `.clerk/`, and use none of its keys any more."},
			{"Take the folder out of git", "and keep it out:\n```sh\ngit rm -r --cached .clerk && echo '/.clerk/' >> .gitignore\n```"},
			{"Rotate the secret key that stands in the same file.", "It has an issue of its own."},
			tellRotated,
		},
		After: []Step{{"Look at the users and settings of the application", "once it is yours: somebody who had the secret key beside this link could change them."}},
	}
}

func whereUsed(r repository) string {
	if len(r.places) == 0 {
		return ""
	}
	return "\n" + r.list()
}
