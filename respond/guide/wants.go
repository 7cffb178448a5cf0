package guide

import (
	"path"
	"regexp"
	"slices"
)

// wanted matches the files that may be read; others are of interest by their names alone.
var wanted = regexp.MustCompile(`(?i)(` +
	`\.(ya?ml|toml|tf|tfvars|tofu|bicep|gradle|kts|csproj|fsproj|vbproj)$` +
	`|(^|/)(package|composer|app|vercel|firebase|convex|wrangler|host|template|sam|cloudbuild)\.json$|(^|/)wrangler\.jsonc$` +
	`|(^|/)(go\.mod|requirements[^/]*\.txt|Pipfile|setup\.cfg|Gemfile|pom\.xml|mix\.exs|Directory\.Packages\.props|serverless\.ts|sst\.config\.ts)$` +
	`|(^|/)([^/]+\.)?(dockerfile|containerfile)(\.[^/]+)?$` +
	`|(^|/)[^/]*task[-_]?def[^/]*\.json$` +
	`|(^|/)\.(ebextensions|elasticbeanstalk)/[^/]+$` +
	`|(^|/)[^/]*(secrets?|\.enc|\.sops)[^/]*\.(json|env)$` +
	`)`)

// Wants tells whether [For] may read the file's content, for callers that have to fetch it first. List must name all files all
// the same.
func Wants(p string) bool {
	return wanted.MatchString(p) && !foreignPackage(p) && !slices.Contains([]string{"pnpm-lock.yaml"}, path.Base(p))
}
