//go:build !unix

package e2e

func editIsLive(c *checkout) { c.t.Skip("it is ended as Ctrl-C ends it, by a process group's signal") }
