package guide

var (
	bicepFile      = newPattern(`(^|/)(main|app)\.bicep$`)
	azurePipelines = newPattern(`(^|/)azure-pipelines[^/]*\.ya?ml$`)
	azureApp       = newPattern(`(?m)^\s*(?:app-name|appName|AZURE_WEBAPP_NAME|AZURE_FUNCTIONAPP_NAME):\s*["']?([A-Za-z0-9][A-Za-z0-9-]{0,58})["']?\s*$`)
)

// azureSettings returns the command that sets a variable of an app, or what to do instead. The app is found by its name,
// so that no resource group has to be known.
func (t *tree) azureSettings(kind, v string) ([]string, string) {
	name := ""
	for _, p := range append(t.matching(workflows), t.matching(azurePipelines)...) {
		name = orElse(name, first(azureApp, t.text(p)))
	}
	set := " config appsettings set --settings " + v + "=$NEW_KEY --output none --ids $(az " + kind + " list --query "
	if name == "" { // a command for all apps would give the key to others too
		return nil, "In the Azure portal, open the app → **Settings → Environment variables**, and change " + code(v) + "."
	}
	return []string{"az " + kind + set + `"[?name=='` + name + `'].id" --output tsv)`}, ""
}

func azure(t *tree, _ Leak, v string) []target {
	var out []target
	const usual = "Deploy it to Azure as usual."
	if files := t.named("host.json"); len(files) > 0 {
		set, how := t.azureSettings("functionapp", v)
		out = append(out, t.put(v, files, target{name: "Azure Functions", set: set, how: how, auto: true, ships: usual})...)
	}
	out = append(out, t.put(v, t.named("staticwebapp.config.json"), target{
		name: "Azure Static Web Apps", how: "In the portal, **Settings → Environment variables**, change " + code(v) + ".", auto: true, ships: mergeDeploys("Static Web Apps"),
	})...)
	out = append(out, t.put(v, t.named("azure.yaml"), target{
		name: "Azure (azd)", in: "with azd", set: []string{"azd env set " + v + " $NEW_KEY"}, takes: []string{"azd up"}, runs: []string{"azd up"},
	})...)
	if bicep := t.matching(bicepFile); len(out) == 0 && len(bicep) > 0 {
		set, how := t.azureSettings("webapp", v)
		out = append(out, t.put(v, bicep, target{
			name: "Azure", how: how, set: set, note: "If the setting refers to Key Vault, change the secret there instead.", auto: true, ships: usual,
		})...)
	}
	return append(out, t.put(v, t.matching(azurePipelines), target{
		name: "Azure Pipelines", in: "in Azure Pipelines", part: true, how: "In **Pipelines → Library**, change " + code(v) + " in the variable group, kept secret.",
	})...)
}
