package guide

import (
	"regexp"
	"strings"
)

func aws(t *tree, l Leak, v string) []place {
	var out []place
	add := func(name string, files []string, how, deploy string) {
		if len(files) == 0 {
			return
		}
		uses := t.uses(v, files...)
		if len(uses) == 0 {
			uses = wholes(files)
		}
		out = append(out, place{name: name, where: t.show(uses), how: how, deploy: deploy, shell: strings.Contains(how, "$NEW_KEY")})
	}
	contains := func(files []string, word string) []string {
		var with []string
		for _, p := range files {
			if strings.Contains(t.text(p), word) {
				with = append(with, p)
			}
		}
		return with
	}
	stored := "in Secrets Manager or Parameter Store, whichever holds it:" + shell(
		`aws secretsmanager put-secret-value --secret-id <name> --secret-string "$NEW_KEY"`,
		`aws ssm put-parameter --name <name> --type SecureString --overwrite --value "$NEW_KEY"`)
	templates := t.matching(regexp.MustCompile(`(^|/)(template|sam)\.(ya?ml|json)$`))
	add("AWS SAM", contains(templates, "AWS::Serverless"), stored, "`sam deploy`, as functions get the value when they are deployed.")
	add("AWS CDK", t.named("cdk.json"), stored, "`npx cdk deploy`.")
	add("AWS Copilot", t.matching(regexp.MustCompile(`(^|/)copilot/[^/]+/manifest\.ya?ml$`)), shell(`copilot secret init --name `+v+` --overwrite`)+asksForValue, "`copilot svc deploy`.")
	tasks := t.matching(regexp.MustCompile(`(^|/)[^/]*task[-_]?def[^/]*\.json$`))
	add("AWS ECS", contains(tasks, "containerDefinitions"), stored, "`aws ecs update-service --cluster <cluster> --service <service> --force-new-deployment`.")
	add("Serverless Framework", t.named("serverless.yml", "serverless.yaml", "serverless.ts"), stored, "`serverless deploy`.")
	stage := "production"
	if !live(l) {
		stage = "dev"
	}
	add("SST", t.named("sst.config.ts"), shell(`npx sst secret set <Name> "$NEW_KEY" --stage `+stage), "`npx sst deploy --stage "+stage+"`.")
	add("AWS Amplify", t.named("amplify.yml"), "Amplify console → Hosting → **Environment variables** (or **Secrets**) → `"+v+"`.", "redeploy the branch.")
	add("AWS App Runner", t.named("apprunner.yaml"), stored, "`aws apprunner start-deployment --service-arn <arn>`.")
	add("AWS Elastic Beanstalk", t.matching(regexp.MustCompile(`(^|/)\.(ebextensions|elasticbeanstalk)/[^/]+$`)), shell(`eb setenv `+v+`="$NEW_KEY"`), "nothing to do: `eb setenv` updates the environment.")
	return out
}

func google(t *tree, _ Leak, v string) []place {
	var out []place
	secretManager := shell(`printf %s "$NEW_KEY" | gcloud secrets versions add <secret> --data-file=-`)
	var engine []string
	for _, p := range t.matching(regexp.MustCompile(`(^|/)app\.ya?ml$`)) {
		if regexp.MustCompile(`(?m)^runtime:`).MatchString(t.text(p)) {
			engine = append(engine, p)
		}
	}
	if len(engine) > 0 {
		out = append(out, place{
			name: "Google App Engine", where: t.show(wholes(engine)), shell: true,
			how:    "App Engine takes variables from `app.yaml`, where a secret must not stand: read it from Secret Manager at start." + secretManager,
			deploy: "`gcloud app deploy`.",
		})
	}
	run := t.matching(regexp.MustCompile(`(^|/)(cloudbuild[^/]*\.ya?ml|cloudbuild\.json|skaffold\.ya?ml)$`))
	for _, p := range t.matching(regexp.MustCompile(`(^|/)service[^/]*\.ya?ml$`)) {
		if strings.Contains(t.text(p), "serving.knative.dev") {
			run = append(run, p)
		}
	}
	if len(run) > 0 {
		uses := t.uses(v, run...)
		if len(uses) == 0 {
			uses = wholes(run)
		}
		out = append(out, place{
			name: "Google Cloud Run", where: t.show(uses), how: secretManager, shell: true,
			deploy: "`gcloud run services update <service> --update-secrets=" + v + "=<secret>:latest`: an instance takes the version that was the latest at its start.",
		})
	}
	if files := t.named("apphosting.yaml"); len(files) > 0 {
		out = append(out, place{
			name: "Firebase App Hosting", where: t.show(wholes(files)), how: shell(`firebase apphosting:secrets:set ` + v),
			deploy: "start a rollout of the backend.",
		})
	} else if files := t.named("firebase.json"); len(files) > 0 {
		out = append(out, place{
			name: "Firebase", where: t.show(wholes(files)), how: "if a function uses it:" + shell(`firebase functions:secrets:set `+v) + asksForValue,
			deploy: "`firebase deploy --only functions`.",
		})
	}
	return out
}

