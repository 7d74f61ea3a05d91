// Package signing is what the commands that sign have in common: the flags that
// name keys, dates and a provider, where a seed is found, how inputs are read and outputs are
// written, and the table that wash shows claims in.
package signing
