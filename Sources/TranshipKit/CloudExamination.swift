// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import HTTPTransport
internal import ImageUploaders
public import MigrationModel
internal import MigrationPipeline
public import OpenStackImage
internal import Planning

/// The offer of one cloud to us, and the methods that `method: auto` would pick with it as a
/// target. Only reads.
public struct CloudExamination: Sendable {
    public let cloudName: String
    public let region: String?
    /// The address of Keystone, without user and password; nil if the cloud does not use Keystone.
    public let authURL: String?
    /// The address of the Image service, without user and password.
    public let imageEndpoint: String
    public let project: AuthenticatedProject
    /// The API versions of the Image service, newest first.
    public let versions: [ServiceVersion]
    /// True if the cloud is read by Images API v1.
    public let isLegacy: Bool
    public let offer: TargetOffer
    /// False if the project sees no image. Then ``TargetOffer/reportedAlgorithms`` is the service's
    /// own default and not what this cloud was seen to report.
    public let areDigestsSeen: Bool
    public let diskFormats: [String]
    public let containerFormats: [String]
    /// The time by which the service's clock is ahead of ours, accurate to a second; nil if the
    /// service sends no `Date` that can be read.
    public let clockAheadSeconds: Int64?
    /// The images that a copy without conditions would read; nil if the service does not list them.
    public let stock: CloudStock?
    /// The support for reading images from the middle on.
    public let ranges: RangeSupport
    /// The reason why ``stock`` is nil.
    let listingTrouble: String?
    public let choices: [Choice]
    /// Settings without effect in the entry of the cloud, and requests that its credential may not
    /// send.
    public let remarks: [String]
    /// Facts that could not be found out, each with the service's reason.
    public let troubles: [String]
    /// Weaknesses of the connection to this cloud: no TLS, or certificates that are not verified.
    public let weaknesses: [String]

    /// The method that `auto` picks for one kind of source.
    public struct Choice: Sendable, Hashable {
        /// The kind of source, for people.
        public let source: String
        let choice: Negotiation.Choice
        public var method: UploadMethod { choice.method }
        /// The methods to use if the method fails, best first.
        public var fallbacks: [UploadMethod] { choice.fallbacks }
        public var reason: PlanReason { choice.reason }
    }

    /// Examines the cloud that a word of a command line names: `alpha` or `alpha/RegionTwo`.
    public static func examine(
        place word: String, region: String?, environment: [String: String]
    ) async throws(TranshipError) -> CloudExamination {
        let place = try KnownClouds(environment: environment).place(word)
        return try await examine(
            place?.name ?? word, region: region ?? place?.region, environment: environment)
    }

    /// Signs in and examines the cloud.
    ///
    /// - Throws: an error for wrong credentials, an unknown cloud, or a service that does not
    ///   answer. A fact that a service does not report becomes one of ``troubles``.
    public static func examine(
        _ cloud: String, region: String? = nil, environment: [String: String]
    ) async throws(TranshipError) -> CloudExamination {
        let session = try CloudSession.named(cloud, region: region, environment: environment)
        let service = ImageService(session)
        let project = try await session.authenticate()
        var troubles: [String] = []
        let versions = await told("its versions", [], &troubles) { () throws(TranshipError) in
            try await service.versions()
        }
        let isLegacy = try await LegacyImageService.isNeeded(by: session)
        // API v1 reports only the MD5 of an image.
        let offer =
            isLegacy
            ? TargetOffer(reportedAlgorithms: [.md5]) : try await TargetOffer.look(service)
        let seen = await told("its digests", [], &troubles) { () throws(TranshipError) in
            isLegacy ? [.md5] : try await service.reportedAlgorithms()
        }
        var listing: [String] = []
        let stock = await told("its images", CloudStock?.none, &listing) {
            () throws(TranshipError) in
            try await .count(session, isLegacy: isLegacy, project: project.projectID)
        }
        return CloudExamination(
            cloudName: session.cloudName, region: session.configuration.region,
            authURL: session.configuration.authentication.usesKeystone
                ? session.configuration.authURL.map(shownURL) : nil,
            imageEndpoint: shownURL(project.imageEndpoint),
            project: project, versions: versions, isLegacy: isLegacy, offer: offer,
            areDigestsSeen: !seen.isEmpty,
            diskFormats: offer.diskFormats, containerFormats: offer.containerFormats,
            clockAheadSeconds: try await clockAhead(service), stock: stock,
            ranges: isLegacy
                ? RangeSupport(isThere: nil, words: "not tried: it is read by API v1")
                : await .look(service, stock?.newest),
            listingTrouble: listing.first,
            choices: isLegacy
                ? []
                : try choices(
                    offer, hasSiblings: session.configuration.authentication.usesKeystone),
            remarks: session.configuration.remarks + denied(offer), troubles: troubles,
            weaknesses: session.weaknesses(imageEndpoint: project.imageEndpoint))
    }

