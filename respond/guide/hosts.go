package guide

import (
	"regexp"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// A finder recognises one host or store of secrets by its files and says how the variable is set there.
type finder func(t *tree, l Leak, variable string) []place

// finders, in the order in which their places are listed: what serves requests first, then stores, then the rest.
func finders() []finder {
	return []finder{
		vercel, netlify, cloudflare, fly, railway, render, heroku, aws, google, azure, supabase, convex,
		doppler, infisical, sops, kubernetes, helm, terraform, compose, dockerfile, actions, circleCI,
	}
}

func live(l Leak) bool { return l.Environment != detect.Test }

const asksForValue = "\nIt asks for the value."

func vercel(t *tree, l Leak, v string) []place {
	files := t.named("vercel.json", "vercel.ts", "now.json", ".vercelignore")
	for _, p := range t.named("project.json") {
		if strings.HasSuffix("/"+p, "/.vercel/project.json") {
			files = append(files, p)
		}
	}
	if len(files) == 0 {
		for _, p := range t.named("package.json") {
			for name := range nodePackages(t.text(p)) {
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
	how := inFolder(files[0]) + shell(`printf %s "$NEW_KEY" | vercel env add `+v+` production --force`)
	if !live(l) {
		how = inFolder(files[0]) + shell(`printf %s "$NEW_KEY" | vercel env add `+v+` preview --force`, `printf %s "$NEW_KEY" | vercel env add `+v+` development --force`)
	}
	if l.Kind == detect.SecretKey {
		how += "\nIf Clerk came to Vercel through the Marketplace, do it there instead: Integrations → Clerk → API keys, " +
			"[as Vercel describes](https://vercel.com/kb/guide/how-to-reset-the-secrets-of-your-clerk-integration)."
	}
	return []place{{
		name: "Vercel", where: t.show(wholes(files)), how: how, shell: true,
		deploy: "redeploy (Deployments → ⋯ → Redeploy, or `vercel redeploy <url>`): a deployment keeps the variables that it was made with.",
	}}
}

func netlify(t *tree, l Leak, v string) []place {
	files := t.named("netlify.toml")
	if len(files) == 0 {
		return nil
	}
	commands := []string{`netlify env:set ` + v + ` "$NEW_KEY" --context production --secret`}
	if !live(l) {
		commands = []string{`netlify env:set ` + v + ` "$NEW_KEY" --context deploy-preview branch-deploy --secret`, `netlify env:set ` + v + ` "$NEW_KEY" --context dev`}
	}
	return []place{{
		name: "Netlify", where: t.show(wholes(files)), how: inFolder(files[0]) + shell(commands...), shell: true,
		deploy: "Deploys → Trigger deploy, or `netlify deploy --build --prod`.",
	}}
}

func cloudflare(t *tree, l Leak, v string) []place {
	var out []place
	for i, p := range t.named("wrangler.toml", "wrangler.jsonc", "wrangler.json") {
		if i == maxShown {
			break
		}
		text := t.text(p)
		flags := ""
		if strings.Contains(p, "/") {
			flags = " --config " + safe(p, "<wrangler configuration>")
		}
		if live(l) && (strings.Contains(text, "[env.production") || regexp.MustCompile(`(?s)"env"\s*:\s*\{.*"production"\s*:`).MatchString(text)) {
			flags += " --env production"
		}
		product, command := "Cloudflare Workers", "npx wrangler secret put "+v+flags
		if strings.Contains(text, "pages_build_output_dir") {
			product, command = "Cloudflare Pages", inFolder(p)+shell("npx wrangler pages secret put "+v)
		} else {
			command = shell(command)
		}
		deploy := "nothing to do: `wrangler secret put` deploys."
		if strings.Contains(text, "pages_build_output_dir") {
			deploy = "deploy once more: a secret of Pages counts from the next deployment."
		}
		out = append(out, place{
			name: product, where: t.show(wholes([]string{p})),
			how: command + "\nIt asks for the value. For `wrangler dev` the key is in `.dev.vars`, which belongs in `.gitignore`.", deploy: deploy,
		})
	}
	return out
}

func fly(t *tree, _ Leak, v string) []place {
	var out []place
	for i, p := range t.matching(regexp.MustCompile(`(^|/)fly(\.[a-z]+)?\.toml$`)) {
		if i == maxShown {
			break
		}
		app := "<app>"
		if m := regexp.MustCompile(`(?m)^app\s*=\s*["']([^"'\n]+)["']`).FindStringSubmatch(t.text(p)); m != nil {
			app = safe(m[1], app)
		}
		out = append(out, place{
			name: "Fly", where: t.show(wholes([]string{p})), shell: true,
			how:    shell(`echo "` + v + `=$NEW_KEY" | fly secrets import --app ` + app),
			deploy: "nothing to do: setting a secret restarts the machines.",
		})
	}
	return out
}

func railway(t *tree, _ Leak, v string) []place {
	files := t.named("railway.json", "railway.toml")
	if len(files) == 0 {
		return nil
	}
	return []place{{
		name: "Railway", where: t.show(wholes(files)), shell: true,
		how:    shell(`printf %s "$NEW_KEY" | railway variable set ` + v + ` --stdin --service <service>`),
		deploy: "nothing to do: a changed variable deploys the service.",
	}}
}

func render(t *tree, _ Leak, v string) []place {
	files := t.named("render.yaml")
	if len(files) == 0 {
		return nil
	}
	uses := t.uses(v, files...)
	if len(uses) == 0 {
		uses = wholes(files)
	}
	return []place{{
		name: "Render", where: t.show(uses),
		how:    "[dashboard.render.com](https://dashboard.render.com) → the service (or its environment group) → **Environment** → edit `" + v + "` → **Save, rebuild, and deploy**. In the blueprint the variable has `sync: false`, and no value.",
		deploy: "saving did it.",
	}}
}

func heroku(t *tree, _ Leak, v string) []place {
	files := t.named("heroku.yml", "app.json")
	files = append(files, t.named("Procfile")...)
	var real []string
	for _, p := range files {
		if strings.HasSuffix(p, "app.json") && strings.Contains(t.text(p), `"expo"`) {
			continue // Expo's manifest has the same name
		}
		real = append(real, p)
	}
	if len(real) == 0 {
		return nil
	}
	return []place{{
		name: "Heroku", where: t.show(wholes(real)), shell: true,
		how:    shell(`heroku config:set ` + v + `="$NEW_KEY" --app <app>`),
		deploy: "nothing to do: `config:set` restarts the dynos.",
	}}
}

func supabase(t *tree, _ Leak, v string) []place {
	files := t.matching(regexp.MustCompile(`(^|/)supabase/config\.toml$`))
	if len(files) == 0 {
		return nil
	}
	return []place{{
		name: "Supabase", where: t.show(wholes(files)), shell: true,
		how:    "if an edge function uses it:" + shell(`supabase secrets set `+v+`="$NEW_KEY"`),
		deploy: "nothing to do: functions see a new secret at once.",
	}}
}

func convex(t *tree, l Leak, v string) []place {
	files := t.named("convex.json")
	if len(files) == 0 {
		for _, p := range t.named("package.json") {
			if nodePackages(t.text(p))["convex"] {
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
	return []place{{
		name: "Convex", where: t.show(wholes(files)), shell: true,
		how:    "if a Convex function uses it (`npx convex env list" + flag + "` tells):" + inFolder(files[0]) + shell(`npx convex env set `+v+` "$NEW_KEY"`+flag),
		deploy: "nothing to do: functions see a new value at once.",
	}}
}
