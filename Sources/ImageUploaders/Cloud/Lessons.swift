// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
public import MigrationModel

/// The lessons from the refusal of one image at a target for the other images of a run.
///
/// A service does not report all of its limits and formats. The first image that breaks one is
/// refused by the service; further ones are refused here, without a request and before their source
/// is opened.
struct Lessons: Sendable {
    private struct Formats: Hashable {
        var disk: String?
        var container: String?
    }

    private var formats: [Formats: TranshipError] = [:]
    /// A limit of the service: the one in its message, or one less than the number that it refused.
    private struct Limit {
        var max: Int
        var isTold: Bool
        let error: TranshipError

        init(_ error: TranshipError, refused count: Int) {
            let told = LimitWords.maximum(in: error.answer?.message ?? "")
            max = told ?? count - 1
            isTold = told != nil
            self.error = error
        }

        /// - Parameter things: the counted things for the message, such as `properties`.
        func objection(to count: Int, _ things: String, hint: String) -> TranshipError? {
            guard count > max else { return nil }
            let words = isTold ? "takes at most \(max)" : "refused \(max + 1) as too many"
            return TranshipError(
                error.code,
                "not sent, as the target refused another image of this run: this one has \(count) "
                    + "\(things), and the target \(words)",
                hint: hint, answer: error.answer)
        }
    }

    private var properties: Limit?
    private var tags: Limit?
    private var members: Limit?
    /// The error after which nothing is sent: the service takes no image data from us, or none of
    /// its new records can take data.
    private var noData: TranshipError?

    /// Returns the reason why the service would refuse a record; nil if none is known.
    func objection(to record: PlannedRecord) -> TranshipError? {
        if let noData { return Self.again(noData) }
        let pair = Formats(disk: record.diskFormat, container: record.containerFormat)
        if let error = formats[pair] { return Self.again(error) }
        return properties?.objection(
            to: record.propertyCount, "properties with our marker",
            hint: Self.propertyHint(record, max: properties?.max))
            ?? tags?.objection(to: record.tags.count, "tags", hint: Self.tagHint(record))
    }

    /// Returns the reason why the service would refuse to share a copy; nil if none is known.
    func objection(toMembers projects: [String]) -> TranshipError? {
        members?.objection(to: projects.count, "members", hint: Self.memberHint)
    }

    /// Learns from a refused member. Returns the error with all members that the copy should have.
    mutating func learn(
        fromMember error: TranshipError, of projects: [String]
    ) -> TranshipError {
        guard error.code == .quotaExceeded, error.answer != nil else { return error }
        members = Limit(error, refused: projects.count)
        return error.whileDoing(
            "sharing it with \(projects.count) projects (\(Self.list(projects)))"
        ).hinting(Self.memberHint)
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
            properties = Limit(error, refused: record.propertyCount)
            return error.whileDoing("its record has \(record.propertyCount) properties")
                .hinting(Self.propertyHint(record, max: LimitWords.maximum(in: words)))
        case .quotaExceeded where words.contains("tag"):
            tags = Limit(error, refused: record.tags.count)
            return error.whileDoing("its record has \(record.tags.count) tags")
                .hinting(Self.tagHint(record))
        case .forbidden where words.contains(Origin.propertyName):
            return error.hinting(Origin.withoutMarker("let this user set that property"))
        default:
            return error
        }
    }

    /// Learns from a refused body. Each image's data is judged alone, but missing rights concern
    /// all.
    mutating func learn(fromBody error: TranshipError) {
        if error.code == .forbidden, error.answer?.status == 401 { noData = error }
    }

    /// Learns that all new records are broken.
    mutating func learn(fromRecords error: TranshipError) { noData = error }

    private static func isAboutFormats(_ words: String, _ record: PlannedRecord) -> Bool {
        if words.contains("disk_format") || words.contains("container_format") { return true }
        return [record.diskFormat, record.containerFormat].compactMap { $0?.lowercased() }
            .contains { words.contains("'\($0)' is not one of") }
    }

    /// - Parameter max: the limit; nil if the service does not report it.
    private static func propertyHint(_ record: PlannedRecord, max: Int?) -> String {
        guard max != 0, record.propertyCount > 1 else {
            return Origin.withoutMarker("raise the target's image_property_quota")
        }
        let keys = (Array(record.properties.keys) + record.references.keys).sorted()
        return
            "our marker \(Origin.propertyName) is one of the \(record.propertyCount) properties; "
            + "drop others with `properties: { drop: [...] }` in the target's `image` "
            + "(\(list(keys))); the limit is the target's image_property_quota"
    }

    private static func tagHint(_ record: PlannedRecord) -> String {
        "drop some of the \(record.tags.count) tags with `tags: { drop: [...] }` in the target's "
            + "`image` (\(list(record.tags.sorted()))); the limit is the target's image_tag_quota"
    }

    private static let memberHint =
        "ask the target's operator to raise image_member_quota and run again, or copy such images "
        + "with `members: drop` in the target's `image`"

    private static let listedMax = 10

    private static func list(_ words: [String]) -> String {
        let more = words.count > listedMax ? " and \(words.count - listedMax) more" : ""
        return words.prefix(listedMax).map { $0.cut(to: 64) }.joined(separator: ", ") + more
    }

    private static func again(_ error: TranshipError) -> TranshipError {
        error.whileDoing("not sent, as the target refused another image of this run")
    }
}

/// The lessons from refusals by one Image service in a run. Its targets share them: if each project
/// has a token of its own, the image of one project teaches all.
public final class TargetLessons: Sendable {
    private let lessons = Guarded(Lessons())

    public init() {}

    func objection(to transfer: Transfer) -> TranshipError? {
        lessons.withLock {
            $0.objection(to: transfer.record) ?? $0.objection(toMembers: transfer.memberProjects)
        }
    }

    func learn(from error: TranshipError, record: PlannedRecord) -> TranshipError {
        lessons.withLock { $0.learn(from: error, record: record) }
    }

    /// Returns the error with all members that the copy should have.
    public func learn(fromMember error: TranshipError, of transfer: Transfer) -> TranshipError {
        lessons.withLock { $0.learn(fromMember: error, of: transfer.memberProjects) }
    }
}

extension Transfer {
    /// The projects that the copy should be shared with; empty until the source has named them.
    fileprivate var memberProjects: [String] {
        record.visibility == .shared ? record.sharedProjects(for: members, owner: ownerID) : []
    }
}
