package policy

import (
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

type fakeLattice struct{}

func (fakeLattice) Linked(actor, provider, contract, link string) bool {
	return actor == "Mself" && provider == "Vhttp" && contract == "wasmcloud:httpserver" && link == "default"
}

func (fakeLattice) KnownActor(key string) bool { return key == "Mknown" || key == "Vhttp" }

func TestOrigin(t *testing.T) {
	check := Origin(fakeLattice{}, "Mself", []string{"wasmcloud:httpserver"})
	for name, c := range map[string]struct {
		origin wasmbus.Entity
		want   string // "" = may call
	}{
		"wash":                      {wasmbus.Entity{PublicKey: "__WASH__"}, ""},
		"known actor":               {wasmbus.Actor("Mknown"), ""},
		"unknown actor":             {wasmbus.Actor("Mother"), "neither an actor"},
		"nobody":                    {wasmbus.Entity{}, "neither an actor"},
		"provider without contract": {wasmbus.Entity{PublicKey: "Vhttp"}, "neither an actor"},
		"linked provider":           {wasmbus.Entity{PublicKey: "Vhttp", LinkName: "default", ContractID: "wasmcloud:httpserver"}, ""},
		"other link name":           {wasmbus.Entity{PublicKey: "Vhttp", LinkName: "x", ContractID: "wasmcloud:httpserver"}, "missing link definition"},
		"other provider":            {wasmbus.Entity{PublicKey: "Vevil", LinkName: "default", ContractID: "wasmcloud:httpserver"}, "missing link definition"},
		"contract not claimed":      {wasmbus.Entity{PublicKey: "Vhttp", LinkName: "default", ContractID: "wasmcloud:keyvalue"}, "missing capability claim"},
		"wash with a contract":      {wasmbus.Entity{PublicKey: "__WASH__", ContractID: "wasmcloud:keyvalue"}, "missing capability claim"},
	} {
		err := check(c.origin)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAlias(t *testing.T) {
	if Alias("", "Ma", "Mb") != nil || Alias("a", "Ma", "") != nil || Alias("a", "Ma", "Ma") != nil {
		t.Error("a free alias is refused")
	}
	if Alias("a", "Ma", "Mb") == nil {
		t.Error("a taken alias is given away")
	}
}

func TestConstraints(t *testing.T) {
	labels := map[string]string{"zone": "dev", "empty": ""}
	for name, c := range map[string]struct {
		constraints map[string]string
		want        bool
	}{
		"none":          {nil, true},
		"equal":         {map[string]string{"zone": "dev"}, true},
		"other value":   {map[string]string{"zone": "prod"}, false},
		"missing label": {map[string]string{"gpu": ""}, false},
		"empty value":   {map[string]string{"empty": ""}, true},
		"one of two":    {map[string]string{"zone": "dev", "gpu": "yes"}, false},
	} {
		if got := Constraints(labels, c.constraints); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestProvider(t *testing.T) {
	const key = "VDWUSKGGFDI4FRXK5EBTRECZSVQSSWJHHJOGH6JWG3AUMFFMQ435CDVS"
	for name, c := range map[string]struct {
		p    wasmbus.Entity
		want string
	}{
		"good":                 {wasmbus.Entity{PublicKey: key, LinkName: "default", ContractID: "wasmcloud:keyvalue"}, ""},
		"an actor's key":       {wasmbus.Entity{PublicKey: "MCATS5YOVB6ROX2WUNKGNQ2MP3GMXDMKSG2O4N5CLX3A6W4PZGZZJPUL", LinkName: "default", ContractID: "c"}, "kind module"},
		"no contract":          {wasmbus.Entity{PublicKey: key, LinkName: "default"}, "names no contract"},
		"no link name":         {wasmbus.Entity{PublicKey: key, ContractID: "c"}, "link_name is empty"},
		"a subject in a name":  {wasmbus.Entity{PublicKey: key, LinkName: "a.b", ContractID: "c"}, "part of NATS subjects"},
		"a wildcard in a name": {wasmbus.Entity{PublicKey: key, LinkName: ">", ContractID: "c"}, "part of NATS subjects"},
	} {
		if err := Provider(c.p); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestLink(t *testing.T) {
	good := wasmbus.LinkDefinition{
		ActorID:    "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB",
		ProviderID: "VBM5JMFOVUJDHGTOJSPUJ33ZGHCRCJ3LYHUJ3HND5ZMRVORYCMAVPZQF",
		LinkName:   "default", ContractID: "wasmcloud:httpserver",
	}
	if err := Link(good); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*wasmbus.LinkDefinition){
		"actor_id":    func(l *wasmbus.LinkDefinition) { l.ActorID = l.ProviderID },
		"provider_id": func(l *wasmbus.LinkDefinition) { l.ProviderID = l.ActorID },
		"contract_id": func(l *wasmbus.LinkDefinition) { l.ContractID = "" },
		"link_name":   func(l *wasmbus.LinkDefinition) { l.LinkName = "" },
	} {
		l := good
		change(&l)
		if err := Link(l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
