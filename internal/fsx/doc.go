// Package fsx is the project's file discipline: a file is whole or it is not
// there, a lock is held by one process, and a cache entry is what its name says.
package fsx
