package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
	"github.com/rekey-app/rekey/respond/text"
)

// step is one thing that somebody does in the story, and what must come of it.
type step struct {
	Title  string
	Do     func(context.Context) (head string, sent githubtest.Delivery, err error) // head: whose check run tells the outcome
	Check  string                                                                   // the name of the check run that tells the outcome; "": that of leaked keys
	Expect expectation
	Who    string // who does it
	Short  bool   // only what changed is shown of its check run
	head   string
	sent   githubtest.Delivery

	// what GitHub held right after it
	run   githubtest.CheckRun
	after time.Duration // since it was done
	issue githubtest.Issue
	filed bool // by this step
}

// expectation is what must come out of a step; anything else makes the demo fail.
type expectation struct {
	Conclusion  string
	Annotations []string // path:line
	Issues      int      // filed in all, after this step
	Comments    int      // under the first issue, after this step
	Closed      bool     // the first issue
	Answer      string   // what Clerk was asked and said in this step; "" for not asked
}

// scenario is a small shop's repository, its people, and keys that are made up for this run.
type scenario struct {
	github  *githubtest.Server
	clerk   *clerktest.Server
	shop    *githubtest.Repository
	website *githubtest.Repository // with a past
	app     *githubtest.Installation
	fork    *githubtest.Repository
	ada     *githubtest.Account
	sam     *githubtest.Account
	seed    int64
	live    string
	test    string
	leaking string   // the commit that leaks the production key
	keys    []string // that must appear nowhere
	out     io.Writer
	now     func() time.Time
}

func newScenario(server *githubtest.Server, clerk *clerktest.Server, o options) (*scenario, error) {
	seed := o.Seed
	s := &scenario{
		seed: seed, out: o.Out, now: o.Now, github: server, clerk: clerk, ada: server.User("ada"), sam: server.User("sam"),
		live: detecttest.Key(seed, detect.Live), test: detecttest.Key(seed+1, detect.Test),
	}
	s.keys = []string{s.live, s.test}
	clerk.Add(detect.NewSecret(s.live), detecttest.ID(seed, "ins_"), detect.Live)
	clerk.Add(detect.NewSecret(s.test), detecttest.ID(seed+1, "ins_"), detect.Test)
	acme := server.Organization("acme")
	var err error
	if s.shop, err = server.CreateRepository(acme, "shop", githubtest.RepositoryOptions{Private: true}); err != nil {
		return nil, err
	}
	s.shop.SetRole(s.ada, "admin")
	s.shop.SetRole(s.sam, "read")
	return s, nil
}

// begin makes the repository's first commit and installs the App, which then looks at what is there.
func (s *scenario) begin(ctx context.Context) error {
	sha, err := s.shop.Commit(githubtest.Change{
		Message: "Start the shop", Author: s.ada,
		Files: map[string]string{
			"README.md":    "# The shop\n\nSells tea.\n",
			"package.json": "{\n  \"name\": \"shop\",\n  \"dependencies\": {\n    \"@clerk/nextjs\": \"^6.0.0\",\n    \"next\": \"^15.0.0\"\n  }\n}\n",
			"vercel.json":  "{\n  \"framework\": \"nextjs\"\n}\n",
			".gitignore":   ".env*.local\n.vercel\nnode_modules\n",
			".github/workflows/browser.yml": "name: browser tests\non: pull_request\njobs:\n  test:\n    runs-on: ubuntu-latest\n" +
				"    env:\n      CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}\n    steps:\n      - run: npx playwright test\n",
		},
	})
	if err != nil {
		return err
	}
	if err := s.shop.SetRef("refs/heads/main", sha); err != nil {
		return err
	}
	s.app, _ = s.github.Install(ctx, s.shop.Owner(), s.ada)
	return nil
}

