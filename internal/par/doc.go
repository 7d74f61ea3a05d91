// Package par makes and reads provider archives: a tar stream, compressed or
// not, of a signed token and one executable per target (processor and system).
//
// Nothing is kept in memory but the token. What is read is verified as it
// streams by; what is written is a pure function of the claims, the key and the
// executables. Hosts and wash verify less than is verified here: they trust the
// token unseen and end at the first surprise.
package par
