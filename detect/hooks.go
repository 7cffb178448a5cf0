package detect

import (
	"cmp"
	"slices"
)

// hooks are what a text says of the webhooks that it handles.
type hooks struct {
	stripe bool   // verifies Stripe's
	svix   bool   // verifies those that Svix delivers: Clerk's are, and others'
	verify bool   // calls what verifies Clerk's
	clerk  string // a name that only settings for Clerk have
}

// The signs that hooks are told by.
var (
	stripeSigns  = []string{"constructEvent", "ConstructEvent", "construct_event", "stripe-signature", "Stripe-Signature", "endpointSecret"}
	svixSigns    = []string{"svix", "Svix", "SVIX"}
	verifySigns  = []string{"verifyWebhook"}
	settingSigns = []string{"CLERK_SECRET_KEY", "CLERK_PUBLISHABLE_KEY", "CLERK_WEBHOOK_S"}
)

// hookSigns are all of these.
func hookSigns() []string { return slices.Concat(stripeSigns, svixSigns, verifySigns, settingSigns) }

// readHooks reads what text says of webhooks. It asks step, at each sign, whether to go on.
func (s *Scanner) readHooks(text []byte, step func(steps int) bool) hooks {
	var h hooks
	c := s.hooks.Cursor(text, 0)
	for at, i := c.Next(); at >= 0 && step(signSteps); at, i = c.Next() {
		if i < len(stripeSigns) {
			h.stripe = true
		} else if i -= len(stripeSigns); i < len(svixSigns) {
			h.svix = true
		} else if i -= len(svixSigns); i < len(verifySigns) {
			h.verify = true
		} else {
			h.clerk = cmp.Or(h.clerk, settingSigns[i-len(verifySigns)])
		}
	}
	return h
}

// hooks returns what the texts that a credential was found in say of webhooks.
func (r *run) hooks(s *surroundings) hooks {
	var h hooks
	for _, e := range s.evidence {
		if e.hooks == nil {
			read := r.s.readHooks(e.text, r.hide)
			e.hooks = &read
		}
		h.stripe = h.stripe || e.hooks.stripe
		h.svix = h.svix || e.hooks.svix
		h.verify = h.verify || e.hooks.verify
		h.clerk = cmp.Or(h.clerk, e.hooks.clerk)
	}
	return h
}
