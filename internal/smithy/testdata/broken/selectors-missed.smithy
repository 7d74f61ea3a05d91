$version: "2"

namespace org.example.broken.selectorsmissed

@trait(selector: "[@trait|range: @{min} < @{max}]")
structure scoped {}

@trait(selector: "[@: @{id|name} ^= Named]")
structure byName {}

@trait(selector: "service $operations(~> operation) :test(${operations}[trait|readonly])")
structure withVariable {}

@trait(selector: "operation :in(:root(service ~> operation))")
structure reached {}

@trait(selector: ":topdown([trait|org.example.broken.selectorsmissed#start], [trait|org.example.broken.selectorsmissed#stop])")
structure down {}

@trait
structure start {}

@trait
structure stop {}

@trait(selector: "[trait|tags|(length) = 2]")
structure twoTags {}

@trait(selector: "[trait|(keys) = 'smithy.api#readonly']")
structure keys {}

@trait(selector: "operation :not(:in(:root(service -[operation]->)))")
structure free {}

@scoped
@range(min: 2, max: 2)
integer Ranged

@byName
@twoTags
@tags(["x"])
structure Other {}

@withVariable
@start
@down
service S {
    version: "1"
    operations: [
        Write
    ]
}

@keys
@stop
@down
@free
operation Write {}

@reached
@free
operation Lonely {}
