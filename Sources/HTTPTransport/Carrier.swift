// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
package import ByteStreams

/// Carries single exchanges out: what stands in for libcurl where there is no
/// network, as in a simulation.
///
/// Each function keeps the promises of the function of ``HTTPClient`` that has
/// its name, but for redirects and for failing the ring of an upload, which
/// the client sees to.
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
