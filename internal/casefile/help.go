package casefile

// Help defines the format, for the help of a command that reads it.
const Help = `A case file is a txtar archive (*.txtar) with one or more calls, made in order:

  what this case shows, in words
  -- link wasmcloud:keyvalue --
  -- call HttpServer.HandleRequest --
  {"method":"GET","path":"/","queryString":"","header":{},"body":""}
  -- expect KeyValue.Increment --
  {"key":"visits","value":1}
  -- answer --
  7
  -- reply --
  {"statusCode":200,"header":"…","body":"hello, visitor 7"}
  -- log --
  hello from .*

  -- call OPERATION --   the argument as JSON; nothing = no argument
  -- reply --            the expected reply as JSON, compared member by member: every member must be there and
                         no other; numbers by value; bytes may be written as a string or as an array of numbers;
                         a value "…" matches anything; nothing = an empty reply
  -- error --            instead of reply: a regular expression that the error's text must match
  -- log --              optional: regular expressions, one a line, each of which must match a line that was
                         logged during the call, as "text" or as "level: text"

Without reply and error the call need only succeed. A file is one test, named like the file without its ending;
its calls are steps. The first step that fails ends the test.

What an actor calls besides actors is faked. Before the first call:

  -- link CONTRACT [NAME] --        the actor is linked to a fake provider; link values as lines NAME=VALUE
  -- fake OPERATION [LINK] --       what the fake is asked: the argument as JSON, compared as a reply is ("…" =
                                    any, nothing = none). It may be asked so any number of times, or never;
                                    of several with one and the same question each answers once, the last stays
  -- answer --                      what it answers then, as JSON; nothing, or no such section = an empty reply
  -- refuse --                      instead of answer: the text of the error that it answers with

and after a call:

  -- expect OPERATION [LINK] --     as fake, but asked once in this very step; several are asked in this order
  -- answer -- or -- refuse --      as above

A call that nothing answers fails the step, even where the actor hides the error, and so does an expected one
that is not made. Expected ones go before standing ones. LINK, a link's name, tells links of several names apart.
Real links of the actor with the same contract and name are set aside during the case and put back after it.`

// ProviderHelp is what differs in the cases of a provider.
const ProviderHelp = `Case files are those of lattice test, with the roles changed: call goes to the provider, from an actor that is
linked to it, and fake and expect are what the provider asks that actor. Each case has a provider process, an
actor and a link of its own: "-- link --" alone is a link of the tested contract, and its lines NAME=VALUE are
added to the values of --config and --value. One more kind of step meets the provider from outside:

  -- request METHOD URL --          an HTTP request; optional JSON {"header":{…},"body":"…"}. Its reply has the
                                    form of HttpServer.HandleRequest: {"statusCode":200,"header":{…},"body":"…"}

{port} in link values and URLs is a port that was free when the case began, {port2} to {port9} are others.`
