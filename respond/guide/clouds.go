package guide

import (
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond/markdown"
)

// put makes a target from files, nil where there are none. The files' lines that name the variable are shown.
func (t *tree) put(v string, files []string, out target) []target {
	if len(files) == 0 {
		return nil
	}
	uses := t.uses(v, files...)
	if len(uses) == 0 {
		uses = wholes(files)
	}
	out.where = t.show(uses)
	return []target{out}
}

// containing returns the files whose text holds the word.
func (t *tree) containing(files []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(files), func(p string) bool { return !strings.Contains(t.text(p), word) })
}

var (
	samTemplate    = newPattern(`(^|/)(template|sam)\.(ya?ml|json)$`)
	samStack       = newPattern(`(?m)^\s*stack_name\s*=\s*"([A-Za-z][A-Za-z0-9-]{0,127})"`)
	copilotFile    = newPattern(`(^|/)copilot/[^/]+/manifest\.ya?ml$`)
	taskDefinition = newPattern(`(^|/)[^/]*task[-_]?def[^/]*\.json$`)
	beanstalkFile  = newPattern(`(^|/)\.(ebextensions|elasticbeanstalk)/[^/]+$`)
)

func aws(t *tree, l Leak, v string) []target {
	var out []target
	add := func(files []string, x target) { out = append(out, t.put(v, files, x)...) }
	stored := t.awsStore(v)
	if files := t.containing(t.matching(samTemplate), "AWS::Serverless"); len(files) > 0 {
		deploy := "sam build && sam deploy"
		for _, p := range t.named("samconfig.toml") {
			if stack := first(samStack, t.text(p)); stack != "" {
				deploy += " --stack-name " + stack
				break
			}
		}
		add(files, stored.to("AWS SAM", deploy))
	}
	add(t.named("cdk.json"), t.cdkStore(l, stored).to("AWS CDK", "npx cdk deploy --all"))
	add(t.matching(copilotFile), target{name: "AWS Copilot", set: []string{"copilot secret init --name " + v + " --overwrite"}, note: asksForValue + " Add what it prints to `secrets` in the manifest, if that isn't there yet.", takes: []string{"copilot svc deploy"}, runs: []string{"copilot svc deploy"}})
	tasks := t.containing(t.matching(taskDefinition), "containerDefinitions")
	services := t.terraformServices()
	if len(tasks) > 0 || len(services) > 0 {
		add(append(tasks, t.containing(t.matching(tfFile), `"aws_ecs_service"`)...), t.ecs(stored, tasks, services))
	}
	add(t.named("serverless.yml", "serverless.yaml", "serverless.ts"), stored.to("the Serverless Framework", "npx serverless deploy --stage "+stage(l)))
	add(t.named("sst.config.ts"), target{name: "SST", set: []string{"npx sst secret set ClerkSecretKey $NEW_KEY --stage " + stage(l)}, note: "In `sst.config.ts`, give it to the app, if that isn't done yet: `environment: { " + v + ": new sst.Secret(\"ClerkSecretKey\").value }`.", takes: []string{"npx sst deploy --stage " + stage(l)}, runs: []string{"npx sst deploy --stage " + stage(l)}})
	add(t.named("amplify.yml"), target{name: "AWS Amplify", how: "In the Amplify console, **Hosting → Environment variables** (or **Secrets**), change " + code(v) + ".", again: "On Amplify: **Redeploy this version** of the branch.", ships: mergeDeploys("Amplify")})
	add(t.named("apprunner.yaml"), target{name: "AWS App Runner", how: stored.how, set: stored.set, again: "On App Runner: **Deploy**.", ships: mergeDeploys("App Runner")})
	add(t.matching(beanstalkFile), target{name: "AWS Elastic Beanstalk", set: []string{"eb setenv " + v + "=$NEW_KEY"}, auto: true, runs: []string{"eb deploy"}})
	return out
}

