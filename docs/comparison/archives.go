package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// archives plants credentials in compressed files and archives.
func (c *Corpus) archives() {
	// Long enough to be worth compressing; in a shorter file the key would stand there as it is.
	var settings strings.Builder
	for i := range 60 {
		fmt.Fprintf(&settings, "SETTING_NUMBER_%d=the value of setting number %d\n", i, i*i)
	}
	env := settings.String() + "CLERK_SECRET_KEY=<live>\n" + settings.String()
	c.compressed("archives/env.gz", env, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
	c.compressed("archives/env.zst", env, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
	c.compressed("archives/env.xz", env, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })

	member := func(path string) []byte { return c.fill(path, env) }
	c.add("archives/backup.zip", c.zipped("app/.env", member("archives/backup.zip!app/.env")))
	c.add("archives/otters.jar", c.zipped("application.properties", c.fill("archives/otters.jar!application.properties", "clerk.secret-key=<test>\n")))
	c.add("archives/otters.whl", c.zipped("otters/settings.py", c.fill("archives/otters.whl!otters/settings.py", "CLERK_SECRET_KEY = \"<test>\"\n")))
	c.add("archives/handover.docx", c.zipped("word/document.xml", c.fill("archives/handover.docx!word/document.xml", "<w:p><w:t>The Clerk key: <live></w:t></w:p>\n")))
	c.add("archives/keys.xlsx", c.zipped("xl/sharedStrings.xml", c.fill("archives/keys.xlsx!xl/sharedStrings.xml", "<si><t>CLERK_SECRET_KEY</t></si><si><t><live></t></si>\n")))
	c.add("archives/backup.tar", c.tarred("app/.env", member("archives/backup.tar!app/.env")))

	inner := c.tarred("app/.env", member("archives/backup.tar.gz!app/.env"))
	c.add("archives/backup.tar.gz", c.squeezed(inner, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }))
	nested := c.zipped("app/.env", member("archives/all.zip!backup.zip!app/.env"))
	c.add("archives/all.zip", c.zipped("backup.zip", nested))
	c.add("archives/base64.zip", c.zipped("secret.yaml", c.fill("archives/base64.zip!secret.yaml", "data:\n  CLERK_SECRET_KEY: <live|base64>\n")))
}

func (c *Corpus) compressed(path, template string, open func(io.Writer) (io.WriteCloser, error)) {
	from := len(c.Plants)
	c.add(path, c.squeezed(c.fill(path, template), open))
	for i := range c.Plants[from:] {
		c.Plants[from+i].Encoding = path[strings.LastIndexByte(path, '.')+1:]
	}
}

func (c *Corpus) squeezed(content []byte, open func(io.Writer) (io.WriteCloser, error)) []byte {
	var out bytes.Buffer
	w, err := open(&out)
	if err == nil {
		if _, err = w.Write(content); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		c.fail("compress: %v", err)
	}
	return out.Bytes()
}

func (c *Corpus) zipped(name string, content []byte) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	member, err := w.Create(name)
	if err == nil {
		if _, err = member.Write(content); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		c.fail("zip %s: %v", name, err)
	}
	return out.Bytes()
}

func (c *Corpus) tarred(name string, content []byte) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))})
	if err == nil {
		if _, err = w.Write(content); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		c.fail("tar %s: %v", name, err)
	}
	return out.Bytes()
}
