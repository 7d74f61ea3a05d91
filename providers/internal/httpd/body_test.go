package httpd

import (
	"context"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"
)

// A thousand bodies of the largest size must not be in memory at once: those that find no room are
// refused, whether they say how long they are or not. Others are answered.
func TestLargeBodiesShareARoom(t *testing.T) {
	b := start(t, map[string]string{"timeout_ms": "50"}, nil)
	b.ServeActor(providerbed.Actor(0), func(_ string, msg []byte) ([]byte, error) {
		var req httpserver.Request
		err := req.UnmarshalMsgpack(msg)
		return httpserver.Response{Status: 200, Body: []byte(strconv.Itoa(len(req.Body)))}.MarshalMsgpack(), err
	})
	post := func(body io.Reader) (status int, text string) {
		t.Helper()
		res, err := b.client.Post(b.url, "", body)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		got, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(got)
	}
	const large = wasmbus.ChunkThreshold + 1
	kinds := map[string]func(size int) io.Reader{
		"a length":  func(size int) io.Reader { return strings.NewReader(strings.Repeat("x", size)) },
		"no length": func(size int) io.Reader { return io.MultiReader(strings.NewReader(strings.Repeat("x", size))) },
	}
	all, err := b.p.large.Take(t.Context(), math.MaxUint64)
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range kinds {
		if status, text := post(of(large)); status != http.StatusServiceUnavailable || !strings.Contains(text, "large bodies") {
			t.Errorf("a large body with %s, without room: %d %q", name, status, text)
		}
		if status, text := post(of(large - 1)); status != http.StatusOK || text != strconv.Itoa(large-1) {
			t.Errorf("a smaller one with %s: %d %q", name, status, text)
		}
	}
	all()
	for name, of := range kinds {
		for _, size := range []int{large, 3 << 20} {
			if status, text := post(of(size)); status != http.StatusOK || text != strconv.Itoa(size) {
				t.Errorf("%d bytes with %s: %d %q", size, name, status, text)
			}
		}
	}
	// What they took is there again.
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := b.p.large.Take(ctx, math.MaxUint64); err != nil {
		t.Error("a request keeps its room")
	}
}
