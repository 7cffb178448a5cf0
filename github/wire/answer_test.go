package wire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rekey-app/rekey/github/wire"
)

// pkt writes packets; "0000", "0001" and "0002" stand for themselves.
func pkt(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		if l == "0000" || l == "0001" || l == "0002" {
			b.WriteString(l)
			continue
		}
		fmt.Fprintf(&b, "%04x%s", len(l)+4, l)
	}
	return b.String()
}

// saying answers every request with the same bytes as git would.
func saying(t testing.TB, text string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/acme/shop"
}

var wanted = wire.Request{Wants: []string{unknown}}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, answer string
		pack         string // what is read before the error
		fail         string // "": none
	}{
		{name: "pack", answer: pkt("packfile\n", "\x01PA", "\x01CK", "0000"), pack: "PACK"},
		{name: "response end", answer: pkt("packfile\n", "\x01PACK", "0000", "0002"), pack: "PACK"},
		{name: "keepalives and progress", answer: pkt("packfile\n", "\x01", "\x02Counting\r", "\x01PA", "\x01", "\x01CK", "0000"), pack: "PACK"},
		{name: "all sections", answer: pkt("acknowledgments\n", "ACK "+unknown+"\n", "ready\n", "0001", "shallow-info\n", "shallow "+unknown+"\n", "0001", "packfile\n", "\x01PACK", "0000"), pack: "PACK"},
		{name: "upper case length", answer: pkt("packfile\n") + "000E\x01PACK56789" + "0000", pack: "PACK56789"},
		{name: "ERR first", answer: pkt("ERR upload-pack: not our ref x\n"), fail: "not our ref x"},
		{name: "ERR in a section", answer: pkt("acknowledgments\n", "ERR no"), fail: `says "no"`},
		{name: "ERR in the pack", answer: pkt("packfile\n", "\x01PA", "ERR gone\n"), pack: "PA", fail: `says "gone"`},
		{name: "sideband error", answer: pkt("packfile\n", "\x01PA", "\x03out of memory\n"), pack: "PA", fail: `says "out of memory"`},
		{name: "sideband 4", answer: pkt("packfile\n", "\x04x"), fail: "sideband 4 does not exist"},
		{name: "no sideband", answer: pkt("packfile\n", ""), fail: "without a sideband"},
		{name: "delimiter in the pack", answer: pkt("packfile\n", "\x01PA", "0001"), pack: "PA", fail: "a delimiter packet in the middle of the pack"},
		{name: "response end in the pack", answer: pkt("packfile\n", "\x01PA", "0002"), pack: "PA", fail: "in the middle of the pack"},
		{name: "unknown section", answer: pkt("bundle-uris\n"), fail: "unknown section"},
		{name: "packfile-uris", answer: pkt("packfile-uris\n"), fail: "packfile-uris"},
		{name: "flush first", answer: pkt("0000"), fail: "where a section should begin"},
		{name: "flush in shallow-info", answer: pkt("shallow-info\n", "0000"), fail: "before the packfile section"},
		{name: "negotiates on after done", answer: pkt("acknowledgments\n", "NAK\n", "0000"), fail: "goes on negotiating"},
		{name: "oversized packet", answer: "fff1packfile", fail: "announces 65521 bytes"},
		{name: "length 3", answer: "0003", fail: "announces 3 bytes"},
		{name: "HTML that claims to be git's", answer: "<!DOCTYPE html>", fail: "where a packet's length should"},
		{name: "empty", answer: "", fail: "empty answer"},
		{name: "stops in a length", answer: "00", fail: "unexpected EOF"},
		{name: "stops in a line", answer: "000dpack", fail: "unexpected EOF"},
		{name: "stops after the section's name", answer: pkt("packfile\n"), fail: "unexpected EOF"},
		{name: "stops in the pack", answer: pkt("packfile\n") + "0010\x01PACK", pack: "PACK", fail: "the pack after 4 bytes: unexpected EOF"},
		{name: "stops between packets", answer: pkt("packfile\n", "\x01PACK"), pack: "PACK", fail: "the pack after 4 bytes: unexpected EOF"},
		{name: "stops before the sideband", answer: pkt("packfile\n") + "0010", fail: "unexpected EOF"},
		{name: "stops in its last words", answer: pkt("packfile\n") + "0010\x03ou", fail: "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body, err := (&wire.Client{}).Fetch(t.Context(), saying(t, test.answer), wanted)
			var got []byte
			if err == nil {
				defer body.Close()
				got, err = io.ReadAll(iotest.OneByteReader(body))
				if _, again := body.Read(make([]byte, 1)); (err == nil) != errors.Is(again, io.EOF) {
					t.Errorf("reading on after %v gives %v", err, again)
				}
			}
			if string(got) != test.pack {
				t.Errorf("read %q, want %q", got, test.pack)
			}
			if (test.fail == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.fail) {
				t.Errorf("error %v, want %q", err, test.fail)
			}
			if strings.HasPrefix(test.name, "stops") && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%v is not io.ErrUnexpectedEOF", err)
			}
		})
	}
}

