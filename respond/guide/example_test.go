package guide_test

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

// tree is a repository's files, by path.
type tree map[string]string

func (t tree) List() (paths []string) {
	for path := range t {
		paths = append(paths, path)
	}
	return paths
}

func (t tree) Read(path string) ([]byte, bool) {
	text, ok := t[path]
	return []byte(text), ok
}

// The steps follow from the repository's own files: here a framework and a host are recognised.
func Example() {
	files := tree{
		"package.json": `{"dependencies": {"next": "16.0.0", "@clerk/nextjs": "6.0.0"}}`,
		"vercel.json":  `{}`,
		".env":         "CLERK_SECRET_KEY=MASKED\n",
	}
	g := guide.For(context.Background(), guide.Leak{
		Kind: detect.SecretKey, Environment: detect.Live, Variable: "CLERK_SECRET_KEY", Repository: "acme/shop",
		Paths: []string{".env"}, Head: []guide.Location{{Path: ".env", Line: 1}},
	}, files)
	for _, step := range g.Steps {
		fmt.Printf("%s: %s\n", step.Do, step.Title)
	}
	// Output:
	// create: Add a new key in Clerk.
	// set: Set it on Vercel
	// change: Remove the file from git.
	// deploy: Commit that and deploy it.
	// check: Check that the new key is in use:
	// delete: Delete the old key in Clerk:
	// report: Tell rekey:
}
