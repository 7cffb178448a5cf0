package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// compile builds the static binary for a platform into dir, and returns its path.
func compile(ctx context.Context, platform v1.Platform, version, dir string) (string, error) {
	path := filepath.Join(dir, platform.OS+"-"+platform.Architecture)
	flags := "-s -w"
	if version != "" {
		flags += " -X main.version=" + version
	}
	env := []string{"CGO_ENABLED=0", "GOOS=" + platform.OS, "GOARCH=" + platform.Architecture}
	_, err := output(ctx, env, "go", "build", "-trimpath", "-ldflags", flags, "-o", path, "github.com/rekey-app/rekey/app/rekey")
	return path, err
}

// committed is the time that everything in the image has: SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch)
// where it is set, else that of the checked-out commit.
func committed(ctx context.Context) (time.Time, error) {
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		out, err := output(ctx, nil, "git", "log", "-1", "--format=%ct")
		if err != nil {
			return time.Time{}, fmt.Errorf("when was this committed? Outside of a clone, set SOURCE_DATE_EPOCH: %w", err)
		}
		seconds = strings.TrimSpace(string(out))
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q, not a number of seconds", seconds)
	}
	return time.Unix(n, 0).UTC(), nil
}

// output is what a command prints. Its error has what the command complained of.
func output(ctx context.Context, env []string, command ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Env = append(os.Environ(), env...)
	var complaint bytes.Buffer
	c.Stderr = &complaint
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", command[0], err, complaint.Bytes())
	}
	return out, nil
}
