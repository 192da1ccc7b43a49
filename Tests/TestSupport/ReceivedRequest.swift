// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests

/// One request as a server received it.
public struct ReceivedRequest: Sendable {
    public var method: String
    /// The path without the query.
    public var path: String
    /// The request target as it was sent.
    public var target: String
    public var headers: [(name: String, value: String)]
    /// The payload bytes of the body, without the framing of chunks.
    public var bodyBytes: Int64 = 0
    /// The first MiB of the body, or less if the server keeps less.
    public var body: [UInt8] = []
    /// True if the body reached its well-formed end: all of Content-Length, or the last chunk.
    public var isComplete = false
    /// The digest of a complete body, in hexadecimal.
    public var sha256: String?

    /// The first value of that name, in any case.
    public subscript(header name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// True for the requests of a plan: the head of a URL's answer, and the first bytes of its
    /// data.
    public var isLook: Bool {
        method == "HEAD" || self[header: "range"]?.hasPrefix("bytes=0-") == true
    }

    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// The requests of one server; each grows while its body arrives.
final class RequestLog: Sendable {
    private let requests = Guarded<[ReceivedRequest]>([])
    let keptBodyBytes: Int

    init(keptBodyBytes: Int) { self.keptBodyBytes = keptBodyBytes }

    var all: [ReceivedRequest] { requests.withLock { $0 } }

    func add(_ request: ReceivedRequest) -> Int {
        requests.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
    }

    func change(_ index: Int, _ change: (inout ReceivedRequest) -> Void) {
        requests.withLock { change(&$0[index]) }
    }
}
