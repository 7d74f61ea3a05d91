package interop

// step is one line of the script. What it prints is compared with what the real
// wash printed, after what is random in it was replaced.
type step struct {
	args    string              // as for a shell: words, '…' around those with spaces, $VARIABLES
	differs []string            // the rows of docs/differences.md that make it differ
	prepare func(w *world)      // what comes before it
	until   func(w *world) bool // it is said again until this holds: wash may end before its message is out
	bag     bool                // its lines come in no order: wash's from hash maps and folders
}

func same(args string) step                         { return step{args: args} }
func bag(args string) step                          { return step{args: args, bag: true} }
func other(args string, differences ...string) step { return step{args: args, differs: differences} }

// script goes over every command of the front end. Each part begins in a new home.
func script() map[string][]step {
	return map[string][]step{
		"usage": usageSteps(), "keys": keySteps(), "claims": claimsSteps(), "par": parSteps(), "drain": drainSteps(),
		"reg": regSteps(), "ctl": ctlSteps(), "ctx": ctxSteps(), "models": modelSteps(), "build": buildSteps(),
	}
}

func usageSteps() []step {
	return []step{
		same(""), same("nonsense"), same("claims"), same("claims sign"), same("keys list -o yaml"), same("keys list --nonsense"),
		other("--version", "version"), other("app --help", "not-here"), other("new --help", "not-here"),
		same("down"), same("completions -d $WORK/tmp bash"), same("completions -d $WORK/tmp zsh -o json"),
		same("completions -d $WORK/tmp fish"), same("completions -d $WORK/tmp power-shell"), other("completions -d $WORK/missing/dir bash", "folders-made"),
	}
}

func keySteps() []step {
	return []step{
		same("keys gen account -o json"), same("keys gen Module"), same("keys gen service -o json"), same("keys gen server -o json"),
		same("keys gen operator -o json"), same("keys gen cluster -o json"), same("keys gen user -o json"),
		other("keys gen nonsense -o json", "keys-gen-kind"),
		same("keys list"), same("keys list -o json"), same("keys get nothing"),
		bag("keys list -d $WORK/seeds"), same("keys list --directory $WORK/seeds -o json"),
		same("keys get account -d $WORK/seeds"), same("keys get account.nk -d $WORK/seeds -o json"),
		other("keys get newline -d $WORK/seeds -o json", "seed-newline"),
	}
}

func claimsSteps() []step {
	const sign = "claims sign $WORK/probe.wasm --name 'Vector probe' "
	const keys = "-i $WORK/seeds/account.nk -s $WORK/seeds/module.nk "
	return []step{
		same("claims sign $WORK/text.txt --name bad"), other("keys list -o json", "key-order"),
		other(sign+"-q -c wasmcloud:keyvalue --ver 1.0.0 --rev 2", "keygen-noise"),
		other("keys list -o json", "key-order"),
		same(sign + "-q -o json"), same(sign + "-q"),
		same(sign + keys + "-k -g -q --http_client -f -l -e -c a:b -c wasmcloud:keyvalue --ver 1.2.3 --rev 3 -a vector/probe -t alpha -t beta -d $WORK/out/full.wasm -o json"),
		same("claims inspect $WORK/out/full.wasm"), same("claims inspect $WORK/out/full.wasm -o json"), same("inspect $WORK/out/full.wasm -o json"),
		other("claims inspect $WORK/out/full.wasm --jwt-only", "reproducible"),
		other("inspect $WORK/out/full.wasm --jwt-only -o json", "reproducible"),
		same(sign + keys + "-z --destination $WORK/out/extras.wasm"), same("claims inspect $WORK/out/extras.wasm -o json"),
		same(sign + keys + "--expires 30 --nbf 2 -d $WORK/out/dates.wasm -o json"), same("claims inspect $WORK/out/dates.wasm"),
		same(sign + keys + "--prov -c a:b -d $WORK/out/prov.wasm -o json"), same("claims inspect $WORK/out/prov.wasm -o json"),
		other(sign+keys+"--prov -c a:b -c c:d -d $WORK/out/none.wasm", "usage-codes"),
		other(sign+keys+"-a bad-alias -d $WORK/out/none.wasm", "usage-codes"), same(sign + "-i $WORK/seeds/missing.nk"),
		other(sign+"-i $WORK/seeds/module.nk -s $WORK/seeds/module.nk -d $WORK/out/kind.wasm -o json", "key-kinds"),
		other(sign+"-i $WORK/seeds/newline.nk -s $WORK/seeds/module.nk -d $WORK/out/newline.wasm -o json", "seed-newline"),
		same(sign + "--directory $WORK/empty --disable-keygen"), same("claims sign $WORK/missing.wasm --name x"),
		same("claims inspect $WORK/probe.wasm"), same("claims inspect $WORK/missing.wasm"), same("claims inspect $WORK/out"),
		{args: "claims inspect $WORK/out/forged.wasm -o json", differs: []string{"signature"}, prepare: forgeSignature},
		{args: "claims inspect $WORK/out/altered.wasm", prepare: alterModule},
		other("claims token actor "+keys+"--name Probe -q --ver 1.0.0", "reproducible"),
		other("claims token actor "+keys+"--name Probe --expires 30 -o json", "token-dates"),
		other("claims token provider "+"-i $WORK/seeds/account.nk -s $WORK/seeds/service.nk --name KV --capid wasmcloud:keyvalue --vendor Acme --revision 4 --version 0.4.0 -o json", "reproducible"),
		other("claims token operator -i $WORK/seeds/operator.nk --name Op -o json", "reproducible"),
		other("claims token account -i $WORK/seeds/operator.nk -s $WORK/seeds/account.nk --name Acc -a $ACCOUNT2 -o json", "reproducible"),
		other("claims token actor --name Fresh -o json", "keygen-noise", "reproducible"), other("keys list -o json", "key-order"),
	}
}

