package main

import "strings"

// contexts plants credentials in plain text, as they stand in public repositories.
func (c *Corpus) contexts() {
	c.environmentFiles()
	c.containers()
	c.code()
	c.settings()
	c.documents()
	c.otherKinds()
}

func (c *Corpus) environmentFiles() {
	c.file("env/.env", "NODE_ENV=production\nNEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=<pklive>\nCLERK_SECRET_KEY=<live>\n")
	c.file("env/.env.local", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=<pktest>\r\nCLERK_SECRET_KEY=<test>\r\nPORT=3000\r\n")
	c.file("env/.env.production", "CLERK_SECRET_KEY=<live>") // no newline at the end
	c.file("env/.env.development", "CLERK_SECRET_KEY=\"<test>\"\n")
	c.file("env/.env.staging", "CLERK_SECRET_KEY='<test>'\n")
	c.file("env/.env.test", "CLERK_SECRET_KEY=`<test>`\n")
	c.file("env/.env.example", "# copy to .env.local\nCLERK_SECRET_KEY=<test>\n")
	c.file("env/.env.backup-2025", "CLERK_SECRET_KEY=<live> # prod\n")
	c.file("env/.env.local.backup", "export CLERK_SECRET_KEY=<test>\nexport PORT=80\n")
	c.file("env/nuxt/.env", "NUXT_PUBLIC_CLERK_PUBLISHABLE_KEY=<pktest>\nNUXT_CLERK_SECRET_KEY=<test>\n")
	c.file("env/vite/.env", "VITE_CLERK_SECRET_KEY=<test>\n")
	c.file("env/next/.env", "NEXT_PUBLIC_CLERK_SECRET_KEY=<live>\n")
	c.file("env/spaces.env", "CLERK_SECRET_KEY = <test>\n")
	c.file("env/commented.env", "# CLERK_SECRET_KEY=<live>\nCLERK_SECRET_KEY=\n")
	c.file("env/backend/dotenv/.env", "DATABASE_URL=postgres://localhost/otters\nCLERK_SECRET_KEY=<live>\nREDIS_URL=redis://localhost\n")
	c.file("env/azure-config-example.env", "APP__CLERK_SECRET_KEY=<live>;\n")
	c.file("env/private.env", "CLERK_PRIVATE_KEY=<test>\nCLERK_SECRET=<live>\n")
	c.file("env/e2e.env", "RLS_TEST_CLERK_SECRET_KEY=<test>\n")
	c.file("env/.dev.vars", "CLERK_SECRET_KEY=<test>\n")
	c.file("env/setup.ps1", "$env:CLERK_SECRET_KEY = \"<test>\"\n")
	c.file("env/setup.bat", "@echo off\r\nset CLERK_SECRET_KEY=<test>\r\n")
	c.file("env/setup.fish", "set -gx CLERK_SECRET_KEY <test>\n")
	c.file("env/clerkauth.txt", "<live>\n")
	c.file("env/notes.txt", "the key is <live>, ask Ann before you use it\n") // nothing says Clerk
	c.file("env/two.txt", "clerk old <live> new <live>\n")
	c.file("env/twice-a.env", "CLERK_SECRET_KEY=<test>\nBACKUP_CLERK_SECRET_KEY=<same>\n")

	keyless := `{"publishableKey":"<pktest>","secretKey":"<test>","claimUrl":"<claim>","apiKeysUrl":"<apikeysurl>"}`
	pretty := "{\n  \"publishableKey\": \"<pktest>\",\n  \"secretKey\": \"<test>\",\n  \"claimUrl\": \"<claim>\",\n  \"apiKeysUrl\": \"<apikeysurl>\"\n}\n"
	c.file(".clerk/.tmp/keyless.json", keyless)
	c.file("frontend/.clerk/.tmp/keyless.json", pretty)
	c.file("apps/web/.clerk/.tmp/keyless.json", keyless+"\n")
}

func (c *Corpus) containers() {
	c.file("docker/Dockerfile", "FROM node:22\nENV CLERK_SECRET_KEY=<test>\nCMD [\"node\", \"server.js\"]\n")
	c.file("docker/continued/Dockerfile", "FROM node:22\nENV NODE_ENV=production \\\n    CLERK_SECRET_KEY=<live> \\\n    PORT=80\n")
	c.file("docker/arg/Dockerfile", "FROM node:22\nARG CLERK_SECRET_KEY=<test>\n")
	c.file("docker/build.sh", "docker build --build-arg CLERK_SECRET_KEY=<test> \\\n  -t otters .\n")
	c.file("docker/docker-compose.yml", "services:\n  web:\n    environment:\n      - CLERK_SECRET_KEY=<test>\n")
	c.file("docker/docker-compose.prod.yml", "services:\n  web:\n    environment:\n      CLERK_SECRET_KEY: <live>\n      PORT: \"80\"\n")
	c.file("docker/run.sh", "docker run -e CLERK_SECRET_KEY=<live> -p 80:80 otters\n")
	c.file("k8s/deployment.yaml", "spec:\n  containers:\n    - env:\n        - name: CLERK_SECRET_KEY\n          value: \"<live>\"\n")
	c.file("k8s/secret.yaml", "kind: Secret\nstringData:\n  CLERK_SECRET_KEY: <live>\n")
	c.file(".github/workflows/ci.yml", "jobs:\n  test:\n    env:\n      CLERK_SECRET_KEY: <test>\n")
	c.file("deploy/deploy.sh", "fly secrets set CLERK_SECRET_KEY=<live>\nvercel env add CLERK_SECRET_KEY production <<< \"<same>\"\n")
	c.file("deploy/create-env.sh", "cat > .env <<END\nCLERK_SECRET_KEY=<test>\nEND\necho \"   - CLERK_SECRET_KEY=<same>\"\n")
	c.file("deploy/ecs-task.json", "{\"environment\": [{\"name\": \"CLERK_SECRET_KEY\", \"value\": \"<live>\"}]}\n")
}

func (c *Corpus) code() {
	c.file("code/playwright.config.ts", "const key = process.env.CLERK_SECRET_KEY || '<test>';\n")
	c.file("code/nullish.ts", "const key = process.env.CLERK_SECRET_KEY ?? \"<live>\";\n")
	c.file("code/settings.py", "SECRET = os.getenv(\"CLERK_SECRET_KEY\", \"<test>\")\n")
	c.file("code/client.ts", "import { createClerkClient } from '@clerk/backend';\n\nexport const clerk = createClerkClient({ secretKey: '<live>' });\n")
	c.file("code/client.py", "from clerk_backend_api import Clerk\n\nsdk = Clerk(bearer_auth=\"<live>\")\n")
	c.file("code/main.go", "package main\n\nimport \"github.com/clerk/clerk-sdk-go/v2\"\n\nfunc main() { clerk.SetKey(\"<test>\") }\n")
	c.file("code/client.rb", "require \"clerk\"\nClerk.configure { |c| c.secret_key = \"<test>\" }\n")
	c.file("code/client.java", "Clerk sdk = Clerk.builder().bearerAuth(\"<live>\").build();\n")
	c.file("code/client.cs", "var sdk = new ClerkBackendApi(bearerAuth: \"<live>\");\n")
	c.file("code/client.php", "$sdk = ClerkBackend::builder()->setSecurity('<test>')->build();\n")
	c.file("code/assign.js", "process.env.CLERK_SECRET_KEY = \"<test>\";\nconst CLERK_SECRET_KEY = \"<test>\";\n")
	c.file("code/escaped.js", "fs.writeFileSync('.env', \"PORT=80\\nCLERK_SECRET_KEY=<test>\\n\");\nconst lines = \"first\\n<live>\\n\";\n")
	c.file("code/template.js", "const env = `\nCLERK_SECRET_KEY=<test>\n`;\n")
	c.file("code/request.sh", "curl -H \"Authorization: Bearer <live>\" https://api.clerk.com/v1/users\n")
	c.file("code/proxy.conf", "proxy_set_header Clerk-Secret-Key <live>;\n")
	c.file("code/headers.ts", "const headers = { 'Clerk-Secret-Key': '<live>' };\n")
	bundle := strings.Repeat("function a(e){return e?e.map((t)=>t.id):[]}", 4700)
	c.file("code/bundle.min.js", bundle+"var s={secretKey:\"<live>\",publishableKey:\"<pklive>\"};"+bundle)
	c.file("code/bundle.js.map", "{\"version\":3,\"sourcesContent\":[\"const clerk = createClerkClient({\\n  secretKey: \\\"<test>\\\"\\n})\"]}\n")
	c.file("code/dump.sql", "INSERT INTO settings VALUES (1,'clerk_secret_key','<live>'),(2,'port','80');\n")
	c.file("code/session.har", "{\"request\":{\"url\":\"https://api.clerk.com/v1/users\",\"headers\":[{\"name\":\"Authorization\",\"value\":\"Bearer <live>\"}]}}\n")
	c.file("code/address.txt", "https://app.example.com/?clerk_secret_key=<test>&page=2\n")
	c.file("code/logs.txt", "2025-05-01T10:00:00Z clerk: key <test>: not found\n")
}

func (c *Corpus) settings() {
	c.file("settings/application.properties", "clerk.secret-key=<test>\n")
	c.file("settings/application.yml", "clerk:\n  secret-key: <live>\n")
	c.file("settings/appsettings.json", "{\n  \"Clerk\": {\n    \"SecretKey\": \"<live>\"\n  }\n}\n")
	c.file("settings/terraform.tfvars", "clerk_secret_key = \"<live>\"\n")
	c.file("settings/terraform.tfstate", "{\"resources\":[{\"attributes\":{\"clerk_secret_key\":\"<live>\"}}]}\n")
	c.file("settings/wrangler.toml", "[vars]\nCLERK_SECRET_KEY = \"<test>\"\n")
	c.file("settings/netlify.toml", "[context.production.environment]\n  CLERK_SECRET_KEY = \"<live>\"\n")
	c.file("settings/launch.json", "{\"env\": {\"CLERK_SECRET_KEY\": \"<test>\",\"PORT\": \"80\"}}\n")
	c.file("settings/vercel.json", "{\"env\":{\"CLERK_SECRET_KEY\":\"<live>\"}}\n")
	c.file("settings/config.xml", "<add key=\"CLERK_SECRET_KEY\" value=\"<live>\" />\n<clerkSecretKey><live></clerkSecretKey>\n")
	c.file("settings/app.ini", "[clerk]\nsecret_key=<test>\n")
	c.file("settings/postman.json", "{\"values\":[{\"key\":\"clerk_secret_key\",\"value\":\"<test>\",\"enabled\":true}]}\n")
}

func (c *Corpus) documents() {
	c.file("docs/README.md", "Set up:\n\n```bash\nCLERK_SECRET_KEY=<test>\n```\n\nor `CLERK_SECRET_KEY=<test>` in the shell.\n")
	c.file("docs/SECURITY_FIX.md", "- CLERK_SECRET_KEY: <live>\n")
	c.file("docs/table.md", "| variable | value |\n| --- | --- |\n| CLERK_SECRET_KEY | <test> |\n")
	c.file("docs/link.md", "[the clerk key](https://example.com/?k=<test>) and **<live>**\n")
	c.file("docs/page.html", "<p>clerk</p>\n<input name=\"key\" value=\"<test>\">\n<code><live></code>\n")
	c.file("docs/guide.ipynb", "{\"cells\":[{\"source\":[\"import os\\n\",\"os.environ[\\\"CLERK_SECRET_KEY\\\"] = \\\"<test>\\\"\\n\"]}]}\n")
	c.file("docs/chat.log", "ann: the clerk key?\nbob: <live>\n")
}

func (c *Corpus) otherKinds() {
	c.file("kinds/webhooks.env", "CLERK_WEBHOOK_SIGNING_SECRET=<webhook>\nCLERK_WEBHOOK_SECRET=\"<webhook>\"\n")
	c.file("kinds/nuxt.env", "NUXT_CLERK_WEBHOOK_SIGNING_SECRET=<webhook>\n")
	c.file("kinds/signing-key.env", "CLERK_WEBHOOK_SIGNING_KEY=<webhook>\n")
	c.file("kinds/clerk-webhook.ts", "import { verifyWebhook } from '@clerk/backend/webhooks';\nconst event = await verifyWebhook(request, { signingSecret: '<webhook>' });\n")
	c.file("kinds/machine.env", "CLERK_MACHINE_SECRET_KEY=<machine>\n")
	c.file("kinds/machine.yml", "env:\n  CLERK_MACHINE_SECRET_KEY: \"<machine>\"\n")
	c.file("kinds/platform.env", "CLERK_PLATFORM_API_KEY=<platform>\n")
	c.file("kinds/platform.sh", "export CLERK_PLATFORM_API_KEY='<platform>'\nclerk api --platform /applications\n")
	c.file("kinds/legacy.env", "CLERK_API_KEY=<legacylive>\n")
	c.file("kinds/legacy.json", "{\"CLERK_API_KEY\": \"<legacytest>\"}\n")
	c.file("kinds/encryption.env", "CLERK_ENCRYPTION_KEY=<encryption>\n")
	c.file("kinds/oauth.env", "CLERK_OAUTH_CLIENT_SECRET=<oauth>\n")
	c.file("kinds/claim.md", "Claim it: <claim>\n")
}
