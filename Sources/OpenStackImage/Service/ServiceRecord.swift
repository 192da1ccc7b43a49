// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A record of the Image service. Its properties read the keys that this library knows; the rest
/// is in ``record``.
public protocol ServiceRecord: Sendable, Hashable {
    /// The key that every record has, with a text.
    static var idKey: String { get }

    /// The record as the service sent it.
    var record: [String: JSONValue] { get }

    /// Does not check the record; ``init(json:)`` does.
    init(record: [String: JSONValue])
}

extension ServiceRecord {
    public static var idKey: String { "id" }

    /// UTC, such as `2026-11-21T03:04:05Z`. API v1 writes it without an offset.
    public var createdAt: String? { record["created_at"]?.string }
    /// UTC, as ``createdAt``.
    public var updatedAt: String? { record["updated_at"]?.string }

    /// Only the key ``idKey`` is required: old services know fewer keys, and any value may be null.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` without that key.
    public init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, record[Self.idKey]?.string != nil else {
            throw TranshipError(
                .invalidAnswer, "the service sent a record without a text in \"\(Self.idKey)\"")
        }
        self.init(record: record)
    }

    /// The text of the key that every record has.
    var idText: String { record[Self.idKey]?.string ?? "" }

    /// The records of a list. Skips those without the key that every record has.
    static func list(_ json: JSONValue?) -> [Self] {
        (json?.array ?? []).compactMap { try? Self(json: $0) }
    }
}

/// One page of a list.
struct RecordPage<Record: ServiceRecord>: Sendable {
    let records: [Record]
    /// The query of the link to the next page. Nil on an empty page, whatever its link says.
    let nextQuery: String?

    /// - Parameter key: of the list in the answer.
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue, key: String, asked: String) throws(TranshipError) {
        guard let list = json[key]?.array else {
            throw TranshipError(
                .invalidAnswer, "the answer to \(asked) holds no list named \"\(key)\"")
        }
        var records: [Record] = []
        records.reserveCapacity(list.count)
        for record in list { records.append(try Record(json: record)) }
        self.records = records
        nextQuery = records.isEmpty ? nil : PageLink.query(json["next"]?.string)
    }
}

/// The `next` link of a list.
///
/// The service writes its own path into the link. Behind a proxy that is not the path to request,
/// so only the query is used.
enum PageLink {
    /// The text after the question mark; nil without one.
    static func query(_ link: String?) -> String? {
        guard let link, let mark = link.firstIndex(of: "?") else { return nil }
        let query = link[link.index(after: mark)...].prefix { $0 != "#" }
        return query.isEmpty ? nil : String(query)
    }
}

extension ImageService {
    /// Sends a small request whose answer is a record.
    func sendForRecord<Record: ServiceRecord>(
        _ request: ServiceRequest
    ) async throws(TranshipError) -> Record {
        try Record(json: try await sendForJSON(request))
    }

    /// As ``sendForRecord(_:)``, but nil for 404.
    func sendForRecordIfKnown<Record: ServiceRecord>(
        _ request: ServiceRequest
    ) async throws(TranshipError) -> Record? {
        guard let json = try await sendForJSONIfKnown(request) else { return nil }
        return try Record(json: json)
    }

    /// Sends a small request whose answer is a page of a list.
    func sendForPage<Record: ServiceRecord>(
        _ request: ServiceRequest, key: String
    ) async throws(TranshipError) -> RecordPage<Record> {
        try RecordPage(json: try await sendForJSON(request), key: key, asked: request.asked)
    }

    /// The records of all pages of a list.
    func sendForAllPages<Record: ServiceRecord>(
        _ request: ServiceRequest, key: String
    ) async throws(TranshipError) -> [Record] {
        var page: RecordPage<Record> = try await sendForPage(request, key: key)
        var records = page.records
        // A link that was followed before would never end.
        var followed: Set<String> = []
        while let next = page.nextQuery, followed.insert(next).inserted {
            page = try await sendForPage(
                ServiceRequest(.get, request.path, rawQuery: next), key: key)
            records += page.records
        }
        return records
    }

    /// Deletes what is at a path.
    func sendDelete(_ path: String, missingIsFine: Bool) async throws(TranshipError) {
        try await send(
            ServiceRequest(.delete, path), expecting: missingIsFine ? [204, 404] : [204])
    }
}
