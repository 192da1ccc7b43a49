// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@Suite struct MigrationErrorTests {
    private let error = MigrationError(
        .quotaExceeded, "Glance answered 413: full", hint: "ask for more",
        answer: ServiceAnswer(status: 413, message: "full", asked: "PUT /v2/images/i/file"),
        isTransient: true)

    @Test func `The hint stands on a line of its own, or there is none`() {
        #expect("\(error)" == "Glance answered 413: full\nhint: ask for more")
        #expect("\(MigrationError(.usage, "what?"))" == "what?")
    }

    @Test func `Words in front and another hint keep all the rest`() {
        let told = error.whileDoing("cloud beta").hinting("delete something")
        #expect(told.message == "cloud beta: Glance answered 413: full")
        #expect(told.hint == "delete something")
        #expect(told.code == .quotaExceeded)
        #expect(told.answer == error.answer)
        #expect(told.isTransient)
    }

    @Test func `Errors of others become ours, and a cancellation an interruption`() {
        struct Odd: Error {}
        #expect(MigrationError(wrapping: error).code == .quotaExceeded)
        #expect(MigrationError(wrapping: CancellationError()).code == .interrupted)
        let odd = MigrationError(wrapping: Odd())
        #expect(odd.code == .unclassified)
        #expect(odd.cause is Odd)
    }
}