func parSteps() []step {
	const create = "par create --capid wasmcloud:keyvalue --vendor Acme --name 'K/V store' --arch x86_64-linux --binary $WORK/kv "
	const keys = "-i $WORK/seeds/account.nk -s $WORK/seeds/service.nk "
	return []step{
		same("par create --capid a:b --vendor Acme --name n --arch x86_64-linux --binary $WORK/missing"), same("keys list -o json"),
		other(create+"--destination $WORK/out/gen.par", "keygen-noise"), same("keys list -o json"),
		same(create + keys + "--version 0.3.0 --revision 7 --compress --destination $WORK/out/kv.par.gz -o json"),
		same("par inspect $WORK/out/kv.par.gz"), same("par inspect $WORK/out/kv.par.gz -o json"), same("inspect $WORK/out/kv.par.gz -o json"),
		same(create + keys + "--destination $WORK/out/plain.par"), same(create + keys + "--destination $WORK/out/plain.par"),
		same("par inspect $WORK/out/plain.par -o json"), same("par insert $WORK/out/plain.par --arch x86_64-linux --binary $WORK/kv " + keys),
		same("par insert $WORK/out/kv.par.gz --arch aarch64-macos --binary $WORK/kv " + keys), same("par inspect $WORK/out/kv.par.gz -o json"),
		same("par insert $WORK/out/kv.par.gz --arch x86_64-linux --binary $WORK/kv2 " + keys + "-o json"), same("par inspect $WORK/out/kv.par.gz -o json"),
		same("par insert $WORK/out/gen.par --arch aarch64-linux --binary $WORK/kv -o json"),
		other("par insert $WORK/out/gen.par --arch x86_64-macos --binary $WORK/kv2 -o json", "keygen-noise"),
		same("par insert $WORK/out/plain.par --arch x86_64-macos --binary $WORK/kv2 -i $WORK/seeds/account.nk -o json"),
		other("par inspect $WORK/out/plain.par -o json", "par-identity"),
		same(create + keys + "--compress --destination $WORK/out/short.par -o json"),
		{args: "par inspect $WORK/out/short.par -o json", differs: []string{"par-name"}},
		same("par create --capid a:b --vendor Acme --name n --arch armv7-linux --binary $WORK/kv " + keys + "--destination $WORK/out/arm.par -o json"),
		other("par inspect $WORK/out/arm.par -o json", "armv7"),
		other(create+keys+"--destination $WORK/nofolder/kv.par", "folders-made"),
		same("par create --capid a:b --vendor Acme --arch x86_64-linux --binary $WORK/kv"), same("par inspect $WORK/text.txt"),
		same("par insert $WORK/missing.par --arch x86_64-linux --binary $WORK/kv " + keys),
		same(create + "--directory $WORK/empty --disable-keygen --destination $WORK/out/none.par"),
		other("inspect $WORK/out/kv.par.gz --jwt-only", "jwt-only-par"),
	}
}