    /// Returns the remark on requests that the access rules of an application credential do not
    /// allow.
    private static func denied(_ offer: TargetOffer) -> [String] {
        guard !offer.deniedRequests.isEmpty else { return [] }
        return [
            "the access rules of the application credential lack "
                + offer.deniedRequests.joined(separator: ", ")
        ]
    }

    /// Returns the service's answer. If the service gives none, adds the reason to `troubles` and
    /// returns `otherwise`.
    private static func told<Value>(
        _ what: String, _ otherwise: Value, _ troubles: inout [String],
        _ ask: () async throws(TranshipError) -> Value
    ) async -> Value {
        do {
            return try await ask()
        } catch {
            troubles.append("\(what): \(error.message)")
            return otherwise
        }
    }

    private static func clockAhead(
        _ service: ImageService
    ) async throws(TranshipError) -> Int64? {
        let before = Date()
        let answer = try await service.send(ServiceRequest(.get, "/versions"))
        let after = Date()
        guard let said = answer.headers["Date"],
            let seconds = UTCTime.unixSecondsOfHTTPDate(said)
        else { return nil }
        let theirs = Double(seconds)
        // The service read its clock between our request and its answer, and sends whole seconds.
        if theirs < before.timeIntervalSince1970 - 1 {
            return Int64(clamping: (theirs - before.timeIntervalSince1970).rounded())
        }
        if theirs > after.timeIntervalSince1970 {
            return Int64(clamping: (theirs - after.timeIntervalSince1970).rounded())
        }
        return 0
    }

    // MARK: What auto does

    private static func choices(
        _ offer: TargetOffer, hasSiblings: Bool
    ) throws(TranshipError) -> [Choice] {
        let one = Negotiation(offer: offer, stores: .standard)
        let open = Fetchable.openURL(Secret("https://mirror.example/image"))
        let file = Fetchable.nothing(.dataIsLocal)
        var sources: [(String, Fetchable, Checksum.Algorithm?)] = [
            ("a file", file, nil), ("a URL, with a sha512", open, .sha512),
            ("a URL, with a sha256", open, .sha256), ("a URL, without a checksum", open, nil),
            ("a URL with a password, a header or a query", .nothing(.urlNeedsSecrets), .sha512),
            ("an image of another cloud", .nothing(.noSharedKeystone), .sha512),
        ]
        if hasSiblings {
            sources.append(
                (
                    "an image of another region of this Keystone, with a sha512",
                    .siblingImage(id: "", region: "", interface: "public"), .sha512
                ))
        }
        var found: [Choice] = []
        for (source, fetchable, algorithm) in sources {
            // The choice depends only on the algorithm of the promise.
            let promise = try algorithm.map { algorithm throws(TranshipError) in
                try Checksum(algorithm, String(repeating: "0", count: algorithm.digitCount))
            }
            found.append(
                Choice(source: source, choice: one.choose(for: .init(fetchable, promise: promise))))
        }
        if offer.stores.count > 1 {
            found.append(
                Choice(
                    source: "a file, into all stores",
                    choice: Negotiation(offer: offer, stores: .all)
                        .choose(for: .init(file, promise: nil))))
        }
        return found
    }
}
