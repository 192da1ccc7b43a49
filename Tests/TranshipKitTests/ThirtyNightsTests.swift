// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import TranshipKit

/// A month of a nightly mirror: the newest image of a publisher that signs its list, in two clouds.
/// Each night has an event, and ends in the state in the table.
///
/// A state is the current version, and behind the bar the earlier ones with their treatment: `r`
/// renamed, `h` hidden, `'` renamed by hand. Cloud one renames earlier versions, cloud two hides
/// them; both keep two and delete the rest. Each has an image of another owner under the same name.
@Suite(
    .enabled(if: SigningKey.isPossible, "needs gpg and gpgv"), .timeLimit(.minutes(30)))
struct ThirtyNightsTests {
    private struct Night: Sendable {
        let what: String
        let exit: Int32
        let one: String
        let two: String
        let happens: @Sendable (Month) async throws -> Void

        init(
            _ what: String, exit: Int32 = 0, one: String, two: String,
            _ happens: @escaping @Sendable (Month) async throws -> Void = { _ in }
        ) {
            self.what = what
            self.exit = exit
            self.one = one
            self.two = two
            self.happens = happens
        }
    }

    private static let nights: [Night] = [
        Night("the first version", one: "1", two: "1") { try $0.mirror.publish(1) },
        Night("nothing new", one: "1", two: "1"),
        Night("a new version", one: "2 | 1r", two: "2 | 1h") { try $0.mirror.publish(2) },
        Night("the data is truncated", exit: 5, one: "2 | 1r", two: "2 | 1h") {
            try $0.mirror.publish(3)
            $0.mirror.faults { $0.isTruncated = true }
        },
        Night("the data is whole again", one: "3 | 2r 1r", two: "3 | 2h 1h") {
            $0.mirror.heal()
        },
        Night("the same name again, with other data", one: "4 | 3r 2r", two: "4 | 3h 2h") {
            try $0.mirror.publish(4, as: 3)
        },
        Night("the list is gone", exit: 3, one: "4 | 3r 2r", two: "4 | 3h 2h") {
            try $0.mirror.publish(5)
            $0.mirror.faults { $0.missing = ["/SHA256SUMS"] }
        },
        Night("the list is a web page", exit: 3, one: "4 | 3r 2r", two: "4 | 3h 2h") {
            $0.mirror.faults { $0.pages = ["/SHA256SUMS"] }
        },
        Night("the image is a web page", exit: 3, one: "4 | 3r 2r", two: "4 | 3h 2h") {
            $0.mirror.faults { $0.pages = ["/disk"] }
        },
        Night(
            "the image is other data", exit: 6,
            one: "4 | 3r 2r", two: "4 | 3h 2h"
        ) {
            $0.mirror.faults { $0.replaced = noise(30_000, seed: 99) }
        },
        Night("all is well again", one: "5 | 4r 3r", two: "5 | 4h 3h") { $0.mirror.heal() },
        Night("the publisher is overloaded", exit: 5, one: "5 | 4r 3r", two: "5 | 4h 3h") {
            try $0.mirror.publish(6)
            $0.mirror.faults { $0.status = 503 }
        },
        Night("the publisher is down", exit: 5, one: "5 | 4r 3r", two: "5 | 4h 3h") {
            $0.mirror.faults { $0.isDown = true }
        },
        Night("the publisher is back", one: "6 | 5r 4r", two: "6 | 5h 4h") { $0.mirror.heal() },
        Night("another key of the keyring has signed", exit: 3, one: "6 | 5r 4r", two: "6 | 5h 4h")
        {
            try $0.mirror.publish(7, by: $0.otherKey)
        },
        Night("the signature is gone", exit: 3, one: "6 | 5r 4r", two: "6 | 5h 4h") {
            try $0.mirror.publish(7, as: 6)
            $0.mirror.faults { $0.missing = ["/SHA256SUMS.gpg"] }
        },
        Night(
            "a mirror of the pool has yesterday's data", exit: 6,
            one: "6 | 5r 4r", two: "6 | 5h 4h"
        ) {
            $0.mirror.faults { $0.stale = ["/disk"] }
        },
        Night(
            "a mirror of the pool has yesterday's list for one request",
            one: "7 | 6r 5r", two: "7 | 6h 5h"
        ) {
            $0.mirror.faults { $0.staleOnce = ["/SHA256SUMS"] }
        },
        Night("cloud two is down", exit: 5, one: "8 | 7r 6r", two: "7 | 6h 5h") {
            try $0.mirror.publish(8)
            $0.two.isDown = true
        },
        Night("cloud two is still down", exit: 5, one: "9 | 8r 7r", two: "7 | 6h 5h") {
            try $0.mirror.publish(9)
        },
        Night("cloud two catches up alone", one: "9 | 8r 7r", two: "9 | 7h 6h") {
            $0.two.isDown = false
        },
        Night("an operator renames the current image", one: "9' | 8r 7r", two: "9 | 7h 6h") {
            $0.one.edit(9, ["name": "golden"])
        },
        Night("the renamed image is left alone", one: "10 | 9' 8r", two: "10 | 9h 7h") {
            try $0.mirror.publish(10)
        },
        Night("an operator hides the current image", one: "10 | 9' 8r", two: "10h | 9h 7h") {
            $0.two.edit(10, ["os_hidden": true])
        },
        Night(
            "an operator protects an earlier image", one: "11 | 10r 9' 8r",
            two: "11 | 10h 9h"
        ) {
            try $0.mirror.publish(11)
            $0.one.edit(8, ["protected": true])
        },
        Night(
            "an operator deletes the current image", one: "11 | 10r 9' 8r",
            two: "11 | 10h 9h"
        ) { $0.one.delete(11) },
        Night(
            "an operator makes an earlier image private", one: "12 | 11r 10r 9' 8r",
            two: "12 | 11h 10h"
        ) {
            try $0.mirror.publish(12)
            $0.one.edit(10, ["visibility": "private"])
        },
        Night(
            "an operator deletes an earlier image", one: "13 | 12r 11r 10r 9' 8r",
            two: "13 | 12h 10h"
        ) {
            $0.two.delete(11)
            try $0.mirror.publish(13)
        },
        Night(
            "the publisher goes backwards", exit: 3, one: "13 | 12r 11r 10r 9' 8r",
            two: "13 | 12h 10h"
        ) { try $0.mirror.publish(12) },
        Night(
            "a new key, and a keyring without the old one", one: "14 | 13r 12r 10r 9' 8r",
            two: "14 | 13h 12h"
        ) {
            try $0.mirror.publish(14, by: $0.otherKey)
            try $0.trust([$0.otherKey])
        },
    ]

