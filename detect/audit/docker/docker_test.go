package docker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/docker"
)

// show writes what is set in each stage.
func show(text string) string {
	f := docker.Parse(text)
	var out []string
	write := func(where string, settings []docker.Setting) {
		for _, s := range settings {
			kind := "ARG"
			if s.Env {
				kind = "ENV"
			}
			line := fmt.Sprintf("%s: %s %s", where, kind, s.Name)
			if s.HasValue {
				line += "=" + s.Value
			}
			if text[s.Start:s.End] != s.Name {
				line += fmt.Sprintf(" at %q", text[s.Start:s.End])
			}
			out = append(out, line)
		}
	}
	write("global", f.Global)
	for i, s := range f.Stages {
		write(fmt.Sprintf("%d %s<%d", i, s.Name, s.Base), s.Settings)
	}
	return strings.Join(out, "\n")
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"stages", "ARG V=1\nFROM node:$V AS Base\nARG A\nFROM --platform=linux/amd64 base as build\nENV B=$A C='d e'\nFROM scratch\nENV D e f\nARG G= H=\"\"\n", "global: ARG V=1\n0 base<-1: ARG A\n1 build<0: ENV B=$A\n1 build<0: ENV C=d e\n2 <-1: ENV D=e f\n2 <-1: ARG G=\n2 <-1: ARG H="},
		{"continued", "FROM a\nENV A=1 \\\n  # ARG no\n\n  B=2 \\\r\n  C=3\nRUN x \\\n && ARG Y\narg z\n", "0 <-1: ENV A=1\n0 <-1: ENV B=2\n0 <-1: ENV C=3\n0 <-1: ARG z"},
		{"comments", "# ARG a\nFROM a # no\n#ENV b=1\nENV c=#1\n", "0 <-1: ENV c=#1"},
		{"heredocs", "FROM a\nRUN <<EOF cat <<-\"E2\"\nARG no\nEOF\nENV no=1\n\tE2\nARG yes\nCOPY <<X /y\nARG no\n", "0 <-1: ARG yes"},
		{"other escape", "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nENV A=c:\\ `\n B=2\nARG C", "0 <-1: ENV A=c:\\\n0 <-1: ENV B=2\n0 <-1: ARG C"},
		{"cut", "FROM a AS\nENV", ""},
		{"quoted over lines", "FROM a\nENV A=\"b \\\n c\" D=e\n", "0 <-1: ENV A=b  c\n0 <-1: ENV D=e"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := show(test.text); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestImage: the image has the history of its last stage and of those below it, not of one that only gives files.
func TestImage(t *testing.T) {
	t.Parallel()
	f := docker.Parse("FROM node AS base\nFROM base AS deps\nFROM deps AS build\nFROM base AS run\nCOPY --from=build /a /a\n")
	var names []string
	for _, s := range f.Image() {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "run base" {
		t.Errorf("the image has %s", got)
	}
	empty := docker.Parse("ARG A")
	if len(empty.Image()) != 0 {
		t.Error("no stage makes an image")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("FROM a\nRUN <<A\nA\nENV A=\"b \\\n c\"")
	f.Fuzz(func(t *testing.T, text string) {
		file := docker.Parse(text)
		at := 0
		for _, s := range file.Stages {
			for _, one := range s.Settings {
				if one.Start < at || one.End < one.Start || one.End > len(text) {
					t.Fatalf("%+v behind %d of %d", one, at, len(text))
				}
				at = one.End
			}
		}
		file.Image()
	})
}
