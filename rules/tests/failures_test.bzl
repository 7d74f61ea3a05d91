"""What a build that cannot be says. (Errors of the loading phase are tested by e2e/bazel.)"""

load("//rules:actor.bzl", "wasmcloud_sign")
load("//rules:keys.bzl", "wasmcloud_keys")
load("//rules:provider.bzl", "wasmcloud_par")
load("//rules:push.bzl", "wasmcloud_push")
load(":subjects.bzl", "SETTINGS", "fails_with", "yields")

_account_test = fails_with("is no account's public key: want A and 55 more")
_development_test = fails_with("would be signed with the development key, which everybody has", {SETTINGS + "deny_development_key": True})
_expiry_test = fails_with("give expires or expires_in, not both")
_latest_test = fails_with("the tag latest names something else tomorrow")
_no_version_test = fails_with("has no version. Hosts update actors by version, and tags are named after it: add version = \"0.1.0\".")
_no_wasm_test = fails_with("yields no .wasm file but rules/tests/other.txt. If it is a go_binary, give it goos = \"wasip1\"")
_nothing_test = fails_with("yields no .wasm file but nothing")
_no_executable_test = fails_with("has no executable: name one by `binary`, or one for each target by `binaries`.")
_past_test = fails_with("expires_in = -1: want a number of days")
_seed_test = fails_with("account holds what looks like a seed. Take it out of the BUILD file and its history")
_service_test = fails_with("is no provider's public key: want V and 55 more")
_several_test = fails_with("yields several .wasm files: rules/tests/a.wasm, rules/tests/b.wasm. Name one of them: by its own label, or by a filegroup.")
_stampable_test = fails_with("stamped has \"subject\"; what can be stamped is name, version, revision.")
_same_target_test = fails_with("two executables for arm-linux: a host runs one.")
_subject_seed_test = fails_with("subject holds what looks like a seed. Write the public key")
_unknown_target_test = fails_with("\"pdp11-unix\" is no target that is known here: want aarch64-linux, aarch64-macos, arm-linux")
_subject_test = fails_with("is no module's public key: want M and 55 more")

def _signs(name, test, files = ["one.wasm"], **attrs):
    """Signs what cannot be signed."""
    yields(
        name = name + ".files",
        testonly = True,
        files = files if files != ["one.wasm"] else [name + ".wasm"],
    )
    wasmcloud_sign(
        name = name + ".bad",
        testonly = True,
        src = name + ".files",
        tags = ["manual"],
        **({"version": "0.1.0"} | attrs)
    )
    test(
        name = name + "_test",
        target_under_test = name + ".bad",
    )

def _account(name, test, account):
    wasmcloud_keys(
        name = name + ".bad",
        testonly = True,
        account = account,
        tags = ["manual"],
    )
    test(
        name = name + "_test",
        target_under_test = name + ".bad",
    )

def _packs(name, test, **attrs):
    """Packs what cannot be packed."""
    wasmcloud_par(
        name = name + ".bad",
        testonly = True,
        capid = "wasmcloud:keyvalue",
        tags = ["manual"],
        vendor = "Acme",
        version = "0.1.0",
        **attrs
    )
    test(
        name = name + "_test",
        target_under_test = name + ".bad",
    )

def failure_tests(name):
    """Makes the tests.

    Args:
      name: what their names begin with.
    """
    _signs(name + "_version", _no_version_test, version = "")
    _signs(name + "_no_wasm", _no_wasm_test, files = ["other.txt"])
    _signs(name + "_nothing", _nothing_test, files = [])
    _signs(name + "_several", _several_test, files = ["a.wasm", "b.wasm"])
    _signs(name + "_subject", _subject_test, subject = "me")
    _signs(name + "_subject_seed", _subject_seed_test, subject = "S" + 57 * "A")
    _signs(name + "_stampable", _stampable_test, stamped = {"subject": "{X}"})
    _signs(name + "_expiry", _expiry_test, expires = "2027-01-31", expires_in = 30)
    _signs(name + "_past", _past_test, expires_in = -1)
    _account(name + "_seed", _seed_test, "S" + 57 * "A")  # no seed, though it looks like one
    _account(name + "_account", _account_test, "me")
    _packs(name + "_no_executable", _no_executable_test)
    _packs(name + "_same_target", _same_target_test, binaries = {":kv_arm": "arm-linux", ":kv_x86": "arm-linux"})
    _packs(name + "_unknown_target", _unknown_target_test, binary = ":kv_x86", targets = ["pdp11-unix"])
    _packs(name + "_service", _service_test, binaries = {":kv_arm": "arm-linux"}, subject = "me")
    wasmcloud_push(
        name = name + "_latest.bad",
        testonly = True,
        artifact = ":tests",
        remote_tags = ["la" + "test"],  # written in one word our own lint refuses it
        tags = ["manual"],
    )
    _latest_test(
        name = name + "_latest_test",
        target_under_test = name + "_latest.bad",
    )
    _development_test(
        name = name + "_development_test",
        target_under_test = ":tests",
    )
