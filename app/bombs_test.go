package app

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github/githubtest"
)

// bombs are pushes that are small, and were made to cost much: each has a production key beside it, which counts.
func bombs() map[string]bomb {
	return map[string]bomb{
		"decoys": {files: func(w *world) map[string]string {
			return map[string]string{"a.env": decoys(w.key(801, detect.Test), budget.Findings+1)}
		}},
		"many decoys": {heavy: true, files: func(w *world) map[string]string {
			return map[string]string{"a.env": decoys(w.key(802, detect.Test), 100_001)}
		}},
		"one key's lines": {heavy: true, files: func(w *world) map[string]string {
			return map[string]string{"a.env": strings.Repeat(env(w.key(803, detect.Live)), 30<<20/68)}
		}},
		"anchors":              {files: func(*world) map[string]string { return map[string]string{"a.txt": strings.Repeat(`mFrX\n`, 1<<20/6)} }},
		"many anchors":         {heavy: true, files: func(*world) map[string]string { return map[string]string{"a.txt": strings.Repeat(`mFrX\n`, 32<<20/6)} }},
		"bzip2 in base64":      {files: func(*world) map[string]string { return map[string]string{"a.md": zeros45MB(64 << 10)} }},
		"much bzip2 in base64": {heavy: true, files: func(*world) map[string]string { return map[string]string{"a.md": zeros45MB(32 << 20)} }},
		"zstd windows":         {files: func(w *world) map[string]string { return windows(w.t, 3) }},
		"many windows":         {heavy: true, files: func(w *world) map[string]string { return windows(w.t, 60) }},
		"deep paths":           {tree: func(w *world, m *maker) string { return m.deep(1900, w.key(804, detect.Test)) }},
		"paths of paths":       {tree: func(w *world, m *maker) string { return m.doubled(40, w.key(805, detect.Test)) }},
		"a long name": {tree: func(w *world, m *maker) string {
			return m.tree("100644 "+strings.Repeat("n", 8<<20), m.blob(env(w.key(806, detect.Test))))
		}},
		"a long author":    {author: strings.Repeat("a", 8<<20)},
		"zeros":            {heavy: true, files: func(*world) map[string]string { return map[string]string{"zeros": strings.Repeat("\x00", 900<<20)} }},
		"large trees":      {heavy: true, tree: func(w *world, m *maker) string { return m.wide(300, 100_000, w.key(808, detect.Live)) }},
		"many tiny blobs":  {heavy: true, files: func(*world) map[string]string { return tiny(200_000) }},
		"many credentials": {heavy: true, files: func(w *world) map[string]string { return map[string]string{"a.env": flood(100_000)} }},
	}
}

// bomb makes files, or a commit of its own making; heavy ones take long to make or to read.
type bomb struct {
	heavy  bool
	files  func(*world) map[string]string
	tree   func(*world, *maker) string
	author string
}

// memoryLimit is what must be enough for all that GitHub lets people push.
const memoryLimit = 1 << 30