func drainSteps() []step {
	return []step{
		same("drain"), same("drain nonsense"), same("drain all"), same("drain oci -o json"),
		{args: "drain lib", prepare: fillCaches}, same("drain oci -o json"), same("drain smithy -o json"), same("drain downloads"),
		{args: "drain all -o json", prepare: fillCaches},
		{args: "drain oci", prepare: fillOtherCaches, differs: []string{"drain-more"}},
		{args: "drain lib", prepare: linkCache, differs: []string{"drain-links"}},
	}
}

func regSteps() []step {
	const ref = "$REGISTRY/vectors/probe:1.2.3"
	return []step{
		same("reg push --insecure " + ref + " $WORK/signed.wasm"), same("reg push " + ref + " $WORK/signed.wasm --insecure -o json"),
		same("reg push --insecure $REGISTRY/vectors/kv:0.1.0 $WORK/kv.par.gz -a org.example.note=hello -o json"),
		other("reg push "+ref+" $WORK/signed.wasm", "plain-http"),
		same("reg push --insecure $REGISTRY/vectors/probe:latest $WORK/signed.wasm"), same("reg push --insecure $REGISTRY/vectors/probe $WORK/signed.wasm"),
		same("reg push --insecure --allow-latest $REGISTRY/vectors/probe:latest $WORK/signed.wasm"),
		same("reg push --insecure $REGISTRY/vectors/probe:V1-RC $WORK/signed.wasm"), same("reg push --insecure $REGISTRY/vectors/probe:V2 $WORK/signed.wasm -o json"),
		same("reg push --insecure " + ref + " $WORK/probe.wasm"), same("reg push --insecure " + ref + " $WORK/text.txt"), same("reg push --insecure " + ref + " $WORK/missing.wasm"),
		other("reg push --insecure "+ref+" $WORK/signed.wasm -a nonsense", "usage-codes"),
		other("reg push --insecure "+ref+" $WORK/forged.wasm", "signature"), other("reg push --insecure "+ref+" $WORK/early.wasm", "token-time"),
		other("reg push --insecure "+ref+" $WORK/signed.wasm -u somebody", "half-login"),
		same("reg pull --insecure " + ref + " --destination $WORK/pulled.wasm"), same("reg pull --insecure $REGISTRY/vectors/kv:0.1.0 -o json"),
		same("reg pull --insecure $REGISTRY/vectors/probe:latest"), same("reg pull --insecure --allow-latest $REGISTRY/vectors/probe:latest"),
		same("reg pull --insecure " + ref + " --digest sha256:0000000000000000000000000000000000000000000000000000000000000000"),
		same("reg pull --insecure $REGISTRY/vectors/missing:1.0.0"),
		same("reg ping --insecure " + ref), same("reg ping --insecure " + ref + " -o json"), same("reg ping --insecure $REGISTRY/vectors/missing:1.0.0"),
		other("reg ping "+ref, "plain-http"),
		same("inspect --insecure " + ref + " -o json"), same("par inspect --insecure $REGISTRY/vectors/kv:0.1.0"), same("claims inspect --insecure $REGISTRY/vectors/missing:1.0.0"),
		same("claims inspect --insecure --allow-latest $REGISTRY/vectors/probe:latest --no-cache -o json"),
	}
}

