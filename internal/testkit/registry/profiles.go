package registry

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
)

// Profile imitates a registry that people use: its names, its way of logging in and
// its peculiarities, as far as they are known from its documentation and from what
// other clients' authors met. It answers for several hosts.
type Profile struct {
	*Registry
	Name  string
	Host  string // as in references
	Owner string // what repositories of the test's user begin with, "" or "me/"
	Login string // docker's config.json that logs in
	hosts map[string]http.Handler
}

// Internet is every profile anew, by the hosts that they answer for.
type Internet struct{ Profiles []*Profile }

// Everybody makes all profiles, each empty.
func Everybody() *Internet {
	return &Internet{[]*Profile{GHCR(), DockerHub(), ACR(), ECR(), Harbor(), Quay()}}
}

// ServeHTTP implements http.Handler.
func (i *Internet) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	for _, p := range i.Profiles {
		if p.hosts[hostName(req)] != nil {
			p.ServeHTTP(w, req)
			return
		}
	}
	fail(w, http.StatusMisdirectedRequest, "UNSUPPORTED", "nobody is "+req.Host)
}

// Hosts lists the names that somebody answers for.
func (i *Internet) Hosts() []string {
	var all []string
	for _, p := range i.Profiles {
		all = append(all, slices.Sorted(maps.Keys(p.hosts))...)
	}
	return all
}

// ServeHTTP implements http.Handler.
func (p *Profile) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if h := p.hosts[hostName(req)]; h != nil {
		h.ServeHTTP(w, req)
		return
	}
	fail(w, http.StatusMisdirectedRequest, "UNSUPPORTED", p.Name+" is not "+req.Host)
}

// RoundTrip implements http.RoundTripper.
func (p *Profile) RoundTrip(req *http.Request) (*http.Response, error) { return roundTrip(p, req) }

func hostName(req *http.Request) string {
	if host, _, err := net.SplitHostPort(req.Host); err == nil {
		return host
	}
	return req.Host
}

func basicLogin(key, user, password string) string {
	return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, key, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

// GHCR takes no more than 4 MiB in one request to an upload, and answers 416 to more.
// A token is good for one repository, and packages are written below their owner alone.
func GHCR() *Profile {
	r := New(Options{
		User: "me", Password: "ghp_secret", Bearer: true, RealmURL: "https://ghcr.io/token", Service: "ghcr.io",
		MaxBody: 4 << 20, OneScope: true, Anonymous: true, Owner: "me/",
	})
	return &Profile{r, "GHCR", "ghcr.io", "me/", basicLogin("ghcr.io", "me", "ghp_secret"), map[string]http.Handler{"ghcr.io": r}}
}

// DockerHub is docker.io in references, index.docker.io in files of logins and
// registry-1.docker.io on the wire; its tokens come from auth.docker.io. It lets anybody
// pull, up to a limit, does not mount and opens an upload instead, and takes no blob by
// POST alone.
func DockerHub() *Profile {
	const cdn = "production.cloudflare.docker.com"
	r := New(Options{
		User: "me", Password: "dckr_pat_secret", Bearer: true, RealmURL: "https://auth.docker.io/token", Service: "registry.docker.io",
		Anonymous: true, NoMounts: true, TwoStepUploads: true, PullLimit: 100, BlobsAt: "https://" + cdn,
	})
	return &Profile{r, "Docker Hub", "docker.io", "me/", basicLogin("https://index.docker.io/v1/", "me", "dckr_pat_secret"),
		map[string]http.Handler{"registry-1.docker.io": r, "auth.docker.io": http.HandlerFunc(r.token), cdn: r.Storage()}}
}

// ACR takes a refresh token, which `az acr login` leaves, for access tokens that live for
// minutes: here for four requests. Its uploads carry a state that must come back, its
// blobs lie in a storage that refuses a request with two proofs.
func ACR() *Profile {
	const host, storage = "acme.azurecr.io", "weuracme.blob.core.windows.net"
	r := New(Options{
		User: "00000000-0000-0000-0000-000000000000", Password: "not used", RefreshToken: "refresh-secret", Bearer: true,
		RealmURL: "https://" + host + "/oauth2/token", Service: host, TokenUses: 4, StatefulUploads: true, TwoStepUploads: true,
		BlobsAt: "https://" + storage,
	})
	login := `{"auths":{"` + host + `":{"auth":"MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==","identitytoken":"refresh-secret"}}}`
	return &Profile{r, "ACR", host, "", login, map[string]http.Handler{host: r, storage: r.Storage()}}
}

// ECR takes a password of twelve hours by Basic, keeps blobs in S3, wants repositories to
// be made beforehand, and may hold tags to what they are.
func ECR() *Profile {
	const host, bucket = "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com"
	r := New(Options{
		User: "AWS", Password: "ecr-secret", Created: []string{"echo", "kv", "copy", "other"}, ImmutableTags: http.StatusBadRequest,
		TwoStepUploads: true, StatefulUploads: true, BlobsAt: "https://" + bucket,
	})
	return &Profile{r, "ECR", host, "", basicLogin(host, "AWS", "ecr-secret"), map[string]http.Handler{host: r, bucket: r.Storage()}}
}

// Harbor has tokens of its own host, robots for users, and answers 412 to a tag that may
// not move.
func Harbor() *Profile {
	const host = "harbor.example.com"
	r := New(Options{
		User: "robot$ci", Password: "harbor-secret", Bearer: true, RealmURL: "https://" + host + "/service/token", Service: "harbor-registry",
		Owner: "me/", ImmutableTags: http.StatusPreconditionFailed,
	})
	return &Profile{r, "Harbor", host, "me/", basicLogin(host, "robot$ci", "harbor-secret"), map[string]http.Handler{host: r}}
}

// Quay lets anybody pull, names robots after their owner, and redirects blobs to its CDN.
func Quay() *Profile {
	const cdn = "cdn01.quay.io"
	r := New(Options{
		User: "me+ci", Password: "quay-secret", Bearer: true, RealmURL: "https://quay.io/v2/auth", Service: "quay.io",
		Anonymous: true, Owner: "me/", BlobsAt: "https://" + cdn,
	})
	return &Profile{r, "Quay", "quay.io", "me/", basicLogin("quay.io", "me+ci", "quay-secret"), map[string]http.Handler{"quay.io": r, cdn: r.Storage()}}
}
