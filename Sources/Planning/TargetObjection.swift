// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// The reasons why a target cannot accept a new image, by the facts that its service reports.
///
/// Pure. A copy that is already at the target is not checked: the service may have changed since.
struct TargetObjection {
    let offer: TargetOffer
    /// The time of planning, if the target renames earlier versions; nil if it does not.
    var renamesAtUnixSeconds: Int64?

    func objection(to item: PlanItem) -> TranshipError? {
        formats(item.record) ?? required(item.record) ?? version(item.record) ?? name(item)
            ?? rights(item)
    }

    /// The longest name that the schema of the Image service allows, in Unicode scalars.
    private static let nameScalarsMax = 255

    /// Checks the names. The service would refuse a new name only after the data is read, and the
    /// name of an earlier version only when the next version comes.
    private func name(_ item: PlanItem) -> TranshipError? {
        guard var name = item.record.shownName else { return nil }
        var words = "its name"
        if case .nameTaken(_, .rename) = item.reason {
            words = "the name that `on_conflict: rename` gives it"
        }
        if let renamesAtUnixSeconds, item.source.isOfSeries {
            name = EarlierName.text(
                name, of: item.source, madeAtUnixSeconds: renamesAtUnixSeconds)
            words = "the name that `previous: rename` gives it once it is an earlier version"
        }
        let count = name.unicodeScalars.count
        guard count > Self.nameScalarsMax else { return nil }
        return TranshipError(
            .refused,
            "\(words) has \(count) characters, and a name has \(Self.nameScalarsMax) at most",
            hint: "set a `name` in the `image` of the source or of the target that is shorter by "
                + "\(count - Self.nameScalarsMax)")
    }

    private func required(_ record: PlannedRecord) -> TranshipError? {
        let missing = offer.requiredProperties.filter {
            record.properties[$0] == nil && record.references[$0] == nil
        }
        guard !missing.isEmpty else { return nil }
        return TranshipError(
            .refused, "the target requires the properties \(missing.joined(separator: ", "))",
            hint:
                "set them with `properties: { set: { \(missing[0]): … } }` in the target's `image`")
    }

    private func formats(_ record: PlannedRecord) -> TranshipError? {
        if let format = record.diskFormat, !offer.diskFormats.isEmpty,
            !offer.diskFormats.contains(format)
        {
            return TranshipError(
                .refused,
                "the target does not accept disk_format \(format), only "
                    + offer.diskFormats.joined(separator: ", "),
                hint: Self.bootPartHint(format)
                    ?? (Nearest.to(format, in: offer.diskFormats).map { "did you mean \($0)? " }
                        ?? "")
                    + "convert the image to one of them (qemu-img convert) and copy that, or leave "
                    + "it out")
        }
        if let format = record.containerFormat, !offer.containerFormats.isEmpty,
            !offer.containerFormats.contains(format)
        {
            return TranshipError(
                .refused,
                "the target does not accept container_format \(format), only "
                    + offer.containerFormats.joined(separator: ", "),
                hint: Self.bootPartHint(format)
                    ?? "unpack the image and copy its disk, or leave it out")
        }
        return nil
    }

    /// The hint for a format that no conversion changes: kernel, ramdisk, or the disk that boots
    /// with them. Nil for other formats.
    private static func bootPartHint(_ format: String) -> String? {
        let part: String
        switch format {
        case "aki": part = "a kernel, not a disk"
        case "ari": part = "a ramdisk, not a disk"
        case "ami": part = "a disk that boots only with a kernel of its own"
        default: return nil
        }
        return "ask the operator of the target to accept \(format), or leave the image out: it is "
            + "\(part), so no conversion helps"
    }

    /// Checks the version of the API: 2.5 (Ocata) has the visibilities `community` and `shared`,
    /// 2.7 (Rocky) has hidden images.
    private func version(_ record: PlannedRecord) -> TranshipError? {
        guard let minor = offer.minorVersion else { return nil }
        if minor < 7, record.isHidden {
            return TranshipError(
                .refused,
                "the image is hidden, and API 2.\(minor) of the target does not support hidden "
                    + "images",
                hint: "set `hidden: false` in the target's `image` to copy the image unhidden")
        }
        if minor < 5, record.visibility == .community || record.visibility == .shared {
            return TranshipError(
                .refused,
                "the image's visibility is \(record.visibility), and API 2.\(minor) of the target "
                    + "supports only public and private",
                hint: "set `visibility: private` in the target's `image`")
        }
        return nil
    }

    /// Checks the access rules of an application credential. The service answers 401 to requests
    /// that they do not allow.
    private func rights(_ item: PlanItem) -> TranshipError? {
        var needed = ["POST /v2/images", "GET /v2/images/*"]
        switch item.method {
        case .upload: needed += ["PUT /v2/images/*/file"]
        case .glanceDirect: needed += ["PUT /v2/images/*/stage", "POST /v2/images/*/import"]
        case .webDownload, .glanceDownload: needed += ["POST /v2/images/*/import"]
        }
        if item.record.visibility != .private || item.record.isHidden || item.record.isProtected {
            needed += ["PATCH /v2/images/*"]
        }
        let denied = needed.filter(offer.deniedRequests.contains)
        guard !denied.isEmpty else { return nil }
        return TranshipError(
            .refused,
            "the access rules of the target's application credential lack "
                + denied.joined(separator: ", "),
            hint: "use an application credential with rules for these requests of service image, "
                + "or one without access rules")
    }
}

extension PlanItem {
    /// The notes about amounts that the service may refuse. It does not report its limits, so these
    /// are the defaults.
    var quotaNotes: [Note] {
        var notes: [Note] = []
        let properties = record.propertyCount
        if properties > 128 {
            notes.append(.manyProperties(count: properties))
        }
        if record.tags.count > 128 {
            notes.append(.manyTags(count: record.tags.count))
        }
        return notes
    }
}
