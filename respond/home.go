package respond

import (
	"fmt"
	"strings"
)

// IssueHome returns the repository that issues about another one go to: what the policy says, where the App reaches it,
// it takes them, and it is not more public. problem is why the policy's cannot be used; the issues then stay with a private
// repository, and a public one gets none: home is zero. reached are the installation's repositories.
func IssueHome(source Repository, reached []Repository, p Policy) (home Repository, problem string) {
	wanted := p.Issues.Repository
	if wanted == "" {
		return source, ""
	}
	problem = fmt.Sprintf("the App can't access %s, which issues.repository names: add it to the App's installation", wanted)
	for _, r := range reached {
		if strings.EqualFold(r.Owner+"/"+r.Name, wanted) {
			home, problem = r, ""
		}
	}
	switch {
	case problem != "":
	case p.Issues.Refused != "":
		problem = p.Issues.Refused
	case !home.Private && source.Private:
		problem = fmt.Sprintf("%s, which issues.repository names, is public: issues about a private repository are not filed there", wanted)
	}
	switch {
	case problem == "":
		return home, ""
	case source.Private:
		return source, problem
	}
	return Repository{}, problem
}
