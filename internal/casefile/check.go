package casefile

import "fmt"

// ForActor says what of a case makes no sense for an actor; errors begin with FILE:LINE.
func (c *Case) ForActor() error {
	for _, l := range c.Links {
		if l.Contract == "" {
			return c.at(l.Line, "which contract? Write `-- link wasmcloud:keyvalue --`, or the one that the actor calls")
		}
	}
	for _, s := range c.Steps {
		if s.Request != nil {
			return c.at(s.Line, "an actor cannot be asked by HTTP: write `-- call HttpServer.HandleRequest --`; request is for the cases of a provider")
		}
	}
	if len(c.Links) == 0 {
		for f := range c.fakes {
			return c.at(f.Line, "%s is asked of no fake: write a `-- link CONTRACT --` section before the first call", f.Operation)
		}
	}
	return c.linkNames()
}

// ForProvider is the same for a provider.
func (c *Case) ForProvider() error {
	if len(c.Links) > 1 {
		return c.at(c.Links[1].Line, "a provider's case has one link, because a provider process serves one link name: write another case")
	}
	return c.linkNames()
}

// linkNames checks that fakes speak of links that the case has.
func (c *Case) linkNames() error {
	names := map[string]bool{}
	for _, l := range c.Links {
		names[l.Name] = true
	}
	for f := range c.fakes {
		if f.Link != "" && !names[f.Link] {
			return c.at(f.Line, "no link of this case is named %s: write a `-- link CONTRACT %s --` section", f.Link, f.Link)
		}
	}
	return nil
}

// fakes yields the standing and the expected ones.
func (c *Case) fakes(yield func(Fake) bool) {
	for _, f := range c.Fakes {
		if !yield(f) {
			return
		}
	}
	for _, s := range c.Steps {
		for _, f := range s.Expects {
			if !yield(f) {
				return
			}
		}
	}
}

func (c *Case) at(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: "+format, append([]any{c.Path, line}, args...)...)
}
