// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Decompression
internal import Foundation
internal import HTTPTransport
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// A kind of source: the image at an http or https URL, or the newest image of a folder.
struct URLImage: ImageSource {
    private(set) var source: URLSource
    /// The address of the data: `source.url`, unless ``at(_:)`` has set another one.
    private(set) var url: String
    /// True if `source.url` is an index, so that each image has its own address.
    var locatesByImage = false
    /// The selector of an index; see ``UpstreamRules/selector``.
    var selector: String?
    let sourceIndex: Int
    /// The headers of every request. May contain credentials, which never reach the journal.
    let headers: HTTPHeaders
    let client: HTTPClient
    let reopening: Reopening
    /// The servers without ranges. Shared by the sources of a run.
    let memory: RangeMemory
    /// The connections to sources. Shared by the sources of a run.
    let connections: SourceConnections
    let decompression: DecompressionLimits

    init(
        source: URLSource, sourceIndex: Int, headers: HTTPHeaders = [:], client: HTTPClient,
        reopening: Reopening = Reopening(), memory: RangeMemory = RangeMemory(),
        connections: SourceConnections = SourceConnections(),
        decompression: DecompressionLimits = DecompressionLimits()
    ) {
        self.source = source
        url = source.url
        self.sourceIndex = sourceIndex
        self.headers = headers
        self.client = client
        self.reopening = reopening
        self.memory = memory
        self.connections = connections
        self.decompression = decompression
    }

    /// Returns the same source with another address for its data: that of a version.
    func at(_ url: String) -> URLImage {
        var copy = self
        copy.url = url
        return copy
    }

    /// Returns the same source for one product of its index.
    func of(product: String) -> URLImage {
        var copy = self
        copy.source = source.filled(product: product)
        return copy
    }

    var unpacking: Unpacking { Unpacking(setting: source.decompress, limits: decompression) }

    var endpoint: String { Self.host(of: source.url) }
    var hasShortListing: Bool { true }

    var limitImages: Int? { source.limitsImages }
    var inspection: Inspection { source.inspects ? .refuses : .off }

    func promiser(of image: SourceImage) -> Promiser? {
        guard locatesByImage else { return source.promiser(of: image) }
        let index = Self.withoutSecrets(source.url)
        return Promiser(
            "the index \(index)",
            remedy:
                "the index \(index) and the data may be of different versions: run again later, and "
                + "ask their publisher if it stays so")
    }

    /// Returns the location that the target's service can fetch. That request has none of our
    /// headers, and the target's operator can read its URL.
    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable {
        if let published = image.published { return .nothing(published.reason) }
        guard source.headers.isEmpty, source.auth == nil, source.cacert == nil,
            !source.url.contains("?")
        else {
            return .nothing(.urlNeedsSecrets)
        }
        return .openURL(Secret(address(of: image)))
    }

    func request(_ method: HTTPRequest.Method) -> HTTPRequest {
        var request = HTTPRequest(method, url, headers: headers, followsRedirects: true)
        request.secrets = HTTPRequest.secrets(ofURL: url)
        return request
    }

    /// True if the plan takes data that its server labels as compressed, such as a stored `.gz`:
    /// Tranship decompresses it, or a checksum is promised for these bytes and they are not
    /// inspected. With `decompress: auto`, a promise for a file that is not named as a compressed
    /// one is for the data before a proxy compressed it.
    var takesCompressed: Bool {
        let isPromised = source.checksum != nil || source.checksumFile != nil || locatesByImage
        let isNamedSo = Compression(rawValue: FileName(url: url).fileExtension) != nil
        return switch source.decompress {
        case .none: isPromised && !source.inspects
        case .auto: isNamedSo || !isPromised
        case .xz, .gz, .bz2, .zst: true
        }
    }

    /// Returns a request for the planned data.
    func reading(_ image: SourceImage) -> HTTPRequest {
        var request = request(.get)
        request.takesCompressed =
            image.published?.compression != nil || (!source.inspects && image.promise != nil)
        return request
    }

    // MARK: Parts of an address

    /// Returns scheme, host and port: `https://host:port`.
    static func host(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let end = url[scheme.upperBound...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        // User and password may precede the host.
        let host = url[scheme.upperBound..<end].split(separator: "@").last ?? ""
        return (url[..<scheme.upperBound] + host).lowercased()
    }

    /// Returns the URL without user, password, query and fragment, because these may be secret or
    /// sign the URL.
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
