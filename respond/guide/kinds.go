package guide

import (
	"slices"

	"github.com/rekey-app/rekey/respond/markdown"
)

// reportRotated ends the instructions for all kinds that Clerk cannot be asked about.
func reportRotated() Step {
	return Step{Do: Report, Title: "Tell rekey:", Text: "comment `/rekey rotated`. Clerk can't say whether this kind of credential still works, so your comment closes the issue."}
}

// where names the page and the environment to choose on it.
func where(l Leak, name, page string) string {
	return "Open " + markdown.Link(name, page) + " and, at the top left, choose " + instance(l) + "."
}

func webhookSecret(l Leak, r repository) Guide {
	create := Step{Do: Create, Title: "Add a second endpoint in Clerk.", Text: where(l, "Webhooks", webhooksPage) + " Add an endpoint with the **same URL and events** as the old one, and copy its **Signing Secret**."}
	test := Step{Do: Check, Title: "Send a test event", Text: "from the new endpoint's **Testing** tab, and check that your server answers 2xx. Deliveries to the old endpoint fail from now on; that's expected."}
	return Guide{
		Opens: "Whoever has this secret can send your server webhooks that look as if they came from Clerk: fake users, deletions, changed roles. It opens nothing at Clerk.",
		Takes: "About 10 minutes, and no event is lost: both endpoints receive them meanwhile. Clerk (through Svix) can't replace a signing secret in place.",
		Steps: slices.Concat([]Step{create}, r.replace("secret"), []Step{test, {Do: Delete, Title: "Delete the old endpoint.", Text: "The leaked secret is then useless."}, reportRotated()}),
		Abused: slices.Concat([]Step{
			{Do: Delete, Title: "Disable the old endpoint", Text: "on " + markdown.Link("the Webhooks page", webhooksPage) + ", **and** make your server refuse all webhooks: it's your server that believes forged events."},
			create,
		}, r.replace("secret"), []Step{
			{Do: Check, Title: "Accept webhooks again, and send a test event", Text: "from the new endpoint's **Testing** tab."},
			{Title: "Replay what was missed:", Text: "**Recover failed messages** on the endpoint's page."},
			reportRotated(),
		}),
		After: []Step{
			{Title: "What webhooks wrote to your database.", Text: "Users, memberships and roles that you have and Clerk doesn't were forged."},
			{Title: "The handler.", Text: "It has to verify every request (`verifyWebhook()` or Svix's library) before it reads the body."},
		},
	}
}

func machineSecretKey(l Leak, r repository) Guide {
	return Guide{
		Opens: "Whoever has this key acts as one machine: they can create its machine-to-machine tokens and call those of your services that accept them. It doesn't open users, or the rest of the instance.",
		Takes: "About 10 minutes. The old key can keep working for up to 8 hours while you deploy.",
		Steps: slices.Concat([]Step{
			{Do: Create, Title: "Rotate it in Clerk.", Text: where(l, "Machines", machinesPage) + " Open the machine, rotate its secret key with a grace period of 8 hours, and copy the new one. The old key stops working after that."},
		}, r.replace("key"), []Step{reportRotated()}),
		Abused: slices.Concat([]Step{
			{Do: Delete, Title: "Rotate it without a grace period", Text: "on " + markdown.Link("the Machines page", machinesPage) + ". The machine's calls fail until the new key is deployed."},
			{Title: "Revoke the tokens that it made:", Text: "`POST /v1/m2m_tokens/{id}/revoke`. JWTs stay valid until they expire."},
		}, r.replace("key"), []Step{reportRotated()}),
		After: []Step{
			{Title: "The calls that this machine made", Text: "to your services since the leak. A machine-to-machine token has no expiry unless it was given one."},
		},
	}
}

func platformAPIKey(l Leak, r repository) Guide {
	return Guide{
		Opens: "**This is the most powerful Clerk credential.** Whoever has it can list all applications of your Clerk workspace with their secret keys, rotate those keys, and create instances. " +
			"Treat the secret keys of **all** instances as compromised, production included.",
		Takes: "Delete first, fix afterwards: don't wait for a good moment.",
		Who:   "You need to be an Owner of the Clerk workspace.",
		Steps: slices.Concat([]Step{
			{Do: Delete, Title: "Delete the leaked key", Text: "in your Clerk workspace's settings, where its API keys are listed: the key " + row(l) + "."},
			{Do: Create, Title: "Add a new one", Text: "on the same page, and copy it now."},
		}, r.replace("key"), []Step{
			{Title: "Rotate the secret keys of every application,", Text: "in every instance, production first: " + markdown.Link("this is how", rotationDocument) + "."},
			reportRotated(),
		}),
		After: []Step{
			{Title: "Every application of the workspace:", Text: "applications, instances and domains that nobody made, members that nobody invited."},
			{Title: "The logs of each instance, today.", Text: markdown.Link("Application logs", applicationLogs) + " expire after 1 day on Hobby, 7 on Pro, 30 on Business."},
		},
	}
}

