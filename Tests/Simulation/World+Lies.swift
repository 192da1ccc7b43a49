// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import HTTPTransport

extension World {
    /// Returns the answer that a process gets in place of the true one; without a ``liar``, the
    /// true one.
    ///
    /// - Throws: the transport's error for an answer that comes too late or is too long.
    func said(
        _ truth: HTTPResponse, to request: HTTPRequest
    ) async throws(TranshipError) -> HTTPResponse {
        guard isLying else { return truth }
        let place = World.parts(request.url).host
        if let delay = liar?.delayMilliseconds(at: place) {
            let most = Int64(request.timeoutSeconds) * 1000
            await timeline.sleep(min(delay, most))
            guard delay < most else {
                throw TranshipError(
                    .timedOut, "no answer within \(request.timeoutSeconds) s", isTransient: true)
            }
        }
        let said = lied(truth, to: request)
        guard said.body.count <= request.responseBytesMax else {
            throw TranshipError(.invalidAnswer, "the answer is too long")
        }
        return said
    }

    /// Returns the same for the head of a download, which is never late.
    func lied(_ truth: HTTPResponse, to request: HTTPRequest) -> HTTPResponse {
        guard isLying else { return truth }
        let place = World.parts(request.url).host
        var said = truth
        if let told = liar?.answer(truth, to: request, at: place) {
            said = told.response
            if !told.lies.isEmpty {
                let words = told.lies.map { "\($0)" }.joined(separator: ", ")
                say("LIE (\(words)): \(said.status) \(Self.shown(said))")
            }
        }
        watch.told.note(said, to: request)
        return said
    }

    private static func shown(_ response: HTTPResponse) -> String {
        let fields = response.headers.fields.map { "\($0.name): \($0.value.prefix(100))" }
        let body = String(decoding: response.body.prefix(1500), as: UTF8.self)
        return "\(fields.joined(separator: "; ")) | \(body)"
    }

    /// Values that no output, message or journal may contain.
    static let password = "canary-of-the-password"
    static let secrets = [password, "token-project-"]

    /// Searches the process's words for secrets.
    func check(_ words: String, _ place: String) {
        for secret in Self.secrets where words.contains(secret) {
            violation("\(place) shows a secret: \(words.prefix(500))")
        }
    }
}

extension Network {
    /// Applies the lies about the data of a download, and the transport's reactions.
    ///
    /// - Returns: true if the body is longer than the caller allows.
    func lie(
        _ request: HTTPRequest, _ head: inout HTTPResponse, _ bytes: inout [UInt8],
        _ position: inout Int
    ) throws(TranshipError) -> Bool {
        var isCut = false
        let place = World.parts(request.url).host
        if let data = world.liar?.data(bytes, at: place), data != bytes {
            world.say("LIE: \(data.count) other bytes")
            bytes = data
        }
        position = min(position, bytes.count)
        if let encoding = head.headers["Content-Encoding"], !encoding.isEmpty {
            throw TranshipError(.invalidAnswer, "the body is encoded (\(encoding))")
        }
        let declared = head.headers["Content-Length"].flatMap { Int($0) }
        // Bytes beyond the declared length do not belong to the answer.
        if let declared, declared >= 0, declared < bytes.count - position {
            bytes = Array(bytes.prefix(position + declared))
        }
        if [204, 205].contains(head.status) { bytes = Array(bytes.prefix(position)) }
        if let part = head.contentRange, part.countBytes < bytes.count - position {
            throw TranshipError(.rangeNotSatisfiable, "the body is longer than its Content-Range")
        }
        if let most = request.bodyBytesMax, Int64(bytes.count - position) > most {
            bytes = Array(bytes.prefix(position + Int(max(0, most))))
            isCut = true
        }
        return isCut
    }

    /// Checks the length of a finished download as the transport does.
    func ended(
        _ request: HTTPRequest, _ head: HTTPResponse, _ bytes: [UInt8], isCut: Bool
    ) throws(TranshipError) {
        let (place, path, _) = World.parts(request.url)
        if isCut { throw TranshipError(.sourceTruncated, "the body is longer than declared") }
        if let declared = head.headers["Content-Length"].flatMap({ Int($0) }),
            head.status == 200, declared > bytes.count
        {
            throw TranshipError(
                .sourceTruncated, "\(bytes.count) of \(declared) bytes came", isTransient: true)
        }
        if path.count > 2, head.status == 200 {
            world.watch.told.noteData(bytes, of: path[2], at: place)
        }
    }
}