// cdkStore is where a stack takes the value from that held it itself.
func (t *tree) cdkStore(l Leak, s store) store {
	for _, at := range l.Head {
		if !l.Hide && (path.Base(at.Path) == "cdk.json" || isStack(t, at)) {
			return store{set: []string{"aws secretsmanager create-secret --name clerk-secret-key --secret-string $NEW_KEY"}}
		}
	}
	return s
}

// isStack reports whether the code describes infrastructure, so that it runs when that is deployed, and not in the app.
func isStack(t *tree, at Location) bool { return strings.Contains(t.text(at.Path), "aws-cdk-lib") }

func stage(l Leak) string {
	if live(l) {
		return "production"
	}
	return "dev"
}

// store is where AWS keeps the value, as far as the files say.
type store struct {
	set  []string
	how  string
	note string
}

func (s store) to(name, deploy string) target {
	return target{name: name, in: "in AWS", by: "With " + name + ":", how: s.how, set: s.set, note: s.note, takes: []string{deploy}, runs: []string{deploy}}
}

var (
	secretARN     = newPattern(`arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{1,12}:secret:([A-Za-z0-9/_+=.@-]{1,200})(:[A-Za-z0-9_.-]+)?(::?[A-Za-z0-9-]*)*`)
	parameterARN  = newPattern(`arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{1,12}:parameter(/[A-Za-z0-9/_.-]{1,200})`)
	parameterName = newPattern(`["'\s]valueFrom["']?\s*[:=]\s*["'](/?[A-Za-z0-9][A-Za-z0-9/_.-]{0,200})["']|\{\{resolve:ssm(?:-secure)?:(/?[A-Za-z0-9][A-Za-z0-9/_.-]{0,200})|\$\{ssm:(/?[A-Za-z0-9][A-Za-z0-9/_.-]{0,200})`)
	resolveSecret = newPattern(`\{\{resolve:secretsmanager:([A-Za-z0-9/_+=.@-]{1,200})(:SecretString:[A-Za-z0-9_.-]+)?`)
)

// awsStore reads which parameter or secret the files name for the variable. Where they hold the credential itself, it is
// the parameter that the changes of those files name.
func (t *tree) awsStore(v string) store {
	parameter := func(name string) store {
		return store{set: []string{"aws ssm put-parameter --name " + name + " --type SecureString --overwrite --value $NEW_KEY"}}
	}
	files := append(t.matching(taskDefinition), append(t.matching(samTemplate), t.named("serverless.yml", "serverless.yaml")...)...)
	for _, p := range files {
		if !t.holds(p) {
			continue
		}
		if samTemplate.MatchString(p) {
			return store{set: []string{"aws secretsmanager create-secret --name clerk-secret-key --secret-string $NEW_KEY"}, how: "Put it into Secrets Manager:"}
		}
		return parameter("/clerk/secret-key")
	}
	if len(t.named("apprunner.yaml")) > 0 && t.holds(t.named("apprunner.yaml")...) {
		return parameter("/clerk/secret-key")
	}
	for _, u := range t.uses(v, append(files, t.named("apprunner.yaml")...)...) {
		near := strings.Join(t.around(u, 1), "\n")
		if m := secretARN.FindStringSubmatch(near); m != nil {
			if m[2] != "" { // the secret holds other keys as well, which a new value would replace
				return store{how: "In Secrets Manager, open " + markdown.Code(m[1]) + " and change " + markdown.Code(m[2][1:]) + "."}
			}
			return store{set: []string{"aws secretsmanager put-secret-value --secret-id " + m[1] + " --secret-string $NEW_KEY"}}
		}
		if m := resolveSecret.FindStringSubmatch(near); m != nil {
			if m[2] != "" {
				return store{how: "In Secrets Manager, open " + markdown.Code(m[1]) + " and change " + markdown.Code(strings.TrimPrefix(m[2], ":SecretString:")) + "."}
			}
			return store{set: []string{"aws secretsmanager put-secret-value --secret-id " + m[1] + " --secret-string $NEW_KEY"}}
		}
		if m := parameterARN.FindStringSubmatch(near); m != nil {
			return parameter(m[1])
		}
		if m := parameterName.FindStringSubmatch(near); m != nil {
			return parameter(m[1] + m[2] + m[3])
		}
	}
	return store{how: "Put it into Secrets Manager or Parameter Store, and make sure that the app gets it from there as " + code(v) + "."}
}

