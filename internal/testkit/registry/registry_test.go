package registry

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// step is one request and what a registry by the specification answers.
type step struct {
	method, url, body string
	header            string // "Key: value" of the request
	status            int
	want              string // a part of the body or "Key: value" of the answer
}

func run(t *testing.T, r *Registry, steps []step) {
	t.Helper()
	for _, s := range steps {
		req, err := http.NewRequestWithContext(t.Context(), s.method, "http://registry"+s.url, strings.NewReader(s.body))
		if err != nil {
			t.Fatal(err)
		}
		if key, value, ok := strings.Cut(s.header, ": "); ok {
			req.Header.Set(key, value)
		}
		resp, err := r.RoundTrip(req)
		if err != nil {
			t.Errorf("%s %s: %v", s.method, s.url, err)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Errorf("%s %s: %v", s.method, s.url, err)
		}
		got := string(body)
		for key := range resp.Header {
			got += "\n" + key + ": " + resp.Header.Get(key)
		}
		if resp.StatusCode != s.status || !strings.Contains(got, s.want) {
			t.Errorf("%s %s: %d %s\nwant %d %s", s.method, s.url, resp.StatusCode, got, s.status, s.want)
		}
	}
}

func TestStrict(t *testing.T) {
	blob := "hello"
	d, other := Digest([]byte(blob)), Digest([]byte("other"))
	manifest := func(digest string, size int) string {
		return fmt.Sprintf(`{"schemaVersion":2,"config":{"mediaType":"c","digest":%q,"size":%d},"layers":[]}`, digest, size)
	}
	good := manifest(d, 5)
	m := Digest([]byte(good))
	const typed = "Content-Type: application/vnd.oci.image.manifest.v1+json"
	run(t, New(Options{}), []step{
		{"GET", "/v2/", "", "", 200, "{}"},
		{"GET", "/v2/UPPER/tags/list", "", "", 400, "NAME_INVALID"},
		{"GET", "/v2/a/blobs/sha256:abc", "", "", 400, "DIGEST_INVALID"},
		{"GET", "/v2/a/blobs/" + d, "", "", 404, "BLOB_UNKNOWN"},
		// whole, under a wrong and the right digest
		{"POST", "/v2/a/blobs/uploads/?digest=" + other, blob, "", 400, "DIGEST_INVALID"},
		{"POST", "/v2/a/blobs/uploads/?digest=" + d, blob, "", 201, "Location: /v2/a/blobs/" + d},
		// in pieces, in order only
		{"POST", "/v2/a/blobs/uploads/", "", "", 202, "Location: /v2/a/blobs/uploads/upload-1"},
		{"PATCH", "/v2/a/blobs/uploads/upload-1", "hel", "Content-Range: 0-2", 202, "Range: 0-2"},
		{"PATCH", "/v2/a/blobs/uploads/upload-1", "lo", "Content-Range: 2-3", 416, "RANGE_INVALID"},
		{"GET", "/v2/a/blobs/uploads/upload-1", "", "", 204, "Range: 0-2"},
		{"GET", "/v2/b/blobs/uploads/upload-1", "", "", 404, "BLOB_UPLOAD_UNKNOWN"},
		{"PUT", "/v2/a/blobs/uploads/upload-1?digest=" + d, "lo", "", 201, d},
		{"PUT", "/v2/a/blobs/uploads/upload-1?digest=" + d, "lo", "", 404, "BLOB_UPLOAD_UNKNOWN"},
		{"POST", "/v2/a/blobs/uploads/", "", "", 202, "upload-2"},
		{"DELETE", "/v2/a/blobs/uploads/upload-2", "", "", 204, ""},
		{"GET", "/v2/a/blobs/uploads/upload-2", "", "", 404, ""},
		// ranges
		{"GET", "/v2/a/blobs/" + d, "", "Range: bytes=2-", 206, "llo"},
		{"GET", "/v2/a/blobs/" + d, "", "Range: bytes=9-", 416, ""},
		{"HEAD", "/v2/a/blobs/" + d, "", "", 200, "Content-Length: 5"},
		// each repository has its own blobs; mounting links them
		{"GET", "/v2/b/blobs/" + d, "", "", 404, ""},
		{"POST", "/v2/b/blobs/uploads/?mount=" + d + "&from=a", "", "", 201, d},
		{"POST", "/v2/b/blobs/uploads/?mount=" + other + "&from=a", "", "", 202, "upload-3"},
		{"GET", "/v2/b/blobs/" + d, "", "", 200, blob},
		// manifests
		{"PUT", "/v2/a/manifests/1", "not json", typed, 400, "MANIFEST_INVALID"},
		{"PUT", "/v2/a/manifests/1", manifest(other, 5), typed, 404, "MANIFEST_BLOB_UNKNOWN"},
		{"PUT", "/v2/a/manifests/1", manifest(d, 6), typed, 404, "MANIFEST_BLOB_UNKNOWN"},
		{"PUT", "/v2/a/manifests/" + other, good, typed, 400, "DIGEST_INVALID"},
		{"PUT", "/v2/a/manifests/1", `{"schemaVersion":2,"mediaType":"x"}`, typed, 400, "MANIFEST_INVALID"},
		{"PUT", "/v2/a/manifests/-", good, typed, 400, ""},
		{"PUT", "/v2/a/manifests/1", good, typed, 201, m},
		{"HEAD", "/v2/a/manifests/1", "", "", 200, "Docker-Content-Digest: " + m},
		{"GET", "/v2/a/manifests/" + m, "", "", 200, good},
		{"POST", "/v2/a/manifests/1", "", "", 405, "UNSUPPORTED"},
		// deleting
		{"DELETE", "/v2/a/manifests/1", "", "", 202, ""},
		{"GET", "/v2/a/manifests/" + m, "", "", 200, good},
		{"PUT", "/v2/a/manifests/2", good, typed, 201, ""},
		{"DELETE", "/v2/a/manifests/" + m, "", "", 202, ""},
		{"GET", "/v2/a/manifests/2", "", "", 404, "MANIFEST_UNKNOWN"},
		{"DELETE", "/v2/a/manifests/" + m, "", "", 404, ""},
		{"DELETE", "/v2/a/blobs/" + d, "", "", 202, ""},
		{"DELETE", "/v2/a/blobs/" + d, "", "", 404, ""},
	})
}

