package scan

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// objects reads git objects one after another through one git process.
type objects struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	said    bytes.Buffer
}

func openObjects(ctx context.Context, dir string) (*objects, error) {
	o := &objects{command: exec.CommandContext(ctx, "git", "-C", dir, "cat-file", "--batch")}
	o.command.Stderr = &o.said
	var err error
	if o.in, err = o.command.StdinPipe(); err != nil {
		return nil, gitError(err)
	}
	out, err := o.command.StdoutPipe()
	if err != nil {
		return nil, gitError(err)
	}
	o.out = bufio.NewReaderSize(out, 64<<10)
	return o, gitError(o.command.Start())
}

// open returns the content of an object, which must be read to its end before the next is opened.
func (o *objects) open(id string) (io.Reader, int64, error) {
	if _, err := io.WriteString(o.in, id+"\n"); err != nil {
		return nil, 0, o.failed(err)
	}
	header, err := o.out.ReadString('\n')
	if err != nil {
		return nil, 0, o.failed(err)
	}
	fields := strings.Fields(header)
	if len(fields) != 3 {
		return nil, 0, fmt.Errorf("git: object %s", strings.TrimSpace(header))
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("git: object %s: %w", id, err)
	}
	return &content{o: o, left: size}, size, nil
}

func (o *objects) failed(err error) error {
	if message := strings.TrimSpace(o.said.String()); message != "" {
		return fmt.Errorf("git: %s", message)
	}
	return gitError(err)
}

func (o *objects) close() error {
	o.in.Close()
	return gitError(o.command.Wait())
}

// content is one object's, and takes the line end behind it away.
type content struct {
	o     *objects
	left  int64
	ended bool
}

func (c *content) Read(p []byte) (int, error) {
	if c.left == 0 {
		if !c.ended {
			c.ended = true
			if _, err := c.o.out.Discard(1); err != nil {
				return 0, c.o.failed(err)
			}
		}
		return 0, io.EOF
	}
	n, err := c.o.out.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
