package registry

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

// Proxy is a web proxy that tunnels by CONNECT and brings every tunnel to one server,
// whatever host was asked for. So tools that know nothing of tests can be led to servers
// that bear the names of real ones.
type Proxy struct {
	To  string // host:port
	Log string // a file that gets the host of each tunnel, a line each
	// Login is the Proxy-Authorization that it wants; empty means none.
	Login string

	mu sync.Mutex
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	if p.Login != "" && req.Header.Get("Proxy-Authorization") != p.Login {
		http.Error(w, "who is there", http.StatusProxyAuthRequired)
		return
	}
	if err := p.note(req.Host); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	far, err := net.Dial("tcp", p.To)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer far.Close()
	near, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	fmt.Fprint(near, "HTTP/1.1 200 Connection established\r\n\r\n")
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() {
			io.Copy(way[0], way[1])
			done <- struct{}{}
		}()
	}
	<-done // one end closed; the deferred Closes end the other way
}

func (p *Proxy) note(host string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, err := os.OpenFile(p.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintln(f, host)
	return err
}
