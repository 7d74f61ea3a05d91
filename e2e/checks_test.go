package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// checks says which test goes red when one of the host's checks is taken away.
// Each row is a weakness of the original hosts; the tests lie with the code.
var checks = []struct{ what, dir, tests string }{
	{"token: algorithm, signature, key kinds of issuer and subject", "internal/claims", "TestParseRefuses TestCheckTime"},
	{"token: issuer allow-list, dates of an artifact", "internal/artifact", "TestVerify TestVerifyDates"},
	{"module hash, also below wascap revision 3", "internal/artifact", "TestMovedToken TestVerify"},
	{"module hash of old tokens only when allowed", "internal/host/core", "TestLegacyHashIsAcceptedWhenAllowed TestStartRefusesWhatIsNotInOrder"},
	{"token at depth 0 alone, and only one", "internal/artifact", "TestNestedTokenSignsNothing TestReadRefuses"},
	{"canonical section headers", "internal/wasmbin", "TestCanonicalVectors"},
	{"invocation: every condition, replay, memory", "internal/wasmbus", "TestVerifyRefuses TestForgeryLeavesNoTrace TestReplayBounded"},
	{"invocation: all of them over the wire", "internal/host/core", "TestForgedInvocationsAreRefused"},
	{"invocation: nothing is fetched for strangers, chunks are hashed", "internal/host/core", "TestAnnouncedArgumentsAreNotFetchedForAnybody TestLargeArgumentComesInChunks"},
	{"issuer: a provider's key speaks for its origin alone", "internal/host/core", "TestProviderSpeaksForItselfAlone"},
	{"issuer: the rule itself", "internal/wasmbus", "TestBoundIssuerSpeaksForItsOrigin"},
	{"issuer: the shared key where others share the lattice", "internal/host/core", "TestSharedKeyAcrossHosts"},
	{"origin: a provider needs link and capability, an actor claims", "internal/host/policy", "TestOrigin"},
	{"origin: over the wire", "internal/host/core", "TestLinkedProviderMayCall"},
	{"capabilities out: link and claim, per call", "internal/host/core", "TestActorsCallEachOther TestActorCallsLinkedProvider TestLinkIsNoCapability"},
	{"records of the bucket are hints", "internal/host/core", "TestRecordsAreHints"},
	{"expiry while running: actor", "internal/host/core", "TestTokenThatExpiresWhileRunning TestExpiredTokenServesNoCall"},
	{"expiry while running: provider", "internal/host/core", "TestProviderWhoseTokenExpires TestExpiredProviderIsNotStartedAgain"},
	{"call alias: a collision is an error", "internal/host/core", "TestCallAliasBelongsToOneActor"},
	{"PAR: hash of every target, signature, hostile archives", "internal/par", "TestHostileArchives TestChangedBytes TestLimits TestTruncation"},
	{"PAR: what is not in order is not started", "internal/host/core", "TestProvidersThatAreNotInOrderAreRefused TestProvidersOfOtherIssuersAreRefused"},
	{"PAR: owner-only, hashed again before it runs", "internal/host/provider", "TestPlace TestPlaceRefusesOtherBytes TestOpenStoreRefusesSharedFolders"},
	{"PAR: environment", "internal/host/core", "TestProvidersGetLittleOfTheHost"},
	{"OCI cache: names by digest", "internal/host/ocicache", "TestReferencesShareNoFile TestDamagedCacheIsFetchedAgain TestLyingRegistryLeavesNothingBehind"},
	{"start: the same key from elsewhere", "internal/host/core", "TestUpdateKeepsIdentity TestMovedTagIsSeenAtTheNextStart TestSameProviderTwice"},
	{"limits: queue, calls in hand, instances", "internal/host/core", "TestFullQueueIsAnError TestFullHostIsAnError TestInstancesAreTheConcurrency"},
	{"limits: hostile actors disturb nobody", "internal/host/core", "TestHostileActorsDisturbNobody"},
	{"compiled code: owner-only, sealed, checked when it is used", "internal/wasmrt", "TestForeignCodeIsNotRun TestCodeChangedWhileTheHostRuns TestCacheOfOthersIsRefused"},
	{"compiled code: its key is kept apart", "internal/commands/devhost", "TestCompiledKey"},
	{"limits: memory, depth", "internal/wasmrt", "TestMemoryLimit TestDepth"},
	{"limits: depth across hosts", "internal/host/core", "TestRingAcrossHostsEnds"},
	{"health: of this host's process, whoever else answers", "internal/host/core", "TestOtherHostsAnswerForTheirProvidersAlone"},
	{"limits: a provider's output", "internal/host/provider", "TestFloodIsBounded TestLongLinesAreCut"},
}

func TestEveryCheckHasItsTest(t *testing.T) {
	for _, c := range checks {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(c.dir), "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no tests, %v", c.dir, err)
		}
		var all strings.Builder
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
		for name := range strings.FieldsSeq(c.tests) {
			if !regexp.MustCompile(`(?m)^func ` + name + `\(t \*testing\.T\)`).MatchString(all.String()) {
				t.Errorf("%s: %s holds no %s", c.what, c.dir, name)
			}
		}
	}
}
