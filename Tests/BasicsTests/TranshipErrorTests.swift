// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct MigrationErrorTests {
    private let error = TranshipError(
        .quotaExceeded, "Glance answered 413: full", hint: "ask for more",
        answer: ServiceAnswer(status: 413, message: "full", asked: "PUT /v2/images/i/file"),
        isTransient: true)

    @Test func `The hint, if there is one, has a line of its own`() {
        #expect("\(error)" == "Glance answered 413: full\nhint: ask for more")
        #expect("\(TranshipError(.usage, "what?"))" == "what?")
    }

    @Test func `Words in front and another hint keep all the rest`() {
        let told = error.whileDoing("cloud beta").hinting("delete something")
        #expect(told.message == "cloud beta: Glance answered 413: full")
        #expect(told.hint == "delete something")
        #expect(told.code == .quotaExceeded)
        #expect(told.answer == error.answer)
        #expect(told.isTransient)
    }

    @Test func `A caller knows whether the message names a cloud already, also after more words`() {
        #expect(!error.isNaming("beta"))
        let named = error.of(cloud: "beta")
        #expect(named.message == "cloud \"beta\": Glance answered 413: full")
        #expect(named.whileDoing("listing").hinting("wait").isNaming("beta"))
        #expect(!named.isNaming("Glance"))
        #expect(TranshipError(.refused, "beta cannot", naming: "beta").isNaming("beta"))
        #expect(error.whileDoing("listing target beta", naming: "beta").isNaming("beta"))
    }

    @Test func `No words of others make a message endless`() {
        let long = String(repeating: "e\u{301}", count: 200_000)
        let error = TranshipError(.sourceChanged, "it is \(long) now", hint: long)
            .whileDoing(long).hinting(long)
        #expect(error.message.unicodeScalars.count == 10_000 && error.message.hasSuffix("…"))
        #expect(error.hint?.unicodeScalars.count == 10_000)
        let short = String(repeating: "x", count: 10_000)
        #expect(TranshipError(.usage, short).message == short)
    }

    @Test func `Errors of others become ours, and a cancellation an interruption`() {
        struct Odd: Error {}
        #expect(TranshipError(wrapping: error).code == .quotaExceeded)
        #expect(TranshipError(wrapping: CancellationError()).code == .interrupted)
        let odd = TranshipError(wrapping: Odd())
        #expect(odd.code == .unclassified)
        #expect(odd.cause is Odd)
    }
}
