// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Waiting", .timeLimit(.minutes(5)))
struct PaceTests {
    private func wait(
        _ pace: Pace, _ look: @escaping @Sendable (Int) throws -> Look<String>
    ) async throws -> String {
        let looks = Guarded(0)
        return try await pace.wait(
            late: { TranshipError(.waitTimedOut, $0) },
            look: {
                let number = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                return try look(number)
            })
    }

    @Test("what comes is returned, however often it was not there before")
    func comes() async throws {
        let value = try await wait(Pace(intervalSeconds: 0)) {
            $0 == 5 ? .come("it") : .notYet("not")
        }
        #expect(value == "it")
    }

    @Test("after the deadline it looks once more, then says what it saw last")
    func late() async throws {
        let error = await #expect(throws: TranshipError.self) {
            try await wait(Pace(intervalSeconds: 0.01, deadlineSeconds: 0.05)) {
                .notYet("is \($0 > 0 ? "queued" : "")")
            }
        }
        #expect(error?.code == .waitTimedOut)
        #expect(error?.message == "is queued")
        let once = try await wait(Pace(deadlineSeconds: 0)) { _ in .come("at once") }
        #expect(once == "at once")
    }

    @Test("a failure that passes by itself is waited out, any other ends it")
    func transient() async throws {
        let value = try await wait(Pace(intervalSeconds: 0)) { number in
            if number < 3 { throw TranshipError(.serviceFailed, "502", isTransient: true) }
            return .come("back")
        }
        #expect(value == "back")
        let error = await #expect(throws: TranshipError.self) {
            try await wait(Pace(intervalSeconds: 0)) { _ in
                throw TranshipError(.forbidden, "no")
            }
        }
        #expect(error?.code == .forbidden)
    }

    @Test("cancelling ends it between two looks")
    func cancelled() async {
        let task = Task {
            try await wait(Pace(intervalSeconds: 3600)) { _ in .notYet("never") }
        }
        task.cancel()
        let result = await task.result
        #expect(throws: TranshipError.self) { try result.get() }
    }
}
