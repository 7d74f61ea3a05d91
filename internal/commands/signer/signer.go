// Package signer is the command that signs wasmCloud modules and components,
// tells what a signature claims and verifies it, and looks after the keys.
//
// It links no network: what signs can be run where nothing else may.
package signer

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

// Command returns the signer command.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "signer", "Sign wasmCloud modules, and tell and verify who signed them")
	root.Long = `Sign wasmCloud modules and components, tell what their signatures claim, verify them, and look after keys.

A signed file depends on the unsigned bytes, the claims and the key alone: signing again gives the same bytes.
The key is looked for in this order: --issuer or WASH_ISSUER_KEY (a file, or the seed); the folder KEYDIR; the
user's account key in WASH_KEYS or ~/.wash/keys (not under CI=true); else the published development key, which
protects nothing. No key is made unless you ask for one: signer keys init.`
	root.Example = `  signer sign build/echo.wasm --name echo -q --rev 1 --ver 0.1.0     # writes build/echo_s.wasm
  signer verify build/echo_s.wasm --issuer ACFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYYOU
  signer keys init .keys`
	root.AddCommand(Sign(s, signing.Marked), hashCommand(s), tokenCommand(s), embedCommand(s), requestCommand(s),
		inspectCommand(s), verifyCommand(s), keysCommand(s), actionCommand(s))
	return root
}

// signedName is where the signed form of a file goes by default.
func signedName(path string) string {
	return filepath.Join(filepath.Dir(path), signing.Stem(path)+"_s.wasm")
}

// sectionFlag says in which form a token is embedded.
type sectionFlag struct{ legacy bool }

func (f *sectionFlag) String() string {
	if f.legacy {
		return "legacy"
	}
	return "modern"
}
func (f *sectionFlag) Type() string { return "form" }
func (f *sectionFlag) Set(v string) error {
	switch v {
	case "modern", "legacy":
		f.legacy = v == "legacy"
		return nil
	}
	return errors.New("want modern or legacy")
}

func (f *sectionFlag) add(cmd *cobra.Command) {
	cmd.Flags().Var(f, "section", "`form` of the signature: modern (wasmcloud_jwt: OTP host 0.62 and later, every Rust host)\nor legacy (jwt, without a wascap revision: every host)")
}

func (f *sectionFlag) name() string {
	if f.legacy {
		return wasmbin.LegacySection
	}
	return wasmbin.TokenSection
}
