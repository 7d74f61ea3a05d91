package wasmfix

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

const checkedText = `every import (wasmbus, wapc and WASI
preview 1 functions, by name and type), the exports __guest_call and memory, and features that show in types, limits, sections,
instructions and LLVM's target_features: memory64, several memories, custom page sizes, threads, exceptions, tail calls, garbage
collection, typed function references, relaxed SIMD.`

// verdict is what examining a module gave.
type verdict struct {
	problems []string // no classic host loads it
	warnings []string // some do
}

// guestCall is the type of the function through which hosts call actors.
const guestCall = "(i32, i32) -> (i32)"

// busFunction gives the type of a function that hosts offer in wasmbus and wapc.
func busFunction(name string) (wasmbin.FuncType, bool) {
	switch name {
	case "__guest_request", "__guest_response", "__guest_error", "__console_log":
		return "(i32, i32) -> ()", true
	case "__host_call":
		return "(i32, i32, i32, i32, i32, i32, i32, i32) -> (i32)", true
	case "__host_response_len", "__host_error_len":
		return "() -> (i32)", true
	case "__host_response", "__host_error":
		return "(i32) -> ()", true
	}
	return "", false
}

// wasiFunctions are those of WASI preview 1.
func wasiFunctions() []string {
	return strings.Fields(`args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get
		fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights
		fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get
		fd_pwrite fd_read fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write path_create_directory
		path_filestat_get path_filestat_set_times path_link path_open path_readlink path_remove_directory
		path_rename path_symlink path_unlink_file poll_oneoff proc_exit proc_raise random_get sched_yield
		sock_accept sock_recv sock_send sock_shutdown`)
}

// examine judges a module by what the classic hosts offer and ask for.
func examine(sum *wasmbin.Summary) verdict {
	var v verdict
	for _, i := range sum.Imports {
		v.importEntry(i)
	}
	v.exports(sum)
	for _, feature := range sum.Features {
		v.problem("it uses %s, which these hosts' wasm engines do not have: compile without it", feature)
	}
	if sum.CodeUnread && len(sum.Features) == 0 {
		v.warn("its code is not what a compiler of WebAssembly 2 writes: hosts may refuse it")
	}
	return v
}

func (v *verdict) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

func (v *verdict) warn(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(v.warnings, text) {
		v.warnings = append(v.warnings, text)
	}
}

func (v *verdict) importEntry(i wasmbin.Import) {
	name := i.Module + "." + i.Name
	switch i.Module {
	case "wasmbus", "wapc":
		want, ok := busFunction(i.Name)
		if !ok || i.Kind != wasmbin.Func {
			v.problem("unknown import %s (%s): hosts offer no such function", name, i.Kind)
		} else if i.Type != "" && i.Type != want {
			v.problem("the import %s has the type %s; that of the hosts has %s", name, i.Type, want)
		}
		if i.Module == "wapc" {
			v.warn("it imports from wapc, which OTP hosts from 0.62 and Rust hosts do not offer: import from wasmbus")
		}
	case "wasi_snapshot_preview1", "wasi_unstable":
		if i.Kind != wasmbin.Func || !slices.Contains(wasiFunctions(), i.Name) {
			v.problem("unknown import %s (%s): WASI preview 1 has no such function", name, i.Kind)
		}
		if i.Module == "wasi_unstable" {
			v.warn("it imports from wasi_unstable, which few hosts offer: compile for wasi_snapshot_preview1")
		}
	default:
		v.problem("unknown import %s (%s): hosts offer wasmbus and wasi_snapshot_preview1 only", name, i.Kind)
	}
}

func (v *verdict) exports(sum *wasmbin.Summary) {
	call, ok := sum.Export("__guest_call")
	switch {
	case !ok || call.Kind != wasmbin.Func:
		v.problem("it does not export the function __guest_call, through which hosts call actors")
	case call.Type != "" && call.Type != guestCall:
		v.problem("its __guest_call has the type %s; hosts call %s", call.Type, guestCall)
	}
	if memory, ok := sum.Export("memory"); !ok || memory.Kind != wasmbin.Memory {
		v.problem("it does not export its memory, which hosts read arguments from")
	}
	_, start := sum.Export("_start")
	if _, initialize := sum.Export("_initialize"); initialize && !start {
		v.problem("it exports _initialize and no _start, so hosts would not start its runtime: run wasmfix on it")
	}
}

