// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The reaction of a ``RawHTTPServer`` to a request.
public struct Reply: Sendable {
    public let run: @Sendable (RawExchange) -> Void

    /// Makes a reply of any kind.
    public init(_ run: @escaping @Sendable (RawExchange) -> Void) { self.run = run }

    /// Reads the complete body, then answers correctly.
    public static func status(
        _ status: Int, headers: [(String, String)] = [], body: [UInt8] = []
    ) -> Reply {
        Reply { exchange in
            guard exchange.readBody() else { return exchange.close() }
            var headers = headers
            let hasLength = headers.contains { $0.0.lowercased() == "content-length" }
            if status != 204, !hasLength { headers.append(("Content-Length", "\(body.count)")) }
            exchange.sendHead(status, headers)
            if exchange.request.method != "HEAD" { exchange.send(body) }
        }
    }

    public static func status(
        _ status: Int, headers: [(String, String)] = [], text: String
    ) -> Reply {
        .status(status, headers: headers, body: Array(text.utf8))
    }

    /// Redirects to another place, with 302 or any other 3xx.
    public static func redirect(_ status: Int = 302, to location: String) -> Reply {
        .status(status, headers: [("Location", location)])
    }

    /// Declares one size and sends another, then closes.
    public static func lying(declaredBytes: Int, body: [UInt8]) -> Reply {
        Reply { exchange in
            exchange.readBody()
            exchange.sendHead(200, [("Content-Length", "\(declaredBytes)")])
            exchange.send(body)
            exchange.close()
        }
    }

    /// Answers 200 with a body in chunks of 64 KiB; without their end if it should be incomplete.
    public static func chunked(_ body: [UInt8], isComplete: Bool = true) -> Reply {
        Reply { exchange in
            exchange.readBody()
            exchange.sendHead(200, [("Transfer-Encoding", "chunked")])
            var rest = body[...]
            while !rest.isEmpty {
                let chunk = rest.prefix(64 << 10)
                rest = rest.dropFirst(chunk.count)
                exchange.send("\(String(chunk.count, radix: 16))\r\n")
                guard exchange.send(Array(chunk)), exchange.send("\r\n") else {
                    return exchange.close()
                }
            }
            if isComplete { exchange.send("0\r\n\r\n") } else { exchange.close() }
        }
    }

    /// Declares a size, sends the start of the body, then resets.
    public static func resetting(declaredBytes: Int, body: [UInt8]) -> Reply {
        Reply { exchange in
            exchange.readBody()
            exchange.sendHead(200, [("Content-Length", "\(declaredBytes)")])
            exchange.send(body)
            exchange.reset()
        }
    }

    /// Sends the body in pieces with pauses between them.
    public static func dripping(_ pieces: [[UInt8]], everyMilliseconds pause: UInt32) -> Reply {
        Reply { exchange in
            exchange.readBody()
            let count = pieces.reduce(0) { $0 + $1.count }
            exchange.sendHead(200, [("Content-Length", "\(count)")])
            for piece in pieces {
                guard exchange.send(piece) else { return exchange.close() }
                usleep(pause * 1000)
            }
        }
    }

    /// Reads the head and the given number of bytes of the body, and never answers.
    public static func hanging(afterBodyBytes bytes: Int64 = 0) -> Reply {
        Reply { exchange in
            if bytes > 0 { exchange.readBody(atMost: bytes) }
            exchange.hang()
        }
    }

    /// Answers after the given number of bytes of the body, reads no more of it and closes. As
    /// bytes are left unread, the client sees a reset.
    public static func early(
        _ status: Int, text: String, afterBodyBytes bytes: Int64 = 0
    ) -> Reply {
        Reply { exchange in
            if bytes > 0 { exchange.readBody(atMost: bytes) }
            exchange.sendHead(status, [("Content-Length", "\(text.utf8.count)")])
            exchange.send(text)
            exchange.close()
        }
    }

    /// Resets without an answer after the given number of bytes of the body.
    public static func resettingEarly(afterBodyBytes bytes: Int64) -> Reply {
        Reply { exchange in
            exchange.readBody(atMost: bytes)
            exchange.reset()
        }
    }
}
