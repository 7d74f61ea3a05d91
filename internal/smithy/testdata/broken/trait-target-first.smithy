$version: "2"

namespace org.example.broken.traittargetfirst

// Further rules are not looked at where a trait is on the wrong kind of shape.
@readonly
structure A {}

@range(min: 2, max: 1)
integer I

@length(min: 1)
integer J

@jsonName("x")
@noReplace
structure B {
    @httpLabel
    @httpHeader("x")
    a: String

    @required
    b: B
}


