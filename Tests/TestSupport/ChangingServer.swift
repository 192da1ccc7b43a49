// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams

/// A web server whose answers a test changes, as a publisher changes its files from night to night.
public final class ChangingServer<Offer: Sendable>: Sendable {
    private let offer: Guarded<Offer>
    private let server: RawHTTPServer

    /// - Parameter answer: returns the reply to a request, from the current offer.
    public init(
        _ first: Offer, _ answer: @escaping @Sendable (Offer, ReceivedRequest) -> Reply
    ) throws {
        let offer = Guarded(first)
        self.offer = offer
        server = try RawHTTPServer { request in answer(offer.withLock { $0 }, request) }
    }

    /// `http://127.0.0.1:port`
    public var url: String { server.url }

    public func publish(_ offer: Offer) { self.offer.withLock { $0 = offer } }
}
