package embedded_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// TestOldClientsListTheBucket sends the very request of wash 0.17.
func TestOldClientsListTheBucket(t *testing.T) {
	server, err := embedded.Start(t.Context(), embedded.Config{StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	conn, err := lattice.Connect(t.Context(), lattice.ConnectConfig{InProcess: server})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	state, err := lattice.OpenState(t.Context(), conn, "default")
	if err != nil {
		t.Fatal(err)
	}
	link := wasmbus.LinkDefinition{ActorID: "M", ProviderID: "V", LinkName: "default", ContractID: "c"}
	if err := state.PutLink(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	inbox := conn.NATS().NewInbox()
	entries, err := conn.NATS().SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	request := `{"config":{"ack_policy":"none","ack_wait":79200000000000,"deliver_policy":"all","deliver_subject":"` + inbox + `",` +
		`"description":"kv history consumer","filter_subject":"$KV.LATTICEDATA_default.>","flow_control":true,"headers_only":true,` +
		`"idle_heartbeat":5000000000,"inactive_threshold":30000000000,"max_deliver":1,"mem_storage":true,"num_replicas":1,` +
		`"replay_policy":"instant"},"stream_name":"KV_LATTICEDATA_default"}`
	reply, err := conn.NATS().Request("$JS.API.CONSUMER.CREATE.KV_LATTICEDATA_default", []byte(request), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Cluster *struct{} `json:"cluster"`
		Pending int       `json:"num_pending"`
		Error   any       `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &info); err != nil || info.Cluster == nil || info.Pending != 1 || info.Error != nil {
		t.Errorf("%s", reply.Data)
	}
	m, err := entries.NextMsg(5 * time.Second)
	if err != nil || m.Subject != "$KV.LATTICEDATA_default.LINKDEF_"+link.ID() {
		t.Errorf("%v, %v", m, err)
	}
}

func TestOldClientsHearTheServersRefusals(t *testing.T) {
	server, err := embedded.Start(t.Context(), embedded.Config{StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	conn, err := lattice.Connect(t.Context(), lattice.ConnectConfig{InProcess: server})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, body := range []string{``, `null`, `{`, `{"config":3}`, `{"stream_name":"x","config":{"deliver_subject":"y"}}`} {
		reply, err := conn.NATS().Request("$JS.API.CONSUMER.CREATE.x", []byte(body), 5*time.Second)
		var info struct{ Error *struct{ Code int } }
		if err != nil || json.Unmarshal(reply.Data, &info) != nil || info.Error == nil {
			t.Errorf("%q: %v, %s", body, err, reply.Data)
		}
	}
}