// around returns the lines from the use's to n behind it.
func (t *tree) around(u use, n int) []string {
	lines := t.lines(u.path)
	return lines[max(0, u.line-1):min(len(lines), u.line+n)]
}

// ecsService is what a forced deployment needs to know.
type ecsService struct{ cluster, service string }

var (
	ecsCommand  = newPattern(`--cluster[ =]+([A-Za-z0-9_-]{1,255})[^\n]*--service[ =]+([A-Za-z0-9_-]{1,255})`)
	ecsInputs   = newPattern(`(?m)^\s*(service|cluster):\s*["']?([A-Za-z0-9_-]{1,255})["']?\s*$`)
	ecsResource = newPattern(`(?s)resource\s+"aws_ecs_service"\s+"[^"]*"\s*\{(.*?)\n\}`)
	tfName      = newPattern(`(?m)^\s*name\s*=\s*"([A-Za-z0-9_-]{1,255})"`)
	tfCluster   = newPattern(`(?m)^\s*cluster\s*=\s*(?:"([A-Za-z0-9_-]{1,255})"|aws_ecs_cluster\.([A-Za-z0-9_-]{1,255})\.)`)
	tfResource  = newPattern(`(?s)resource\s+"([^"]+)"\s+"([^"]+)"\s*\{(.*?)\n\}`)
)

// ecs replaces a service's tasks: they keep the value that they were started with.
func (t *tree) ecs(s store, tasks []string, services []ecsService) target {
	out := target{name: "AWS ECS", in: "in AWS", by: "On ECS:", how: s.how, set: s.set, note: s.note}
	if len(tasks) == 0 {
		out.how, out.set = "", nil // Terraform sets it
	}
	for _, p := range t.matching(workflows) {
		text := t.text(p)
		if m := ecsCommand.FindStringSubmatch(text); m != nil {
			services = append(services, ecsService{m[1], m[2]})
			continue
		}
		found := ecsService{}
		for _, m := range ecsInputs.FindAllStringSubmatch(text, -1) {
			if m[1] == "cluster" {
				found.cluster = m[2]
			} else {
				found.service = m[2]
			}
		}
		if found.service != "" && found.cluster != "" && strings.Contains(text, "amazon-ecs-deploy-task-definition") {
			services = append(services, found)
		}
	}
	for _, s := range slices.Compact(services) {
		out.takes = append(out.takes, "aws ecs update-service --cluster "+s.cluster+" --service "+s.service+" --force-new-deployment")
	}
	if len(out.takes) == 0 {
		out.again = "On ECS: **Update service → Force new deployment**. Tasks keep the value that they were started with."
	}
	out.ships = "Deploy the commit to ECS as usual: its image, and its task definition."
	if len(tasks) == 0 {
		out.ships, out.runs = "Deploy the commit to ECS as usual. If the image is the same, replace the tasks:", out.takes
	}
	return out
}

// terraformServices reads the ECS services that Terraform files describe.
func (t *tree) terraformServices() []ecsService {
	var out []ecsService
	for _, p := range t.containing(t.matching(tfFile), `"aws_ecs_service"`) {
		for _, m := range ecsResource.FindAllStringSubmatch(t.text(p), maxShown) {
			c := tfCluster.FindStringSubmatch(m[1])
			s := ecsService{service: first(tfName, m[1])}
			if c != nil {
				s.cluster = orElse(c[1], t.terraformName("aws_ecs_cluster", c[2]))
			}
			if s.cluster != "" && s.service != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// terraformName returns the name that a resource is given, "" where it is not a literal.
func (t *tree) terraformName(kind, label string) string {
	if label == "" {
		return ""
	}
	for _, p := range t.containing(t.matching(tfFile), `"`+kind+`"`) {
		for _, m := range tfResource.FindAllStringSubmatch(t.text(p), -1) {
			if m[1] == kind && m[2] == label {
				return first(tfName, m[3])
			}
		}
	}
	return ""
}
