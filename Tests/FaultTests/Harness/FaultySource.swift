// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import TestSupport

/// The fault of a source.
struct SourceFault: Sendable {
    /// The number of readings with the fault; then the source is sound.
    var times = 1
    /// The ETag that the source shows; nil for none.
    var tag: String? = "\"one\""
    /// True if the pipeline names no checksum.
    var isUnpromised = false
    /// True if `HEAD` reports no length.
    var hidesLength = false
    /// True if the source is read by https.
    var isTLS = false
    /// The pipeline's own keys for this source.
    var keys = ""
    /// Returns the reply in place of the sound answer to a reading; nil for the sound answer.
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

    /// The number of times for a fault in every reading, as long as the fault is on.
    static let always = Int.max
    static let none = SourceFault(times: 0) { _ in nil }
}

/// A web server with one file, which supports ranges and validators, and has one fault.
final class FaultySource: Sendable {
    /// One request for the file's data.
    struct Reading: Sendable {
        let request: ReceivedRequest
        let data: [UInt8]
        /// The number of the reading since the server's start, from 0.
        let number: Int
        /// The first requested byte.
        let start: Int
        /// The address of another server of this test.
        let elsewhere: String

        var isRange: Bool { request[header: "range"] != nil }
        var half: [UInt8] { Array(data[start..<max(start, data.count / 2)]) }

        /// The head of a sound answer; its length is that of the data from `start`.
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

    /// Ends the fault.
    func heal() { state.withLock { $0.isOn = false } }

    var url: String { server.url }
    var port: UInt16 { server.port }

    /// The requests to this server; the ones to the other server are separate.
    var requests: [ReceivedRequest] { server.requests }
    var requestsElsewhere: [ReceivedRequest] { other.requests }

    /// Returns the start in `bytes=N-`, the only form that these tests receive.
    private static func start(of request: ReceivedRequest) -> Int {
        guard let range = request[header: "range"], range.hasPrefix("bytes=") else { return 0 }
        return Int(range.dropFirst(6).prefix { $0.isNumber }) ?? 0
    }

    /// Returns the whole file, or the requested range if the file is still the same.
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
