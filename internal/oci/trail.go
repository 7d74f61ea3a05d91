package oci

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// trail is where credentials for a registry were looked for. No secret is in it.
type trail struct {
	host   string
	tried  []tried
	chosen string // the source that had them; empty if none had
	who    string // what they are
}

type tried struct{ source, why string }

func (t *trail) missed(source, why string) { t.tried = append(t.tried, tried{source, why}) }

// describe says who the registry will be told, and that there is a secret.
func (t *trail) describe(cred auth.Credential) {
	user := fmt.Sprintf("user %q", printable(cred.Username))
	switch {
	case cred.RefreshToken != "":
		t.who = "an identity token"
	case cred.AccessToken != "":
		t.who = "a token for the registry"
	case cred.Password == "":
		t.who = user + " without a password"
	default:
		t.who = user + " with a password"
	}
}

// tell explains the choice.
func (t *trail) tell(line func(string)) {
	for _, x := range t.tried {
		line(fmt.Sprintf("%s: %s: %s", t.host, x.source, x.why))
	}
	if t.chosen == "" {
		line(t.host + ": no login is left, so it is asked as nobody")
		return
	}
	line(fmt.Sprintf("%s: %s: chosen, %s", t.host, t.chosen, t.who))
}

// cure is for a registry that refused: what to check, or where a login can be.
func (t *trail) cure(flags string) string {
	if t == nil {
		return "it was not asked for a login"
	}
	if t.chosen != "" {
		return fmt.Sprintf("logged in by %s, %s: check the user and password, and what they may do there", t.chosen, t.who)
	}
	var sources []string
	for _, x := range t.tried {
		sources = append(sources, x.source)
	}
	text := fmt.Sprintf("no login for %s was found in %s: log in with docker or podman", t.host, strings.Join(sources, ", "))
	if flags != "" {
		text += ", or give " + flags
	}
	return text
}

// limit is for a registry that has had enough requests.
func (t *trail) limit() string {
	if t == nil || t.chosen == "" {
		return "without a login the limit is lower: log in with docker or podman, or wait"
	}
	return "logged in by " + t.chosen + ", " + t.who + ": wait, or raise what that account may do"
}

// trail is what was looked for at a host; nil if it did not ask.
func (f *finder) trail(host string) *trail {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.trails[canonicalHost(host)]
}

// dockerFile is what matters here of docker's and podman's files.
type dockerFile struct {
	Auths       map[string]json.RawMessage `json:"auths"`
	CredHelpers map[string]string          `json:"credHelpers"`
	CredsStore  string                     `json:"credsStore"`
}

// keychainFile finds the file that ggcr's keychain reads, which tells nobody: the first
// of docker's, REGISTRY_AUTH_FILE and podman's, by the process's own environment.
func keychainFile() (path string, others []string) {
	home, _ := os.UserHomeDir()
	docker := filepath.Join(home, ".docker", "config.json")
	found := home != "" && isFile(docker)
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		docker = filepath.Join(dir, "config.json")
		found = found || isFile(docker)
	}
	if found {
		return docker, nil
	}
	looked := []string{docker}
	runtime, config := os.Getenv("XDG_RUNTIME_DIR"), os.Getenv("XDG_CONFIG_HOME")
	if config == "" && home != "" {
		config = filepath.Join(home, ".config")
	}
	for _, path := range []string{os.Getenv("REGISTRY_AUTH_FILE"), inDir(runtime), inDir(config)} {
		if path != "" && isFile(path) {
			return path, nil
		}
		if path != "" {
			looked = append(looked, path)
		}
	}
	return "", looked
}

func inDir(dir string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "containers", "auth.json")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// keychainSource names the file that had a login, and the program that it names.
func keychainSource(host string) string {
	path, _ := keychainFile()
	if os.Getenv("DOCKER_AUTH_CONFIG") != "" {
		path += " or DOCKER_AUTH_CONFIG"
	}
	f, err := readDockerFile(path)
	if err != nil {
		return path
	}
	if helper := f.helper(host); helper != "" {
		return path + ", which names docker-credential-" + printable(helper)
	}
	return path
}

func (t *trail) missedKeychain(host string) {
	path, looked := keychainFile()
	for _, file := range looked {
		t.missed(file, "not there")
	}
	if path == "" {
		return
	}
	f, err := readDockerFile(path)
	switch {
	case err != nil:
		t.missed(path, "cannot be read")
	case f.helper(host) != "":
		t.missed(path, "names docker-credential-"+printable(f.helper(host))+", which has no login for it")
	case len(f.Auths) == 0:
		t.missed(path, "has no logins")
	default:
		t.missed(path, "has logins for "+printable(strings.Join(slices.Sorted(maps.Keys(f.Auths)), ", "))+" alone")
	}
}

func readDockerFile(path string) (f dockerFile, err error) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	return f, err
}

// helper is the program that docker asks for a registry's login.
func (f *dockerFile) helper(host string) string {
	key := canonicalHost(host)
	if key == dockerHub {
		key = "https://index.docker.io/v1/"
	}
	if h := f.CredHelpers[key]; h != "" {
		return h
	}
	return f.CredsStore
}
