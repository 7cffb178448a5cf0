package detect

import (
	"strings"

	"github.com/rekey-app/rekey/detect/literal"
)

// hooks are what a text says of the webhooks that it handles.
type hooks struct {
	stripe bool   // verifies Stripe's
	svix   bool   // verifies those that Svix delivers: Clerk's are, and others'
	verify bool   // calls what verifies Clerk's
	clerk  string // a name that only settings for Clerk have
}

// stripeSigns, svixSigns, verifySigns and settingSigns are what hooks are told by.
var (
	stripeSigns  = [...]string{"constructEvent", "ConstructEvent", "construct_event", "stripe-signature", "Stripe-Signature", "endpointSecret"}
	svixSigns    = [...]string{"svix", "Svix", "SVIX"}
	verifySigns  = [...]string{"verifyWebhook"}
	settingSigns = [...]string{"CLERK_SECRET_KEY", "CLERK_PUBLISHABLE_KEY", "CLERK_WEBHOOK_S"}
)

// hookSigns are all of these.
func hookSigns() []string {
	all := append(stripeSigns[:len(stripeSigns):len(stripeSigns)], svixSigns[:]...)
	return append(append(all, verifySigns[:]...), settingSigns[:]...)
}

// compileHooks compiles hookSigns. They are looked for only around webhook secrets, which are rare: no placements are worth it.
func compileHooks() *literal.Set {
	set, err := literal.Compile(hookSigns(), nil)
	if err != nil {
		panic(err)
	}
	return set
}

// readHooks reads what text says of webhooks. It asks step, at each sign, whether to go on.
func (s *Scanner) readHooks(text []byte, step func(steps int) bool) hooks {
	var h hooks
	c := s.hooks.Cursor(text, 0)
	for at, i := c.Next(); at >= 0 && step(signSteps); at, i = c.Next() {
		switch {
		case i < len(stripeSigns):
			h.stripe = true
		case i < len(stripeSigns)+len(svixSigns):
			h.svix = true
		case i < len(stripeSigns)+len(svixSigns)+len(verifySigns):
			h.verify = true
		case h.clerk == "":
			h.clerk = settingSigns[i-len(stripeSigns)-len(svixSigns)-len(verifySigns)]
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
		if h.clerk == "" {
			h.clerk = e.hooks.clerk
		}
	}
	return h
}

// handlesStripe reports whether code that verifies Stripe's webhooks is in text.
func handlesStripe(text string) bool {
	for _, sign := range stripeSigns {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
