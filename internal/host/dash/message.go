package dash

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// EventMessage makes a line of an event of the lattice, of any generation of
// hosts.
func EventMessage(e *wasmbus.CloudEvent) Message {
	m := Message{Kind: KindEvent, Level: "info", Host: e.Source, Name: e.Name(), Data: e.Data}
	m.Time, _ = time.Parse(time.RFC3339Nano, e.Time) // zero = when it came
	if strings.Contains(m.Name, "failed") {
		m.Level = "error"
	}
	var d eventMembers
	if json.Unmarshal(e.Data, &d) != nil {
		return m // it is shown by its name and its bytes
	}
	m.From = cmp.Or(d.PublicKey, d.ActorID)
	m.Text = d.text()
	return m
}

// eventMembers are what events of all kinds say, each some of it.
type eventMembers struct {
	PublicKey    string `json:"public_key"`
	ActorID      string `json:"actor_id"`
	ProviderID   string `json:"provider_id"`
	ImageRef     string `json:"image_ref"`
	ActorRef     string `json:"actor_ref"`
	ProviderRef  string `json:"provider_ref"`
	OCIURL       string `json:"oci_url"`
	ContractID   string `json:"contract_id"`
	LinkName     string `json:"link_name"`
	FriendlyName string `json:"friendly_name"`
	Error        string `json:"error"`
	Reason       string `json:"reason"`
	Count        *int   `json:"count"`
	Remaining    *int   `json:"remaining"`
	Max          *int   `json:"max_instances"`
	Claims       struct {
		Name string `json:"name"`
	} `json:"claims"`
}

func (d eventMembers) text() string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	add(cmp.Or(d.Claims.Name, d.FriendlyName))
	add(cmp.Or(d.ImageRef, d.ActorRef, d.ProviderRef, d.OCIURL))
	if d.ContractID != "" {
		add(d.ContractID + " / " + cmp.Or(d.LinkName, "default"))
	}
	if d.ProviderID != "" {
		add("provider " + d.ProviderID)
	}
	for _, n := range []struct {
		value *int
		unit  string
	}{{d.Count, "instances"}, {d.Remaining, "remain"}, {d.Max, "instances"}} {
		if n.value != nil {
			add(fmt.Sprintf("%d %s", *n.value, n.unit))
		}
	}
	add(d.Error)
	add(d.Reason)
	return strings.Join(parts, " · ")
}

// LogMessage makes a line of what an actor or provider has logged.
func LogMessage(l wasmbus.LogLine) Message {
	m := Message{Kind: KindLog, Level: l.Level, From: cmp.Or(l.Actor, l.Provider), Call: l.Call, Text: l.Text}
	m.Time, _ = time.Parse(time.RFC3339Nano, l.Time) // zero = when it came
	return m
}
