// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams

/// HTTP/1.1 over libcurl: small exchanges, and bodies that flow through rings.
///
/// It classifies failures and never retries one. Small exchanges keep their
/// connections and use them again; a body has one for itself. Proxies come from the environment (`http_proxy`, `https_proxy`,
/// `no_proxy`). Cancelling the task ends an exchange within a second, wherever
/// it stands, and throws ``TranshipError/Code/interrupted``.
public final class HTTPClient: Sendable {
    public let configuration: TransportConfiguration

    private let gate: AsyncGate
    // Apart, because a handle keeps the buffers that its first use gave it.
    private let smallHandles: HandlePool
    private let downloadHandles = HandlePool(idleMax: HTTPClient.idleBodyHandlesMax)
    private let uploadHandles = HandlePool(idleMax: HTTPClient.idleBodyHandlesMax)
    private static let idleBodyHandlesMax = 4
    /// Nil: libcurl.
    let carrier: (any Carrier)?

    public convenience init(_ configuration: TransportConfiguration = .init()) {
        self.init(configuration, over: nil)
    }

    /// A client over something else than libcurl.
    package init(_ configuration: TransportConfiguration = .init(), over carrier: (any Carrier)?) {
        self.configuration = configuration
        self.carrier = carrier
        gate = AsyncGate(limit: configuration.connectionsMax)
        smallHandles = HandlePool(idleMax: configuration.connectionsMax)
    }

    /// A small exchange, body in memory.
    ///
    /// - Returns: the answer, whatever its status.
    /// - Throws: when there was no answer: `unreachable`, `connection-lost`,
    ///   `timed-out`, `tls-failed`, `bad-redirect`, `invalid-answer`.
    public func send(_ request: HTTPRequest) async throws(TranshipError) -> HTTPResponse {
        try await gate.enter()
        defer { gate.leave() }
        return try await exchange(request, .small, smallHandles)
    }

    /// Reads a body into a ring.
    ///
    /// With a status of 2xx it calls `onResponse` once with the head, before
    /// the first byte, then writes the body. Whoever does not want that body
    /// throws: then nothing of it is written, and the error is this call's. It
    /// neither finishes the ring nor fails it, whatever happens: the caller
    /// decides, as it may go on with a Range. Only cancellation fails the ring,
    /// to wake what is blocked in it. With any other status the ring is not
    /// touched.
    ///
    /// The body is asked for as it is stored, and one that is encoded all the
    /// same is refused: those would be other bytes.
    ///
    /// - Returns: the head; with the body, if the status was not 2xx.
    /// - Throws: as ``send(_:)``; `source-truncated` when the body was shorter
    ///   than declared; `range-not-satisfiable` when a 206 is longer than the
    ///   part that it says it is; the ring's failure when that is what ended it.
    public func download(
        _ request: HTTPRequest, into ring: ByteRing,
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
    ) async throws(TranshipError) -> HTTPResponse {
        try await exchange(request, .download(ring, onResponse: onResponse), downloadHandles)
    }

    /// Sends what is in a ring as the body; chunked when the size is unknown.
    ///
    /// The body ends well-formed only if the ring was finished and, with a
    /// size, held exactly that much. Whenever the service did not take the
    /// whole body, the ring is failed with the reason, so that whoever fills
    /// it is not left waiting.
    ///
    /// - Returns: the answer, whatever its status, also one that came before
    ///   the body had been sent.
    /// - Throws: as ``send(_:)``; the ring's failure when that is what ended
    ///   it; `source-truncated` when the ring held less or more than the size.
    public func upload(
        _ request: HTTPRequest, from ring: ByteRing, sizeBytes: Int64?
    ) async throws(TranshipError) -> HTTPResponse {
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
            ring.fail(response.refusal(by: "the service", asked: request.shown))
        }
        return response
    }
}
