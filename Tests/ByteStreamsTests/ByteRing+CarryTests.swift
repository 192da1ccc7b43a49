// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import ByteStreams

@Suite(.timeLimit(.minutes(3))) struct ByteRingCarryTests {
    @Test func `The reader gets all bytes of a source that was judged right`() async throws {
        let ring = ByteRing(withholdsEnd: true)
        let bytes = noise(300_000)
        async let read = blocking { try ring.takeAll(pieceBytes: 10_000) }
        let judged = try await ring.carry {
            try await blocking { try ring.put(bytes, pieceBytes: 10_000, finishes: false) }
            return "what the source said"
        } judgedBy: { filled, total in
            "\(filled), \(total) bytes"
        }.get()
        #expect(judged == "what the source said, \(bytes.count) bytes")
        #expect(try await read == bytes)
    }

    @Test(arguments: [true, false])
    func `The error of the source or of the judgement fails the ring`(isFilled: Bool) async throws {
        let ring = ByteRing(withholdsEnd: true)
        let wrong = TranshipError(.checksumMismatch, "wrong")
        let result = await ring.carry {
            guard isFilled else { throw wrong }
            try await blocking { try ring.put([1, 2, 3], pieceBytes: 3, finishes: false) }
        } judgedBy: { _, _ in
            throw wrong
        }
        let error = #expect(throws: TranshipError.self) { try result.get() }
        #expect(error?.message == wrong.message && ring.failure?.message == wrong.message)
        #expect(throws: TranshipError.self) { try ring.takeAll(pieceBytes: 10) }
        #expect(ring.readBytes == 0)
    }
}
