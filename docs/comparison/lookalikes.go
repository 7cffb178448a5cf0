package main

import (
	"encoding/base64"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// The alphabets of other vendors' credentials.
const (
	digits    = "0123456789"
	lowerHex  = digits + "abcdef"
	upperHex  = digits + "ABCDEF"
	lower     = "abcdefghijklmnopqrstuvwxyz"
	base62    = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits
	base64url = base62 + "-_"
)

// lookAlike writes a file in which every line is a look-alike. vendor is "" where the line holds no credential at all.
func (c *Corpus) lookAlike(path, vendor string, lines ...string) {
	content := strings.Join(lines, "\n") + "\n"
	for i := range strings.Count(content, "\n") {
		c.LookAlikes = append(c.LookAlikes, LookAlike{Path: path, Line: i + 1, Vendor: vendor})
	}
	c.add(path, []byte(content))
}

// random returns n characters of alphabet.
func (c *Corpus) random(alphabet string, n int) string {
	c.seed++
	return detecttest.Random(c.seed, alphabet, n)
}

// lookAlikes writes what has the looks of a Clerk credential and is none. Prefixes and bodies are put together here, so
// that no line of this file looks like a key.
func (c *Corpus) lookAlikes() {
	const test, live = "sk_" + "test_", "sk_" + "live_"
	vendor := func(name string, lines ...string) { c.lookAlike("vendors/"+name+".env", name, lines...) }

	vendor("stripe",
		"STRIPE_SECRET_KEY="+live+c.random(base62, 24),
		"STRIPE_SECRET_KEY="+test+c.random(base62, 34),
		"STRIPE_SECRET_KEY="+test+"51"+c.random(base62, 97),
		"STRIPE_RESTRICTED_KEY=rk_"+"live_"+c.random(base62, 24),
		"STRIPE_WEBHOOK_SECRET=whsec_"+c.random(base62, 32),
		"STRIPE_CLI_WEBHOOK_SECRET=whsec_"+c.random(lowerHex, 64))
	vendor("autumn", "AUTUMN_SECRET_KEY=am_"+test+c.random(base62, 42), "AUTUMN_SECRET_KEY=am_"+live+c.random(base62, 42))
	vendor("paystack", "PAYSTACK_SECRET_KEY="+live+c.random(lowerHex, 40))
	vendor("moyasar", "MOYASAR_SECRET_KEY="+test+c.random(base62, 40))
	vendor("paymongo", "PAYMONGO_SECRET_KEY="+test+c.random(base62, 24))
	vendor("tap", "TAP_SECRET_KEY="+live+c.random(base62, 24))
	vendor("magic", "MAGIC_SECRET_KEY="+live+c.random(upperHex, 16))
	vendor("uploadthing", "UPLOADTHING_SECRET="+live+c.random(lowerHex, 64))
	vendor("workos", "WORKOS_API_KEY="+test+"a2V5Xz"+c.random(base62, 69), "WORKOS_API_KEY="+live+"a2V5Xz"+c.random(base62, 69))
	vendor("knock",
		"KNOCK_SECRET_KEY="+test+c.random(base62, 20)+"-"+c.random(base62, 22),
		"KNOCK_SECRET_KEY="+live+c.random(base62, 42)+"-")
	vendor("liveblocks", "LIVEBLOCKS_SECRET_KEY=sk_"+"dev_"+c.random(base64url, 64))
	vendor("apideck", "APIDECK_API_KEY="+live+c.random(base62, 40)+"-"+c.random(base62, 52))
	vendor("elevenlabs", "ELEVENLABS_API_KEY=sk_"+c.random(lowerHex, 48))
	vendor("checkout", "CHECKOUT_SECRET_KEY="+test+c.random(lowerHex, 8)+"-"+c.random(lowerHex, 4)+"-4"+c.random(lowerHex, 3)+"-a"+c.random(lowerHex, 3)+"-"+c.random(lowerHex, 12))
	vendor("moonclerk", "MOONCLERK_API_KEY="+c.random(lower+digits, 32))
	vendor("clerkio", "CLERK_IO_PRIVATE_KEY="+c.random(base62, 32))

	none := func(name string, lines ...string) { c.lookAlike("lookalikes/"+name, "", lines...) }
	none("shape.txt",
		"clerk "+test+c.random(base62, 41),
		"clerk "+test+c.random(base62, 42)+"_x",
		"clerk "+live+c.random(base62, 42)+"-x",
		"clerk ta"+test+c.random(base62, 42),
		"clerk di"+live+c.random(base62, 42))
	none("public.env",
		"NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY="+detecttest.PublishableKey(detect.Test, "calm-otter-42.clerk.accounts.dev"),
		"NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY="+detecttest.PublishableKey(detect.Live, "clerk.shop-of-otters.com"),
		"CLERK_JWT_KEY=\"-----BEGIN PUBLIC KEY-----\\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"+c.random(base62, 340)+"\\n-----END PUBLIC KEY-----\"",
		"CLERK_FRONTEND_API="+"clerk.calm.otter-42.lcl.dev",
		"CLERK_JWKS_URL=https://calm-otter-42.clerk.accounts.dev/.well-known/jwks.json")
	none("ids.json",
		`{"clerk_api_key_id": "`+detecttest.ResourceID(c.seed, "ak_")+`"}`,
		`{"clerk_m2m_token_id": "`+detecttest.ResourceID(c.seed, "mt_")+`"}`,
		`{"clerk_oauth_token_id": "`+detecttest.ResourceID(c.seed, "oat_")+`"}`,
		`{"clerk_user": "`+detecttest.ID(c.seed, "user_")+`", "clerk_instance": "`+detecttest.ID(c.seed, "ins_")+`"}`)
	none("references.yml",
		"CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}",
		"CLERK_SECRET_KEY: ${CLERK_SECRET_KEY}",
		"key: process.env.CLERK_SECRET_KEY",
		"key: op://vault/clerk/secret-key")
	none("format.md",
		"Keys match `"+test+"[A-Za-z0-9]{42}` or `"+live+"[A-Za-z0-9]{42}`.",
		"A Clerk secret key starts with `"+live+"`, a publishable one with `pk_"+"live_`.",
		"CLERK_SECRET_KEY="+test+"...",
		"CLERK_SECRET_KEY="+live+"…")
	sentence := base64.RawStdEncoding.EncodeToString([]byte("build_time_placeholder_value_of_app"))[:42]
	none("placeholders.env",
		"CLERK_SECRET_KEY="+test+"xxx",
		"CLERK_SECRET_KEY="+test+strings.Repeat("x", 24),
		"CLERK_SECRET_KEY="+test+strings.Repeat("x", 42),
		"CLERK_SECRET_KEY="+live+strings.Repeat("0", 42),
		"CLERK_SECRET_KEY="+test+"your_key_here",
		"CLERK_SECRET_KEY="+test+"REPLACE_ME",
		"CLERK_SECRET_KEY="+test+"placeholder",
		"CLERK_SECRET_KEY="+test+"mock",
		"CLERK_SECRET_KEY="+test+"ci_dummy_secret_value_not_real_000000",
		"CLERK_SECRET_KEY="+test+strings.Repeat("dummy", 8)+"00",
		"CLERK_SECRET_KEY="+test+"smoke"+strings.Repeat("0", 28),
		"CLERK_SECRET_KEY="+live+"deadbeef",
		"CLERK_SECRET_KEY="+test+lower+"ABCDEFGHIJKLMNOP",
		"CLERK_SECRET_KEY="+test+"qwertyuiop1234567890",
		"CLERK_SECRET_KEY="+test+"0123456789"+lower+"012345",
		"CLERK_SECRET_KEY="+test+sentence,
		"CLERK_SECRET_KEY="+test+"ZHVtbXk=",
		"CLERK_SECRET_KEY="+live+strings.Repeat("1234567890", 5)[:44],
		"CLERK_SECRET_KEY="+live+"abcd…wxyz",
		"CLERK_SECRET_KEY="+test+strings.Repeat("*", 42),
		"CLERK_SECRET_KEY="+test+strings.Repeat("X", 20)+strings.Repeat("*", 11),
		`key = "`+test+`" + "A" * 42`,
		"CLERK_WEBHOOK_SECRET=whsec_"+"your_webhook_secret_here",
		"CLERK_WEBHOOK_SECRET=whsec_"+strings.Repeat("x", 32))
	none("lockfile.txt",
		"version https://git-lfs.github.com/spec/v1 oid sha256:"+c.random(lowerHex, 64),
		`"@clerk/nextjs": {"integrity": "sha512-`+c.random(base62, 86)+`=="}`,
		`<script src="clerk.js" integrity="sha384-`+c.random(base62, 64)+`"></script>`)
}
