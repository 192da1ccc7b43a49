// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import GlanceModel
import HTTPTransport

/// The server that publishes a new version now and then, with a list of checksums.
///
/// `@unchecked Sendable`: only the thread of its timeline touches it.
final class Publisher: @unchecked Sendable {
    struct Version: Sendable {
        /// The number of the version, from 1, in the order of publication.
        var number: Int
        /// The name of the file. A version that is published under the same name has the name of
        /// the last one.
        var file: String
        var sha256: String
        var data: Scenario.Source
    }

    private(set) var versions: [Version] = []
    /// The event of this night.
    var event = Nights.Event.nothing
    /// The requests that already met the mirror that lacks the file.
    private var missed: Set<String> = []
    private var chance: Chance

    init(_ chance: Chance) {
        self.chance = chance
    }

    func publish(underTheSameName: Bool) throws(TranshipError) {
        let number = versions.count + 1
        let isLong = chance.happens(0.1)
        // The first byte of a version is never that of a web page or a known format.
        let bytes = [0xA5] + chance.bytes(100 + chance.below(isLong ? 150_000 : 3000))
        let source = Scenario.Source(
            number: 0, isURL: true, bytes: bytes, promise: .sha256, lies: false, breaksOff: false,
            visibility: "public", isProtected: false, isHidden: false, kernel: nil,
            md5: try digest(.md5, of: bytes).value, sha512: try digest(.sha512, of: bytes).value)
        let last = versions.last?.file
        versions.append(
            Version(
                number: number, file: underTheSameName ? last ?? "" : "disk-\(number).raw",
                sha256: try digest(.sha256, of: bytes).value, data: source))
    }

    /// Returns the number of the version with this data; nil for data that was never published.
    func number(of data: [UInt8]?) -> Int? {
        versions.last { $0.data.bytes == data }?.number
    }

    /// True if the two latest versions have different file names.
    var hasOtherNameBefore: Bool {
        versions.count > 1 && versions[versions.count - 2].file != versions.last?.file
    }

    /// Prepares another start: mirrors answer in turn again.
    func begins() { missed = [] }

    private var offered: Version? {
        event == .goesBackwards ? versions.dropLast().last : versions.last
    }

    private var listed: Version? {
        event == .listIsStale ? versions.dropLast().last : offered
    }

    // MARK: Answers

    func answer(_ request: HTTPRequest, _ path: [String]) -> HTTPResponse {
        let file = path.first ?? ""
        if event == .overloaded { return .refusal(503, "later") }
        if event == .mirrorLacksFiles, missed.insert(file).inserted { return .refusal(404) }
        if file == Nights.list { return list(request) }
        guard let data = data(of: file) else { return .refusal(404) }
        if event == .dataIsPage { return Self.page }
        return HTTPResponse(
            status: 200,
            headers: [
                "Content-Length": String(data.bytes.count), "ETag": "\"\(data.md5)\"",
            ])
    }

    /// Returns the answer and the bytes of a download.
    func download(
        _ request: HTTPRequest, _ path: [String]
    ) -> (head: HTTPResponse, bytes: [UInt8], source: Scenario.Source?) {
        var head = answer(request, path)
        let body = head.body
        head.body = []
        guard head.status == 200, event != .dataIsPage, let source = data(of: path.first ?? "")
        else { return (head, body, nil) }
        return (head, source.given, source)
    }

    /// Returns the data that the publisher delivers for a file.
    func data(of file: String) -> Scenario.Source? {
        let earlier = versions.dropLast().last { $0.file == file }
        let version = event == .dataIsStale ? earlier : offered
        guard let version, version.file == file else { return nil }
        var source = version.data
        source.lies = event == .otherData || event == .truncated
        source.breaksOff = event == .truncated
        return source
    }

    private func list(_ request: HTTPRequest) -> HTTPResponse {
        if event == .listIsMissing { return .refusal(404) }
        if event == .listIsPage { return Self.page }
        guard let listed else { return .refusal(404) }
        let tag = "\"list-\(listed.number)\""
        if request.headers["If-None-Match"] == tag {
            return HTTPResponse(status: 304, headers: ["ETag": tag])
        }
        return HTTPResponse(
            status: 200, headers: ["ETag": tag],
            body: Array("\(listed.sha256)  \(listed.file)\n".utf8))
    }

    private static var page: HTTPResponse {
        let body = Array("<html><body>Down for maintenance</body></html>".utf8)
        return HTTPResponse(
            status: 200,
            headers: ["Content-Type": "text/html", "Content-Length": String(body.count)],
            body: body)
    }
}
