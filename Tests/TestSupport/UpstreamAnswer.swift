// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The answer of a real service to a request that a server of ours passed on.
public struct UpstreamAnswer: Sendable {
    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

extension RawExchange {
    /// Passes the request on to the real service and returns its answer.
    ///
    /// - Parameter limit: the number of bytes of the body to pass. If that is less than all, the
    ///   connection to the service breaks at that point, and there is no answer.
    public func pass(
        to url: String, bodyBytes limit: Int64 = .max, each: (Int64) -> Void = { _ in }
    ) -> UpstreamAnswer? {
        guard let upstream = RawSocket(connectingTo: url) else { return nil }
        defer { Foundation.close(upstream.fd) }
        let isChunked = request[header: "transfer-encoding"] != nil
        upstream.send(
            method: request.method, target: request.target, headers: request.headers)
        var passed: Int64 = 0
        let isWhole = readBody(atMost: limit) { bytes in
            if isChunked { upstream.write(Array("\(String(bytes.count, radix: 16))\r\n".utf8)) }
            upstream.write(bytes)
            if isChunked { upstream.write([13, 10]) }
            passed += Int64(bytes.count)
            each(passed)
        }
        guard isWhole else {
            upstream.resetOnClose()
            return nil
        }
        if isChunked { upstream.write(Array("0\r\n\r\n".utf8)) }
        return upstream.answer(to: request.method)
    }

    /// Begins to pass the request on and does not end it: the service waits for the rest of the
    /// body as long as the returned value exists.
    public func begin(at url: String, bodyBytes limit: Int64) -> UnfinishedBody? {
        guard let upstream = RawSocket(connectingTo: url) else { return nil }
        let isChunked = request[header: "transfer-encoding"] != nil
        upstream.send(
            method: request.method, target: request.target, headers: request.headers)
        readBody(atMost: limit) { bytes in
            if isChunked { upstream.write(Array("\(String(bytes.count, radix: 16))\r\n".utf8)) }
            upstream.write(bytes)
            if isChunked { upstream.write([13, 10]) }
        }
        return UnfinishedBody(upstream.fd)
    }

    /// Passes an answer on to the client.
    public func answer(_ answer: UpstreamAnswer) {
        let framing: Set<String> = ["connection", "transfer-encoding", "content-length"]
        var headers = answer.headers.filter { !framing.contains($0.name.lowercased()) }
            .map { ($0.name, $0.value) }
        if answer.status != 204 { headers.append(("Content-Length", "\(answer.body.count)")) }
        sendHead(answer.status, headers)
        if request.method != "HEAD" { send(answer.body) }
    }

    /// Sends a request of the test itself, with the token of the client that sent this one.
    public func ask(
        _ method: String, _ target: String, of url: String, mediaType: String? = nil,
        body: [UInt8] = []
    ) -> UpstreamAnswer? {
        guard let upstream = RawSocket(connectingTo: url) else { return nil }
        defer { Foundation.close(upstream.fd) }
        var headers: [(name: String, value: String)] = [
            ("Host", "127.0.0.1"), ("Content-Length", "\(body.count)"),
        ]
        if let token = request[header: "x-auth-token"] { headers.append(("X-Auth-Token", token)) }
        if let mediaType { headers.append(("Content-Type", mediaType)) }
        upstream.send(method: method, target: target, headers: headers)
        upstream.write(body)
        return upstream.answer(to: method)
    }
}

/// A body whose rest a service still waits for.
public final class UnfinishedBody: Sendable {
    private let fd: Int32

    init(_ fd: Int32) { self.fd = fd }

    deinit { close(fd) }
}

extension RawSocket {
    fileprivate func send(
        method: String, target: String, headers: [(name: String, value: String)]
    ) {
        let lines = headers.filter { $0.name.lowercased() != "connection" }
            .map { "\($0.name): \($0.value)\r\n" }.joined()
        write(Array("\(method) \(target) HTTP/1.1\r\n\(lines)Connection: close\r\n\r\n".utf8))
    }

    fileprivate func answer(to method: String) -> UpstreamAnswer? {
        // The status line is parsed as a request line, so the status is in the place of the path.
        guard let head = readHead(), let status = Int(head.path) else { return nil }
        var answer = UpstreamAnswer(status: status, headers: head.headers, body: [])
        if method == "HEAD" || status == 204 { return answer }
        if head[header: "transfer-encoding"] != nil {
            while let line = readLine(), let count = Int(line.prefix { $0.isHexDigit }, radix: 16),
                count > 0
            {
                guard let bytes = read(exactly: count), readLine() == "" else { return nil }
                answer.body += bytes
            }
            return answer
        }
        if let length = head[header: "content-length"].flatMap({ Int($0) }) {
            guard let bytes = read(exactly: length) else { return nil }
            answer.body = bytes
            return answer
        }
        while let bytes = read(atMost: 64 << 10) { answer.body += bytes }
        return answer
    }

    private func read(exactly count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = read(atMost: count - bytes.count) else { return nil }
            bytes += more
        }
        return bytes
    }
}
