package wasmbus

import "encoding/base64"

// HostData is what a host tells a provider at its launch. Decoders of peers
// fail without env_values, link_definitions, cluster_issuers and (Rust SDK since
// 0.78) otel_config, so Line writes them always; a null is refused there too.
type HostData struct {
	HostID              string            `json:"host_id"`
	LatticeRPCPrefix    string            `json:"lattice_rpc_prefix"` // the lattice's name
	LinkName            string            `json:"link_name"`
	LatticeRPCUserJWT   string            `json:"lattice_rpc_user_jwt"`
	LatticeRPCUserSeed  string            `json:"lattice_rpc_user_seed"`
	LatticeRPCURL       string            `json:"lattice_rpc_url"` // nats://host:port
	ProviderKey         string            `json:"provider_key"`    // V…
	InvocationSeed      string            `json:"invocation_seed"` // SC…, signs the provider's calls
	EnvValues           map[string]string `json:"env_values"`
	InstanceID          string            `json:"instance_id"`
	LinkDefinitions     []LinkDefinition  `json:"link_definitions"`
	ClusterIssuers      []string          `json:"cluster_issuers"` // whose calls the provider accepts
	ConfigJSON          *string           `json:"config_json"`     // the start command's configuration
	DefaultRPCTimeoutMS uint64            `json:"default_rpc_timeout_ms,omitempty"`
	StructuredLogging   bool              `json:"structured_logging"`
	LogLevel            string            `json:"log_level,omitempty"`
	JSDomain            string            `json:"js_domain,omitempty"`
	LatticeRPCTLS       Flag              `json:"lattice_rpc_tls,omitempty"` // Elixir hosts alone send it
	OtelConfig          OtelConfig        `json:"otel_config"`
}

// OtelConfig says where a provider sends traces; null members mean nowhere.
type OtelConfig struct {
	TracesExporter       *string `json:"traces_exporter"`
	ExporterOTLPEndpoint *string `json:"exporter_otlp_endpoint"`
}

// Line is the one line that a provider reads from its standard input: padded
// standard base64 of the JSON, and the line end without which it waits on.
func (d HostData) Line() ([]byte, error) {
	if d.EnvValues == nil {
		d.EnvValues = map[string]string{}
	}
	if d.ClusterIssuers == nil {
		d.ClusterIssuers = []string{}
	}
	links := make([]LinkDefinition, len(d.LinkDefinitions))
	for i, l := range d.LinkDefinitions {
		if l.Values == nil {
			l.Values = map[string]string{}
		}
		links[i] = l
	}
	d.LinkDefinitions = links
	text, err := EncodeJSON(d)
	if err != nil {
		return nil, err
	}
	line := make([]byte, 0, base64.StdEncoding.EncodedLen(len(text))+1)
	return append(base64.StdEncoding.AppendEncode(line, text), '\n'), nil
}
