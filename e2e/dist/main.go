// Command dist is `make dist`: it makes the files of a release from a commit.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/rules-wasmcloud/rules_wasmcloud/e2e/release"
)

func main() {
	out := flag.String("out", "dist", "the folder for the files")
	revision := flag.String("revision", "HEAD", "what to release")
	platforms := flag.String("platforms", runtime.GOOS+"/"+runtime.GOARCH, "GOOS/GOARCH pairs; none for the sources alone")
	tools := flag.String("tools", "", "the tools to build, all by default")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *out, *revision, strings.Fields(*platforms), strings.Fields(*tools)); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out, revision string, platforms, tools []string) error {
	c, err := release.Find(ctx, ".", revision)
	if err != nil {
		return err
	}
	edited, err := c.Edited(ctx)
	if err != nil {
		return err
	}
	if edited != "" {
		fmt.Fprintf(os.Stderr, "dist: made of the commit %.12s, without what is not committed:\n%s", c.ID, edited)
	}
	source, err := c.SourceArchive(ctx, out)
	if err != nil {
		return err
	}
	names, err := c.ToolArchives(ctx, out, platforms, tools)
	if err != nil {
		return err
	}
	names = append(names, source)
	if err := release.Sums(out, names); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(out, release.SumsFile))
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	return err
}
