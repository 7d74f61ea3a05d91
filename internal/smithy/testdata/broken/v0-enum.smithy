namespace ex

enum E {
    A
}

operation O {
    input := {}
}
