package oci

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

func TestRetryAfterIsHonoured(t *testing.T) {
	now := time.Date(2023, 5, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second,
		"0": 0,
		now.Add(11 * time.Second).Format(http.TimeFormat): 11 * time.Second,
		now.Add(-time.Hour).Format(http.TimeFormat):       0,
		"":              250 * time.Millisecond,
		"soon":          250 * time.Millisecond,
		"-3":            250 * time.Millisecond,
		"9999999999999": 250 * time.Millisecond,
	} {
		for _, status := range []int{429, 503} {
			t.Run(header, func(t *testing.T) {
				f := newFixture(t, registry.Options{}, func(c *Config) { c.Now = func() time.Time { return now } })
				f.Inject(registry.Fault{Method: "HEAD", Path: "/manifests/", Times: 1, Serve: registry.Answer(status, header)})
				f.push(t, "localhost:5000/echo:1", actor([]byte("x")))
				if diff := cmp.Diff([]time.Duration{want}, f.clock.naps); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestRetryAfterTooLong(t *testing.T) {
	f := newFixture(t, registry.Options{})
	f.Inject(registry.Fault{Serve: registry.Answer(429, "3600")})
	_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), actor([]byte("x")))
	wantError(t, err, "429", "asks to wait 1h0m0s")
	if len(f.clock.naps) != 0 {
		t.Errorf("waited %v", f.clock.naps)
	}
}

func TestGivesUpAfterSomeTries(t *testing.T) {
	f := newFixture(t, registry.Options{})
	f.Inject(registry.Fault{Serve: registry.Answer(503, "")})
	_, err := f.client.Tags(t.Context(), mustRef(t, "localhost:5000/echo"))
	wantError(t, err, "503 Service Unavailable", "told to fail", "given up after 5 tries")
	want := []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second}
	if diff := cmp.Diff(want, f.clock.naps); diff != "" {
		t.Error(diff)
	}
}

func TestNotTriedAgain(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 405, 413, 500, 501} {
		f := newFixture(t, registry.Options{})
		f.Inject(registry.Fault{Serve: registry.Answer(status, "1")})
		_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), actor([]byte("x")))
		if err == nil || len(f.clock.naps) != 0 {
			t.Errorf("%d: waited %v, error %v", status, f.clock.naps, err)
		}
		if denied := status == 401 || status == 403; errors.Is(err, ErrDenied) != denied {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := ln.Addr().String()
	ln.Close()
	f := newFixture(t, registry.Options{}, overNetwork)
	_, err = f.client.Push(t.Context(), mustRef(t, host+"/echo:1"), actor([]byte("x")))
	wantError(t, err, "no registry answers at "+host, "`make up` or `registry up`")
	if len(f.clock.naps) != 0 {
		t.Errorf("waited %v", f.clock.naps)
	}
}

func TestPingAndTags(t *testing.T) {
	f := newFixture(t, registry.Options{PageSize: 2})
	for _, tag := range []string{"3", "1", "2", "5", "4"} {
		f.push(t, "localhost:5000/echo:"+tag, actor([]byte("x")))
	}
	tags, err := f.client.Tags(t.Context(), mustRef(t, "localhost:5000/echo"))
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, tags); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := f.client.Tags(t.Context(), mustRef(t, "localhost:5000/nothing")); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if err := f.client.Ping(t.Context(), "localhost:5000"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "a b", "host:port", "http://x"} {
		if err := f.client.Ping(t.Context(), bad); err == nil {
			t.Errorf("%q was pinged", bad)
		}
	}
}
