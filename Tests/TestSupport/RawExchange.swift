// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation

/// One request at a server, while a reply handles it.
public final class RawExchange {
    public let request: ReceivedRequest
    let socket: RawSocket
    private let log: RequestLog
    private let index: Int
    private var isBodyRead: Bool
    private var isClosing = false

    init(_ request: ReceivedRequest, _ socket: RawSocket, _ log: RequestLog) {
        var request = request
        let length = request[header: "content-length"].flatMap { Int64($0) } ?? 0
        isBodyRead = request[header: "transfer-encoding"] == nil && length == 0
        request.isComplete = isBodyRead
        self.request = request
        self.socket = socket
        self.log = log
        index = log.add(request)
    }

    /// The request with the part of its body that was read.
    public var received: ReceivedRequest { log.all[index] }

    var canGoOn: Bool { isBodyRead && !isClosing }

    /// Reads the body to its end, or the given number of its bytes.
    ///
    /// - Parameter each: gets the payload piece by piece, as it arrives.
    /// - Returns: false if the body has no well-formed end.
    @discardableResult
    public func readBody(
        atMost limit: Int64 = .max, each: ([UInt8]) -> Void = { _ in }
    ) -> Bool {
        guard !isBodyRead, let digest = try? StreamingDigest(.sha256) else { return isBodyRead }
        var rest = limit
        func take(_ count: Int64) -> Bool {
            var left = count
            while left > 0, rest > 0 {
                let part = Int(min(left, rest, 256 << 10))
                guard let bytes = socket.read(atMost: part) else { return false }
                bytes.withUnsafeBytes { digest.update($0) }
                each(bytes)
                left -= Int64(bytes.count)
                rest -= Int64(bytes.count)
                let kept = log.keptBodyBytes
                log.change(index) { request in
                    request.bodyBytes += Int64(bytes.count)
                    request.body += bytes.prefix(max(0, kept - request.body.count))
                }
            }
            return left == 0
        }
        let isWhole: Bool
        if let length = request[header: "content-length"].flatMap({ Int64($0) }) {
            isWhole = take(length)
        } else {
            isWhole = readChunks(take) { rest > 0 }
        }
        guard isWhole else { return false }
        isBodyRead = true
        let sha256 = try? digest.finish().value
        log.change(index) { request in
            request.isComplete = true
            request.sha256 = sha256
        }
        return true
    }

    private func readChunks(_ take: (Int64) -> Bool, while goesOn: () -> Bool) -> Bool {
        while goesOn(), let line = socket.readLine() {
            guard let count = Int64(line.prefix { $0.isHexDigit }, radix: 16) else { return false }
            if count == 0 { return socket.readLine() == "" }
            guard take(count), socket.readLine() == "" else { return false }
        }
        return false
    }

    /// Sends bytes without changes; returns false if the client has gone.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool { socket.write(bytes) }

    @discardableResult
    public func send(_ text: String) -> Bool { socket.write(Array(text.utf8)) }

    /// Sends the status line and the headers, without additions.
    public func sendHead(_ status: Int, _ headers: [(String, String)] = []) {
        let lines = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        send("HTTP/1.1 \(status) \(reason(status))\r\n\(lines)\r\n")
    }

    /// Closes the connection after this reply, even with unread bytes.
    public func close() { isClosing = true }

    /// Resets the connection after this reply.
    public func reset() {
        socket.resetOnClose()
        isClosing = true
    }

    /// Sends nothing until the client leaves or the server stops.
    public func hang() {
        isClosing = true
        socket.waitForEnd()
    }

    private func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 204: "No Content"
        case 409: "Conflict"
        default: "Status"
        }
    }
}
