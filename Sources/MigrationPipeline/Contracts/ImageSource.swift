// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
internal import Foundation
public import MigrationModel

/// Stage *read*: one entry of a pipeline's `sources`, opened.
///
/// A kind of source is one type that conforms to this protocol. Planning, the
/// scheduler and the kit use only the protocol.
public protocol ImageSource: Stage {
    /// The Image service, host or machine that holds the data, as messages name
    /// it. Sources at one endpoint share their limit and their outages.
    var endpoint: String { get }
    /// Maximum number of images read from the endpoint at once, from this entry's
    /// `limits.images`; nil if the entry sets no limit.
    var limitImages: Int? { get }
    /// True if the data is on this machine, so that a spool gains nothing.
    var isOnThisMachine: Bool { get }
    /// The region of the cloud that holds the images; nil for other kinds.
    var region: CloudRegion? { get }
    /// The consequence if the data is not in the format that the record declares.
    var inspection: Inspection { get }
    /// True if its listing is short, so that a plan keeps all of it in memory and asks several such
    /// sources at once.
    var hasShortListing: Bool { get }

    /// Lists all images that the entry selects, page by page, in the same order
    /// each time. Reads no image data.
    ///
    /// A problem with one image becomes the refusal of that image.
    ///
    /// - Throws: errors that make the whole plan impossible: no answer, lost
    ///   credentials, ``TranshipError/Code/interrupted``.
    func list(
        _ listing: Listing, page: ([ListedImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError)

    /// Writes the image data into the ring: all of it, or the part from a point on.
    ///
    /// Reports ``ReadingEvent/opened(_:)`` once, before the first byte, with the facts that the
    /// source reports now. Returns after the last byte, if the data is complete. If the source
    /// drops the connection, opens it again at the same byte, provided that the source can prove
    /// that the rest belongs to the bytes before. Neither finishes nor fails the ring.
    ///
    /// - Parameter point: where to continue; nil for the first byte.
    /// - Throws: ``TranshipError/Code/sourceTruncated`` if the body ends early or
    ///   is too long; ``TranshipError/Code/sourceChanged`` if the data is not the
    ///   planned data; ``TranshipError/Code/rangeNotSatisfiable`` if the source
    ///   does not prove that it continues at the point, or if the ring got bytes
    ///   that do not belong there.
    func read(
        _ transfer: Transfer, from point: ReadingPoint?, into ring: ByteRing,
        tell: @escaping @Sendable (ReadingEvent) -> Void
    ) async throws(TranshipError)

    /// Reports the facts without reading the data, for methods by which the target's service reads
    /// the source.
    ///
    /// - Throws: ``TranshipError/Code/sourceChanged`` as ``read(_:from:into:tell:)``.
    func facts(_ transfer: Transfer) async throws(TranshipError) -> SourceFacts

    /// Returns a location from which the target's service can fetch the data, so that no bytes pass
    /// through this process.
    ///
    /// - Parameter target: the region of the target; nil if it has none.
    func fetchable(_ image: SourceImage, for target: CloudRegion?) -> Fetchable

    /// Returns the party that promises the image's checksum, for messages; nil without a promise,
    /// or if the party is not known.
    func promiser(of image: SourceImage) -> Promiser?

    /// The id of the token's project, if the entry lists only the images of that project.
    var ownProjectID: String? { get }

    /// The user with whose rights the source is read; nil for sources without users.
    var reader: SourceUser? { get }

    /// Returns the image with an id, for images that refer to it. Ignores the entry's conditions.
    ///
    /// - Returns: nil if the image does not exist, or if the entry's user may not see it.
    func visibleImage(_ id: String) async throws(TranshipError) -> ListedImage?

    /// Reports the projects that an image is shared with, for the plan. Only the owner may see
    /// them.
    func sharing(of image: SourceImage) async throws(TranshipError) -> SourceFacts
}

extension ImageSource {
    public var isOnThisMachine: Bool { false }
    public var region: CloudRegion? { nil }
    public var inspection: Inspection { .refuses }
    public var hasShortListing: Bool { false }
    public var ownProjectID: String? { nil }
    public var reader: SourceUser? { nil }

    public func promiser(of image: SourceImage) -> Promiser? { nil }

    public func visibleImage(_ id: String) async throws(TranshipError) -> ListedImage? { nil }

    public func sharing(of image: SourceImage) async throws(TranshipError) -> SourceFacts {
        SourceFacts(sizeBytes: nil)
    }
}

extension Transfer {
    /// Copies the projects that the image is shared with, and their answers.
    public mutating func take(_ facts: SourceFacts) {
        members = facts.members
        memberAnswers = facts.memberAnswers.isEmpty ? nil : facts.memberAnswers
    }
}

/// The input of a source that lists its images.
public struct Listing: Sendable {
    /// Today in UTC: `2026-11-28`.
    public let date: String
    public let nowUnixSeconds: Int64
    /// Takes progress and warnings.
    public let tell: @Sendable (PlanningEvent) -> Void
    /// Returns the journal's memory of a lineage. For a series with several sources, of one place;
    /// see ``SourceImage/place``.
    public let upstream:
        @Sendable (_ lineage: String, _ place: String?) async throws(TranshipError) -> Upstream?
    /// Returns the journal's memory of all products of an index; see ``Upstream/selector``.
    public let products: @Sendable (_ selector: String) async throws(TranshipError) -> [Upstream]
    /// Takes names from the entry that match no image.
    public var missed: @Sendable (MissedSelection) -> Void
    /// True if the pipeline has `projects`: an entry for the token's own project is a source for
    /// each of several projects.
    public var hasProjects = false
    /// Takes images that the entry does not select, each with the key of the condition that it
    /// fails.
    public let unselected: @Sendable (UnselectedImages.Image, _ key: String) -> Void
    /// Returns the images with these names that earlier runs copied.
    public let copied: @Sendable (Set<String>) async throws(TranshipError) -> [String: CopiedImage]

    public init(
        date: String, nowUnixSeconds: Int64,
        tell: @escaping @Sendable (PlanningEvent) -> Void = { _ in },
        missed: @escaping @Sendable (MissedSelection) -> Void = { _ in },
        unselected: @escaping @Sendable (UnselectedImages.Image, _ key: String) -> Void = {
            _, _ in
        },
        copied:
            @escaping @Sendable (Set<String>) async throws(TranshipError) -> [String: CopiedImage] =
            {
                _ in [:]
            },
        products:
            @escaping @Sendable (_ selector: String) async throws(TranshipError) -> [Upstream] = {
                _ in []
            },
        upstream:
            @escaping @Sendable (_ lineage: String, _ place: String?) async throws(TranshipError) ->
            Upstream? = { _, _ in nil }
    ) {
        self.upstream = upstream
        self.products = products
        self.missed = missed
        self.unselected = unselected
        self.copied = copied
        self.date = date
        self.nowUnixSeconds = nowUnixSeconds
        self.tell = tell
    }
}

/// An image of a source, for the plan.
public struct ListedImage: Sendable {
    public var image: SourceImage {
        _read { yield boxed.value }
        set { boxed.value = newValue }
    }
    private var boxed: Boxed<SourceImage>
    /// The file name without its extension; nil for images of clouds.
    public var stem: String?
    public var notes: [Note]
    /// The reason that this image cannot be copied.
    public var refusal: TranshipError?
    /// The keys of its record whose values have the wrong type. No condition can use them.
    public var unreadKeys: [String] = []
    /// The properties, such as `kernel_id`, by which other images refer to this one, if it is
    /// listed only for that reason. It is copied to targets whose rules keep one of them.
    public var namedAs: Set<String> = []
    /// The series to which the entry adds this image as a version; nil for images of clouds, whose
    /// ids identify the series.
    public var series: SeriesClaim?
    /// The rules by which the journal's memory of the series is used; nil for sources without an
    /// upstream.
    public var upstream: UpstreamRules?
    /// True if the pipeline file contains the checksum, so that the data is compared with it.
    public var isPromisedByHand = false

    public init(
        _ image: SourceImage, stem: String? = nil, notes: [Note] = [],
        refusal: TranshipError? = nil, series: SeriesClaim? = nil
    ) {
        boxed = Boxed(image)
        self.stem = stem
        self.notes = notes
        self.refusal = refusal
        self.series = series
    }
}

/// An entry of the pipeline file that adds its image to a series.
public struct SeriesClaim: Sendable, Hashable {
    /// `file:line:column` of the entry.
    public var position: String
    /// True if several entries may add versions to one series.
    public var allowsSeveral: Bool
    /// True if a server decides which file it is, so that the pipeline file is valid for any file.
    public var hasFileOfServer: Bool
    /// True if a part of the series' name comes from a server.
    public var hasSeriesOfServer: Bool

    public init(
        position: String, allowsSeveral: Bool, hasFileOfServer: Bool = false,
        hasSeriesOfServer: Bool = false
    ) {
        self.position = position
        self.allowsSeveral = allowsSeveral
        self.hasFileOfServer = hasFileOfServer
        self.hasSeriesOfServer = hasSeriesOfServer
    }
}

/// The entry's rules for an upstream that may lie, and the signers of its list.
public struct UpstreamRules: Sendable, Hashable {
    /// True if an older version may follow a newer one.
    public var allowsDowngrade: Bool
    /// The age after which a version that does not change is reported, in seconds; nil for never.
    public var staleAfterSeconds: Int64?
    /// The path of the keyring, for messages.
    public var keyring: String?
    /// The digest of its keys.
    public var keyringDigest: String?
    /// The fingerprints of the keys that signed the list, as far as they are in the keyring.
    public var signers: [String]
    /// A text that identifies the index of products and the entry's selection from it; nil for
    /// other sources.
    public var selector: String?
    /// The facts about the data that the journal remembers; nil for none.
    public var look: Upstream.Look?

    public init(
        allowsDowngrade: Bool = false, staleAfterSeconds: Int64? = nil, keyring: String? = nil,
        keyringDigest: String? = nil, signers: [String] = [], selector: String? = nil
    ) {
        self.selector = selector
        self.allowsDowngrade = allowsDowngrade
        self.staleAfterSeconds = staleAfterSeconds
        self.keyring = keyring
        self.keyringDigest = keyringDigest
        self.signers = signers
    }
}

/// Events while a source is read.
public enum ReadingEvent: Sendable {
    /// The source has answered.
    case opened(SourceFacts)
    /// The source dropped. Tranship will reopen it at this byte.
    case dropped(atByte: Int64, TranshipError)
    /// The source continues at this byte, and has proved it.
    case reopened(atByte: Int64)
    /// The number of bytes that came from the source, if the ring got another number.
    case took(bytes: Int64)
    /// The published data is complete and has the promised checksum; the ring got other bytes.
    case proved(PublishedProof)
    /// The source dropped at this byte and cannot continue there, for this reason.
    case cannotGoOn(atByte: Int64, reason: String)
}

/// The facts that a source reports when it is opened.
public struct SourceFacts: Sendable, Hashable {
    /// Size of the whole data. nil if the source does not know it before the end.
    public var sizeBytes: Int64?
    /// Project ids that the image is shared with at the source, without those that rejected it.
    public var members: [String]
    /// The projects' answers to the offer, by project id: `accepted`, `rejected`. Projects that
    /// have not answered, or whose answer is unknown, are missing.
    public var memberAnswers: [String: String] = [:]
    /// The version of the data; nil if a broken read cannot continue where it broke.
    public var version: SourceVersion?
    /// The server of a pool that answered, in words; nil if the source has only one server.
    public var whoAnswered: String?

    public init(sizeBytes: Int64?, members: [String] = [], version: SourceVersion? = nil) {
        self.sizeBytes = sizeBytes
        self.members = members
        self.version = version
    }
}

/// The location from which a target's service can fetch the data without this process.
public enum Fetchable: Sendable, Hashable {
    /// No location, for this reason: the bytes pass through this process.
    case nothing(PlanReason)
    /// A URL that needs no header, password or query.
    case openURL(Secret<String>)
    /// An image of another region of the target's Keystone.
    case siblingImage(id: String, region: String, interface: String)

    /// True if the method can fetch this, or fetches nothing.
    public func suits(_ method: UploadMethod) -> Bool {
        switch (method, self) {
        case (.upload, _), (.glanceDirect, _), (.webDownload, .openURL),
            (.glanceDownload, .siblingImage):
            true
        case (.webDownload, _), (.glanceDownload, _): false
        }
    }
}

/// The user of a source's entry, as its token describes it.
public struct SourceUser: Sendable, Hashable {
    public let projectID: String?
    /// True if the user has the role of an administrator.
    public let isAdmin: Bool

    public init(projectID: String?, isAdmin: Bool) {
        self.projectID = projectID
        self.isAdmin = isAdmin
    }
}

/// The Keystone of a cloud, and which of its regions the cloud is.
public struct CloudRegion: Sendable, Hashable {
    /// The URL in one spelling, the same for all spellings of `auth_url`.
    public let keystoneURL: String
    /// The name of the region. Nil if the cloud's entry names none, or if other
    /// services cannot fetch from this cloud.
    public var name: String?

    public init(keystoneURL: String, name: String?) {
        // Tools differ: some append the version, some a slash.
        self.keystoneURL = ServiceAddress.inOneSpelling(
            keystoneURL, versions: ["/v3/auth/tokens", "/v3", "/v2.0"])
        self.name = name
    }

    /// True if both have the same Keystone, and so the same projects.
    public func sharesKeystone(with other: CloudRegion?) -> Bool {
        keystoneURL == other?.keystoneURL
    }

    /// True if both are different regions of one Keystone.
    public func isSibling(of other: CloudRegion?) -> Bool {
        sharesKeystone(with: other) && name != nil && name != other?.name
    }
}
