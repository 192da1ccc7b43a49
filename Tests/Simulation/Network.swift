// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import GlanceModel
import HTTPTransport

/// The network of one process: exchanges take time, and some fail, before or after they had their
/// effect.
struct Network: Carrier {
    let world: World
    let life: Life
    let host: Host
    /// A bug that is planted between the process and its network.
    var planted: PlantedBug?

    /// The interval between the looks of an endless wait: a few of them fill the time of a
    /// start.
    private static let patienceMilliseconds: Int64 = 60_000

    private enum Fault {
        case unreachable, lostBefore, lostAfter, gatewayAfter, tokenEnds
        case status(Int)
    }

    func send(_ request: HTTPRequest) async throws(TranshipError) -> HTTPResponse {
        let fault = fault(of: request)
        if request.url.hasSuffix("/import") { sendsTo(request) }
        let response: HTTPResponse
        do {
            response = try await exchange(request, fault)
        } catch {
            guard planted == .createsAgainAfterALostAnswer, error.code == .connectionLost,
                let again = request.withoutID
            else { throw error }
            response = try await exchange(again, nil)
        }
        world.say("\(request.shownShortly) → \(response.status)")
        return response
    }

    private func exchange(
        _ request: HTTPRequest, _ fault: Fault?
    ) async throws(TranshipError) -> HTTPResponse {
        try await before(request, fault)
        if case .status(let status) = fault { return unwilling(status) }
        try life.step()
        if request.method != .get, request.method != .head, !request.url.hasSuffix("/tokens") {
            world.changes += 1
        }
        let response = await world.answer(request, from: host)
        let (place, path, _) = World.parts(request.url)
        let told =
            request.method == .get && path.count == 3
            ? world.clouds[place]?.record(path[2]) : nil
        try life.step()
        await pause()
        try goesOn()
        switch fault {
        case .lostAfter:
            world.say("\(request.shownShortly) → \(response.status), and the answer is lost")
            throw lost(request)
        case .gatewayAfter:
            world.say("\(request.shownShortly) → \(response.status), and a proxy says 502")
            return HTTPResponse.refusal(502, "Bad Gateway")
        default:
            var said = try await world.said(response, to: request)
            try goesOn()
            if let planted {
                while planted.waits(for: said) {
                    await world.timeline.sleep(Self.patienceMilliseconds)
                    try goesOn()
                }
                if planted.asksAgain(said, to: request) {
                    await world.timeline.sleep(Self.patienceMilliseconds)
                    return try await exchange(request, nil)
                }
                said = try planted.believe(said, to: request)
            }
            if let told { world.clouds[place]?.isSeen(told, by: host) }
            return said
        }
    }

    func download(
        _ request: HTTPRequest, into ring: ByteRing,
        onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
    ) async throws(TranshipError) -> HTTPResponse {
        let fault = fault(of: request)
        try await before(request, fault)
        if case .status(let status) = fault { return unwilling(status) }
        try life.step()
        let answer = world.data(request)
        var (head, bytes) = (world.lied(answer.head, to: request), answer.bytes)
        world.say("\(request.shownShortly) → \(head.status), \(bytes.count) bytes")
        guard head.isSuccess else { return head }
        var position = head.status == 200 ? part(request, of: bytes, &head) : 0
        guard head.isSuccess else { return head }
        var isCut = false
        if world.isLying { isCut = try lie(request, &head, &bytes, &position) }
        var end = bytes.count
        var isNoticed = true
        if answer.source?.breaksOff ?? false {
            end = max(position, bytes.count / 2)
        } else if world.happens(), position < bytes.count {
            end = position + world.chance.below(bytes.count - position)
            // A body without a declared length that ends early looks complete, unless the caller
            // knows its length.
            if world.chance.happens(0.3), answer.source != nil, head.status == 200 {
                isNoticed = request.bodyBytesMax != nil && !request.declaredLengthCounts
                head.headers["Content-Length"] = nil
            }
        } else if world.happens(0.5), let source = answer.source, !bytes.isEmpty,
            source.promise != .none
        {
            world.say("… and they are damaged on their way")
            bytes[world.chance.below(bytes.count)] ^= 0x10
        }
        try onResponse(head)
        while position < end {
            try life.step()
            let count = min(end - position, 1 + world.chance.below(65_536))
            try bytes[position..<position + count].withUnsafeBytes { span in
                Result { () throws(TranshipError) in try ring.write(span) }
            }.get()
            position += count
            await pause()
            try goesOn()
        }
        if let failure = ring.failure { throw failure }
        if end < bytes.count || (answer.source?.breaksOff ?? false), isNoticed {
            world.say("\(request.shownShortly) breaks after \(end) bytes")
            guard world.chance.happens(0.5) else { throw lost(request) }
            throw TranshipError(
                .sourceTruncated, "\(request.shownShortly): \(end) of \(bytes.count) bytes came",
                isTransient: true)
        }
        if world.isLying { try ended(request, head, bytes, isCut: isCut) }
        return head
    }

    /// Returns the position at which the body begins: services and stores handle ranges in
    /// different ways.
    private func part(
        _ request: HTTPRequest, of bytes: [UInt8], _ head: inout HTTPResponse
    ) -> Int {
        guard let range = request.headers["Range"],
            let first = Int(range.dropFirst("bytes=".count).dropLast())
        else { return 0 }
        guard first < bytes.count else {
            head = HTTPResponse.refusal(416)
            return 0
        }
        // Some servers do not support ranges, and some only claim to.
        let manner = world.isCalm ? 2 : world.chance.below(12)
        if manner == 0 { return 0 }
        head.status = 206
        head.headers["Content-Range"] = "bytes \(first)-\(bytes.count - 1)/\(bytes.count)"
        if manner == 1 { return 0 }
        head.headers["Content-Length"] = String(bytes.count - first)
        return first
    }

