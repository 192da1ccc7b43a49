// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams

/// HTTP/1.1 over libcurl: small exchanges, and bodies that flow through rings.
///
/// Classifies failures and never retries, except for ``HTTPRequest/isRepeatable`` requests over a
/// kept connection that is dead. Small exchanges and short bodies reuse connections, of which few
/// are kept. A long body has its own connection, which is closed afterwards. Each exchange blocks a
/// thread of its own. Proxies come from the environment (`http_proxy`, `https_proxy`, `no_proxy`).
/// Cancelling the task ends an exchange within a second and throws
/// ``TranshipError/Code/interrupted``.
public final class HTTPClient: Sendable {
    public let configuration: TransportConfiguration

    private let gate: AsyncGate
    // Separate pools, because a handle keeps the buffers that its first use gave it.
    private let smallHandles: HandlePool
    private let downloadHandles: HandlePool
    private let uploadHandles: HandlePool
    let answerTimes = AnswerTimes()
    private static let idleHandlesMax = 8
    /// The replacement for libcurl; nil to use libcurl.
    let carrier: (any Carrier)?

    public convenience init(_ configuration: TransportConfiguration = .init()) {
        self.init(configuration, over: nil)
    }

    /// Creates a client that uses a carrier in place of libcurl.
    package init(_ configuration: TransportConfiguration = .init(), over carrier: (any Carrier)?) {
        self.configuration = configuration
        self.carrier = carrier
        gate = AsyncGate(limit: configuration.connectionsMax)
        func pool(idleSeconds: Int) -> HandlePool {
            HandlePool(
                idleMax: Self.idleHandlesMax, idleSeconds: idleSeconds,
                waveSeconds: configuration.waveSeconds)
        }
        smallHandles = pool(idleSeconds: configuration.idleSeconds)
        downloadHandles = pool(idleSeconds: configuration.idleDownloadSeconds)
        uploadHandles = pool(idleSeconds: configuration.idleUploadSeconds)
    }

    /// Performs a small exchange with its body in memory.
    ///
    /// - Returns: the answer, with any status.
    /// - Throws: if there is no answer: `unreachable`, `connection-lost`, `timed-out`,
    ///   `tls-failed`, `bad-redirect`, `invalid-answer`.
    public func send(_ request: HTTPRequest) async throws(TranshipError) -> HTTPResponse {
        try await gate.enter()
        defer { gate.leave() }
        return try await exchange(request, .small, smallHandles)
    }

    /// Reads a body into a ring.
    ///
    /// On a 2xx status it calls `onResponse` once with the head, before the first byte, then writes
    /// the body to the ring. To refuse the body, throw from `onResponse`: nothing is written, and
    /// this call throws the same error. This call neither finishes nor fails the ring: the caller
    /// decides, since it may continue with a Range request. Only a cancellation fails the ring, to
    /// wake everything that waits at it. On any other status the ring is not touched.
    ///
    /// Asks for the body as it is stored, and refuses an encoded body, which would consist of other
    /// bytes.
    ///
    /// - Returns: the head, and the body too if the status is not 2xx.
    /// - Throws: as ``send(_:)``; `source-truncated` if the body is shorter than declared,
    ///   or longer than ``HTTPRequest/bodyBytesMax``;
    ///   `range-not-satisfiable` if a 206 is longer than the part that it declares; the failure of
    ///   the ring, if that ended the exchange.
    public func download(
        _ request: HTTPRequest, into ring: ByteRing,
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
    ) async throws(TranshipError) -> HTTPResponse {
        try await exchange(
            request, .download(ring, onResponse: onResponse), downloadHandles)
    }

    /// Returns the shortest time in which a GET or HEAD of a URL with this scheme, host and port
    /// was answered, in seconds: at least a round trip. For redirected requests, the time of the
    /// last answer counts.
    ///
    /// Nil before the second answer, since a single one may be slow by chance. Always nil without
    /// libcurl.
    package func shortestAnswerSeconds(of url: String) -> Double? {
        answerTimes.shortest(of: url)
    }

    /// Sends the contents of a ring as the body; chunked if the size is unknown.
    ///
    /// The body ends properly only if the ring was finished and, with a size, held exactly that
    /// many bytes. If the service does not take the whole body, the ring fails with the reason, so
    /// that its producer does not wait forever.
    ///
    /// - Returns: the answer, with any status, also if it came before the whole body was sent.
    /// - Throws: as ``send(_:)``; the failure of the ring, if that ended the exchange;
    ///   `source-truncated` if the ring held less or more than the size.
    public func upload(
        _ request: HTTPRequest, from ring: ByteRing, sizeBytes: Int64?
    ) async throws(TranshipError) -> HTTPResponse {
        if let sizeBytes, sizeBytes < 0 {
            let error = TranshipError(
                .sourceTruncated, "\(request.shown): the source declares \(sizeBytes) bytes")
            ring.fail(error)
            throw error
        }
        var request = request
        request.followsRedirects = false
        let response: HTTPResponse
        do {
            response = try await exchange(
                request, .upload(ring, sizeBytes: sizeBytes), uploadHandles)
        } catch {
            ring.fail(error)
            throw error
        }
        if !response.isSuccess {
            ring.fail(response.refusal(by: .other, asked: request.shown))
        }
        return response
    }
}

/// A replacement for libcurl that performs single exchanges without a network, in a simulation.
///
/// Each function behaves like the function of ``HTTPClient`` with the same name. The client itself
/// follows redirects and fails the ring of an upload.
package protocol Carrier: Sendable {
    func send(_ request: HTTPRequest) async throws(TranshipError) -> HTTPResponse

    func download(
        _ request: HTTPRequest, into ring: ByteRing,
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
    ) async throws(TranshipError) -> HTTPResponse

    func upload(
        _ request: HTTPRequest, from ring: ByteRing, sizeBytes: Int64?
    ) async throws(TranshipError) -> HTTPResponse
}
