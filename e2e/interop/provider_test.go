package interop

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
)

const (
	serviceSeed = "SVAOZUSBWWFL65P255DOHIETPTXUQMM5ETLSYPITI5G4K4HI6M2CDAPWAU"
	kvContract  = "wasmcloud:keyvalue"
)

// keyvalue builds the key-value provider for this machine.
func (w *world) keyvalue() string {
	w.t.Helper()
	out := filepath.Join(w.dir, "keyvalue")
	if text, err := exec.Command("go", "build", "-o", out, "../../providers/keyvalue").CombinedOutput(); err != nil {
		w.t.Fatalf("building providers/keyvalue: %v\n%s", err, text)
	}
	return out
}

// TestWashRunsProvidersOnTheHost: wash 0.17.1 packs one archive and we another;
// both are started, linked, used and stopped by wash on our host.
func TestWashRunsProvidersOnTheHost(t *testing.T) {
	w := newWorld(t)
	w.serveRegistry()
	w.serveHost()
	actor := w.registry + "/vectors/probe:1.2.3"
	w.ours("ocipush", "push", actor, w.sign("1.2.3"))
	w.real(&map[string]any{}, "ctl", "start", "actor", actor)
	executable, target := w.keyvalue(), string(par.HostTarget())

	theirs, ours := filepath.Join(w.dir, "theirs.par.gz"), filepath.Join(w.dir, "ours.par.gz")
	claims := []string{"--capid", kvContract, "--vendor", "Acme", "--name", "Keyvalue", "--version", "0.1.0", "--issuer", issuerSeed, "--subject", serviceSeed}
	w.real(&map[string]any{}, append([]string{"par", "create", "--arch", target, "--binary", executable, "--destination", theirs, "--compress", "--disable-keygen"}, claims...)...)
	w.ours("parpack", append([]string{"create", "--bin", target + "=" + executable, "--destination", ours}, claims...)...)
	if runtime.GOOS != "linux" {
		t.Fatal("this test reads a host that runs Linux executables")
	}
	for name, archive := range map[string]string{"theirs": theirs, "ours": ours} {
		t.Run(name, func(t *testing.T) { w.runProvider(t, w.registry+"/vectors/"+name+":0.1.0", archive) })
	}
}

func (w *world) runProvider(t *testing.T, ref, archive string) {
	w.real(&map[string]any{}, "reg", "push", "--insecure", ref, archive)
	w.real(&map[string]any{}, "ctl", "start", "provider", ref)
	var got struct {
		Inventory struct {
			Providers []struct {
				ID         string
				ImageRef   string `json:"image_ref"`
				LinkName   string `json:"link_name"`
				ContractID string `json:"contract_id"`
				Name       string
			}
		}
	}
	w.real(&got, "ctl", "get", "inventory", w.host.HostID)
	if len(got.Inventory.Providers) != 1 {
		t.Fatalf("wash sees the providers %+v", got.Inventory.Providers)
	}
	p := got.Inventory.Providers[0]
	if p.ImageRef != ref || p.LinkName != "default" || p.ContractID != kvContract || p.Name != "Keyvalue" {
		t.Errorf("wash sees %+v", p)
	}
	// Started a second time it is refused, with the reason.
	if _, err := w.run(w.wash, "ctl", "start", "provider", ref, "--host-id", w.host.HostID); err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Errorf("wash on a second start: %v", err)
	}

	w.real(&map[string]any{}, "ctl", "link", "put", moduleKey, p.ID, kvContract)
	const request = `{"method":"GET","path":"/count","queryString":"","header":{},"body":""}`
	w.await("the probe to count", func() error {
		_, err := w.run(w.wash, "call", "--context", w.host.Context, moduleKey, "HttpServer.HandleRequest", request)
		return err
	})
	var claims struct {
		Claims struct{ Claims []map[string]string }
	}
	w.real(&claims, "ctl", "get", "claims")
	if len(claims.Claims.Claims) != 2 {
		t.Errorf("wash reads the claims %v", claims)
	}
	w.real(&map[string]any{}, "ctl", "link", "del", moduleKey, kvContract)
	w.real(&map[string]any{}, "ctl", "stop", "provider", w.host.HostID, p.ID, "default", kvContract)
	got.Inventory.Providers = nil
	w.real(&got, "ctl", "get", "inventory", w.host.HostID)
	if len(got.Inventory.Providers) != 0 {
		t.Errorf("after stop wash sees %+v", got.Inventory.Providers)
	}
}