func (s *scenario) steps() []*step {
	return []*step{
		{
			Title: "A clean commit", Who: "ada", Do: s.push("refs/heads/main", githubtest.Change{
				Message: "Greet the customer", Author: s.ada,
				Files: map[string]string{"app/page.tsx": "export default function Page() {\n  return <h1>Tea, fresh every morning</h1>;\n}\n"},
			}),
			Expect: expectation{Conclusion: "success"},
		},
		{
			Title: "A pull request that leaks a production key", Who: "ada", Do: s.leak,
			Expect: expectation{Conclusion: "failure", Annotations: []string{".env.production:3"}, Issues: 1},
		},
		{
			Title: "The next commit removes the line. The pull request stays red: the key still works", Who: "ada",
			Do: s.push("refs/heads/sign-in", githubtest.Change{
				Message: "Remove the key", Author: s.ada, Remove: []string{".env.production"},
			}),
			Expect: expectation{Conclusion: "failure", Issues: 1},
		},
		{
			Title: "A stranger's pull request that leaks a development key", Who: "sam", Do: s.pullRequest,
			Expect: expectation{Conclusion: "failure", Annotations: []string{"playwright.config.ts:5"}, Issues: 1},
		},
		{
			Title: "Ada presses \"I rotated it\", but the old key still works: refused", Who: "ada", Short: true, Do: s.pressRotated,
			Expect: expectation{
				Conclusion: "failure", Annotations: []string{".env.production:3"}, Issues: 1, Comments: 1, Answer: "alive",
			},
		},
		{
			Title: "Ada runs rekey rotate in her clone: the new key is everywhere, the old one is revoked, the issue closes", Who: "ada", Short: true, Do: s.rotate,
			Expect: expectation{
				Conclusion: "success", Annotations: []string{".env.production:3"}, Issues: 1, Comments: 3, Closed: true, Answer: "revoked",
			},
		},
		{
			Title: "A pull request that uses Clerk wrongly in three places: a second check run says what to change", Who: "ada", Do: s.mistakes,
			Check: text.AuditCheckName,
			Expect: expectation{
				Conclusion: "neutral", Annotations: []string{"app/api/webhooks/clerk/route.ts:4", "middleware.ts:6", ".env.example:2"},
				Issues: 1, Comments: 3, Closed: true,
			},
		},
	}
}

// mistakes opens a pull request without any key, which protects nothing: a check that nobody awaits, a webhook that believes whoever calls
// it, and a name that browsers get the value of.
func (s *scenario) mistakes(ctx context.Context) (string, githubtest.Delivery, error) {
	head, _, err := s.push("refs/heads/accounts", githubtest.Change{
		Message: "Keep customers' accounts", Author: s.ada, Parents: s.tips(),
		Files: map[string]string{
			".env.example": "# from Clerk's dashboard\nNEXT_PUBLIC_CLERK_SECRET_KEY=\n",
			"middleware.ts": "import { clerkMiddleware, createRouteMatcher } from \"@clerk/nextjs/server\";\n\n" +
				"const isPublic = createRouteMatcher([\"/\", \"/api/webhooks(.*)\"]);\n\nexport default clerkMiddleware((auth, request) => {\n" +
				"  if (!isPublic(request)) auth.protect();\n});\n",
			"app/api/webhooks/clerk/route.ts": "import { database } from \"../../../../database\";\n\n" +
				"export async function POST(request: Request) {\n  const event = await request.json();\n" +
				"  if (event.type === \"user.deleted\") await database.customers.delete(event.data.id);\n  return new Response(\"ok\");\n}\n",
		},
	})(ctx)
	if err != nil {
		return "", githubtest.Delivery{}, err
	}
	_, sent, err := s.shop.OpenPullRequest(ctx, githubtest.PullRequestOptions{HeadRef: "accounts", Title: "Accounts", By: s.ada})
	return head, sent, err
}

// checkRuns lists the check runs of that name on a commit.
func (s *scenario) checkRuns(head, name string) []githubtest.CheckRun {
	return slices.DeleteFunc(s.shop.CheckRuns(head), func(run githubtest.CheckRun) bool { return run.Name != cmp.Or(name, text.CheckName) })
}

