// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

extension HTTPClient {
    /// As `send(_:)`, but repeats the request at once, up to `quickRetries` times, if the
    /// connection broke or a gateway refused it. Only for requests that may be sent twice. Does not
    /// repeat after a time-out, which took long enough, or if the service says when to come back.
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
            // After a cancellation this ends at once, and so does the next request.
            try? await Task.sleep(for: .milliseconds(Int.random(in: 100...400)))
        }
    }
}
