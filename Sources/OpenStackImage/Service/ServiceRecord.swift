// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A record of the Image service. Its properties read the keys that this library knows; all keys
/// are in ``record``.
public protocol ServiceRecord: Sendable, Hashable {
    /// The key with a text that every record has.
    static var idKey: String { get }

    /// The types of the values that decide something; see ``valueFault``.
    static var valueTypes: KeyValuePairs<String, ValueType> { get }

    /// The record as the service sent it.
    var record: [String: JSONValue] { get }

    /// Creates a record without checking it; ``init(json:)`` checks it.
    init(record: [String: JSONValue])
}

extension ServiceRecord {
    public static var idKey: String { "id" }
    public static var valueTypes: KeyValuePairs<String, ValueType> { [:] }

    /// The time of creation in UTC, such as `2026-11-21T03:04:05Z`. API v1 writes it without an
    /// offset.
    public var createdAt: String? { record["created_at"]?.string }
    /// The time of the last change in UTC, as ``createdAt``.
    public var updatedAt: String? { record["updated_at"]?.string }

    /// The words about the first value in ``valueTypes`` that is neither null nor of its type. Nil
    /// if all values are right. If the value should be a number, its property is nil.
    ///
    /// Lists contain such a record nevertheless, so that one image of a stranger does not hide all
    /// others.
    public var valueFault: String? {
        guard let (key, type) = wrongValues.first else { return nil }
        let shown = String(decoding: (record[key] ?? .null).body, as: UTF8.self).cut(to: 100)
        return "record \(idText) has \(shown) as \"\(key)\", which is not \(type.words)"
    }

    /// The keys of all values that are not of their type.
    package var wrongKeys: [String] { wrongValues.map(\.key) }

    private var wrongValues: [(key: String, value: ValueType)] {
        Self.valueTypes.filter { key, type in
            guard let value = record[key], value != .null else { return false }
            return !type.matches(value)
        }
    }

    /// Returns the size or count at this key.
    func number(_ key: String) -> Int64? { OutsideNumber.read(record[key]) }

    /// Checks the types of the values.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` with the ``valueFault``.
    func checkValues() throws(TranshipError) {
        guard let valueFault else { return }
        throw TranshipError(.invalidAnswer, "the service lies or is damaged: \(valueFault)")
    }

    /// Reads a record. Only the key ``idKey`` is required: old services know fewer keys, and any
    /// value may be null.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` without that key, for a text that cannot be
    ///   an id, and for a ``valueFault``.
    public init(json: JSONValue) throws(TranshipError) {
        try self.init(listed: json)
        try checkValues()
    }

    /// Works as ``init(json:)``, but accepts a record with a ``valueFault``.
    init(listed json: JSONValue) throws(TranshipError) {
        guard let record = json.object, record[Self.idKey]?.string != nil else {
            throw TranshipError(
                .invalidAnswer, "the service sent a record without a text in \"\(Self.idKey)\"")
        }
        guard Self.idKey != "id" || OutsideID.read(record[Self.idKey]?.string) != nil else {
            let shown = String(decoding: (record[Self.idKey] ?? .null).body, as: UTF8.self)
            throw TranshipError(
                .invalidAnswer,
                "the service sent a record whose \"\(Self.idKey)\" is not an id: \(shown.cut(to: 100))",
                hint: "ask the operator of the service")
        }
        self.init(record: record)
    }

    /// The text of the key that every record has.
    var idText: String { record[Self.idKey]?.string ?? "" }

    /// Returns the records of a list. Skips records without the key that every record has.
    static func list(_ json: JSONValue?) -> [Self] {
        (json?.array ?? []).compactMap { try? Self(listed: $0) }
    }
}

/// One page of a list.
struct RecordPage<Record: ServiceRecord>: Sendable {
    let records: [Record]
    /// The query of the link to the next page. Nil on an empty page, even if it has a link.
    let nextQuery: String?

    /// Reads a page.
    ///
    /// - Parameter key: the key of the list in the answer.
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue, key: String, asked: String) throws(TranshipError) {
        guard let list = json[key]?.array else {
            throw TranshipError(
                .invalidAnswer, "the answer to \(asked) holds no list named \"\(key)\"")
        }
        var records: [Record] = []
        records.reserveCapacity(list.count)
        for record in list { records.append(try Record(listed: record)) }
        self.records = records
        nextQuery = records.isEmpty ? nil : PageLink.query(json["next"]?.string)
    }
}

/// The `next` link of a list.
///
/// The service writes its own path into the link. Behind a proxy, that may not be the path to
/// request, so only the query is used.
enum PageLink {
    /// Returns the text after the question mark; nil without one.
    static func query(_ link: String?) -> String? {
        guard let link, let mark = link.firstIndex(of: "?") else { return nil }
        let query = link[link.index(after: mark)...].prefix { $0 != "#" }
        return query.isEmpty ? nil : String(query)
    }
}