    private func check(
        _ month: Month, after night: Night, number: Int,
        _ exit: (
            status: Int32, words: String
        )
    ) {
        let place = "night \(number), \(night.what)"
        #expect(exit.status == night.exit, "\(place): \(exit.words)")
        #expect(month.one.state == night.one, "\(place), cloud one: \(exit.words)")
        #expect(month.two.state == night.two, "\(place), cloud two: \(exit.words)")
        #expect(month.foreignImagesAreUntouched, "\(place)")
        #expect(month.unverified == [], "\(place)")
    }

    @Test func `Each night ends as the table says`() async throws {
        #expect(Self.nights.count == 30)
        let month = try Month()
        for (index, night) in Self.nights.enumerated() {
            try await night.happens(month)
            check(month, after: night, number: index + 1, try await month.run())
        }
    }

    /// Cloud one reaches the state of the night before cloud two has got any data.
    @Test func `A cloud that takes its time keeps the other one from nothing, in any night`()
        async throws
    {
        let month = try Month()
        let (state, late) = (Expected(), Expected())
        month.two.holdBodies {
            state.words.withLock { $0.last } == month.one.state
        } late: {
            late.words.withLock { $0.append("\(month.one.state)") }
        }
        for (index, night) in Self.nights.enumerated() {
            try await night.happens(month)
            state.words.withLock { $0.append(night.one) }
            check(month, after: night, number: index + 1, try await month.run())
            #expect(late.words.withLock { $0 } == [], "night \(index + 1), \(night.what)")
        }
    }

    private final class Expected: Sendable {
        let words = Guarded<[String]>([])
    }

    /// In each night, the first start dies at its first commit, the second one at its second, and
    /// so on, until one start reaches its end.
    @Test(arguments: [true, false])
    func `Nights with a death at every commit end in the same way`(before: Bool) async throws {
        let month = try Month(inMemory: true)
        var deaths = 0
        for (index, night) in Self.nights.enumerated() {
            try await night.happens(month)
            var exit: (status: Int32, words: String)
            var commit = 1
            while true {
                let death = Death(at: commit, before: before)
                exit = try await month.run(through: death.passage)
                if !death.isReached { break }
                commit += 1
                deaths += 1
            }
            check(month, after: night, number: index + 1, exit)
        }
        #expect(deaths > 300)
    }
}
