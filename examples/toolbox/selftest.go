package main

import (
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
)

// These tests are part of the actor. They run in a host, by the contract wasmcloud:testing, when a
// test runner asks for them.

func testDice(t *actor.T) {
	for range 20 {
		n, err := rollDie(t.Context, 6)
		t.CheckErr(err)
		t.Check(n >= 1 && n <= 6, "rolled something that is not on a die")
	}
}

func testGUIDs(t *actor.T) {
	one, err := t.GUID()
	t.CheckErr(err)
	other, err := t.GUID()
	t.CheckErr(err)
	t.Check(one != other, "got "+one+" twice")
	t.Check(strings.Count(one, "-") == 4, one+" is not a GUID")
}

func testBadDice(t *actor.T) {
	_, err := rollDie(t.Context, 1)
	t.Check(err != nil, "a die of one side was rolled")
}
