// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

extension HTTPClient {
    /// As `send(_:)`, and again at once, so many times at most, where the
    /// connection broke or a gateway refused: for requests that may be sent
    /// twice. A time-out has taken long enough, and a service that says when to
    /// come back is not asked before.
    func send(
        _ request: HTTPRequest, quickRetries: Int
    ) async throws(TranshipError) -> HTTPResponse {
        var left = quickRetries
        while true {
            do throws(TranshipError) {
                let answer = try await send(request)
                let isGateway = [502, 503, 504].contains(answer.status)
                guard left > 0, isGateway, answer.headers["Retry-After"] == nil else {
                    return answer
                }
            } catch {
                guard left > 0, error.isTransient,
                    [.unreachable, .connectionLost].contains(error.code)
                else { throw error }
            }
            left -= 1
            // Cancelled, it ends at once, and the next request with it.
            try? await Task.sleep(for: .milliseconds(Int.random(in: 100...400)))
        }
    }
}
