// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
public import HTTPTransport
public import MigrationModel
public import MigrationPipeline
public import PipelineFiles

/// A kind of source: the image at an http or https URL.
public struct URLImage: ImageSource {
    let source: URLSource
    let sourceIndex: Int
    /// The whole URL, query included.
    let url: Secret<String>
    let headers: HTTPHeaders
    let client: HTTPClient
    let reopening: Reopening
    let memory: RangeMemory

    /// - Parameters:
    ///   - headers: sent with every request; may hold credentials, which never
    ///     reach the journal.
    ///   - memory: shared by the sources of a run.
    public init(
        _ source: URLSource, sourceIndex: Int, headers: HTTPHeaders = [:], client: HTTPClient,
        reopening: Reopening = Reopening(),
        memory: RangeMemory = RangeMemory()
    ) {
        self.source = source
        self.sourceIndex = sourceIndex
        url = Secret(source.url)
        self.headers = headers
        self.client = client
        self.reopening = reopening
        self.memory = memory
    }

    public var endpoint: String { Self.host(of: url.revealed) }

    public var limitImages: Int? { source.limitsImages }

    /// What the target fetches takes none of our headers, and its operator reads
    /// the URL that it is given.
    public func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        guard source.headers.isEmpty, source.auth == nil, source.cacert == nil,
            !source.url.contains("?")
        else {
            return .nothing(.urlNeedsSecrets)
        }
        return .openURL(url)
    }

    func request(_ method: HTTPRequest.Method) -> HTTPRequest {
        HTTPRequest(method, url.revealed, headers: headers, followsRedirects: true)
    }

    // MARK: Parts of an address

    /// Scheme, host and port: `https://host:port`.
    static func host(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let end = url[scheme.upperBound...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        // Without user and password, which may come before the host.
        let host = url[scheme.upperBound..<end].split(separator: "@").last ?? ""
        return (url[..<scheme.upperBound] + host).lowercased()
    }

    /// Without user, password, query and fragment: those may sign the URL.
    static func withoutSecrets(_ url: String) -> String {
        guard var parts = URLComponents(string: url) else { return "the URL" }
        parts.user = nil
        parts.password = nil
        parts.query = nil
        parts.fragment = nil
        return parts.string ?? "the URL"
    }

    static func path(_ url: String) -> String { URLComponents(string: url)?.path ?? "" }

    static func fileName(_ url: String) -> String { (path(url) as NSString).lastPathComponent }
}
