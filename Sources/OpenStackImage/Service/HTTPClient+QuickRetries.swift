// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

extension HTTPClient {
    static var quickWaitSecondsMax: Int { 15 }

    /// Works as `send(_:)`, but repeats the request at once, up to `quickRetries` times, if the
    /// connection broke or the service or a gateway failed. Only for requests that may be sent
    /// twice. Does not repeat after a time-out, which took long enough.
    ///
    /// If the service asks for a wait (`Retry-After`), repeats the request after it, unless the
    /// wait is longer than ``quickWaitSecondsMax``. Repeats after a second for a 429 without that
    /// header.
    func send(
        _ request: HTTPRequest, quickRetries: Int
    ) async throws(TranshipError) -> HTTPResponse {
        var left = quickRetries
        while true {
            var wait = Duration.zero
            do throws(TranshipError) {
                let answer = try await send(request)
                guard left > 0, answer.isTransient, answer.status != 408 else { return answer }
                if let seconds = answer.retryAfterSeconds {
                    guard seconds <= Self.quickWaitSecondsMax else { return answer }
                    wait = .seconds(seconds)
                } else if answer.status == 429 {
                    wait = .seconds(1)
                }
            } catch {
                guard left > 0, error.isTransient,
                    [.unreachable, .connectionLost].contains(error.code)
                else { throw error }
            }
            left -= 1
            // After a cancellation, this sleep ends at once, and so does the next request.
            try? await Task.sleep(for: wait)
            try? await Task.sleep(for: .milliseconds(Int.random(in: 100...400)))
        }
    }
}
