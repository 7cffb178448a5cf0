package audit_test

import (
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/detect/audit/audittest"
)

// BenchmarkPush audits ten changed files of a repository with 4,000, all of which hold what checks look for: as a push is audited.
func BenchmarkPush(b *testing.B) {
	files, focus := audittest.Files{"package.json": []byte(`{"dependencies":{"@clerk/nextjs":"^6.0.0","next":"^15.0.0"}}`)}, []string{}
	for i := range 4000 {
		name := fmt.Sprintf("src/app/section-%d/page-%d/page.tsx", i%100, i)
		files[name] = benchPage
		if i%400 == 0 {
			focus = append(focus, name)
		}
	}
	files["middleware.ts"] = []byte("import { clerkMiddleware } from '@clerk/nextjs/server'\nexport default clerkMiddleware()\n")
	for name, level := range map[string]audit.Tier{"default": audit.Default, "all": audit.All} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				result, err := audit.Run(b.Context(), files, audit.Options{Level: level, Focus: focus})
				if err != nil || len(result.Findings) != len(focus) {
					b.Fatal(len(result.Findings), err)
				}
			}
		})
	}
}

// benchPage is a page of 4 KB, as the mean script of repositories that use Clerk has, with one mistake.
var benchPage = func() []byte {
	text := "import { auth } from '@clerk/nextjs/server'\nimport { Card } from '@/components/card'\n\nexport default async function Page({ params }: { params: Promise<{ id: string }> }) {\n  auth.protect()\n  const { id } = await params\n  return (\n    <main>\n"
	for i := range 33 {
		text += fmt.Sprintf("      <Card title=\"Number %d\" href={`/items/${id}/%d`} on={id === '%d'}>\n        {(await load(id, %d))?.map((one: Item) => <p key={one.id}>{one.name}</p>)}\n      </Card>\n", i, i, i, i)
	}
	return []byte(text + "    </main>\n  )\n}\n")
}()

// BenchmarkTree audits the whole tree of the directory that REKEY_AUDIT_TREE names, such as a checkout of clerk/javascript.
func BenchmarkTree(b *testing.B) {
	dir := os.Getenv("REKEY_AUDIT_TREE")
	if dir == "" {
		b.Skip("REKEY_AUDIT_TREE names no directory")
	}
	files, wanted := audittest.Files{}, 0
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files[name], err = fs.ReadFile(root, name)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := audit.Run(b.Context(), files, audit.Options{}); err != nil {
			b.Fatal(err)
		}
		wanted = 0
		for name := range files {
			if audit.Wanted(name) {
				wanted++
			}
		}
	}
	b.ReportMetric(float64(len(files)), "files")
	b.ReportMetric(float64(wanted), "wanted")
}
