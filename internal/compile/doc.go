// Package compile runs the compilers of other languages than Go, and tells where what
// they made lies: cargo says so itself, TinyGo is told.
package compile
