// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Decompression
internal import Foundation
internal import HTTPTransport
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// A kind of source: the image at an http or https URL.
struct URLImage: ImageSource {
    let source: URLSource
    let sourceIndex: Int
    /// Sent with every request. May hold credentials, which never reach the journal.
    var headers: HTTPHeaders = [:]
    let client: HTTPClient
    var reopening = Reopening()
    /// Shared by the sources of a run.
    var memory = RangeMemory()
    var decompression = DecompressionLimits()

    var unpacking: Unpacking { Unpacking(setting: source.decompress, limits: decompression) }

    var endpoint: String { Self.host(of: source.url) }

    var limitImages: Int? { source.limitsImages }
    var inspection: Inspection { source.inspects ? .refuses : .off }

    /// What the target fetches takes none of our headers, and its operator reads
    /// the URL that it is given.
    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        if let published = image.published { return .nothing(published.reason) }
        guard source.headers.isEmpty, source.auth == nil, source.cacert == nil,
            !source.url.contains("?")
        else {
            return .nothing(.urlNeedsSecrets)
        }
        return .openURL(Secret(source.url))
    }

    func request(_ method: HTTPRequest.Method) -> HTTPRequest {
        var request = HTTPRequest(method, source.url, headers: headers, followsRedirects: true)
        request.secrets = HTTPRequest.secrets(ofURL: source.url)
        return request
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

    static func fileName(_ url: String) -> String { PathText.lastComponent(path(url)) }
}
