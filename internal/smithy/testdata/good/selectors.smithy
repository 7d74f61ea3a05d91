$version: "2"

namespace org.example.selectors

@trait(selector: "structure :test(> member :test(> string))")
structure nested {}

@trait(selector: "[@trait|range: @{min} < @{max}]")
structure scoped {}

@trait(selector: "[@trait|enum|(values): @{name} = @{value} && @{value} = 'A' i]")
structure scopedAnd {}

@trait(selector: "[@: @{id|name} ^= Named]")
structure byName {}

@trait(selector: "service $operations(~> operation) :test(${operations}[trait|readonly])")
structure withVariable {}

@trait(selector: "service $readers(-[operation]-> [trait|readonly]) -[operation]-> :not(:in(${readers}))")
structure inVariable {}

@trait(selector: "operation :in(:root(service ~> operation))")
structure reached {}

@trait(selector: ":topdown([trait|org.example.selectors#start], [trait|org.example.selectors#stop])")
structure down {}

@trait(selector: "service")
structure start {}

@trait(selector: "operation")
structure stop {}

@trait(selector: ":is(string, list) :not([id|name='Never'])")
structure isNot {}

@trait(selector: "structure > member[id|member='a']")
structure memberA {}

@trait(selector: "[trait|length|max > 3]")
structure longer {}

@trait(selector: "[trait|(keys) = 'smithy.api#readonly', 'smithy.api#idempotent']")
structure keys {}

@trait(selector: "[trait|tags|(values) = 'x']")
structure tagged {}

@trait(selector: "[trait|tags|(length) = 2]")
structure twoTags {}

@trait(selector: "[trait|documentation?=false]")
structure undocumented {}

@trait(selector: "[id|namespace^='org.example']")
structure ours {}

@trait(selector: ":each(operation, structure)")
structure each {}

@trait(selector: "* <-[input]- operation")
structure takes {}

@trait(selector: "string :not(< member < structure)")
structure notMember {}

@nested
@byName
structure Named {
    @memberA
    a: Text
}

@scoped
@range(min: 1, max: 2)
integer Ranged

@withVariable
@start
@down
service S {
    version: "1"
    operations: [
        Read
        Write
    ]
}

@readonly
@keys
@reached
@down
operation Read {
    input: In
}

@inVariable
@reached
@stop
@each
@takes
operation Write {
    input: WriteIn
}

structure In {}

structure WriteIn {}

@isNot
@longer
@length(max: 4)
@tagged
@twoTags
@tags(["x", "y"])
@undocumented
@ours
string Text

@notMember
string Alone
