package lattice

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func linkCommand(s *cli.IO, words Words) *cobra.Command {
	return group("link", "Set, remove and show links between actors and providers",
		linkPutCommand(s), linkDelCommand(s), getLinksCommand(s, "query", words.Links))
}

// parseContract refuses what is surely a mix-up of the arguments.
func parseContract(text string) error {
	if text == "" {
		return cli.Usage("the contract id is empty: want one such as wasmcloud:keyvalue")
	}
	if looksLikeKey(text, strkey.Module) || looksLikeKey(text, strkey.Service) {
		return cli.Usage("%s: it looks like you used an actor or provider id as the contract id: want one such as wasmcloud:keyvalue", text)
	}
	return nil
}

func linkPutCommand(s *cli.IO) *cobra.Command {
	var f connFlags
	var name string
	cmd := &cobra.Command{
		Use:   "put ACTOR PROVIDER CONTRACT [KEY=VALUE...]",
		Short: "Link an actor to a provider",
		Long: "Link an actor to a provider, each named by its key, by the reference that it was started from, or by its file. A host is asked and may\n" +
			"refuse, which is a failure; without a host the link is stored for the next one.",
		Example: "  lattice link put echo VBM5…VPZQF wasmcloud:httpserver address=127.0.0.1:8080\n" +
			"  lattice link put localhost:5000/counter:0.1.0 localhost:5000/keyvalue:0.1.0 wasmcloud:keyvalue",
		Args: cobra.MinimumNArgs(3),
	}
	f.register(cmd, kindCtl)
	cmd.Flags().StringVarP(&name, "link-name", "l", "default", "`name` of the link")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		values, err := pairs("value", args[3:])
		if err == nil {
			err = parseContract(args[2])
		}
		if err == nil {
			err = checkProvider(args[1])
		}
		if err != nil {
			return err
		}
		return withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
			actor, err := ses.actorKey(ctx, args[0])
			if err != nil {
				return err
			}
			provider, err := ses.providerKey(ctx, args[1])
			if err != nil {
				return err
			}
			l := wasmbus.LinkDefinition{ActorID: actor, ProviderID: provider, LinkName: name, ContractID: args[2], Values: values}
			if err := ses.control.PutLink(ctx, l); err != nil {
				return fmt.Errorf("linking %s to %s: %w", actor, provider, err)
			}
			result := struct {
				ActorID    string `json:"actor_id"`
				ProviderID string `json:"provider_id"`
				LinkID     string `json:"link_id"`
			}{l.ActorID, l.ProviderID, l.ID()}
			return cli.Print(cmd, ses.io, result, func(w io.Writer) {
				fmt.Fprintf(w, "Published link (%s) <-> (%s) successfully\n", l.ActorID, l.ProviderID)
			})
		})(cmd, args)
	}
	return cmd
}

func linkDelCommand(s *cli.IO) *cobra.Command {
	var f connFlags
	var name string
	cmd := &cobra.Command{
		Use:     "del ACTOR CONTRACT",
		Aliases: []string{"delete"},
		Short:   "Remove a link",
		Example: "  lattice link del echo wasmcloud:httpserver",
		Args:    cobra.ExactArgs(2),
	}
	f.register(cmd, kindCtl)
	cmd.Flags().StringVarP(&name, "link-name", "l", "default", "`name` of the link")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := parseContract(args[1]); err != nil {
			return err
		}
		return withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
			actor, err := ses.actorKey(ctx, args[0])
			if err != nil {
				return err
			}
			if err := ses.control.DeleteLink(ctx, actor, args[1], name); err != nil {
				return fmt.Errorf("removing the link of %s for %s: %w", actor, args[1], err)
			}
			result := struct {
				ActorID    string `json:"actor_id"`
				ContractID string `json:"contract_id"`
				LinkName   string `json:"link_name"`
			}{actor, args[1], name}
			return cli.Print(cmd, ses.io, result, func(w io.Writer) {
				fmt.Fprintf(w, "Deleted link for %s on %s (%s) successfully\n", actor, args[1], name)
			})
		})(cmd, args)
	}
	return cmd
}

// oneLine keeps an event's data on its line.
func oneLine(b []byte) string { return strings.ReplaceAll(string(b), "\n", " ") }