func TestPagingAndReferrers(t *testing.T) {
	r := New(Options{})
	subject := r.PutManifest("a", "1", "m", []byte(`{"schemaVersion":2}`))
	for _, tag := range []string{"3", "2", "4"} {
		r.PutManifest("a", tag, "m", []byte(`{"schemaVersion":2}`))
	}
	r.PutManifest("a", "ref", "m", []byte(`{"schemaVersion":2,"artifactType":"sbom","subject":{"digest":"`+subject+`"}}`))
	run(t, r, []step{
		{"GET", "/v2/a/tags/list?n=2", "", "", 200, `"tags":["1","2"]`},
		{"GET", "/v2/a/tags/list?n=2", "", "", 200, `Link: </v2/a/tags/list?last=2&n=2>; rel="next"`},
		{"GET", "/v2/a/tags/list?last=2&n=2", "", "", 200, `"tags":["3","4"]`},
		{"GET", "/v2/a/tags/list?last=zzz", "", "", 200, `"tags":[]`},
		{"GET", "/v2/none/tags/list", "", "", 404, "NAME_UNKNOWN"},
		{"GET", "/v2/_catalog", "", "", 200, `["a"]`},
		{"GET", "/v2/a/referrers/" + subject, "", "", 200, `"artifactType":"sbom"`},
		{"GET", "/v2/a/referrers/" + subject + "?artifactType=other", "", "", 200, `"manifests":[]`},
		{"GET", "/v2/none/referrers/" + subject, "", "", 200, `"manifests":[]`},
	})
}

func TestBearerScopes(t *testing.T) {
	r := New(Options{User: "u", Password: "p", Bearer: true})
	run(t, r, []step{
		{"GET", "/v2/", "", "", 401, `realm="http://registry/token",service="test"`},
		{"GET", "/v2/a/tags/list", "", "", 401, `scope="repository:a:pull"`},
		{"GET", "/token?scope=repository:a:pull", "", "Authorization: Basic dTp4", 401, ""},
		{"GET", "/token?scope=repository:a:pull", "", "Authorization: Basic dTpw", 200, `"token":"token-1"`},
		{"GET", "/v2/a/tags/list", "", "Authorization: Bearer token-1", 404, "NAME_UNKNOWN"},
		{"GET", "/v2/b/tags/list", "", "Authorization: Bearer token-1", 401, "insufficient_scope"},
		{"POST", "/v2/a/blobs/uploads/", "", "Authorization: Bearer token-1", 401, `scope="repository:a:push"`},
	})
	r.ExpireTokens()
	run(t, r, []step{{"GET", "/v2/a/tags/list", "", "Authorization: Bearer token-1", 401, ""}})
}
