// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import ByteStreams
public import HTTPTransport
public import MigrationModel
public import MigrationPipeline

/// Reads image data from http and https URLs.
public struct URLReader: SourceReader {
    public static let name = StageName.read

    /// One URL source of the pipeline, with what must not stand in the journal.
    public struct Address: Sendable {
        /// The whole URL, query included.
        public var url: Secret<String>
        public var headers: HTTPHeaders
        public var client: HTTPClient

        public init(url: Secret<String>, headers: HTTPHeaders = [:], client: HTTPClient) {
            self.url = url
            self.headers = headers
            self.client = client
        }

        /// A request to it, with redirects followed.
        public func request(_ method: HTTPRequest.Method) -> HTTPRequest {
            HTTPRequest(method, url.revealed, headers: headers, followsRedirects: true)
        }
    }

    let addresses: [Int: Address]

    /// - Parameter addresses: by their place in the pipeline's `sources`.
    public init(addresses: [Int: Address]) {
        self.addresses = addresses
    }

    public func read(
        _ transfer: Transfer, into ring: ByteRing,
        opened: @escaping @Sendable (SourceFacts) -> Void
    ) async throws(MigrationError) {
        guard let address = addresses[transfer.source.sourceIndex] else {
            throw MigrationError(
                .invalidPipeline,
                "the pipeline's source \(transfer.source.sourceIndex + 1) is no URL any more",
                hint: "run the pipeline again, so that it is planned anew")
        }
        let shown = transfer.source.displayURL
        // The transport's errors name the URL themselves.
        let response = try await address.client.download(address.request(.get), into: ring) {
            head in
            if let now = transfer.source.otherVersion(in: head) {
                ring.fail(Self.changed(shown, to: now))
            } else {
                opened(SourceFacts(sizeBytes: head.contentLengthBytes))
            }
        }
        guard response.status == 200 || response.status == 204 else {
            let refusal = response.refusal(by: "the source", asked: "GET \(shown)")
            throw MigrationError(
                refusal.isTransient ? refusal.code : .sourceUnavailable,
                "\(shown) cannot be read: \(refusal.message)",
                hint: refusal.isTransient ? nil : "check the URL and who may read it",
                answer: refusal.answer, isTransient: refusal.isTransient)
        }
        if response.status == 204 { opened(SourceFacts(sizeBytes: 0)) }
    }

    /// What was planned: the service itself opens the URL.
    public func facts(_ transfer: Transfer) async throws(MigrationError) -> SourceFacts {
        SourceFacts(sizeBytes: transfer.source.sizeBytes)
    }

    private static func changed(_ shown: String, to now: String) -> MigrationError {
        MigrationError(
            .sourceChanged, "\(shown) has changed since it was planned: it is \(now) now",
            hint: "run again, so that it is planned anew")
    }
}

extension SourceImage {
    /// What the server says of its version, when that is not the planned one.
    ///
    /// Only where nobody promised a checksum, which would tell better: then the
    /// fingerprint holds the ETag or the time of change that planning saw.
    fileprivate func otherVersion(in head: HTTPResponse) -> String? {
        guard checksums.isEmpty else { return nil }
        if let tag = head.headers["ETag"], fingerprint.contains("\"") {
            return fingerprint.contains(tag) ? nil : tag
        }
        if let time = head.headers["Last-Modified"], fingerprint.contains("GMT") {
            return fingerprint.contains(time) ? nil : time
        }
        return nil
    }

    fileprivate var displayURL: String {
        if case .url(let url) = location { url } else { displayName }
    }
}

extension HTTPResponse {
    /// The declared length of the body, where one is declared (RFC 9110, 8.6).
    fileprivate var contentLengthBytes: Int64? {
        headers["Content-Length"].flatMap { Int64($0) }
    }
}