func azure(t *tree, _ Leak, v string) []place {
	var out []place
	add := func(name string, files []string, how, deploy string) {
		if len(files) > 0 {
			out = append(out, place{name: name, where: t.show(wholes(files)), how: how, deploy: deploy, shell: strings.Contains(how, "$NEW_KEY")})
		}
	}
	vault := shell(`az keyvault secret set --vault-name <vault> --name <name> --value "$NEW_KEY"`)
	add("Azure Functions", t.named("host.json"), shell(`az functionapp config appsettings set --name <app> --resource-group <group> --settings `+v+`="$NEW_KEY" --output none`), "nothing to do: new settings restart the app.")
	add("Azure Static Web Apps", t.named("staticwebapp.config.json"), shell(`az staticwebapp appsettings set --name <app> --setting-names `+v+`="$NEW_KEY" --output none`), "nothing to do: the API's functions see it at once.")
	add("Azure (azd)", t.named("azure.yaml"), "in Key Vault:"+vault, "`azd deploy`.")
	if len(out) == 0 {
		add("Azure", t.matching(regexp.MustCompile(`(^|/)(main|app)\.bicep$`)),
			"in the app's settings, or in Key Vault:"+shell(`az webapp config appsettings set --name <app> --resource-group <group> --settings `+v+`="$NEW_KEY" --output none`)+vault, "new settings restart the app; a value from Key Vault is fetched anew within a day, or at a restart.")
	}
	if files := t.matching(regexp.MustCompile(`(^|/)azure-pipelines[^/]*\.ya?ml$`)); len(files) > 0 {
		uses := t.uses(v, files...)
		if len(uses) == 0 {
			uses = wholes(files)
		}
		out = append(out, place{name: "Azure Pipelines", where: t.show(uses), how: "Pipelines → Library → the variable group, or the pipeline's own variables → `" + v + "`, kept secret.", deploy: "counts from the next run."})
	}
	return out
}

func doppler(t *tree, l Leak, v string) []place {
	files := t.named("doppler.yaml", "doppler.yml")
	if len(files) == 0 {
		return nil
	}
	config := "prd"
	if !live(l) {
		config = "dev"
	}
	return []place{{
		name: "Doppler", where: t.show(wholes(files)), shell: true,
		how:    shell(`printf %s "$NEW_KEY" | doppler secrets set ` + v + ` --config ` + config),
		deploy: "what Doppler syncs to takes it over; the rest restarts with `doppler run`.",
	}}
}

func infisical(t *tree, l Leak, v string) []place {
	files := t.named(".infisical.json")
	if len(files) == 0 {
		return nil
	}
	env := "prod"
	if !live(l) {
		env = "dev"
	}
	return []place{{name: "Infisical", where: t.show(wholes(files)), shell: true, how: shell(`infisical secrets set ` + v + `="$NEW_KEY" --env=` + env), deploy: "restart what runs under `infisical run`."}}
}

func sops(t *tree, _ Leak, v string) []place {
	if len(t.named(".sops.yaml")) == 0 {
		return nil
	}
	files := t.matching(regexp.MustCompile(`(?i)(^|/)[^/]*(secrets?|\.enc|\.sops)[^/]*\.(ya?ml|json|env)$`))
	uses := t.uses(v, files...)
	how := "open the encrypted file with `sops edit`, change `" + v + "`, commit."
	if len(uses) > 0 {
		if p := safe(uses[0].path, ""); p != "" {
			how = shell("sops edit "+p) + "\nChange `" + v + "`, commit."
		}
	}
	return []place{{name: "SOPS", where: t.show(append(uses, wholes(t.named(".sops.yaml"))...)), how: how, deploy: "deploy what reads the file."}}
}