// refuse gives the error for a module with problems.
func refuse(path string, v verdict) error {
	switch len(v.problems) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: %s", path, v.problems[0])
	}
	return fmt.Errorf("%s: no classic host can load it:\n  %s", path, strings.Join(v.problems, "\n  "))
}

// facts is the answer of inspect and check.
type facts struct {
	File      string           `json:"file"`
	Format    string           `json:"format"`
	Size      int64            `json:"size"`
	Signed    bool             `json:"signed"`
	Imports   []wasmbin.Import `json:"imports"`
	Exports   []wasmbin.Export `json:"exports"`
	Sections  []wasmbin.Custom `json:"custom_sections"`
	Contracts []string         `json:"contracts"`
	Unclaimed []string         `json:"unclaimed"`
	Problems  []string         `json:"problems"`
	Warnings  []string         `json:"warnings"`
}

func inspectCommand(s *cli.IO) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "inspect MODULE",
		Short:   "Show imports, exports, custom sections and contract ids of a module",
		Example: "  wasmfix inspect build/echo.wasm --output json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.hasCaps = cmd.Flags().Changed("caps")
			result, err := gather(cmd, &o, args[0])
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, result.print)
		},
	}
	addCaps(cmd, &o)
	return cmd
}

func checkCommand(s *cli.IO) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "check MODULE",
		Short:   "Say whether the classic hosts can load a module, changing nothing",
		Example: "  wasmfix check build/echo.wasm --caps wasmcloud:httpserver",
		Long:    "Say whether the hosts of wasmCloud 0.5x to 0.82 can load a module; exit with 1 if not. Checked are " + checkedText,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.hasCaps = cmd.Flags().Changed("caps")
			result, err := gather(cmd, &o, args[0])
			if err != nil {
				return err
			}
			if err := refuse(args[0], verdict{problems: result.Problems}); err != nil {
				return err
			}
			for _, text := range result.Warnings {
				cli.Notef(s, "warning: %s: %s", args[0], text)
			}
			warnContracts(s, args[0], result.Unclaimed)
			return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintf(w, "%s: loads\n", args[0]) })
		},
	}
	addCaps(cmd, &o)
	return cmd
}

func gather(cmd *cobra.Command, o *options, path string) (*facts, error) {
	in, err := open(cmd.Context(), path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	sum, err := wasmbin.Rewrite(io.Discard, in, wasmbin.Edit{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := &facts{
		File: path, Format: sum.Format.String(), Size: sum.Read, Signed: sum.Signed(),
		Imports: append([]wasmbin.Import{}, sum.Imports...), Exports: append([]wasmbin.Export{}, sum.Exports...),
		Sections: append([]wasmbin.Custom{}, sum.Customs...), Contracts: contracts(o, sum.Contracts),
	}
	r.Unclaimed = unclaimed(o, r.Contracts)
	v := verdict{}
	if sum.Format == wasmbin.Component {
		v.warn("a component: only Rust hosts from 0.78 load it; nothing inside it is checked")
	} else {
		v = examine(sum)
	}
	r.Problems, r.Warnings = append([]string{}, v.problems...), append([]string{}, v.warnings...)
	return r, nil
}

func (r *facts) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s, %d bytes\n", r.File, r.Format, r.Size)
	for _, i := range r.Imports {
		fmt.Fprintf(w, "import   %s %q.%q %s\n", i.Kind, i.Module, i.Name, i.Type)
	}
	for _, e := range r.Exports {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("export   %s %q %s", e.Kind, e.Name, e.Type), " "))
	}
	for _, c := range r.Sections {
		fmt.Fprintf(w, "custom   %q %d bytes\n", c.Name, c.Size)
	}
	for _, id := range r.Contracts {
		fmt.Fprintf(w, "contract %s\n", id)
	}
	for _, text := range r.Problems {
		fmt.Fprintf(w, "problem  %s\n", text)
	}
	for _, text := range r.Warnings {
		fmt.Fprintf(w, "warning  %s\n", text)
	}
}