// leak pushes a branch with the production key, and opens a pull request for it.
func (s *scenario) leak(ctx context.Context) (string, githubtest.Delivery, error) {
	head, _, err := s.push("refs/heads/sign-in", githubtest.Change{
		Branch: "sign-in", Message: "Deploy with sign-in", Author: s.ada, Parents: s.tips(),
		Files: map[string]string{
			".env.production": "# where customers sign in\n" +
				"NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=" + detecttest.PublishableKey(detect.Live, shopHost) + "\n" +
				"CLERK_SECRET_KEY=" + s.live + "\n",
			"middleware.ts": "import { clerkMiddleware } from \"@clerk/nextjs/server\";\n\nexport default clerkMiddleware();\n",
		},
	})(ctx)
	if err != nil {
		return "", githubtest.Delivery{}, err
	}
	s.leaking = head
	_, sent, err := s.shop.OpenPullRequest(ctx, githubtest.PullRequestOptions{HeadRef: "sign-in", Title: "Sign in", By: s.ada})
	return head, sent, err
}

func (s *scenario) push(ref string, change githubtest.Change) func(context.Context) (string, githubtest.Delivery, error) {
	return func(ctx context.Context) (string, githubtest.Delivery, error) {
		change.Branch = strings.TrimPrefix(ref, "refs/heads/")
		sha, err := s.shop.Commit(change)
		if err != nil {
			return "", githubtest.Delivery{}, err
		}
		sent, err := s.shop.Push(ctx, githubtest.Push{Ref: ref, SHA: sha, By: change.Author})
		if err != nil {
			return "", githubtest.Delivery{}, err
		}
		if len(sent) == 0 {
			return "", githubtest.Delivery{}, fmt.Errorf("the push of %s sent no event", sha)
		}
		return sha, sent[0], nil
	}
}

func (s *scenario) pullRequest(ctx context.Context) (string, githubtest.Delivery, error) {
	var none githubtest.Delivery
	fork, err := s.shop.Fork(s.sam)
	if err != nil {
		return "", none, err
	}
	s.fork = fork
	sha, err := fork.Commit(githubtest.Change{
		Branch: "browser-tests", Message: "Test sign-in in a browser", Author: s.sam, Parents: s.tips(),
		Files: map[string]string{
			"playwright.config.ts": "import { defineConfig } from \"@playwright/test\";\n\n" +
				"export default defineConfig({\n  webServer: {\n" +
				"    env: { CLERK_SECRET_KEY: process.env.CLERK_SECRET_KEY || \"" + s.test + "\" },\n  },\n});\n",
		},
	})
	if err != nil {
		return "", none, err
	}
	if _, err := fork.Push(ctx, githubtest.Push{Ref: "refs/heads/browser-tests", SHA: sha, By: s.sam}); err != nil {
		return "", none, err
	}
	_, sent, err := s.shop.OpenPullRequest(ctx, githubtest.PullRequestOptions{
		Head: fork, HeadRef: "browser-tests", Title: "Test sign-in in a browser", By: s.sam,
	})
	return sha, sent, err
}

func (s *scenario) tips() []string {
	tip, err := s.shop.Tip("refs/heads/main")
	if err != nil {
		return []string{}
	}
	return []string{tip}
}

// pressRotated presses the button on the check run of the commit that leaked the production key.
func (s *scenario) pressRotated(ctx context.Context) (string, githubtest.Delivery, error) {
	runs := s.checkRuns(s.leaking, "")
	if len(runs) == 0 {
		return "", githubtest.Delivery{}, fmt.Errorf("there is no check run on %s", s.leaking)
	}
	sent, err := s.shop.PressButton(ctx, runs[0].ID, respond.ButtonRotated, s.ada)
	return s.leaking, sent, err
}
