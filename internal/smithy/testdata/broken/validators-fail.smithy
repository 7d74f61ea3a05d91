$version: "2"

metadata validators = [
    { name: "EmitEachSelector", configuration: { selector: "structure :not([id|namespace ^= org.wasmcloud])" } }
    { name: "EmitEachSelector", id: "Short", configuration: { selector: "$a(*) string :test([trait|length|max < 10])", bindToTrait: "smithy.api#length", messageTemplate: "short" } }
    { name: "EmitNoneSelector", id: "Maps", configuration: { selector: "map" } }
    { name: "EmitNoneSelector", id: "Docs", namespaces: ["other"], selector: "string", configuration: { selector: "document" } }
    { name: "EmitNoneSelector", id: "Maps.Twice", selector: "string", configuration: { selector: "map" } }
    { name: "UnreferencedShape", severity: "DANGER", namespaces: ["ex"], configuration: { rootShapeSelector: "[trait|length], structure > member" } }
]

namespace ex

structure A {}

string B

@length(max: 5)
string C
