// Package browser tests the dashboard in a real browser. It holds tests alone:
// what they need of other modules, nobody who uses the tools or rules needs.
package browser
