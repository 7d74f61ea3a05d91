package registry

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestHabits: the imitations refuse what they are there to refuse.
func TestHabits(t *testing.T) {
	d := Digest([]byte("hello"))
	mount := "/v2/me/b/blobs/uploads/?mount=" + d + "&from=me/a"
	for name, c := range map[string]struct {
		opts  Options
		steps []step
	}{
		"large bodies": {Options{MaxBody: 4}, []step{
			{"POST", "/v2/a/blobs/uploads/", "", "", 202, ""},
			{"PATCH", "/v2/a/blobs/uploads/upload-1", "hello", "", 416, "maximum permissible limit"},
			{"PUT", "/v2/a/blobs/uploads/upload-1?digest=" + d, "hello", "", 416, "REQUESTED_RANGE"},
			{"PATCH", "/v2/a/blobs/uploads/upload-1", "hell", "", 202, "Range: 0-3"},
			{"PUT", "/v2/a/blobs/uploads/upload-1?digest=" + d, "o", "", 201, d},
		}},
		"the last piece": {Options{LastPieceOnly: true}, []step{
			{"POST", "/v2/a/blobs/uploads/", "", "", 202, ""},
			{"PATCH", "/v2/a/blobs/uploads/upload-1", "hell", "", 202, ""},
			{"PUT", "/v2/a/blobs/uploads/upload-1?digest=" + d, "o", "", 201, d},
			{"GET", "/v2/a/blobs/" + d, "", "", 200, "o\n"},
		}},
		"owners": {Options{Owner: "me/"}, []step{
			{"POST", "/v2/you/a/blobs/uploads/", "", "", 403, "write_package"},
			{"POST", "/v2/me/a/blobs/uploads/", "", "", 202, ""},
		}},
		"repositories": {Options{Created: []string{"a"}}, []step{
			{"POST", "/v2/b/blobs/uploads/", "", "", 404, "NAME_UNKNOWN"},
			{"POST", "/v2/a/blobs/uploads/", "", "", 202, ""},
		}},
		"mounts": {Options{}, []step{
			{"POST", "/v2/me/a/blobs/uploads/?digest=" + d, "hello", "", 201, ""},
			{"POST", mount, "", "", 201, d},
		}},
		"no mounts": {Options{NoMounts: true}, []step{
			{"POST", "/v2/me/a/blobs/uploads/?digest=" + d, "hello", "", 201, ""},
			{"POST", mount, "", "", 202, "/uploads/upload-1"},
		}},
		"states": {Options{StatefulUploads: true}, []step{
			{"POST", "/v2/a/blobs/uploads/", "", "", 202, "_state=s0"},
			{"PUT", "/v2/a/blobs/uploads/upload-1?digest=" + d, "hello", "", 404, "state is wrong"},
			{"PUT", "/v2/a/blobs/uploads/upload-1?_state=s0&digest=" + d, "hello", "", 201, d},
		}},
	} {
		t.Run(name, func(t *testing.T) { run(t, New(c.opts), c.steps) })
	}
}

// ask sends a request to a profile and gives the status and, of a token server, the token.
func ask(t *testing.T, p *Profile, method, url, authorization string) (status int, token string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := p.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct{ Token string }
	_ = json.NewDecoder(resp.Body).Decode(&body) // other answers are not JSON
	return resp.StatusCode, body.Token
}

func TestStorageWantsItsSignatureAlone(t *testing.T) {
	p := ECR()
	d := p.Put("echo", []byte("hello"))
	base := p.opts.BlobsAt + "/echo/" + d
	signed := base + "?" + signature + "=" + d[len(d)-8:]
	for _, c := range []struct {
		url, authorization string
		want               int
	}{{signed, "", 200}, {signed, "Basic QVdTOnA=", 400}, {base, "", 403}} {
		if got, _ := ask(t, p, "GET", c.url, c.authorization); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.url, c.authorization, got, c.want)
		}
	}
}

// TestTokens of GHCR are for one scope, and for pulling if nobody asks for them; Azure's
// end.
func TestTokens(t *testing.T) {
	p := GHCR()
	p.Put("me/a", nil)
	const pull, push = "https://ghcr.io/v2/me/a/tags/list", "https://ghcr.io/v2/me/a/blobs/uploads/"
	login := "Basic " + "bWU6Z2hwX3NlY3JldA==" // me:ghp_secret
	for _, c := range []struct {
		scopes, login, method, url string
		want                       int
	}{
		{"scope=repository:me/a:pull,push", login, "POST", push, 202},
		{"scope=repository:me/b:pull&scope=repository:me/a:pull,push", login, "POST", push, 401},
		{"scope=repository:me/a:pull,push", "", "POST", push, 401},
		{"scope=repository:me/a:pull,push", "", "GET", pull, 200},
	} {
		_, token := ask(t, p, "GET", "https://ghcr.io/token?service=ghcr.io&"+c.scopes, c.login)
		if got, _ := ask(t, p, c.method, c.url, "Bearer "+token); got != c.want {
			t.Errorf("%s %q: %d, want %d", c.scopes, c.login, got, c.want)
		}
	}
	azure := ACR()
	token := azure.issue(nil, false)
	for i := range 5 {
		if got, _ := ask(t, azure, "GET", "https://acme.azurecr.io/v2/", "Bearer "+token); (got == 200) != (i < 4) {
			t.Errorf("request %d: %d", i, got)
		}
	}
}