/// The links of a list that were followed. They reveal a list whose links lead back to an earlier
/// page, or on forever.
struct FollowedLinks: Sendable {
    /// The maximum number of pages, more than any list has: with 25 images each, the default of the
    /// service, 2.5 million images.
    static let pagesMax = 100_000
    /// The maximum number of entries in a list that is kept in memory.
    static let recordsMax = 100_000
    /// The maximum number of entries in a list that is read page by page, more than any list has.
    static let streamedMax = 2_500_000
    /// A page with fewer entries than this, and fewer than requested, is thin. The service names a
    /// next page only after a full one: with as many entries as were requested or as its operator
    /// allows (`api_limit_max`, 1000 by default; `limit_param_default`, 25), less those that its
    /// policy hides.
    static let thinRecords = 10
    /// The maximum number of thin pages in a row, more than any list has.
    static let thinPagesMax = 500

    /// The number of entries that each page was requested with; nil if the service chooses it.
    let limit: Int?
    /// The hashes of the links, so that a link of any length takes 8 bytes.
    private var seen: Set<Int> = []
    private var pages = 0
    private var thinPages = 0
    private var records = 0

    init(limit: Int? = nil) { self.limit = limit }

    /// Starts over with the links. Call it when the list goes on after another record than a link
    /// names, since links may then come again. The pages still count.
    mutating func begin() { seen = [] }

    /// Notes a link. Call it before the link is followed.
    ///
    /// - Parameter entries: the number of entries of the page with the link.
    /// - Throws: ``TranshipError/Code/invalidAnswer`` for a link that was followed before, for more
    ///   than ``pagesMax`` pages or ``streamedMax`` entries, and for more than ``thinPagesMax``
    ///   thin pages in a row.
    mutating func follow(
        _ link: String, of path: String, after entries: Int
    ) throws(TranshipError) {
        guard seen.insert(link.hashValue).inserted else {
            throw TranshipError(
                .invalidAnswer,
                "the list of GET \(path) leads back to a page that came before: "
                    + "\(link.cut(to: 200))",
                hint: "ask the operator of the service: its lists never end")
        }
        pages += 1
        guard pages <= Self.pagesMax else {
            throw TranshipError(
                .invalidAnswer, "the list of GET \(path) has more than \(Self.pagesMax) pages",
                hint: "ask the operator of the service, or set conditions that select fewer")
        }
        records += entries
        guard records <= Self.streamedMax else {
            throw TranshipError(
                .invalidAnswer, "the list of GET \(path) has more than \(Self.streamedMax) entries",
                hint: "ask the operator of the service, or set conditions that select fewer")
        }
        thinPages = entries < min(limit ?? Self.thinRecords, Self.thinRecords) ? thinPages + 1 : 0
        guard thinPages <= Self.thinPagesMax else {
            throw TranshipError(
                .invalidAnswer,
                "the list of GET \(path) does not end: it had \(pages) pages, the last "
                    + "\(thinPages) with fewer than \(Self.thinRecords) entries each",
                hint: "ask the operator of the service: a page that is not full is the last one")
        }
    }
}

extension ServiceRequest {
    /// The number of entries that a page is requested with; nil if the request does not contain it.
    var limit: Int? { query.first { $0.name == "limit" }.flatMap { Int($0.value) } }
}

extension ImageService {
    /// Sends a small request whose answer is a record.
    func sendForRecord<Record: ServiceRecord>(
        _ request: ServiceRequest
    ) async throws(TranshipError) -> Record {
        try Record(json: try await sendForJSON(request))
    }

    /// Works as ``sendForRecord(_:)``, but returns nil for a 404.
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

    /// Returns the records of all pages of a list, in memory.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` for a list that does not end, or has more
    ///   than 100,000 records.
    func sendForAllPages<Record: ServiceRecord>(
        _ request: ServiceRequest, key: String
    ) async throws(TranshipError) -> [Record] {
        var records: [Record] = []
        var (trail, links) = (PageTrail(), FollowedLinks(limit: request.limit))
        var request = request
        while true {
            let page: RecordPage<Record>
            do {
                page = try await sendForPage(request, key: key)
            } catch {
                guard let detour = trail.detour(around: request, after: error) else { throw error }
                request = detour
                links.begin()
                continue
            }
            records += trail.note(page.records)
            guard let next = page.nextQuery else { return records }
            try links.follow(next, of: request.path, after: page.records.count)
            guard records.count < FollowedLinks.recordsMax else {
                throw TranshipError(
                    .invalidAnswer,
                    "the list of GET \(request.path) has more than \(FollowedLinks.recordsMax) "
                        + "entries", hint: "set conditions that select fewer")
            }
            request = ServiceRequest(.get, request.path, rawQuery: next)
        }
    }

    /// Deletes the resource at a path.
    func sendDelete(_ path: String, missingIsFine: Bool) async throws(TranshipError) {
        try await send(
            ServiceRequest(.delete, path), expecting: missingIsFine ? [204, 404] : [204])
    }
}
