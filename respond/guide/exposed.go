package guide

import "slices"

// Upgrade is what ends a mistake in a package that gives the secret key away.
type Upgrade struct {
	What string // a sentence
	Done bool   // the files have it
}

// exposedKey is for a secret key that no file has: the server gave it away. A key that is created before the upgrade runs is given away too.
func exposedKey(l Leak, r repository) Guide {
	const tell = "rekey doesn't know the key and can't ask Clerk about it, so your comment closes this issue."
	upgrade := Step{Do: Deploy, Title: "Upgrade, and deploy that first.", Text: l.Upgrade.What + " Until it runs everywhere, a new key would be given away too."}
	if l.Upgrade.Done {
		upgrade = Step{Do: Deploy, Title: "✅ Upgrade: done.", Text: "The default branch is no longer affected. Check that it is deployed everywhere before you go on."}
	}
	create := Step{Do: Create, Title: "Add a new key in Clerk.", Text: openAPIKeys(l) + " Choose **Add new key** and copy it now: Clerk shows it only once. The old key keeps working."}
	again := Step{Do: Create, Title: "Add a new key", Text: "on the same page, and copy it now: Clerk shows it only once."}
	check := Step{Do: Check, Title: "Check that the new key is in use:", Text: "its **Last used** says \"just now\", and the old key's stops changing. If it keeps changing, first find what still uses the old key, such as something set up by hand."}
	remove := Step{Do: Delete, Title: "Delete the old key in Clerk.", Text: "Until then, whoever has it can use it."}
	first := Step{Do: Delete, Title: "Delete the key now.", Text: openAPIKeys(l) + " Delete the key that the app uses. " + requestsFail, Short: "It's the one that the app uses, on the API keys page. " + requestsFail}
	report := Step{Do: Report, Title: "Tell rekey:", Text: "comment `/rekey rotated`. " + tell}
	r.changes = nil // no file has it
	middle := r.replace("key")
	return Guide{
		Opens:  opensInstance(l),
		Takes:  "About 10 minutes after the upgrade, no downtime: both keys work side by side. Do it for each instance whose key such a server has.",
		Who:    whoRotates(l),
		Steps:  slices.Concat([]Step{upgrade, create}, middle, []Step{check, remove, report}),
		Abused: slices.Concat([]Step{first, upgrade, again}, middle, []Step{{Title: "Check the logs today:", Text: "they expire. What to look for is below."}, report}),
		After:  afterSecretKey(r),
	}
}