// TestBombs runs the server in a memory limit, and pushes all bombs at once, each with a production key beside it. Every
// check must be concluded, none of them as passed, by the process that was started. REKEY_TEST_BOMBS=1 adds the heavy ones.
func TestBombs(t *testing.T) {
	t.Parallel()
	heavy := os.Getenv("REKEY_TEST_BOMBS") != ""
	w := newWorld(t, githubtest.Options{Quiet: true})
	w.stop()
	group := memoryGroup(t)
	if group != "" {
		w.environment = []string{"REKEY_TEST_CGROUP=" + group}
	} else {
		w.environment = []string{"GOMEMLIMIT=" + strconv.Itoa(memoryLimit*11/16)}
	}
	w.clerk.Add(detect.NewSecret(w.key(800, detect.Live)), instance, detect.Live)
	server := w.spawn()
	sampled := sample(server.Process.Pid)
	w.pushed(map[string]string{"README.md": "# Shop\n"})
	for _, setting := range [][]string{{"pack.window", "0"}, {"pack.compression", "1"}} { // or git would look for deltas for minutes
		if err := exec.Command("git", "-C", w.shop.Dir(), "config", setting[0], setting[1]).Run(); err != nil {
			t.Fatal(err)
		}
	}
	shas := map[string]string{}
	seed := int64(900)
	for name, b := range bombs() {
		if b.heavy && !heavy {
			continue
		}
		seed++
		branch := strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), "'", "")
		key := env(w.key(seed, detect.Live))
		var sha string
		if b.files != nil {
			files := b.files(w)
			files["prod.env"] = key
			sha = w.commit(w.shop, githubtest.Change{Branch: branch, Parents: []string{}, Files: files})
		} else {
			m := &maker{t: t, dir: w.shop.Dir()}
			entries := []string{"100644 prod.env", m.blob(key)}
			if b.tree != nil {
				entries = append([]string{"40000 bomb", b.tree(w, m)}, entries...)
			}
			sha = m.commit(cmp.Or(b.author, "A"), m.tree(entries...))
		}
		shas[name] = sha
		w.pushBlindly(branch, sha)
	}
	for name, sha := range shas {
		var run githubtest.CheckRun
		w.eventually("the check of "+name, func() bool {
			runs := w.shop.CheckRuns(sha)
			if len(runs) > 0 {
				run = runs[0]
			}
			return run.Status == "completed"
		})
		if run.Conclusion != "failure" || !strings.Contains(run.Title, "leaked") {
			t.Errorf("%s: %s, %s", name, run.Conclusion, run.Title)
		}
	}
	server.end(t) // it was there all the time
	peak := sampled()
	if peak >= memoryLimit { // 0 where the system does not tell
		t.Errorf("the server took %d MiB of its own", peak>>20)
	}
	t.Logf("peak of %d MiB, in a control group: %v", peak>>20, group != "")
}

// sample watches how much memory a process has of its own, without what is mapped from files and can be dropped. The function
// that it returns ends that and tells the most.
func sample(pid int) func() int {
	anonymous := regexp.MustCompile(`RssAnon:\s+(\d+) kB`)
	stop, most := make(chan struct{}), make(chan int)
	go func() {
		peak := 0
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if m := anonymous.FindSubmatch(status); m != nil {
				n, _ := strconv.Atoi(string(m[1]))
				peak = max(peak, n<<10)
			}
			select {
			case <-stop:
				most <- peak
				return
			case <-ticker.C:
			}
		}
	}()
	return func() int { close(stop); return <-most }
}

// pushBlindly is push without the stand-in looking at what is pushed, which git would do for years.
func (w *world) pushBlindly(branch, sha string) {
	w.t.Helper()
	deliveries := w.github.Deliveries()
	var push map[string]any
	at := slices.IndexFunc(deliveries, func(d githubtest.Delivery) bool { return d.Event == "push" })
	if err := json.Unmarshal(deliveries[at].Payload, &push); err != nil {
		w.t.Fatal(err)
	}
	push["ref"], push["after"], push["before"], push["created"], push["commits"] = "refs/heads/"+branch, sha, strings.Repeat("0", 40), true, []any{}
	payload, err := json.Marshal(push)
	if err == nil {
		err = w.shop.SetRef("refs/heads/"+branch, sha)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if sent := w.github.Deliver(w.ctx, "push", payload); sent.Status != http.StatusAccepted {
		w.t.Fatalf("%s was answered %d: %s", branch, sent.Status, sent.Answer)
	}
}

// memoryGroup makes a control group with the limit, of version 2 or 1; "" where that cannot be done.
func memoryGroup(t *testing.T) string {
	t.Helper()
	for root, file := range map[string]string{"/sys/fs/cgroup": "memory.max", "/sys/fs/cgroup/memory": "memory.limit_in_bytes"} {
		group := filepath.Join(root, fmt.Sprintf("rekey-test-%d", os.Getpid()))
		if os.Mkdir(group, 0o755) != nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(group, file), []byte(strconv.Itoa(memoryLimit)), 0o600); err != nil || !exists(filepath.Join(group, file)) {
			_ = os.Remove(group)
			continue
		}
		t.Cleanup(func() { _ = os.Remove(group) })
		return group
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// windows are files that each ask for windows of 128 MiB, one within the other.
func windows(t testing.TB, n int) map[string]string {
	files := map[string]string{}
	for i := range n {
		inner := zstdBomb(128<<20 + i)
		files[fmt.Sprintf("w%02d.zst", i)] = zstdOf(t, []byte(inner))
	}
	return files
}

// zeros45MB is a text of that many bytes, of which each line is the base64 of the bzip2 of 45 MB of zeros. It is written backwards,
// so that a scan of this repository does not unpack it.
func zeros45MB(size int) string {
	line := []byte("=AZbDIZIhCnik7inUIJVsJFSSZaKFwMMAACCAAAEAAMIAtKWBgstBkcWTZSWBFTOoplQ")
	slices.Reverse(line)
	return strings.Repeat(string(line)+"\n", size/(len(line)+1))
}

func tiny(n int) map[string]string {
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("%03d/%d", i/500, i)] = strconv.Itoa(i)
	}
	return files
}

