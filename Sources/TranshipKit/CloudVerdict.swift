// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import OpenStackImage

/// The verdict on a cloud as a source or as a target, by its answers. Only one byte of the newest
/// image is read, and nothing is written: a policy of the cloud may still refuse a request.
public struct CloudVerdict: Sendable, Hashable {
    public let isYes: Bool
    /// The reasons for a no, or the limits of a yes.
    public let reasons: [String]
}

/// The images that a pipeline without conditions would copy: the active ones of the project, except
/// hidden ones and snapshots.
public struct CloudStock: Sendable, Hashable {
    /// The maximum number of images that are read from the list.
    static let imagesMax = 10_000

    public internal(set) var images = 0
    public internal(set) var sizeBytes: Int64 = 0
    /// The number of images for each disk format, with "none" for images without one.
    public internal(set) var diskFormats: [String: Int] = [:]
    /// The number of images for each container format.
    public internal(set) var containerFormats: [String: Int] = [:]
    /// True if the list has more images than were read.
    public internal(set) var isCut = false
    /// The newest image with data.
    var newest: Image?

    /// Counts the images of the session's project.
    static func count(
        _ session: CloudSession, isLegacy: Bool, project: String?
    ) async throws(TranshipError) -> CloudStock {
        var stock = CloudStock()
        try await OwnImage.each(of: session, isLegacy: isLegacy, project: project) { image in
            stock.add(image)
            return !stock.isCut
        }
        return stock
    }

    private mutating func add(_ image: OwnImage) {
        if newest == nil, image.sizeBytes ?? 0 > 1 { newest = image.record }
        images += 1
        sizeBytes = sizeBytes.clampedSum(image.sizeBytes ?? 0)
        diskFormats[image.diskFormat ?? "none", default: 0] += 1
        containerFormats[image.containerFormat ?? "none", default: 0] += 1
        isCut = images >= Self.imagesMax
    }

    /// The size of the stock in words, such as `12 images of the project, 3.4 GiB`.
    public var words: String {
        (isCut ? "more than " : "")
            + "\(counted(images, "image")) of the project, \(ByteCount.format(sizeBytes))"
    }
}

extension CloudExamination {
    /// The verdict on the cloud as a source.
    public var asSource: CloudVerdict {
        let lacking = lacking(
            isLegacy
                ? [("GET", "/v1/images/detail"), ("GET", "/v1/images/*")]
                : [("GET", "/v2/images"), ("GET", "/v2/images/*"), ("GET", "/v2/images/*/file")])
        if !lacking.isEmpty { return CloudVerdict(isYes: false, reasons: lacking) }
        guard let stock else { return CloudVerdict(isYes: false, reasons: [unlisted]) }
        if let refusal = ranges.refusal {
            return CloudVerdict(
                isYes: false,
                reasons: [refusal, "by default, that takes the role member in its project"])
        }
        var reasons =
            stock.images == 0
            ? ["the project owns no image; `owner: any` selects those of others"] : [stock.words]
        if isLegacy { reasons.append("by Images API v1") }
        if stock.newest == nil, project.roles == ["reader"] {
            reasons.append(
                "no image shows whether the role reader may read data; by default, that takes the "
                    + "role member")
        }
        return CloudVerdict(isYes: true, reasons: reasons)
    }

    /// The verdict on the cloud as a target.
    public var asTarget: CloudVerdict {
        guard !isLegacy else {
            let speaksBoth = versions.contains { $0.major >= 2 }
            return CloudVerdict(
                isYes: false,
                reasons: [
                    speaksBoth
                        ? "its entry has image_api_version: 1, and a target needs v2: remove that key"
                        : "it speaks Images API v1 only, and a target needs v2"
                ])
        }
        var against = lacking([
            ("GET", "/v2/images"), ("POST", "/v2/images"), ("GET", "/v2/images/*"),
            ("PATCH", "/v2/images/*"), ("PUT", "/v2/images/*/file"),
        ])
        if project.roles == ["reader"] {
            against.append("the role reader may not create images; it takes the role member")
        }
        if !offer.stores.isEmpty, offer.writableStores.isEmpty {
            against.append("all of its stores are read-only")
        }
        for quota in offer.quotas where quota.limit >= 0 && quota.used >= quota.limit {
            against.append(
                "the quota \(quota.name) is used up: \(quota.used) of \(quota.limit)")
        }
        // Planning begins with the list of a target.
        if stock == nil, against.isEmpty { against.append(unlisted) }
        if !against.isEmpty { return CloudVerdict(isYes: false, reasons: against) }
        var limits = offer.quotas.filter { $0.limit >= 0 }.map { quota in
            "the quota \(quota.name) leaves \(quota.limit - quota.used)"
        }
        if !offer.requiredProperties.isEmpty {
            limits.append(
                "images need the properties " + offer.requiredProperties.joined(separator: ", "))
        }
        return CloudVerdict(isYes: true, reasons: limits)
    }

    private var unlisted: String { listingTrouble ?? "it does not list its images" }

    /// The features that the Image service's default policies reserve for administrators. Empty if
    /// our user is one.
    public var needsAdmin: [String] {
        guard !project.isAdmin, authURL != nil else { return [] }
        return [
            "`visibility: public` at a target", "`image: { owner: … }` at a target",
            "images of other projects that are not shared with this one",
            "the data of deactivated images", "tasks and caches",
        ]
    }

    /// Returns remarks on those requests that the access rules of an application credential do not
    /// allow.
    private func lacking(_ requests: [(method: String, path: String)]) -> [String] {
        guard let rules = project.accessRules else { return [] }
        let denied = requests.filter { method, path in
            !rules.allows(method, path.replacing("*", with: "0"))
        }.map { "\($0.method) \($0.path)" }
        return denied.isEmpty
            ? []
            : [
                "the access rules of the application credential lack "
                    + denied.joined(separator: ", ")
            ]
    }
}
