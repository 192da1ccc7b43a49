// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
internal import Foundation
package import OpenStackImage

/// The record of an image in an archive.
package struct ArchiveRecord: Sendable, Hashable {
    /// The record in the form of the Image service
    /// (<https://docs.openstack.org/api-ref/image/v2/#show-image>).
    package var fields: [String: JSONValue]
    /// The projects that the image is shared with, in the form of the Image service: `member_id`
    /// and `status`.
    package var members: [[String: JSONValue]]
    /// The origin of the image, for people.
    package var source: [String: JSONValue]

    package init(
        fields: [String: JSONValue], members: [[String: JSONValue]] = [],
        source: [String: JSONValue] = [:]
    ) {
        self.fields = fields
        self.members = members
        self.source = source
    }

    package var image: Image { Image(record: fields) }

    /// The project ids of ``members`` with their answers.
    package var memberAnswers: [(id: String, status: String?)] {
        members.compactMap { member in
            member["member_id"]?.string.map { ($0, member["status"]?.string) }
        }
    }

    // MARK: JSON

    private static let imageKey = "image"
    private static let membersKey = "members"
    private static let sourceKey = "source"
    private static let valuesMax = 20_000

    /// Reads a record.
    ///
    /// - Parameters:
    ///   - id: the id from the name of the file; the record must have the same one.
    ///   - place: the path of the file, for messages.
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(_ bytes: [UInt8], id: ArchivedID, place: String) throws(TranshipError) {
        func problem(_ words: String) -> TranshipError { Self.problem(place, words) }
        if let excess = bytes.withUnsafeBytes({
            JSONBounds.excess(of: $0, valuesMax: Self.valuesMax)
        }) {
            throw problem(excess)
        }
        guard let json = Self.json(bytes) else { throw problem("is not JSON") }
        guard let fields = json[Self.imageKey]?.object else {
            throw problem("has no object \"\(Self.imageKey)\"")
        }
        guard fields["id"]?.string == id.text else {
            let shown = (fields["id"]?.string ?? "").cut(to: 100)
            throw problem("is of another image: its \"id\" is \"\(shown)\"")
        }
        let members = try Self.members(json[Self.membersKey], place)
        self.init(
            fields: fields, members: members, source: json[Self.sourceKey]?.object ?? [:])
        if let fault = image.valueFault { throw problem("is damaged: \(fault)") }
        guard fields["status"]?.string != nil else { throw problem("has no text \"status\"") }
    }

    /// Returns the list of members; an empty one for a record without the list.
    private static func members(
        _ json: JSONValue?, _ place: String
    ) throws(TranshipError) -> [[String: JSONValue]] {
        guard let json, json != .null else { return [] }
        guard let list = json.array else {
            throw problem(place, "is damaged: \"\(membersKey)\" is not a list")
        }
        var members: [[String: JSONValue]] = []
        for json in list {
            guard let member = try? Member(json: json) else {
                throw problem(
                    place, "is damaged: \"\(membersKey)\" has an entry that is not a member")
            }
            members.append(member.record)
        }
        return members
    }

    static func problem(_ place: String, _ words: String) -> TranshipError {
        TranshipError(
            .invalidAnswer, "the record \(place) \(words)",
            hint: "restore it from a copy of the archive, or remove the record and its data")
    }

    /// The bytes of the record's file.
    ///
    /// - Throws: ``TranshipError/Code/refused`` if the record has a number that JSON cannot
    ///   express.
    var bytes: [UInt8] {
        get throws(TranshipError) {
            try Self.bytes(
                .object([
                    Self.imageKey: .object(fields),
                    Self.membersKey: .array(members.map { .object($0) }),
                    Self.sourceKey: .object(source),
                ]))
        }
    }

    static func json(_ bytes: [UInt8]) -> JSONValue? {
        try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    }

    static func bytes(_ json: JSONValue) throws(TranshipError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(json) else {
            throw TranshipError(.refused, "the record has a number that JSON cannot say")
        }
        return Array(data) + [UInt8(ascii: "\n")]
    }
}
