package wasmbus

// LogLine is one line that an actor or a provider logged, published on LogSubject
// by our hosts so that test runners can match it. A host publishes the lines of a call
// before the call's reply, on the same connection, so a subscriber that has the
// reply has the lines.
type LogLine struct {
	Actor    string `json:"actor"`               // M… key, "" for a provider's line
	Provider string `json:"provider,omitempty"`  // V… key
	Link     string `json:"link_name,omitempty"` // of the provider
	Call     string `json:"call"`                // id of the invocation, "" outside one
	Level    string `json:"level"`               // trace, debug, info, warn, error or critical
	Text     string `json:"text"`                // without its line end
	Time     string `json:"time"`                // RFC 3339
}
