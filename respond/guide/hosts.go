package guide

import (
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// A finder recognises one host or store of secrets by its files and says how the variable is set there.
type finder func(t *tree, l Leak, variable string) []target

// finders, in the order in which their targets are listed: what serves requests first, then stores, then the rest.
func finders() []finder {
	return []finder{
		vercel, netlify, cloudflare, fly, railway, render, heroku, aws, google, azure, supabase, convex, eas,
		doppler, infisical, sops, kubernetes, helm, terraform, compose, actions, circleCI,
	}
}

func live(l Leak) bool { return l.Environment != detect.Test }

const (
	asksForValue = "It asks for the value."
	rightAway    = "It takes effect right away."
	merged       = "Merge it into the production branch, which "
)

// mergeDeploys says how a commit gets to a host that builds what is merged.
func mergeDeploys(host string) string { return merged + host + " deploys." }

// holds reports whether one of the files holds the leaked credential.
func (t *tree) holds(files ...string) bool {
	return slices.ContainsFunc(files, func(p string) bool { return t.head[p] && !t.secret[p] })
}

var vercelProject = newPattern(`"projectName"\s*:\s*"([a-z0-9][a-z0-9._-]{0,99})"`)

func vercel(t *tree, l Leak, v string) []target {
	files := t.named("vercel.json", "vercel.ts", "now.json", ".vercelignore")
	link := ""
	for _, p := range t.named("project.json") {
		if strings.HasSuffix("/"+p, "/.vercel/project.json") {
			files = append(files, p)
			if name := first(vercelProject, t.text(p)); name != "" {
				link = "vercel link --yes --project " + name
			}
		}
	}
	if len(files) == 0 {
		for _, p := range t.named("package.json") {
			for name := range t.packages(p) {
				if name == "vercel" || strings.HasPrefix(name, "@vercel/") || name == "@astrojs/vercel" || name == "@sveltejs/adapter-vercel" {
					files = append(files, p)
					break
				}
			}
		}
	}
	if len(files) == 0 {
		return nil
	}
	set := []string{"vercel env add " + v + " production --force"}
	if !live(l) {
		set = []string{"vercel env add " + v + " preview --force", "vercel env add " + v + " development --force"}
	}
	if link != "" {
		set = append([]string{link}, set...)
	}
	note := asksForValue
	if l.Kind == detect.SecretKey {
		note += " If Clerk came through Vercel's Marketplace, [do it there](https://vercel.com/kb/guide/how-to-reset-the-secrets-of-your-clerk-integration)."
	}
	how := inFolder(files[0])
	if path.Base(path.Dir(files[0])) == ".vercel" {
		how = inFolder(path.Dir(files[0]))
	}
	return []target{{
		name: "Vercel", where: t.show(wholes(files)), how: how, set: set, note: note,
		again: "On Vercel: **Deployments → ⋯ → Redeploy**. A deployment keeps the variables that it was built with.",
		ships: mergeDeploys("Vercel"),
	}}
}

func netlify(t *tree, l Leak, v string) []target {
	files := t.named("netlify.toml")
	if len(files) == 0 {
		return nil
	}
	set := []string{"netlify env:set " + v + " $NEW_KEY --context production --secret"}
	if !live(l) {
		set = []string{"netlify env:set " + v + " $NEW_KEY --context deploy-preview branch-deploy --secret", "netlify env:set " + v + " $NEW_KEY --context dev"}
	}
	return []target{{
		name: "Netlify", where: t.show(wholes(files)), how: inFolder(files[0]), set: set,
		again: "On Netlify: **Deploys → Trigger deploy**.", ships: mergeDeploys("Netlify"),
	}}
}

var (
	wranglerProduction = newPattern(`\[env\.production|(?s:"env"\s*:\s*\{.*"production"\s*:)`)
	wranglerName       = newPattern(`(?m)^\s*"?name"?\s*[=:]\s*["']([a-z0-9][a-z0-9-]{0,62})["']`)
)

func cloudflare(t *tree, l Leak, v string) []target {
	var out []target
	for i, p := range t.named("wrangler.toml", "wrangler.jsonc", "wrangler.json") {
		if i == maxShown {
			break
		}
		text := t.text(p)
		where := t.show(wholes([]string{p}))
		local := asksForValue
		if !live(l) {
			local += " For `wrangler dev` it is in `.dev.vars`, which belongs in `.gitignore`."
		}
		if strings.Contains(text, "pages_build_output_dir") {
			project := ""
			if name := first(wranglerName, text); name != "" {
				project = " --project-name " + name
			}
			out = append(out, target{
				name: "Cloudflare Pages", where: where, how: inFolder(p), set: []string{"npx wrangler pages secret put " + v + project}, note: local,
				again: "On Cloudflare Pages: **Deployments → ⋯ → Retry deployment** of the latest production deployment.",
				ships: mergeDeploys("Cloudflare Pages"),
			})
			continue
		}
		flags := ""
		if strings.Contains(p, "/") {
			flags = " --config " + safe(p, "wrangler.toml")
		}
		if live(l) && wranglerProduction.MatchString(text) {
			flags += " --env production"
		}
		w := target{name: "Cloudflare Workers", where: where, set: []string{"npx wrangler secret put " + v + flags}, note: local, auto: true, runs: []string{"npx wrangler deploy" + flags}}
		if t.holds(p) { // a secret cannot have the name of a variable that is deployed: both have to change in one deployment
			w.late, w.runs = true, nil
			w.how = "Before you push that, run this in your checkout: it uploads the Worker, gives that version the secret, and only then deploys it."
			w.note += " Then commit and push."
			w.set = []string{"npx wrangler versions upload" + flags, "npx wrangler versions secret put " + v + flags, "npx wrangler versions deploy" + flags}
		}
		out = append(out, w)
	}
	return out
}

var (
	flyFile = newPattern(`(^|/)fly(\.[a-z]+)?\.toml$`)
	flyApp  = newPattern(`(?m)^app\s*=\s*["']([^"'\n]+)["']`)
)

func fly(t *tree, _ Leak, v string) []target {
	var out []target
	for i, p := range t.matching(flyFile) {
		if i == maxShown {
			break
		}
		app, config := "", ""
		if name := safe(first(flyApp, t.text(p)), ""); name != "" {
			app = " --app " + name
		}
		if p != "fly.toml" {
			config = " --config " + safe(p, "fly.toml")
		}
		out = append(out, target{
			name: "Fly", where: t.show(wholes([]string{p})), set: []string{"fly secrets set " + v + "=$NEW_KEY" + orElse(app, config)}, auto: true,
			runs: []string{"fly deploy" + config + app},
		})
	}
	return out
}

func railway(t *tree, _ Leak, v string) []target {
	files := t.named("railway.json", "railway.toml")
	if len(files) == 0 {
		return nil
	}
	return []target{{
		name: "Railway", where: t.show(wholes(files)), how: "In a folder that is linked to the service (`railway link`):",
		set: []string{"railway variable set " + v + "=$NEW_KEY"}, auto: true, ships: mergeDeploys("Railway"),
	}}
}

var renderService = newPattern(`(?m)^\s+(?:-\s+)?name:\s*["']?([A-Za-z0-9][A-Za-z0-9_-]{0,62})["']?\s*$`)

func render(t *tree, _ Leak, v string) []target {
	files := t.named("render.yaml", "render.yml")
	if len(files) == 0 {
		return nil
	}
	uses := t.uses(v, files...)
	service := "the service"
	if names := renderService.FindAllStringSubmatch(t.text(files[0]), -1); len(names) == 1 {
		service = code(names[0][1])
	}
	if len(uses) == 0 {
		uses = wholes(files)
	}
	out := target{
		name: "Render", where: t.show(uses), auto: true, ships: mergeDeploys("Render"),
		how: "In [Render's dashboard](https://dashboard.render.com) open " + service + " → **Environment**, change " + code(v) + ", and choose **Save, rebuild, and deploy**.",
	}
	if t.holds(files...) { // a sync of the blueprint would bring the old one back
		out.late, out.ships = true, ""
		out.how = "First commit and merge that. Then, in" + strings.TrimPrefix(out.how, "In")
	}
	return []target{out}
}

var (
	herokuApp = newPattern(`(?:heroku_app_name:\s*["']?|git\.heroku\.com/|heroku [a-z:]+[^\n]* (?:--app|-a)[ =])([a-z][a-z0-9-]{1,28}[a-z0-9])`)
	workflows = newPattern(`^\.github/workflows/[^/]+\.ya?ml$`)
)

func heroku(t *tree, _ Leak, v string) []target {
	files := t.named("heroku.yml", "app.json")
	files = append(files, t.named("Procfile")...)
	var described []string
	for _, p := range files {
		if strings.HasSuffix(p, "app.json") && strings.Contains(t.text(p), `"expo"`) {
			continue // Expo's manifest has the same name
		}
		described = append(described, p)
	}
	if len(described) == 0 {
		return nil
	}
	to := " --remote heroku"
	for _, p := range append(t.matching(workflows), t.named("package.json")...) {
		if name := first(herokuApp, t.text(p)); name != "" {
			to = " --app " + name
			break
		}
	}
	return []target{{
		name: "Heroku", where: t.show(wholes(described)), set: []string{"heroku config:set " + v + "=$NEW_KEY" + to}, auto: true,
		ships: "Merge it, if Heroku deploys from GitHub. If not:", runs: []string{"git push heroku HEAD:main"},
	}}
}

var supabaseConfig = newPattern(`(^|/)supabase/config\.toml$`)

func supabase(t *tree, _ Leak, v string) []target {
	files := t.matching(supabaseConfig)
	if len(files) == 0 {
		return nil
	}
	return []target{{
		name: "Supabase", part: true, where: t.show(wholes(files)), how: "If an edge function uses it:", set: []string{"supabase secrets set " + v + "=$NEW_KEY"}, auto: true,
		runs: []string{"supabase functions deploy"},
	}}
}

func convex(t *tree, l Leak, v string) []target {
	files := t.named("convex.json")
	if len(files) == 0 {
		for _, p := range t.named("package.json") {
			if t.packages(p)["convex"] {
				files = append(files, p)
			}
		}
	}
	if len(files) == 0 {
		return nil
	}
	flag := ""
	if live(l) {
		flag = " --prod"
	}
	return []target{{
		name: "Convex", part: true, where: t.show(wholes(files)), how: strings.TrimSpace(inFolder(files[0]) + " If a Convex function uses it:"),
		set: []string{"npx convex env set " + v + flag}, note: asksForValue, auto: true,
		runs: []string{"npx convex deploy"},
	}}
}

// eas hosts an Expo app's API routes. An app without any has no use for a secret.
func eas(t *tree, l Leak, v string) []target {
	files := t.named("eas.json")
	if len(files) == 0 || !t.apiRoutes && !t.holds(files...) {
		return nil
	}
	environment := "production"
	if !live(l) {
		environment = "development"
	}
	deploy := "npx eas-cli deploy --environment " + environment
	if live(l) {
		deploy += " --prod"
	}
	return []target{{
		name: "EAS", where: t.show(wholes(files)), how: inFolder(files[0]),
		set: []string{"npx eas-cli env:create --environment " + environment + " --name " + v + " --visibility secret --force"}, note: asksForValue,
		takes: []string{deploy}, runs: []string{deploy},
	}}
}
