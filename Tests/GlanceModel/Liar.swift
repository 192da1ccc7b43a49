// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
package import HTTPTransport

/// Changes whole answers of a service, by a seed: the lies of a service that is broken, hostile, or
/// of another kind than it claims.
///
/// Some lies come from time to time. A habit is a lie in every answer of one kind, since many
/// faults show only if a service repeats itself. The same seed and the same answers give the same
/// lies.
package struct Liar: Sendable {
    /// The faults of an answer.
    package enum Lie: CaseIterable, Sendable {
        // Faults of the head.
        case status, redirect, headerDropped, headerRepeated, headerOdd, otherMediaType
        // Faults of the body as a whole.
        case empty, cut, garbage, page, deep, long, twice, echo
        // Faults of fields in the record, or in a record of the list.
        case fieldDropped, fieldsDropped, fieldRetyped, fieldNumber, fieldLong, fieldOdd
        case fieldWord, fieldSwapped, digestsDropped
        // Faults of lists.
        case listReversed, listRepeated, listEmpty, nextCircle, nextForEver
        // Answers to other requests.
        case wrongID, otherRecord, earlierAnswer
    }

    package private(set) var chance: Chance
    /// The probability that an answer is a lie.
    private let rate: Double
    private let habit: Habit?
    /// The hosts that lie.
    private let places: Set<String>
    private var earlier: [Earlier] = []
    private var pages = 0

    private struct Habit: Sendable {
        var kind: String
        var lie: Lie
        var seed: UInt64
    }

    private struct Earlier: Sendable {
        var kind: String
        var target: String
        var response: HTTPResponse
    }

    private static let earlierMax = 12
    private static let pagesMax = 200
    /// Kinds of answers that a habit can be about; see ``kind(of:)``.
    private static let kinds = [
        "GET image", "GET image", "GET images", "GET tasks", "GET import", "POST images",
        "POST import", "PATCH image", "PUT file", "POST tokens", "GET file", "HEAD", "GET url",
    ]

    /// Habits that affect the value of a copy's proof, or whether a start ever ends.
    private static let tellingHabits: [(String, Lie)] = [
        ("GET image", .digestsDropped), ("GET image", .fieldNumber), ("GET image", .garbage),
        ("GET image", .fieldWord), ("GET images", .fieldNumber), ("GET images", .digestsDropped),
        ("GET tasks", .empty), ("PUT file", .status), ("GET file", .headerOdd),
    ]

    /// Factors by which lies are rarer in answers that can end a start before any image is copied.
    /// Otherwise the later steps would never be tested.
    private static let doors: [String: Double] = [
        "POST tokens": 20, "GET info": 10, "GET import": 10, "GET images": 4,
    ]

    /// - Parameter places: the hosts; some of them lie.
    package init(_ given: Chance, places: [String]) {
        var chance = given
        rate = chance.pick([0.01, 0.05, 0.15, 0.4])
        if chance.happens(0.5) {
            let (kind, lie) =
                chance.happens(0.3)
                ? chance.pick(Self.tellingHabits)
                : (chance.pick(Self.kinds), chance.pick(Lie.allCases))
            habit = Habit(kind: kind, lie: lie, seed: chance.next())
        } else {
            habit = nil
        }
        let liars = places.filter { _ in chance.happens(0.6) }
        self.places = Set(liars.isEmpty ? places : liars)
        self.chance = chance
    }

    /// The words about the liar in the log of a seed.
    package var words: String {
        "lies \(rate), of \(places.sorted().joined(separator: ", "))"
            + (habit.map { "; always \($0.lie) in answers to \($0.kind)" } ?? "")
    }

    /// Returns true if the service only claims to have performed the request.
    package mutating func pretends(_ request: HTTPRequest, at place: String) -> Bool {
        places.contains(place) && request.method != .get && chance.happens(rate / 4)
    }

    /// Returns the time that an answer takes; nil for the usual time.
    package mutating func delayMilliseconds(at place: String) -> Int64? {
        guard places.contains(place), chance.happens(rate / 10) else { return nil }
        return chance.milliseconds(1000...600_000)
    }

    /// Returns an answer that the service gives before the body of an upload; nil if it waits for
    /// the body.
    package mutating func earlyAnswer(at place: String) -> HTTPResponse? {
        guard places.contains(place), chance.happens(rate / 10) else { return nil }
        return HTTPResponse(status: chance.pick([302, 400, 403, 409, 413, 500, 507]))
    }

    /// Returns the body of a download, which may be a lie.
    package mutating func data(_ truth: [UInt8], at place: String) -> [UInt8] {
        guard places.contains(place), chance.happens(rate) else { return truth }
        switch chance.below(6) {
        case 0: return truth + truth
        case 1: return truth + [0]
        case 2: return Array(truth.dropLast())
        case 3: return Array(truth.reversed())
        case 4: return []
        default: return chance.bytes(chance.pick([1, 1000, 300_000]))
        }
    }

    /// Returns the service's answer in place of the truth; the truth if it does not lie this time.
    ///
    /// - Returns: the answer, and the lies in it.
    package mutating func answer(
        _ truth: HTTPResponse, to request: HTTPRequest, at place: String
    ) -> (response: HTTPResponse, lies: [Lie]) {
        guard places.contains(place) else { return (truth, []) }
        let kind = Self.kind(of: request)
        var said = truth
        var lies: [Lie] = []
        if let habit, habit.kind == kind {
            var repeated = Chance(habit.seed)
            tell(habit.lie, &said, request, kind, &repeated)
            lies.append(habit.lie)
        }
        var own = chance
        while lies.count < 3, own.happens(rate / (Self.doors[kind] ?? 1)) {
            let lie = own.pick(Lie.allCases)
            tell(lie, &said, request, kind, &own)
            lies.append(lie)
        }
        chance = own
        earlier.append(Earlier(kind: kind, target: request.url, response: truth))
        if earlier.count > Self.earlierMax { earlier.removeFirst() }
        return (said, lies)
    }

    /// Returns the method, with the kind of the path.
    private static func kind(of request: HTTPRequest) -> String {
        let path = ModelRequest(request.method, request.url.withoutRoot).path
        guard path.first == "v2" || path.last == "tokens" else {
            return request.method == .head ? "HEAD" : "GET url"
        }
        let isImage = path.count > 1 && path[1] == "images"
        let part =
            path.count > 3
            ? path[3] : path.count == 3 ? isImage ? "image" : path[1] : "images"
        let word = path.last == "tokens" ? "tokens" : path.contains("import") ? "import" : part
        return "\(request.method.rawValue) \(word)"
    }

    // MARK: The lies

    private mutating func tell(
        _ lie: Lie, _ said: inout HTTPResponse, _ request: HTTPRequest, _ kind: String,
        _ chance: inout Chance
    ) {
        switch lie {
        case .status: said.status = chance.pick(Self.statuses)
        case .redirect:
            said.status = chance.pick([301, 302, 303, 307, 308])
            said.headers["Location"] = chance.pick(Self.places + [request.url])
        case .headerDropped:
            guard !said.headers.fields.isEmpty else { return }
            said.headers[chance.pick(said.headers.fields).name] = nil
        case .headerRepeated:
            guard !said.headers.fields.isEmpty else { return }
            let field = chance.pick(said.headers.fields)
            said.headers[field.name] = chance.pick(Self.oddHeaders)
            said.headers.add(field.name, field.value)
        case .headerOdd:
            said.headers[chance.pick(Self.headerNames)] = chance.pick(Self.oddHeaders)
        case .otherMediaType: said.headers["Content-Type"] = "text/html; charset=ebcdic"
        case .empty, .cut, .garbage, .page, .deep, .long, .twice, .echo:
            changeBody(lie, &said, request, &chance)
        case .fieldDropped, .fieldsDropped, .fieldRetyped, .fieldNumber, .fieldLong, .fieldOdd,
            .fieldWord, .fieldSwapped, .digestsDropped, .listReversed, .listRepeated, .listEmpty,
            .wrongID:
            LyingFields.change(lie, &said, &chance)
        case .nextCircle, .nextForEver: link(lie, &said, request, &chance)
        case .otherRecord:
            let others = earlier.filter { $0.kind == kind && $0.target != request.url }
            if !others.isEmpty { said = chance.pick(others).response }
        case .earlierAnswer:
            let same = earlier.filter { $0.target == request.url }
            if !same.isEmpty { said = chance.pick(same).response }
        }
    }

    private func changeBody(
        _ lie: Lie, _ said: inout HTTPResponse, _ request: HTTPRequest, _ chance: inout Chance
    ) {
        switch lie {
        case .empty: said.body = []
        case .cut: said.body = Array(said.body.prefix(chance.below(said.body.count + 1)))
        case .garbage:
            said.body =
                chance.happens(0.5) ? chance.bytes(200) : Array(chance.pick(Self.bodies).utf8)
        case .page:
            said.body = Array("<html><head><title>Sign in</title></head><h1>Hello</h1>".utf8)
            said.headers["Content-Type"] = "text/html"
        case .deep:
            let open = chance.pick(["[", #"{"images":"#, #"{"error":"#])
            said.body = Array(String(repeating: open, count: 20_000).utf8)
        case .long:
            said.body =
                Array(#"{"images":["#.utf8) + Array(repeating: [48, 44], count: 30_000).joined()
            said.body += Array("0]}".utf8)
        case .twice: said.body += said.body
        case .echo:
            said.status = chance.pick([400, 401, 403, 404, 409, 500, 503])
            said.body = Self.echo(request, asJSON: chance.happens(0.5))
        default: break
        }
    }

    /// Returns a page that shows the refused request, as debug pages and some proxies do.
    private static func echo(_ request: HTTPRequest, asJSON: Bool) -> [UInt8] {
        let fields = request.headers.fields.map { "\($0.name): \($0.value)" }
        let lines = ["\(request.method.rawValue) \(request.url)"] + fields
        let body = String(decoding: (request.body ?? []).prefix(2000), as: UTF8.self)
        let text = "refused: \(lines.joined(separator: " ")) \(body)"
        return asJSON ? JSONValue.object(["message": .string(text)]).text : Array(text.utf8)
    }

    private mutating func link(
        _ lie: Lie, _ said: inout HTTPResponse, _ request: HTTPRequest, _ chance: inout Chance
    ) {
        guard case .object(var list) = JSONValue(text: said.body),
            let images = list["images"]?.array
        else { return }
        // A process may read 100,000 pages, which takes too long for a test. But it has to notice a
        // circle.
        guard lie == .nextCircle || pages < Self.pagesMax else { return }
        pages += 1
        if lie == .nextForEver {
            list["next"] = .string("/v2/images?limit=1&never=\(pages)")
        } else {
            // Two or three pages link to each other in a circle.
            let number = chance.happens(0.5) ? pages % 2 : pages % 3
            list["next"] = .string("/v2/images?limit=1&circle=\(number)")
        }
        if images.isEmpty, let record = earlier.last(where: { $0.kind == "GET image" }),
            let image = JSONValue(text: record.response.body)
        {
            list["images"] = [image]
        }
        said.body = JSONValue.object(list).text
    }

    private static let statuses = [
        200, 201, 202, 203, 204, 205, 206, 226, 300, 304, 400, 401, 402, 403, 404, 405, 408, 409,
        410, 411, 412, 413, 414, 415, 416, 418, 422, 425, 429, 431, 451, 500, 501, 502, 503, 504,
        505, 507, 511, 599,
    ]
    private static let places = [
        "", "/", "http://elsewhere/", "file:///etc/passwd", "ftp://elsewhere/x", "//elsewhere",
        "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://u:p@elsewhere/",
        "http://files/img0.raw", "nonsense", "http://", "https://alpha/v2/images",
    ]
    private static let headerNames = [
        "Content-Length", "Content-Range", "Content-Type", "Content-Encoding", "Retry-After",
        "Date",
        "ETag", "Last-Modified", "X-Subject-Token", "X-OpenStack-Request-ID", "Accept-Ranges",
        "OpenStack-image-import-methods", "OpenStack-image-store-ids", "Content-Disposition",
        "Location",
    ]
    private static let oddHeaders = [
        "", "0", "-1", "1", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "99999999999999999999999", "1e9", "0x10", "NaN", "soon", "gzip", ",,,", "bytes */*",
        "bytes 0-0/1", "bytes 5-1/9223372036854775807", "bytes 0-9223372036854775807/*",
        "bytes 9223372036854775807-9223372036854775807/9223372036854775807", "\"\"", "W/\"x\"",
        "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 99 Foo 99999999999 99:99:99 GMT", "attachment; filename=\"../../etc/passwd\"",
        String(repeating: "x", count: 20_000),
    ]
    private static let bodies = [
        "null", "[]", "{}", "0", "-1", "\"\"", "true", "{", "}", "[", "\u{FEFF}{}", "1e999",
        "{\"images\":null}", "{\"images\":[null]}", "{\"images\":[[]]}", "{\"images\":{}}",
        "{\"token\":null}", "{\"token\":{}}", "{\"tasks\":0}", "{\"error\":{\"message\":\"\"}}",
        "{\"id\":\"\"}", "{\"id\":null}", "{\"id\":\"../../x\"}",
    ]
}

extension String {
    /// The path and query of an absolute URL.
    var withoutRoot: String {
        guard let start = firstRange(of: "://")?.upperBound,
            let slash = self[start...].firstIndex(of: "/")
        else { return "" }
        return String(self[slash...])
    }
}