func apiKey(_ Leak, r repository) Guide {
	const revoke = "`POST /v1/api_keys/{id}/revoke` with your instance's secret key. It takes effect at once."
	return Guide{
		Opens: "This is an API key that your application issued to one of **its users** or organizations. Whoever has it acts for that user against your API. It doesn't open Clerk, nor other users. Such keys never expire by default.",
		Who:   "The user whose key it is can revoke it, and so can whoever has your Clerk instance's secret key.",
		Steps: slices.Concat([]Step{
			{Title: "Find whose it is:", Text: "who pushed it, or whose integration is it?"},
			{Do: Create, Title: "Have the user create a new key", Text: "in your application, where it shows their API keys (`<APIKeys />`)."},
		}, r.replace("key"), []Step{
			{Do: Delete, Title: "Revoke the leaked one.", Text: "The user does it in the same place, or you do: " + revoke},
			reportRotated(),
		}),
		Abused: []Step{
			{Do: Delete, Title: "Revoke it first:", Text: revoke},
			{Title: "Tell the user,", Text: "who has to create a new key."},
			reportRotated(),
		},
		After: []Step{{Title: "What was done in that user's name:", Text: "see your API's own logs since the leak, and tell the user."}},
	}
}

func oauthClientSecret(l Leak, r repository) Guide {
	rotate := Step{Do: Create, Title: "Rotate it in Clerk.", Text: where(l, "OAuth applications", oauthPage) + " Open the application, rotate its client secret, and copy the new one: it's shown only once. **The old one stops working now**, so do the next steps without a pause."}
	return Guide{
		Opens: "This is the client secret of an OAuth application that signs in through Clerk. Whoever has it, and a code or a refresh token, can get tokens as that client. By itself it opens no user's data.",
		Takes: "About 10 minutes. The old secret stops working the moment you rotate it: sign-in through this client fails until the new one is deployed. Choose a quiet time, and prepare the change to the files first.",
		Steps: slices.Concat([]Step{rotate}, r.replace("secret"), []Step{
			{Do: Check, Title: "Sign in once", Text: "through each client."},
			reportRotated(),
		}),
		After: []Step{
			{Title: "Access tokens that you can't explain:", Text: "`POST /v1/oauth_applications/{id}/revoke_token`."},
			{Title: "The application's redirect URIs:", Text: "are they what they should be?"},
		},
	}
}

func encryptionKey(_ Leak, r repository) Guide {
	return Guide{
		Opens: "This key protects what Clerk's middleware (Next.js, TanStack) hands to your server code in internal headers. It helps only someone who can read or forge those headers. It opens nothing at Clerk.",
		Takes: "About 5 minutes. Nobody needs access to Clerk: you generated this key yourselves.",
		Steps: slices.Concat([]Step{
			{Do: Create, Title: "Generate a new key:", Text: shell("openssl rand -hex 32")},
		}, r.replace("key"), []Step{
			{Title: "All servers at once:", Text: "a server with the old key can't read what a middleware with the new one wrote. Once all run with the new key, the old one is useless."},
			reportRotated(),
		}),
		After: []Step{{Title: "Keys given at run time.", Text: "If `clerkMiddleware()` got a `secretKey`, and requests could have been observed, rotate that key too."}},
	}
}

func claimURL(_ Leak, r repository) Guide {
	return Guide{
		Opens: "Clerk's SDK or `clerk init` created a development application, and this link makes whoever opens it **first** its owner. It works once.",
		Takes: "About 2 minutes. Anyone with a Clerk account can do it.",
		Steps: slices.Concat([]Step{
			{Do: Delete, Title: "Claim it now, or discard it.", Text: "\n- **To keep it**, run the app and follow the claim link that it shows. Once it's claimed, the link no longer works.\n" +
				"- **To discard it**, or if someone else has claimed it, delete the folder `.clerk/` and Clerk's keys in `.env.local`: the SDK (or `npx clerk@latest init`) creates a new application."},
		}, r.changeSteps(), []Step{
			{Title: "The secret key next to the link", Text: "has an issue of its own, if it leaked too."},
			reportRotated(),
		}),
		After: []Step{{Title: "Users and settings of the application,", Text: "once it's yours: someone who had the secret key next to this link could change them."}},
	}
}
