// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import Planning

@Suite struct UpstreamMemoryTests {
    private static let start: Int64 = 1_790_000_000_000

    private func known(
        version: String? = "9.10", fingerprint: String = "x", signers: [String]? = nil,
        keyring: String? = nil
    ) -> Upstream {
        Upstream(
            lineage: "series:noble", lineageID: "l", version: version, fingerprint: fingerprint,
            since: Self.start, signers: signers, keyring: keyring)
    }

    private func image(version: String?, fingerprint: String = "x") -> SourceImage {
        var image = Sample.source("a")
        (image.version, image.fingerprint) = (version, fingerprint)
        return image
    }

    @Test(arguments: [("9.9", true), ("9.10", false), ("9.11", false), ("9.10~rc1", true)])
    func `An older version than was ever copied is refused`(
        version: String, isRefused: Bool
    ) throws {
        let memory = UpstreamMemory(known: nil, copied: ["9.9", "9.10", "9.2"])
        let error = memory.downgrade(to: version, UpstreamRules(), "https://m.example/a.img")
        #expect((error != nil) == isRefused)
        if let error {
            #expect(error.code == .olderVersion && !error.isTransient)
            #expect(
                error.message == "https://m.example/a.img has version \(version), which is older "
                    + "than version 9.10, copied before")
        }
        let accepting = UpstreamRules(allowsDowngrade: true)
        #expect(memory.downgrade(to: version, accepting, "a") == nil)
        #expect((memory.acceptedDowngrade(to: version) != nil) == isRefused)
        #expect(UpstreamMemory(known: known(), copied: []).downgrade(to: "1", .init(), "a") == nil)
    }

    @Test func `Another key is refused until the keyring changes`() throws {
        let memory = UpstreamMemory(known: known(signers: ["A"], keyring: "k1"), copied: [])
        var rules = UpstreamRules(keyring: "/keys.gpg", keyringDigest: "k1", signers: ["B"])
        let error = try #require(memory.otherKey(rules, "https://m.example/a.img"))
        #expect(error.code == .signatureRefused)
        #expect(error.message.contains("key B") && error.message.contains("key A"))
        #expect(error.hint?.contains("/keys.gpg") == true)
        rules.keyringDigest = "k2"
        #expect(memory.otherKey(rules, "a") == nil)
        #expect(memory.acceptedKey(rules)?.words.contains("key B") == true)
    }

    @Test func `Of several signers, one that is known is enough`() throws {
        let memory = UpstreamMemory(known: known(signers: ["A"], keyring: "k1"), copied: [])
        let rules = UpstreamRules(keyringDigest: "k1", signers: ["B", "A"])
        #expect(memory.otherKey(rules, "a") == nil && memory.acceptedKey(rules) == nil)
        let found = memory.found(image(version: "9.11"), "l", rules, at: Self.start)
        #expect(found.signers == ["A", "B"])
        // A publisher that changes its key signs with both for a while. Then only B is known.
        let next = UpstreamMemory(known: found, copied: [])
        let alone = UpstreamRules(keyringDigest: "k1", signers: ["B"])
        #expect(next.otherKey(alone, "a") == nil && next.acceptedKey(alone) == nil)
        // The list is no longer signed: the operator removed signed_by.
        #expect(memory.otherKey(UpstreamRules(), "a") == nil)
    }

    @Test(arguments: [
        ("9.10", "x", true), ("9.10", "y", true), ("9.11", "x", false), (nil, "x", true),
        (nil, "y", false),
    ])
    func `A version keeps its age until another one comes`(
        version: String?, fingerprint: String, isKept: Bool
    ) {
        let memory = UpstreamMemory(known: known(), copied: [])
        let found = memory.found(
            image(version: version, fingerprint: fingerprint), "l", UpstreamRules(),
            at: Self.start + 5000)
        #expect(found.since == (isKept ? Self.start : Self.start + 5000))
        // The clock was fast when the version was found, or it goes back now.
        let earlier = memory.found(
            image(version: version, fingerprint: fingerprint), "l", UpstreamRules(),
            at: Self.start - 5000)
        #expect(earlier.since == Self.start - 5000)
        #expect(
            UpstreamMemory(known: nil, copied: [])
                .found(image(version: version), "l", UpstreamRules(), at: 7).since == 7)
    }

    @Test func `A version is stale from the age that the pipeline names`() {
        var upstream = known()
        let day: Int64 = 86_400_000
        #expect(!upstream.isStale(at: Self.start + 100 * day))
        upstream.staleAfterSeconds = 30 * 86_400
        #expect(upstream.staleNote(at: Self.start + 30 * day - 1) == nil)
        // A clock that went back makes no version stale.
        #expect(upstream.staleNote(at: Self.start - day) == nil)
        let words = upstream.staleNote(at: Self.start + 30 * day)?.words
        #expect(
            words?.hasPrefix("noble: the source has offered version 9.10 since 2026-09-") == true)
        #expect(words?.contains("stale_after (30d 00h)") == true)
    }
}
