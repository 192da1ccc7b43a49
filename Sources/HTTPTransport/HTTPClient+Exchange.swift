// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Dispatch

extension HTTPClient {
    private static let redirectStatuses: Set<Int> = [301, 302, 303, 307, 308]
    /// A name server that is silent keeps curl for as long as the resolver of
    /// the C library likes. A cancelled caller does not wait for that.
    private static let patience = DispatchTimeInterval.milliseconds(700)

    /// Performs a request and the redirects after it.
    func exchange(
        _ request: HTTPRequest, _ flow: Exchange.Flow, _ pool: HandlePool
    ) async throws(TranshipError) -> HTTPResponse {
        var request = request
        for _ in 0...HTTPRequest.redirectsMax {
            let answer =
                if let carrier {
                    try await flow.carried(request, by: carrier)
                } else {
                    try await perform(Exchange(request, configuration, flow), pool)
                }
            let response = answer.response
            guard request.followsRedirects, Self.redirectStatuses.contains(response.status) else {
                return response
            }
            request = try request.redirected(status: response.status, to: answer.redirectURL)
        }
        throw request.redirectedTooOften()
    }

    private func perform(
        _ exchange: Exchange, _ pool: HandlePool
    ) async throws(TranshipError) -> Exchange.Answer {
        let handle = try pool.take()
        let outcome = Outcome()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                outcome.wait(continuation)
                handle.queue.async {
                    let result = exchange.perform(on: handle)
                    // Here and not by the caller, who may have left.
                    pool.give(handle)
                    outcome.settle(result)
                }
            }
        } onCancel: {
            exchange.cancel()
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) {
                outcome.settle(.failure(Exchange.interrupted))
            }
        }
        return try result.get()
    }
}

extension Exchange.Flow {
    fileprivate func carried(
        _ request: HTTPRequest, by carrier: any Carrier
    ) async throws(TranshipError) -> Exchange.Answer {
        let response =
            switch self {
            case .small: try await carrier.send(request)
            case .download(let ring, let onResponse):
                try await carrier.download(request, into: ring, onResponse: onResponse)
            case .upload(let ring, let sizeBytes):
                try await carrier.upload(request, from: ring, sizeBytes: sizeBytes)
            }
        return Exchange.Answer(response: response, redirectURL: response.headers["Location"])
    }
}

/// Resumes a continuation once, with whichever result comes first.
private final class Outcome: Sendable {
    typealias Value = Result<Exchange.Answer, TranshipError>

    private enum State {
        case idle
        case waiting(CheckedContinuation<Value, Never>)
        case early(Value)
        case done
    }

    private let state = Guarded(State.idle)

    func wait(_ continuation: CheckedContinuation<Value, Never>) {
        let early: Value? = state.withLock { state in
            guard case .early(let value) = state else {
                state = .waiting(continuation)
                return nil
            }
            state = .done
            return value
        }
        if let early { continuation.resume(returning: early) }
    }

    func settle(_ value: Value) {
        let continuation: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .waiting(let continuation):
                state = .done
                return continuation
            case .idle:
                state = .early(value)
                return nil
            case .early, .done: return nil
            }
        }
        continuation?.resume(returning: value)
    }
}
