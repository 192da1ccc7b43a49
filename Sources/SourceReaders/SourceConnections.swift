// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import Foundation

/// The connections that images of a run have to their sources beyond the first one, and what is
/// known of the sources that give them.
///
/// Shared by the sources of a run. Each connection has a buffer of ``partBytes``, so its limits
/// also bound the memory.
final class SourceConnections: Sendable {
    /// Below this size, an image is read over one connection.
    static let imageBytesMin: Int64 = 64 << 20
    /// What one request asks for.
    static let partBytes: Int64 = 4 << 20
    /// The most connections for one image.
    static let connectionsMax = 8
    /// Connections beyond the first of each image, at one endpoint.
    static let extraMax = 8
    /// The same at all endpoints together.
    static let extraMaxInAll = 16
    /// With fewer, an image is read over one connection.
    static let extraMin = 2
    /// If an endpoint answers faster, one connection carries enough: some 100 MiB/s.
    static let answerSecondsMin = 0.025
    /// How many times as fast several connections have to be.
    static let gainMin = 1.3
    /// An endpoint that refused this many parts, and gave none, is not asked again. A cloud
    /// may have several stores, of which some do not support ranges.
    static let refusalsMax = 3

    /// Whether several connections to an endpoint are faster.
    enum Verdict: Sendable {
        case unknown, pays, paysNot
    }

    private struct Endpoint {
        /// Images that are read from it now.
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
    /// In place of what the transport has seen; for tests.
    let answerSeconds: (@Sendable () -> Double?)?
    let nowNanoseconds: @Sendable () -> UInt64
    /// What a part is; tests have smaller ones.
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

    /// The smallest image, or rest of one, that is worth it: as many parts as
    /// ``imageBytesMin`` has.
    var worthBytesMin: Int64 { Self.imageBytesMin / Self.partBytes * partBytes }

    /// What one connection reads first, alone: as much as all of them get at once.
    var openingBytes: Int64 { Int64(Self.connectionsMax) * partBytes }

    // MARK: Hosts that do not answer

    /// Asks a host for a plan. What several tries found out of a host that cannot be reached counts
    /// for all sources: no other one asks there again.
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

    /// The error in words that fit every source of the host; nil unless nothing answers at the host
    /// itself. The address that it redirects to may be another.
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

    /// Counts a part that did not come as it was asked for.
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

    /// Takes connections beyond the first of an image.
    ///
    /// - Parameter limit: the most connections to the endpoint, those of other images included; nil
    ///   if the pipeline file does not say.
    /// - Returns: false if fewer are free, in which case none is taken.
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

    /// True if more images are read than the connections leave room for.
    func isCrowded(_ endpoint: String, limit: Int?) -> Bool {
        state.withLock { state in
            guard let limit, let found = state.endpoints[endpoint] else { return false }
            return found.readers + found.extras > limit
        }
    }
}