func ctlSteps() []step {
	const actor, provider = "$REGISTRY/vectors/probe:1.2.3", "$REGISTRY/vectors/kv:0.1.0"
	const request = ` '{"method":"GET","path":"/hello","queryString":"","header":{},"body":""}'`
	const call = "call --context $CONTEXT "
	return []step{
		same("ctl get hosts"), same("ctl get hosts -o json"), same("ctl get claims"), same("ctl get claims -o json"), same("ctl link query"), same("ctl link query -o json"),
		bag("ctl get inventory $HOST"), same("ctl get inventory nonsense"), same("ctl start actor $REGISTRY/vectors/missing:1.0.0 --timeout-ms 3000"),
		same("ctl start actor " + actor), bag("ctl get inventory $HOST"), same("ctl get inventory $HOST -o json"), same("ctl get claims"), same("ctl get claims -o json"),
		same(call + "$MODULE HttpServer.HandleRequest" + request + " -o json"), same(call + "$MODULE HttpServer.HandleRequest" + request),
		same(call + "$MODULE HttpServer.HandleRequest" + request + " --bin s -o json"), other(call+"$MODULE HttpServer.HandleRequest"+request+" --bin x -o json", "usage-codes"),
		other(call+"$MODULE2 Anything -o json", "call-payload"), same(call + "$MODULE No.Such null -o json"),
		other(call+"$MODULE HttpServer.HandleRequest '{'", "usage-codes"), same(call + "$NOBODY HttpServer.HandleRequest" + request),
		other(call+"nonsense HttpServer.HandleRequest"+request, "call-names"), same(call + "--save $WORK/reply $MODULE HttpServer.HandleRequest" + request),
		other(call+"--test $MODULE2 Start '{\"patterns\":[\".*\"],\"options\":{}}'", "call-test"),
		same("ctl start actor " + actor + " --host-id $HOST -o json"), other("ctl get inventory $HOST -o json", "start-replaces"),
		other("ctl scale actor $HOST $MODULE "+actor+" --count 3", "scale-waits"),
		same("ctl stop actor $HOST $MODULE --count 2 -o json"),
		same("ctl update actor $HOST $MODULE $REGISTRY/vectors/probe:1.2.4"), same("ctl update actor $HOST $NOBODY $REGISTRY/vectors/probe:1.2.4"),
		same("ctl link put $MODULE $SERVICE wasmcloud:keyvalue URL=redis://127.0.0.1:6379"), same("ctl link query"), same("ctl link query -o json"),
		other("ctl link put $MODULE $SERVICE wasmcloud:keyvalue nonsense", "usage-codes"), other("ctl link put $MODULE $SERVICE $MODULE2", "usage-codes"), same("ctl link put $MODULE nonsense wasmcloud:keyvalue"),
		{args: "ctl link del $MODULE wasmcloud:keyvalue -o json", until: noLinks}, same("ctl link put $MODULE $SERVICE wasmcloud:keyvalue -o json -l other"),
		{args: "ctl link del $MODULE wasmcloud:keyvalue --link-name other", until: noLinks}, same("ctl link query -o json"),
		same("ctl start provider " + provider + " --link-name default -o json"), bag("ctl get inventory $HOST"),
		other("ctl start provider "+provider+" --host-id $HOST", "start-replaces"),
		same("ctl stop provider $HOST $SERVICE default wasmcloud:keyvalue"), same("ctl start provider " + provider + " --skip-wait --host-id $HOST"),
		same("ctl stop actor $HOST $MODULE --count 0"), same("ctl stop actor $HOST $NOBODY"),
		other("ctl apply --help", "not-here"),
		same("ctl get hosts --ctl-port 1"), same("ctl stop host $HOST -o json"),
	}
}

func ctxSteps() []step {
	return []step{
		same("ctx list"), same("ctx list -o json"), same("ctx new staging"), same("ctx new 'a/b:c' -o json"), bag("ctx list"),
		same("ctx default staging"), same("ctx list -o json"), other("ctx new staging", "ctx-new"), same("ctx default nothing"),
		other("ctx edit staging --editor true", "ctx-default"), same("ctx edit nothing --editor true"), same("ctx edit staging --editor false"),
		same("ctx del staging -o json"), same("ctx del nothing"), other("ctx list -o json", "ctx-default"),
		bag("ctx list --directory $WORK/contexts"), same("ctx default other --directory $WORK/contexts -o json"), same("ctx list --directory $WORK/contexts -o json"),
		same("ctx new"), other("ctx default", "prompts"),
	}
}

func modelSteps() []step {
	return []step{
		same("validate $WORK/good.smithy"), other("validate $WORK/good.smithy -o json", "clean-json"), same("lint $WORK/missing.smithy"), same("validate $WORK/syntax.smithy"),
		other("validate $WORK/unresolved.smithy", "models"), other("lint $WORK/good.smithy", "models"), other("gen -l rust $WORK/good.smithy --output-dir $WORK/out", "gen"),
	}
}

func buildSteps() []step {
	return []step{
		other("build -p $WORK/project", "keygen-noise"), same("keys list -o json"),
		other("build --config-path $WORK/project/wasmcloud.toml -o json", "build-signed"),
		other("build -p $WORK/project --build-only -o json", "build-signed"), same("build -p $WORK/project --build-only"),
		same("claims inspect $WORK/project/build/hello_s.wasm -o json"),
		{args: "build -p $WORK/project", differs: []string{"build-settings"}, prepare: withSettings},
		other("keys list -d $WORK/project/mykeys -o json", "build-settings"),
		other("build -p $WORK/project --keys-directory $WORK/empty --disable-keygen", "build-settings"),
		same("build -p $WORK/provider"), same("build -p $WORK/empty"), same("build -p $WORK/missing"),
	}
}
