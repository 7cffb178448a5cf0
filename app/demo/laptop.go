package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/vercel/verceltest"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// laptop is Ada's machine: a clone of the shop, and her logins to GitHub, Vercel and Clerk.
type laptop struct {
	dir    string // below which all is
	clone  string
	vercel *verceltest.Vercel
	env    []string // beside those that every program gets
}

const shopHost = "clerk.teashop.example" // its Frontend API

// newLaptop gives Ada a machine, and the shop a project on Vercel and a secret of GitHub Actions, all of which have the leaked key.
func (s *scenario) newLaptop(ctx context.Context) (*laptop, error) {
	dir, err := os.MkdirTemp("", "rekey-laptop-")
	if err != nil {
		return nil, err
	}
	l := &laptop{dir: dir, clone: filepath.Join(dir, "shop"), vercel: verceltest.Start(s.now, verceltest.Project{
		ID: "prj_shop", Name: "shop", Team: verceltest.Team, Repo: s.shop.FullName(), Env: []verceltest.Env{
			{ID: "env_production", Key: "CLERK_SECRET_KEY", Value: s.live, Target: []string{"production"}},
			{ID: "env_preview", Key: "CLERK_SECRET_KEY", Value: s.test, Target: []string{"preview"}},
			{ID: "env_database", Key: "DATABASE_URL", Value: "postgres://shop", Target: []string{"production"}},
		},
	})}
	if err := s.furnish(ctx, l); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (s *scenario) furnish(ctx context.Context, l *laptop) error {
	for _, args := range [][]string{
		{"clone", "--quiet", s.shop.Dir(), l.clone},
		{"-C", l.clone, "remote", "set-url", "origin", s.shop.URL() + ".git"},
	} {
		if out, err := exec.CommandContext(ctx, "git", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w: %s", args[0], err, out)
		}
	}
	if err := os.Mkdir(filepath.Join(l.clone, ".vercel"), 0o700); err != nil { // as vercel link does
		return err
	}
	link := `{"projectId":"prj_shop","orgId":"` + verceltest.Team + `","projectName":"shop"}`
	if err := os.WriteFile(filepath.Join(l.clone, ".vercel", "project.json"), []byte(link), 0o600); err != nil {
		return err
	}
	env := "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=" + detecttest.PublishableKey(detect.Live, shopHost) + "\nCLERK_SECRET_KEY=" + s.live + " # production: for the nightly export\n"
	if err := os.WriteFile(filepath.Join(l.clone, ".env.local"), []byte(env), 0o600); err != nil {
		return err
	}
	deploys := githubtest.SecretStore{Kind: "actions", Repository: s.shop, Environment: "production"}
	if err := s.github.KeepSecret(deploys, "CLERK_SECRET_KEY", s.live, ""); err != nil {
		return err
	}
	s.github.AddOwner(s.shop.Owner(), s.ada)
	login := detect.NewSecret(detecttest.PlatformAPIKey(s.seed))
	s.clerk.AddLogin(login, clerktest.Login{})
	s.clerk.AddApplication(clerktest.Application{ID: "app_teashop", Name: "Tea Shop", Instances: []clerktest.Instance{
		{ID: detecttest.ID(s.seed, "ins_"), Environment: detect.Live, Host: shopHost},
	}})
	l.env = []string{
		"HOME=" + l.dir, "XDG_STATE_HOME=" + filepath.Join(l.dir, "state"), "XDG_DATA_HOME=" + filepath.Join(l.dir, "data"), "XDG_CONFIG_HOME=" + filepath.Join(l.dir, "config"),
		"GH_HOST=" + strings.TrimPrefix(s.github.URL(), "http://"), "GH_ENTERPRISE_TOKEN=" + s.github.ClassicToken(s.ada, "repo", "admin:org"), "CLERK_PLATFORM_API_KEY=" + login.Reveal(), "REKEY_CLERK_API_URL=" + s.clerk.URL,
		"PATH=" + os.Getenv("PATH"),
	}
	return l.vercel.LogIn(filepath.Join(l.dir, "data"))
}

func (l *laptop) close() {
	l.vercel.Close()
	os.RemoveAll(l.dir)
}

// machine is the laptop for programs that run in this process. What goes to Clerk goes to the stand-in.
func (l *laptop) machine(s *scenario) *destination.Machine {
	return &destination.Machine{Environ: l.env, Home: l.dir, Now: s.now, Transport: byHost{
		direct: http.DefaultTransport, clerk: s.clerk.Transport(), hosts: []string{"api.clerk.com", shopHost},
	}}
}

// byHost brings requests to Clerk's hosts to a stand-in.
type byHost struct {
	direct, clerk http.RoundTripper
	hosts         []string
}

// RoundTrip sends a request.
func (b byHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if slices.Contains(b.hosts, r.URL.Hostname()) {
		return b.clerk.RoundTrip(r) //nolint:wrapcheck // a transport
	}
	return b.direct.RoundTrip(r) //nolint:wrapcheck // a transport
}

// everywhere reports what does not have the new key, or has it and should not.
func (s *scenario) everywhere(l *laptop) error {
	text, err := os.ReadFile(filepath.Join(l.clone, ".env.local"))
	if err != nil {
		return err
	}
	values, _ := l.vercel.Runs("prj_shop")
	is := func(value string) bool { return value != s.live && s.clerk.Works(detect.NewSecret(value)) }
	var wrong []string
	if strings.Contains(string(text), s.live) || !strings.Contains(string(text), "# production: for the nightly export\n") {
		wrong = append(wrong, ".env.local")
	}
	if !is(values["CLERK_SECRET_KEY"]) {
		wrong = append(wrong, "what runs on Vercel")
	}
	for path, value := range s.github.SecretValues() {
		if strings.HasSuffix(path, "/CLERK_SECRET_KEY") && !is(value) {
			wrong = append(wrong, path)
		}
	}
	if s.clerk.Works(detect.NewSecret(s.live)) {
		wrong = append(wrong, "the old key still works")
	}
	if len(wrong) > 0 {
		return errors.New("not as it must be after the rotation: " + strings.Join(wrong, ", "))
	}
	return nil
}