func TestLastWordsAreCut(t *testing.T) {
	t.Parallel()
	body, err := (&wire.Client{}).Fetch(t.Context(), saying(t, pkt("packfile\n", "\x03"+strings.Repeat("x", 60_000))), wanted)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	_, err = io.ReadAll(body)
	var said *wire.ServerError
	if !errors.As(err, &said) || len(said.Message) != 1024 {
		t.Errorf("got %.80v, want a message of 1,024 bytes", err)
	}
}

func TestRefsAnswers(t *testing.T) {
	t.Parallel()
	for answer, fail := range map[string]string{
		pkt("unborn HEAD symref-target:refs/heads/main\n", "0000"): "",
		pkt("0000", "0002"):                             "",
		pkt(unknown + " refs/heads/a"):                  "unexpected EOF",
		pkt(unknown+"\n", "0000"):                       "is not a ref",
		pkt("123 refs/heads/a\n", "0000"):               "is not a ref",
		pkt(unknown + unknown[:24] + " refs/heads/a\n"): "SHA-256",
		pkt(unknown + " refs/heads/a peeled:<html>\n"):  "is not a ref",
		pkt("0001"): "a delimiter packet in a list",
		pkt("ERR access denied or repository not exported"): "access denied",
	} {
		refs, err := (&wire.Client{}).Refs(t.Context(), saying(t, answer), "refs/heads/")
		if len(refs) != 0 || (fail == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), fail) {
			t.Errorf("%q: %v and error %v, want %q", answer, refs, err, fail)
		}
	}
	// A server that ignores prefixes.
	refs, err := (&wire.Client{}).Refs(t.Context(), saying(t, pkt(unknown+" HEAD\n", unknown+" refs/heads/a\n", unknown+" refs/pull/1/head\n", "0000")), "refs/heads/")
	if err != nil || len(refs) != 1 || refs[0].Name != "refs/heads/a" {
		t.Errorf("got %v, %v", refs, err)
	}
}

