// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

@testable import HTTPTransport

/// An HTTP answer from one input: header lines up to an empty line, then the body.
struct FuzzedAnswer {
    let response: HTTPResponse

    init(_ bytes: [UInt8]) {
        var head = AnswerHead()
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[...end]
            rest = rest[(end + 1)...]
            if line.count == 1 { break }
            line.withUnsafeBytes { _ = head.add($0) }
        }
        response = HTTPResponse(
            status: head.status, headers: head.headers, body: Array(rest),
            effectiveURL: "https://images.example/disk.img")
    }
}
