package destination

import "strings"

// ScopeNamed says what an environment is for by what people call it, "" where the name leaves it open: staging may run on either of Clerk's instances.
func ScopeNamed(environment string) Scope {
	switch strings.ToLower(environment) {
	case "production", "prod", "prd", "live":
		return Production
	case "preview", "previews", "review":
		return Preview
	case "development", "dev", "local":
		return Development
	}
	return ""
}
