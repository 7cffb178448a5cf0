package destinationtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Proxy takes what a program sends to hosts of the internet, and has stand-ins answer: the program itself needs no setting for tests. It speaks TLS in
// the hosts' names, with certificates that only programs with [Proxy.Environ] believe. Hosts without a stand-in can't be reached.
type Proxy struct {
	server *httptest.Server
	inner  *http.Server
	conns  chan net.Conn
	file   string // the certificate of the authority

	mu    sync.Mutex
	heard strings.Builder
}

// NewProxy starts a proxy for stand-ins, by the hosts' names. dir is where it keeps its certificate. Close it.
func NewProxy(dir string, hosts map[string]http.Handler) (*Proxy, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stand-ins"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for host := range hosts {
		template.DNSNames = append(template.DNSNames, host)
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	p := &Proxy{conns: make(chan net.Conn), file: filepath.Join(dir, "stand-ins.pem")}
	if err := os.WriteFile(p.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600); err != nil {
		return nil, err
	}
	settings := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	p.inner = &http.Server{ReadHeaderTimeout: time.Minute, TLSConfig: settings, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts[r.Host].ServeHTTP(w, r)
	})}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.hear(r)
		host, _, err := net.SplitHostPort(r.Host)
		if r.Method != http.MethodConnect || err != nil || hosts[host] == nil {
			http.Error(w, "no stand-in for "+r.Host, http.StatusBadGateway)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		if _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); err != nil {
			conn.Close()
			return
		}
		p.conns <- conn
	}))
	go func() {
		_ = p.inner.ServeTLS(listener{p}, "", "") // HTTP/2 as well, as the vendors do
	}()
	return p, nil
}

// Environ is what a program needs in its environment to meet the stand-ins.
func (p *Proxy) Environ() []string {
	return []string{"HTTPS_PROXY=" + p.server.URL, "SSL_CERT_FILE=" + p.file, "NODE_EXTRA_CA_CERTS=" + p.file}
}

func (p *Proxy) hear(r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(&p.heard, r.Method, r.RequestURI, r.Header)
}

// Heard is what a proxy between a program and the internet sees: the lines and headers of its requests for connections.
func (p *Proxy) Heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard.String()
}

// Close ends it.
func (p *Proxy) Close() {
	p.server.Close()
	_ = p.inner.Close()
}

// listener hands on the connections that were asked for.
type listener struct{ p *Proxy }

// Accept waits for a connection.
func (l listener) Accept() (net.Conn, error) {
	conn, ok := <-l.p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

// Close ends it.
func (l listener) Close() error {
	close(l.p.conns)
	return nil
}

// Addr is that of the proxy.
func (l listener) Addr() net.Addr { return l.p.server.Listener.Addr() }
