// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// What the refusal of one image at a target teaches about the others of a run.
///
/// Limits and formats of a service cannot all be asked for. The first image that meets one pays for
/// it, and the rest are refused without a request and before their source is opened.
struct Lessons: Sendable {
    private struct Formats: Hashable {
        var disk: String?
        var container: String?
    }

    private var formats: [Formats: TranshipError] = [:]
    /// The most properties that were accepted by the service's own words, and its error.
    private var properties: (max: Int, error: TranshipError)?
    private var tags: (max: Int, error: TranshipError)?
    /// The service takes no image data from us.
    private var noData: TranshipError?

    /// Why the service would refuse a record; nil if nothing is known.
    func objection(to record: PlannedRecord) -> TranshipError? {
        if let noData { return Self.again(noData) }
        let pair = Formats(disk: record.diskFormat, container: record.containerFormat)
        if let error = formats[pair] { return Self.again(error) }
        if let properties, record.propertyCount > properties.max {
            return Self.again(Self.hinting(properties.error, record))
        }
        if let tags, record.tags.count > tags.max { return Self.again(tags.error) }
        return nil
    }

    /// Learns from a refused record. Returns the error with a hint that fits its cause.
    mutating func learn(from error: TranshipError, record: PlannedRecord) -> TranshipError {
        guard let answer = error.answer else { return error }
        let words = answer.message.lowercased()
        switch error.code {
        case .badRequest where Self.isAboutFormats(words, record):
            let known = error.hinting(
                "`tranship doctor` lists the formats that the target takes; convert the image "
                    + "(qemu-img convert), or leave it out")
            formats[.init(disk: record.diskFormat, container: record.containerFormat)] = known
            return known
        case .quotaExceeded where words.contains("propert"):
            properties = (Self.maximum(in: words) ?? record.propertyCount - 1, error)
            return Self.hinting(error, record)
        case .quotaExceeded where words.contains("tag"):
            let known = error.hinting(
                "drop some of the \(record.tags.count) tags with `tags: { drop: [...] }` in the "
                    + "target's `image`; the limit is the target's image_tag_quota")
            tags = (Self.maximum(in: words) ?? record.tags.count - 1, known)
            return known
        case .forbidden where words.contains(Origin.propertyName):
            return error.hinting(Self.withoutMarker("let this user set that property"))
        default:
            return error
        }
    }

    /// Learns from a refused body. Data itself is judged image by image, rights are not.
    mutating func learn(fromBody error: TranshipError) {
        if error.code == .forbidden, error.answer?.status == 401 { noData = error }
    }

    private static func isAboutFormats(_ words: String, _ record: PlannedRecord) -> Bool {
        if words.contains("disk_format") || words.contains("container_format") { return true }
        return [record.diskFormat, record.containerFormat].compactMap { $0?.lowercased() }
            .contains { words.contains("'\($0)' is not one of") }
    }

    /// The number after `Maximum:`; nil without one.
    private static func maximum(in words: String) -> Int? {
        guard let place = words.firstRange(of: "maximum: ") else { return nil }
        return Int(words[place.upperBound...].prefix { $0.isNumber })
    }

    private static func hinting(_ error: TranshipError, _ record: PlannedRecord) -> TranshipError {
        guard maximum(in: error.answer?.message.lowercased() ?? "") != 0, record.propertyCount > 1
        else {
            return error.hinting(withoutMarker("raise the target's image_property_quota"))
        }
        return error.hinting(
            "our marker \(Origin.propertyName) is one of the \(record.propertyCount) properties; drop "
                + "others with `properties: { drop: [...] }` in the target's `image`; the limit is "
                + "the target's image_property_quota")
    }

    private static func withoutMarker(_ cure: String) -> String {
        "nothing is copied without our marker \(Origin.propertyName): a later run could not tell the "
            + "copy from another image, and would copy it again or leave half of it behind; ask "
            + "the target's operator to \(cure)"
    }

    private static func again(_ error: TranshipError) -> TranshipError {
        error.whileDoing("not sent, as the target refused another image of this run")
    }
}
