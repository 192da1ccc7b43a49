// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import TestSupport

/// What a source does wrong.
struct SourceFault: Sendable {
    /// How many readings meet it; then the source is sound.
    var times = 1
    /// The ETag that it shows; nil shows none.
    var tag: String? = "\"one\""
    /// The pipeline names no checksum.
    var isUnpromised = false
    /// `HEAD` reports no length.
    var hidesLength = false
    /// It is read by https.
    var isTLS = false
    /// The pipeline's own keys for this source.
    var keys = ""
    /// Instead of the sound answer to a reading; nil is the sound one after all.
    var reply: @Sendable (FaultySource.Reading) -> Reply?

    init(
        times: Int = 1, tag: String? = "\"one\"", isUnpromised: Bool = false,
        hidesLength: Bool = false, isTLS: Bool = false, keys: String = "",
        reply: @escaping @Sendable (FaultySource.Reading) -> Reply?
    ) {
        self.times = times
        self.tag = tag
        self.isUnpromised = isUnpromised
        self.hidesLength = hidesLength
        self.isTLS = isTLS
        self.keys = keys
        self.reply = reply
    }

    /// On every reading for as long as the fault is on.
    static let always = Int.max
    static let none = SourceFault(times: 0) { _ in nil }
}

/// A web server with one file, which knows ranges and validators, and one fault.
final class FaultySource: Sendable {
    /// One request for the file's data.
    struct Reading: Sendable {
        let request: ReceivedRequest
        let data: [UInt8]
        /// From 0, over the server's life.
        let number: Int
        /// The first byte that is asked for.
        let start: Int
        /// Where another server of this test listens.
        let elsewhere: String

        var isRange: Bool { request[header: "range"] != nil }
        var half: [UInt8] { Array(data[start..<max(start, data.count / 2)]) }

        /// Head of a sound answer; its length is what is left from `start`.
        var head: [(String, String)] { [("Content-Length", "\(data.count - start)")] }
    }

    private struct State {
        var isOn = true
        var readings = 0
    }

    let data: [UInt8]
    private let server: RawHTTPServer
    private let other: RawHTTPServer
    private let state: Guarded<State>

    init(_ fault: SourceFault, data: [UInt8]) throws {
        self.data = data
        let state = Guarded(State())
        self.state = state
        other = try RawHTTPServer { request in
            Self.sound(request, data: data, tag: fault.tag)
        }
        let elsewhere = other.url
        server = try RawHTTPServer { request in
            let (number, isOn) = state.withLock { state in
                let number = state.readings
                if !request.isLook { state.readings += 1 }
                return (number, state.isOn)
            }
            let reading = Reading(
                request: request, data: data, number: number, start: Self.start(of: request),
                elsewhere: elsewhere)
            if request.method == "HEAD", fault.hidesLength {
                let tag = fault.tag.map { [("ETag", $0)] } ?? []
                return Reply { exchange in
                    exchange.sendHead(200, tag + [("Connection", "close")])
                    exchange.close()
                }
            }
            let isFaulty = isOn && number < fault.times && !request.isLook
            if isFaulty, let wrong = fault.reply(reading) { return wrong }
            return Self.sound(request, data: data, tag: fault.tag)
        }
    }

    /// From now on nothing is wrong.
    func heal() { state.withLock { $0.isOn = false } }

    var url: String { server.url }
    var port: UInt16 { server.port }

    /// What the server was asked, and what the one elsewhere was.
    var requests: [ReceivedRequest] { server.requests }
    var requestsElsewhere: [ReceivedRequest] { other.requests }

    /// `bytes=N-`, the only form that anybody here sends.
    private static func start(of request: ReceivedRequest) -> Int {
        guard let range = request[header: "range"], range.hasPrefix("bytes=") else { return 0 }
        return Int(range.dropFirst(6).prefix { $0.isNumber }) ?? 0
    }

    /// The whole file or the range that was asked for, if the file is still the same.
    private static func sound(_ request: ReceivedRequest, data: [UInt8], tag: String?) -> Reply {
        var headers: [(String, String)] = [("Accept-Ranges", "bytes")]
        if let tag { headers.append(("ETag", tag)) }
        let start = start(of: request)
        let isSame = request[header: "if-range"].map { $0 == tag } ?? true
        guard request[header: "range"] != nil, isSame, start < data.count else {
            headers.append(("Content-Length", "\(data.count)"))
            return .status(200, headers: headers, body: data)
        }
        headers.append(("Content-Range", "bytes \(start)-\(data.count - 1)/\(data.count)"))
        return .status(206, headers: headers, body: Array(data[start...]))
    }
}
