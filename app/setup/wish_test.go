package setup

import (
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/config"
)

func TestForms(t *testing.T) {
	t.Parallel()
	good := url.Values{"account": {"organization"}, "organization": {"acme"}, "github": {"https://github.com"}, "public": {"https://rekey.example.com"}}
	for name, c := range map[string]struct {
		change url.Values
		wrong  string
	}{
		"good":                   {nil, ""},
		"personal":               {url.Values{"account": {"personal"}, "organization": {"!"}}, ""},
		"with an at sign":        {url.Values{"organization": {" @acme "}}, ""},
		"managed users":          {url.Values{"organization": {"acme_corp"}}, ""},
		"GHE.com":                {url.Values{"github": {"https://octocorp.ghe.com/"}}, ""},
		"Enterprise Server":      {url.Values{"github": {"https://github.example.com"}}, ""},
		"no account":             {url.Values{"account": {""}}, "account"},
		"no organisation":        {url.Values{"organization": {" "}}, "organization"},
		"an address":             {url.Values{"organization": {"github.com/acme"}}, "organization"},
		"another page":           {url.Values{"organization": {"acme/settings/apps/new?x="}}, "organization"},
		"up":                     {url.Values{"organization": {".."}}, "organization"},
		"markup":                 {url.Values{"organization": {"<script>"}}, "organization"},
		"two hyphens":            {url.Values{"organization": {"a--b"}}, "organization"},
		"a long name":            {url.Values{"organization": {strings.Repeat("a", 40)}}, "organization"},
		"GitHub in the clear":    {url.Values{"github": {"http://github.example.com"}}, "github"},
		"GitHub with a path":     {url.Values{"github": {"https://github.com/acme"}}, "github"},
		"GitHub with a user":     {url.Values{"github": {"https://a:b@github.com"}}, "github"},
		"GitHub as a script":     {url.Values{"github": {"javascript:alert(1)"}}, "github"},
		"no GitHub":              {url.Values{"github": {""}}, "github"},
		"public in the clear":    {url.Values{"public": {"http://rekey.example.com"}}, "public"},
		"public with a path":     {url.Values{"public": {"https://example.com/rekey"}}, "public"},
		"public as a script":     {url.Values{"public": {"javascript:alert(1)"}}, "public"},
		"no public address":      {url.Values{"public": {""}}, "public"},
		"public on this machine": {url.Values{"public": {"http://localhost:8080"}}, ""},
	} {
		form := url.Values{}
		for _, values := range []url.Values{good, c.change} {
			maps.Copy(form, values)
		}
		got, wrong := readWish(form, config.Config{}, Fixed{})
		if len(wrong) != min(len(c.wrong), 1) || c.wrong != "" && wrong[c.wrong] == "" {
			t.Errorf("%s: wrong are %v, want %q: %+v", name, wrong, c.wrong, got)
		}
	}
	fixed, wrong := readWish(good, config.Config{GitHubURL: "https://github.example.com", PublicURL: "https://a.example.com"}, Fixed{true, true})
	if len(wrong) > 0 || fixed.GitHubURL != "https://github.example.com" || fixed.PublicURL != "https://a.example.com" {
		t.Errorf("the form counts before the environment: %+v, %v", fixed, wrong)
	}
}
