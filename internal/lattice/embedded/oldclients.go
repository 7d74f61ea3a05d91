package embedded

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// wash 0.17 lists links and claims by the keys of the bucket, for which its
// client makes a consumer by the request of old NATS servers and insists on a
// "cluster" member in the reply. Servers since 2.10 leave that out unless they
// are clustered, so against them `wash ctl get claims` and `link query` fail.
// Our own server can help: such requests are mapped to a subject of ours, sent
// on in today's form, and answered with the member.
const (
	oldCreate    = "$JS.API.CONSUMER.CREATE.*"
	oldCreateVia = "_LATTICE.CONSUMER.CREATE."
)

type oldClients struct{ nc *nats.Conn }

func serveOldClients(ns *server.Server) (*oldClients, error) {
	nc, err := nats.Connect("", nats.InProcessServer(ns), nats.Name("old clients"))
	if err != nil {
		return nil, fmt.Errorf("connecting to the NATS server inside: %w", err)
	}
	o := &oldClients{nc}
	_, err = nc.Subscribe(oldCreateVia+"*", o.create)
	if err == nil {
		err = nc.Flush()
	}
	if err == nil {
		err = ns.GlobalAccount().AddMapping(oldCreate, oldCreateVia+"{{wildcard(1)}}")
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("serving old clients: %w", err)
	}
	return o, nil
}

func (o *oldClients) close() { o.nc.Close() }

// create answers one request. What it does not understand it passes on as it
// is, for the server to refuse in its own words.
func (o *oldClients) create(m *nats.Msg) {
	stream := strings.TrimPrefix(m.Subject, oldCreateVia)
	subject, body := newCreate(stream, m.Data)
	reply, err := o.nc.Request(subject, body, 5*time.Second)
	if err != nil {
		return // the caller's time runs out too; nothing could be said in the API's terms
	}
	_ = m.Respond(withCluster(reply.Data))
}

// newCreate turns a request for an unnamed consumer into one for a named one,
// whose subject holds the name and the filter.
func newCreate(stream string, body []byte) (subject string, _ []byte) {
	name := strings.ReplaceAll(wasmbus.NewUUID(), "-", "")
	subject = "$JS.API.CONSUMER.CREATE." + stream + "." + name
	var request, config map[string]json.RawMessage
	var filter string
	if json.Unmarshal(body, &request) != nil || json.Unmarshal(request["config"], &config) != nil {
		return subject, body
	}
	if json.Unmarshal(config["filter_subject"], &filter) == nil && filter != "" {
		subject += "." + filter
	}
	config["name"] = json.RawMessage(`"` + name + `"`)
	inner, err := json.Marshal(config)
	if err != nil {
		return subject, body
	}
	request["config"] = inner
	if changed, err := json.Marshal(request); err == nil {
		body = changed
	}
	return subject, body
}

// withCluster adds the member to a reply that is no error.
func withCluster(reply []byte) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(reply, &members) != nil || members["error"] != nil || members["cluster"] != nil {
		return reply
	}
	members["cluster"] = json.RawMessage(`{}`)
	if changed, err := json.Marshal(members); err == nil {
		return changed
	}
	return reply
}
