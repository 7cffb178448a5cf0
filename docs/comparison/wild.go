package main

import (
	"strings"

	"github.com/rekey-app/rekey/detect/detecttest"
)

// wild plants what stood in public repositories, measured in November 2026, and what scanners missed there.
func (c *Corpus) wild() {
	c.claimTokens()
	c.farWebhooks()
	c.gluedVariables()
}

// claimTokens are as they are: lower-case letters and digits.
func (c *Corpus) claimTokens() {
	kept := `{"claimToken":"<claimtoken>","createdAt":"2026-08-01T10:00:00.000Z"}` + "\n"
	c.file("wild/app/.clerk/keyless.json", kept)
	c.file("wild/pretty/.clerk/keyless.json", "{\n  \"claimToken\": \"<claimtoken>\",\n  \"createdAt\": \"2026-08-01T10:00:00.000Z\"\n}\n")
	c.file("wild/dev.log", "[Clerk]: you are running in keyless mode. Claim your keys: <claim>\n")
	c.file("wild/page.html", `<script>{"claimUrl":"<claim|json>"}</script>`+"\n")
	c.file("wild/address.txt", "https://sso.example.com/go?next=<claim|query>&lang=en\n")
	c.file("wild/kept.yaml", "data:\n  keyless.json: <claim|base64-url-json>\n")
	c.wide("wild/kept-utf16.json", kept, false, false)
	c.add("archives/project.zip", c.zipped(".clerk/keyless.json", c.fill("archives/project.zip!.clerk/keyless.json", kept)))
}

// farWebhooks are webhook secrets that nothing on their line or near it says to be Clerk's.
func (c *Corpus) farWebhooks() {
	c.file("wild/tutorial/.env", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=<pktest>\nCLERK_SECRET_KEY=<test>\nNEXT_PUBLIC_CLERK_SIGN_IN_URL=/sign-in\n\n"+
		"DATABASE_URL=mysql://localhost:3306/otters\nUPLOADS=4\nPORT=3000\nLOG_LEVEL=info\n\nWEBHOOK_SECRET=<webhook>\n\nSTRIPE_API_KEY=\n")
	c.file("wild/webhook/route.ts", "import { Webhook } from \"svix\";\nimport { WebhookEvent } from \"@clerk/nextjs/server\";\n\nexport async function POST(req: Request) {\n"+
		"  const payload = await req.text();\n  const header = await headers();\n  // verify it\n  const wh = new Webhook(\"<webhook>\");\n  return wh.verify(payload, header);\n}\n")
	c.file("wild/svix/handler.ts", "import { Webhook } from \"svix\";\n\nconst SVIX_SECRET = \"<webhook>\";\n")
	c.file("wild/svix/package.json", `{"dependencies": {"@clerk/nextjs": "^7", "svix": "^1"}}`+"\n")
	c.file("src/Clerk.Net.AspNetCore/Webhooks/Options.cs", "public string SvixSecret = \"<webhook>\";\n")
}

// gluedVariables were appended to a file whose last line had no end.
func (c *Corpus) gluedVariables() {
	c.file("wild/glued.env", "CLERK_SECRET_KEY=<test>NEXT_PUBLIC_CLERK_SIGN_IN_URL=/sign-in\n")
	c.file("wild/glued-webhook.env", "CLERK_WEBHOOK_SECRET=<webhook>PORT=3000\n")
	c.file("wild/openssl.env", "CLERK_ENCRYPTION_KEY=<encryptionbase64>\nPORT=3000\n")
}

// beside writes other vendors' credentials and code beside Clerk's.
func (c *Corpus) beside() {
	hook := func() string {
		c.seed++
		return detecttest.WebhookSecret(c.seed)
	}
	none := func(path, vendor string, lines ...string) { c.lookAlike("beside/"+path, vendor, lines...) }
	none("checkout.ts", "stripe",
		"// keeps the customers of clerk in step",
		"const endpointSecret = \""+hook()+"\";",
		"const event = stripe.webhooks.constructEvent(body, request.headers[\"stripe-signature\"], endpointSecret);")
	none("far-checkout.ts", "stripe",
		"import { clerkClient } from \"@clerk/nextjs/server\";", "//", "//", "//", "//",
		"const secret = \""+hook()+"\";", "//", "//", "//", "//",
		"const event = stripe.webhooks.constructEvent(body, signature, secret);")
	none("resend.env", "resend",
		"NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY="+detecttest.PublishableKey("test", "calm-otter-42.clerk.accounts.dev"),
		"RESEND_WEBHOOK_SECRET="+hook())
	none("guesty.env", "guesty", "GUESTY_SVIX_SECRET="+hook())
	for _, vendor := range []string{
		"line", "tiktok", "twitch", "spotify", "dropbox", "notion", "bitbucket", "atlassian", "hubspot", "coinbase", "box", "linear", "xero",
		"huggingface", "vercel", "google", "github", "discord",
	} {
		none("social/"+vendor+".env", vendor, "CLERK_"+strings.ToUpper(vendor)+"_CLIENT_SECRET="+c.random(base62, 32))
	}
	none("openclerk.env", "openclerk", "OPENCLERK_CLIENT_SECRET="+c.random(base62, 32))
	none("schoolclerk.env", "schoolclerk", "SCHOOLCLERK_ENCRYPTION_KEY="+c.random(lowerHex, 64))
	none("commit.md", "", "https://dashboard.clerk.com/apps/claim?"+"token="+c.random(lowerHex, 40))
}
