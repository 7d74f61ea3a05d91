"""Names: which target has short ones, what a target of a macro takes over, and what is a placeholder."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//rules/private:keys.bzl", "DEVELOPMENT_ACCOUNT", "is_public_key")
load("//rules/private:settings.bzl", "has_placeholder")
load("//rules/private:targets.bzl", "wants_short_names")

def _short_names_impl(ctx):
    env = unittest.begin(ctx)
    for package, name, wanted, want in [
        ("actor", "actor", None, True),
        ("services/echo", "echo", None, True),
        ("services/echo", "services", None, False),
        ("services/echo", "other", None, False),
        ("services/echo", "other", True, True),
        ("services/echo", "echo", False, False),
        ("", "echo", None, False),
        ("", "echo", True, True),
    ]:
        asserts.equals(env, want, wants_short_names(package, name, wanted), "//%s:%s with short_names = %s" % (package, name, wanted))
    return unittest.end(env)

short_names_test = unittest.make(_short_names_impl)

def _placeholder_impl(ctx):
    env = unittest.begin(ctx)
    for text, want in {
        "": False,
        "1.0.0": False,
        "{STABLE_VERSION}": True,
        "v{STABLE_VERSION}-rc{BUILD_TIMESTAMP}": True,
        "{": False,
        "{}": False,
        "{0}": False,
        "{STABLE_VERSION": False,
        "{{STABLE_VERSION}}": True,
        "{\"a\": 1}": False,
        "{a b}": False,
    }.items():
        asserts.equals(env, want, has_placeholder(text), text)
    return unittest.end(env)

placeholder_test = unittest.make(_placeholder_impl)

def _public_key_impl(ctx):
    env = unittest.begin(ctx)
    asserts.true(env, is_public_key(DEVELOPMENT_ACCOUNT, "A"))
    for text in ["", "A", DEVELOPMENT_ACCOUNT[:-1], DEVELOPMENT_ACCOUNT + "A", DEVELOPMENT_ACCOUNT.lower(), "M" + DEVELOPMENT_ACCOUNT[1:], DEVELOPMENT_ACCOUNT[:-1] + "1"]:
        asserts.false(env, is_public_key(text, "A"), text)
    return unittest.end(env)

public_key_test = unittest.make(_public_key_impl)

_SHORT = ["signed", "unsigned", "claims", "digest", "push", "inspect", "host"]

def _beside(rules, prefix):
    return {name: rule for name, rule in rules.items() if name == prefix or name.startswith(prefix + ".")}

def macro_problems(main, other):
    """Looks at what macros made in this package.

    Args:
      main: a name with short names, visibility public, testonly, and the tag "mine".
      other: a name without short names.

    Returns:
      A list of sentences, empty if all is well.
    """
    wrong, rules = [], native.existing_rules()
    for short in _SHORT:
        if rules.get(short, {}).get("kind") != "alias":
            wrong.append("%s has no short name %s" % (main, short))
    made = _beside(rules, main) | {short: rules[short] for short in _SHORT if short in rules}
    if len(made) != 2 * len(_SHORT):
        wrong.append("%s made %s" % (main, sorted(made)))
    for name, rule in made.items():
        if "//visibility:public" not in [str(v) for v in rule["visibility"]]:
            wrong.append("%s has the visibility %s" % (name, rule["visibility"]))
        if not rule["testonly"]:
            wrong.append("%s is not testonly" % name)
        if "mine" not in rule["tags"]:
            wrong.append("%s has the tags %s" % (name, rule["tags"]))
        runs = name.split(".")[-1] in ["push", "inspect", "host"]
        if ("manual" in rule["tags"]) != runs:
            wrong.append("%s has the tags %s: what `bazel run` runs is manual, and nothing else" % (name, rule["tags"]))
    if len(_beside(rules, other)) != len(_SHORT):
        wrong.append("%s made %s" % (other, sorted(_beside(rules, other))))
    return wrong

def _problems_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, [], ctx.attr.problems)
    return unittest.end(env)

problems_test = unittest.make(_problems_impl, attrs = {"problems": attr.string_list()})