    func upload(
        _ request: HTTPRequest, from ring: ByteRing, sizeBytes: Int64?
    ) async throws(TranshipError) -> HTTPResponse {
        let fault = fault(of: request)
        sendsTo(request)
        try await before(request, fault)
        if case .status(let status) = fault { return unwilling(status) }
        try life.step()
        let (place, path, _) = World.parts(request.url)
        guard let cloud = world.clouds[place] else { return HTTPResponse(status: 404) }
        if let early = world.liar?.earlyAnswer(at: place) { return early }
        if world.happens(0.2) {
            return HTTPResponse.refusal(
                413, world.chance.happens(0.5) ? "the quota is exceeded" : "it is too large")
        }
        let work: Int
        switch cloud.beginBody(request, from: host) {
        case .taking(let number): work = number
        case .answered(let response):
            world.say("\(request.shownShortly) → \(response.status)")
            return try await world.said(response, to: request)
        }
        world.changes += 1
        world.say("\(request.shownShortly) begins")
        let body: [UInt8]
        do throws(TranshipError) {
            body = try await sent(ring, sizeBytes, request)
        } catch {
            world.say("\(request.shownShortly) breaks: \(error.message)")
            cloud.breakBody(path[2], work)
            throw error
        }
        if world.isLying { world.watch.rows = await world.rows(of: host) }
        let response = cloud.endBody(request, work, body)
        world.say("\(request.shownShortly) → \(response.status), \(body.count) bytes")
        try life.step()
        await pause()
        try goesOn()
        if response.status == 415, world.chance.happens(0.5) { throw lost(request) }
        switch fault {
        case .lostAfter: throw lost(request)
        case .gatewayAfter: return HTTPResponse.refusal(504, "Gateway Timeout")
        default: return try await world.said(response, to: request)
        }
    }

    private func sendsTo(_ request: HTTPRequest) {
        let (place, path, _) = World.parts(request.url)
        if request.method != .get, path.count > 2 {
            world.clouds[place]?.isSentTo(path[2], by: host)
        }
    }

    /// Returns the bytes that come out of the ring until it ends.
    private func sent(
        _ ring: ByteRing, _ sizeBytes: Int64?, _ request: HTTPRequest
    ) async throws(TranshipError) -> [UInt8] {
        var body: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let breaksAt = world.happens() ? world.chance.below(100_000) : Int.max
        // Some connections are so slow that other hosts may consider the sender dead.
        if world.hosts.count > 1, world.happens() {
            await world.timeline.sleep(world.chance.milliseconds(60_000...900_000))
            try goesOn()
        }
        while true {
            try life.step()
            let count = try buffer.withUnsafeMutableBytes { span in
                Result { () throws(TranshipError) in try ring.readNow(into: span) }
            }.get()
            if let count, count > 0 { body += buffer.prefix(count) }
            if count == 0 { break }
            if body.count > breaksAt { throw lost(request) }
            await pause()
            try goesOn()
        }
        if let sizeBytes, sizeBytes != body.count {
            throw TranshipError(
                .sourceTruncated, "\(body.count) of \(sizeBytes) bytes were to be sent",
                isTransient: true)
        }
        return body
    }

    // MARK: What goes wrong

    private func fault(of request: HTTPRequest) -> Fault? {
        if world.isDown(request) {
            let isCloud = World.parts(request.url).host != Scenario.fileHost
            return isCloud ? .status(503) : .unreachable
        }
        guard world.happens() else { return nil }
        switch world.chance.below(12) {
        case 0: return .unreachable
        case 1, 2: return .lostBefore
        case 3, 4, 5: return .lostAfter
        case 6: return .gatewayAfter
        case 7: return .tokenEnds
        default: return .status(world.chance.pick([503, 500, 429, 504]))
        }
    }

    private func before(
        _ request: HTTPRequest, _ fault: Fault?
    ) async throws(TranshipError) {
        try goesOn()
        await pause()
        try goesOn()
        while world.isSilent(request) {
            await world.timeline.sleep(Self.patienceMilliseconds)
            try goesOn()
        }
        switch fault {
        case .unreachable:
            throw TranshipError(
                .unreachable, "\(request.shownShortly): cannot connect", isTransient: true)
        case .lostBefore: throw lost(request)
        case .tokenEnds: world.clouds[World.parts(request.url).host]?.endToken()
        default: break
        }
    }

    private func unwilling(_ status: Int) -> HTTPResponse {
        var response = HTTPResponse.refusal(status, "try again later")
        if status == 429 { response.headers["Retry-After"] = "2" }
        return response
    }

    private func lost(_ request: HTTPRequest) -> TranshipError {
        TranshipError(
            .connectionLost, "\(request.shownShortly): connection reset", isTransient: true)
    }

    private func pause() async {
        let range: ClosedRange<Int64> = world.chance.happens(0.05) ? 100...3000 : 0...20
        await world.timeline.sleep(world.chance.milliseconds(range))
    }

    private func goesOn() throws(TranshipError) {
        try life.check()
        if Task.isCancelled { throw TranshipError(wrapping: CancellationError()) }
    }
}

extension HTTPRequest {
    /// The same request to create an image, but with an id that the service chooses.
    fileprivate var withoutID: HTTPRequest? {
        guard method == .post, url.hasSuffix("/v2/images"), let body,
            case .object(var fields) = JSONValue(text: body)
        else { return nil }
        fields["id"] = nil
        var request = self
        request.body = JSONValue.object(fields).text
        return request
    }

    /// The method, host and path.
    fileprivate var shownShortly: String { "\(method.rawValue) \(url.dropFirst(7))" }
}
