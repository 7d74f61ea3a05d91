// Package bazel tests the rules with a real Bazel, which ../../bazelw finds or makes. They
// are the last part of `make test`; alone:
//
//	go test -tags bazel ./e2e/bazel
//
// The workspaces are kept in the user's cache folder between runs, and so are their
// outputs: a second run is fast.
package bazel
