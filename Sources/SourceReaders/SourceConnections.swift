// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import Foundation

/// The connections that images of a run have to their sources beyond the first one, and the
/// experience with these sources.
///
/// Shared by the sources of a run. Each connection has a buffer of ``partBytes``, so its limits
/// also bound the memory.
final class SourceConnections: Sendable {
    /// The size in bytes below which an image is read over one connection.
    static let imageBytesMin: Int64 = 64 << 20
    /// The number of bytes in one request.
    static let partBytes: Int64 = 4 << 20
    /// The maximum number of connections for one image.
    static let connectionsMax = 8
    /// The maximum number of connections at one endpoint, beyond the first of each image.
    static let extraMax = 8
    /// The same maximum for all endpoints together.
    static let extraMaxInAll = 16
    /// The number of extra connections below which an image is read over one connection.
    static let extraMin = 2
    /// The answer time below which one connection is fast enough: about 100 MiB/s.
    static let answerSecondsMin = 0.025
    /// The factor by which several connections must be faster than one.
    static let gainMin = 1.3
    /// The number of refused parts in a row after which no more parts are requested from an
    /// endpoint. A cloud may have several stores, some of which do not support ranges.
    static let refusalsMax = 3

    /// The finding about whether several connections to an endpoint are faster.
    enum Verdict: Sendable {
        case unknown, pays, paysNot
    }

    private struct Endpoint {
        /// The number of images that are read from it now.
        var readers = 0
        var extras = 0
        var refusals = 0
        var verdict = Verdict.unknown
    }

    private struct State {
        var endpoints: [String: Endpoint] = [:]
        var silent: [String: TranshipError] = [:]
        var extras = 0
    }

    private let state = Guarded(State())
    /// Replaces the transport's measurement in tests.
    let answerSeconds: (@Sendable () -> Double?)?
    let nowNanoseconds: @Sendable () -> UInt64
    /// The number of bytes in a part. Smaller in tests.
    let partBytes: Int64

    convenience init() {
        self.init(partBytes: Self.partBytes, answerSeconds: nil)
    }

    init(
        partBytes: Int64, answerSeconds: (@Sendable () -> Double?)?,
        nowNanoseconds: @escaping @Sendable () -> UInt64 = ByteStreams.nowNanoseconds
    ) {
        self.partBytes = partBytes
        self.answerSeconds = answerSeconds
        self.nowNanoseconds = nowNanoseconds
    }

    /// The minimum size of an image, or of the rest of one, for several connections: as many parts
    /// as in ``imageBytesMin``.
    var worthBytesMin: Int64 { Self.imageBytesMin / Self.partBytes * partBytes }

    /// The number of bytes that one connection reads first, alone: as many as all connections read
    /// at once.
    var openingBytes: Int64 { Int64(Self.connectionsMax) * partBytes }

    // MARK: Hosts that do not answer

    /// Sends a request for a plan. If several tries found that a host cannot be reached, that
    /// counts for all sources: no other source tries the host again.
    func asking<Answer>(
        _ url: String, _ ask: () async throws(TranshipError) -> Answer
    ) async throws(TranshipError) -> Answer {
        let host = URLImage.host(of: url)
        if let error = state.withLock({ $0.silent[host] }) { throw error }
        do throws(TranshipError) {
            return try await ask()
        } catch {
            guard let silence = Self.silence(error, of: host) else { throw error }
            state.withLock { $0.silent[host] = silence }
            throw silence
        }
    }

    /// Returns the error in words that fit every source of the host; nil unless nothing answers at
    /// the host itself. A redirect may lead to another host.
    private static func silence(_ error: TranshipError, of host: String) -> TranshipError? {
        guard error.code == .unreachable, error.isTransient,
            let name = URLComponents(string: host)?.host
        else { return nil }
        let plain = name.filter { $0 != "[" && $0 != "]" }
        let cause = ["failed to connect to \(plain) port", "could not resolve host: \(plain)"]
            .lazy.compactMap { error.message.firstRange(of: $0) }.first
        return cause.map { range in
            TranshipError(
                error.code, "\(host): \(error.message[range.lowerBound...])", hint: error.hint,
                isTransient: true)
        }
    }

    func verdict(on endpoint: String) -> Verdict {
        state.withLock { $0.endpoints[endpoint]?.verdict ?? .unknown }
    }

    func learn(_ verdict: Verdict, of endpoint: String) {
        state.withLock { $0.endpoints[endpoint, default: Endpoint()].verdict = verdict }
    }

    /// Records a part that the source did not send as requested.
    func refused(by endpoint: String) {
        state.withLock { state in
            var found = state.endpoints[endpoint, default: Endpoint()]
            found.refusals += 1
            if found.refusals >= Self.refusalsMax { found.verdict = .paysNot }
            state.endpoints[endpoint] = found
        }
    }

    func served(by endpoint: String) {
        state.withLock { $0.endpoints[endpoint, default: Endpoint()].refusals = 0 }
    }

    // MARK: Counting

    func begin(at endpoint: String) {
        state.withLock { $0.endpoints[endpoint, default: Endpoint()].readers += 1 }
    }

    func end(at endpoint: String) {
        state.withLock { $0.endpoints[endpoint, default: Endpoint()].readers -= 1 }
    }

    /// Reserves connections beyond the first of an image.
    ///
    /// - Parameter limit: the maximum number of connections to the endpoint, including those of
    ///   other images; nil if the pipeline file sets none.
    /// - Returns: false if fewer are free. None is then reserved.
    func take(_ count: Int, at endpoint: String, limit: Int?) -> Bool {
        state.withLock { state in
            var found = state.endpoints[endpoint, default: Endpoint()]
            guard found.extras + count <= Self.extraMax,
                state.extras + count <= Self.extraMaxInAll,
                found.readers + found.extras + count <= limit ?? .max
            else { return false }
            found.extras += count
            state.extras += count
            state.endpoints[endpoint] = found
            return true
        }
    }

    func giveBack(_ count: Int, at endpoint: String) {
        state.withLock { state in
            state.endpoints[endpoint, default: Endpoint()].extras -= count
            state.extras -= count
        }
    }

    /// True if readers and extra connections together exceed the limit.
    func isCrowded(_ endpoint: String, limit: Int?) -> Bool {
        state.withLock { state in
            guard let limit, let found = state.endpoints[endpoint] else { return false }
            return found.readers + found.extras > limit
        }
    }
}
