// Package release makes what a release consists of: an archive of the sources, which Bazel's users
// name in their MODULE.bazel, an archive of the tools for each platform, and the list of their sums.
//
// Everything is made of a commit, not of the working tree, and equal commits give equal bytes.
package release