func TestHTTPAnswers(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	status := func(code int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	mux.HandleFunc("/limited/git-upload-pack", status(429, "text/plain", strings.Repeat("slow down ", 100)))
	mux.HandleFunc("/gone/git-upload-pack", status(404, "text/plain", "Repository not found."))
	mux.HandleFunc("/login/git-upload-pack", status(200, "text/html; charset=utf-8", "<html>sign in</html>"))
	s := httptest.NewServer(mux)
	defer s.Close()
	c := &wire.Client{}

	var status429 *wire.StatusError
	if _, err := c.Fetch(t.Context(), s.URL+"/limited", wanted); !errors.As(err, &status429) ||
		status429.Status != 429 || status429.Header.Get("Retry-After") != "60" || len(status429.Body) != 512 {
		t.Errorf("429 came back as %v", err)
	}
	var gone *wire.StatusError
	if _, err := c.Refs(t.Context(), s.URL+"/gone"); !errors.As(err, &gone) || gone.Status != 404 || !strings.Contains(err.Error(), "Repository not found.") {
		t.Errorf("404 came back as %v", err)
	}
	var page *wire.ProtocolError
	if _, err := c.Fetch(t.Context(), s.URL+"/login", wanted); !errors.As(err, &page) || !strings.Contains(err.Error(), "text/html") {
		t.Errorf("a web page came back as %v", err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the request went to another host")
	}))
	defer elsewhere.Close()
	var method, body string
	mux := http.NewServeMux()
	mux.Handle("/old/git-upload-pack", http.RedirectHandler("/new/git-upload-pack", http.StatusMovedPermanently))
	mux.Handle("/away/git-upload-pack", http.RedirectHandler(elsewhere.URL+"/x", http.StatusTemporaryRedirect))
	mux.Handle("/round/git-upload-pack", http.RedirectHandler("/round/git-upload-pack", http.StatusFound))
	mux.HandleFunc("/new/git-upload-pack", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		method, body = r.Method, string(text)
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		_, _ = io.WriteString(w, pkt("packfile\n", "\x01PACK", "0000"))
	})
	s := httptest.NewServer(mux)
	defer s.Close()

	pack, err := fetch(t.Context(), s.URL+"/old", wanted)
	if err != nil || string(pack) != "PACK" || method != http.MethodPost || !strings.Contains(body, "want "+unknown) {
		t.Errorf("after a redirect: %q, %v; %s with %q", pack, err, method, body)
	}
	for _, path := range []string{"/away", "/round"} {
		var status *wire.StatusError
		if _, err := fetch(t.Context(), s.URL+path, wanted); !errors.As(err, &status) || status.Status/100 != 3 {
			t.Errorf("%s: got %v, want the redirect itself", path, err)
		}
	}
}

func TestServerThatNeverEnds(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		_, _ = io.WriteString(w, pkt("packfile\n", "\x01PACK"))
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, pkt("\x01"))
		}
	}))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	body, err := (&wire.Client{}).Fetch(ctx, s.URL, wanted)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.ReadFull(body, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if n, err := io.Copy(io.Discard, body); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("read %d bytes and %v, want the end of the context", n, err)
	}
}

func TestConnectionIsKept(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nil)
	client := &wire.Client{HTTP: &http.Client{Transport: &http.Transport{}}}
	fresh := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		if !c.Reused {
			fresh++
		}
	}})
	for range 3 {
		body, err := client.Fetch(ctx, h.url, wire.Request{Wants: []string{h.c[1]}, Haves: []string{h.c[0]}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			t.Fatal(err)
		}
		body.Close()
		if _, err := client.Refs(ctx, h.url); err != nil {
			t.Fatal(err)
		}
	}
	if fresh != 1 {
		t.Errorf("six requests took %d connections, want 1", fresh)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(pkt("packfile\n", "\x01PACK", "0000")))
	f.Add([]byte(pkt("acknowledgments\n", "ACK "+unknown+"\n", "ready\n", "0001", "packfile\n", "\x02hm", "\x01PACK", "\x03no")))
	f.Add([]byte(pkt("shallow-info\n", "shallow "+unknown, "0001", "packfile\n")))
	f.Add([]byte(pkt("ERR no")))
	f.Add([]byte(pkt(unknown+" refs/heads/a symref-target:b peeled:"+unknown+"\n", "0000")))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := &wire.Client{HTTP: &http.Client{Transport: canned(text)}}
		for _, sure := range []bool{false, true} {
			body, err := c.Fetch(t.Context(), "http://git.example/acme/shop", wire.Request{
				Wants: []string{unknown}, Haves: []string{strings.Repeat("2", 40)}, RequireCommon: sure,
			})
			if err != nil {
				continue
			}
			n, err := io.Copy(io.Discard, body)
			if n > int64(len(text)) {
				t.Errorf("%d bytes of a pack in an answer of %d", n, len(text))
			}
			if err == nil && !bytes.Contains(text, []byte("0000")) {
				t.Error("a pack ended without a flush packet")
			}
		}
		refs, err := c.Refs(t.Context(), "http://git.example/acme/shop")
		for _, r := range refs {
			if err != nil || len(r.ID) != 40 || r.Name == "" {
				t.Errorf("ref %+v with error %v", r, err)
			}
		}
	})
}

// canned answers every request with these bytes.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Request: r, Body: io.NopCloser(bytes.NewReader(c)),
		Header: http.Header{"Content-Type": {"application/x-git-upload-pack-result"}},
	}, nil
}