// maker writes git objects that git itself would not make.
type maker struct {
	t   *testing.T
	dir string
}

// object writes an object. Small ones it writes itself, without a process of git for each of thousands.
func (m *maker) object(kind string, text []byte) string {
	m.t.Helper()
	if len(text) > 16<<20 {
		cmd := exec.Command("git", "-C", m.dir, "hash-object", "-t", kind, "-w", "--literally", "--stdin")
		cmd.Stdin = bytes.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			m.t.Fatalf("hash-object: %v", err)
		}
		return strings.TrimSpace(string(out))
	}
	whole := append(fmt.Appendf(nil, "%s %d\x00", kind, len(text)), text...)
	sum := sha1.Sum(whole)
	id := hex.EncodeToString(sum[:])
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	if err == nil {
		_, err = z.Write(whole)
	}
	if err == nil {
		err = z.Close()
	}
	path := filepath.Join(m.dir, "objects", id[:2], id[2:])
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, packed.Bytes(), 0o600)
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return id
}

func (m *maker) git(args ...string) {
	m.t.Helper()
	if out, err := exec.Command("git", append([]string{"-C", m.dir}, args...)...).CombinedOutput(); err != nil {
		m.t.Fatalf("git %s: %v: %s", args[0], err, out)
	}
}

func (m *maker) blob(text string) string { return m.object("blob", []byte(text)) }

// tree makes a tree of entries: "100644 name" and an id, in turns.
func (m *maker) tree(entries ...string) string {
	var text bytes.Buffer
	for i := 0; i < len(entries); i += 2 {
		raw, err := hex.DecodeString(entries[i+1])
		if err != nil {
			m.t.Fatal(err)
		}
		text.WriteString(entries[i] + "\x00" + string(raw))
	}
	return m.object("tree", text.Bytes())
}

func (m *maker) commit(author, tree string) string {
	return m.object("commit", fmt.Appendf(nil, "tree %s\nauthor %s <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nbomb\n", tree, author))
}

// deep puts a key so many directories down.
func (m *maker) deep(levels int, key string) string {
	tree := m.tree("100644 key", m.blob(env(key)))
	for range levels {
		tree = m.tree("40000 directory", tree)
	}
	return tree
}

// doubled makes a tree that holds another one twice, and so on.
func (m *maker) doubled(levels int, key string) string {
	tree := m.tree("100644 key", m.blob(env(key)))
	for range levels {
		tree = m.tree("40000 a", tree, "40000 b", tree)
	}
	return tree
}

// wide makes so many trees of so many entries, of which one holds a key.
func (m *maker) wide(trees, entries int, key string) string {
	blob := m.blob("text\n")
	raw, _ := hex.DecodeString(blob)
	root := []string{}
	for i := range trees {
		var text bytes.Buffer
		for n := range entries {
			fmt.Fprintf(&text, "100644 f%03d-%06d\x00%s", i, n, raw)
		}
		root = append(root, fmt.Sprintf("40000 d%03d", i), m.object("tree", text.Bytes()))
	}
	return m.tree(append(root, "40000 key", m.tree("100644 key", m.blob(env(key))))...)
}
